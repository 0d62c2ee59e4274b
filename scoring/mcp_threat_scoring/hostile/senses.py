"""The words of a line and what they are about, for the learned part of hostile-text detection.

``rules/senses`` holds, in a file for each language, senses and words for them. :func:`compile_senses` turns them into
tables keyed by stem; the fit stores those tables beside its weights, so that a scan need not make them again. A text is
cut at white space, and what each piece means is remembered, so that reading costs little more than looking words up.
Words of other scripts than the Latin one are read when the first of them is met: most servers have none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock

from mcp_threat_scoring.hostile.tokens import OTHER_STEM, sort_of
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.text.letters import fold
from mcp_threat_scoring.text.stems import stem

MEMO = 40_000
MEMO_LENGTH = 40
LINES = 5_000
LINE_LENGTH = 400
MAX_PARTS = 8
"""Words taken from one name with underscores."""
MAX_RUN = 2_000
"""Characters read of one run without white space: of a script that has none, or noise."""

Word = tuple[str, tuple[str, ...]]
"""A stem (or the sort of a name, as ``§path``), and its senses."""
Phrase = tuple[tuple[str, ...], tuple[str, ...]]
"""The words of a phrase from the third on, and its senses."""

_APART = {ord(char): " " for char in '<>!?;[]()"|`{}=«»“”„「」『』（）、。，；：！？।؟،؛*#+^'}
"""Punctuation: it is not looked at."""
_TRIM = ".,:?!'*_-…·#+&%^~"
_SPACELESS = pattern(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_RUN = pattern(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]+|[^\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]+")


class SensesDoc(Model, frozen=True):
    """``rules/senses``, all files together: sense → language → words, separated by commas."""

    senses: dict[str, dict[str, str]]


class Tables(Model, frozen=True):
    """The same by stem. Senses are written with a space between them."""

    words: dict[str, str]
    phrases: dict[str, dict[str, str]]
    """First stem → further stems → senses."""
    parts: dict[str, str]
    """Of scripts that put no space between words."""

    def by_script(self) -> tuple[Tables, Tables]:
        """The tables of the Latin alphabet, and those of all that has anything else in it."""
        return self._of_script(latin=True), self._of_script(latin=False)

    def _of_script(self, *, latin: bool) -> Tables:
        phrases = {
            first: {rest: said for rest, said in ends.items() if (first + rest).isascii() is latin}
            for first, ends in self.phrases.items()
        }
        return Tables(
            {word: said for word, said in self.words.items() if word.isascii() is latin},
            {first: ends for first, ends in phrases.items() if ends},
            {} if latin else self.parts,
        )


NONE = Tables({}, {}, {})


class Senses:
    """The tables, ready for use, with a memory of what pieces of text mean."""

    def __init__(self, tables: Tables, others: Callable[[], Tables] = lambda: NONE) -> None:
        """Make the tables ready; `others` is called for those of further scripts when a word of one is met."""
        self._words: dict[str, str] = {}
        self._ends: dict[str, dict[str, str]] = {}
        self._phrases: dict[str, dict[str, list[Phrase]]] = {}
        """What `_ends` says of a first word, taken apart when a text has it: few of them are ever met."""
        self._parts: dict[str, tuple[str, ...]] = {}
        self._reach: dict[str, int] = {}
        """By the letter that it begins with, the length of the longest part."""
        self._others: Callable[[], Tables] | None = others
        self._taking = Lock()
        self._memo: dict[str, tuple[Word, ...]] = {}
        self.lines: dict[str, tuple[Word, ...]] = {}
        """Lines read before: each is asked for by whoever looks at it, and servers repeat themselves."""
        self._take(tables)

    def _take(self, tables: Tables) -> None:
        self._words.update(tables.words)
        self._parts.update({part: tuple(said.split()) for part, said in tables.parts.items()})
        for part in tables.parts:
            self._reach[part[0]] = max(len(part), self._reach.get(part[0], 0))
        for first, ends in tables.phrases.items():
            self._ends[first] = {**self._ends.get(first, {}), **ends}
        self._phrases = {}  # another: what a scan beside this one took apart of fewer ends goes with the old one

    def _take_others(self) -> None:
        if self._others is None:
            return
        with self._taking:  # a scan beside this one waits, instead of reading without them
            if self._others is not None:
                self._take(self._others())
                self._others = None  # only now: what could not be read is asked for again, and fails again

    def line(self, text: str) -> Sequence[Word]:
        """The words of a normalised line in their order, remembered."""
        known = self.lines.get(text)
        if known is None:
            known = tuple(self.read(text))
            if len(text) < LINE_LENGTH and len(self.lines) < LINES:
                self.lines[text] = known
        return known

    def read(self, text: str) -> list[Word]:
        """The words of a normalised text in their order."""
        memo = self._memo
        found: list[Word] = []
        for token in text.translate(_APART).split():
            known = memo.get(token)
            found += known if known is not None else self._token(token)
        for index, (word, said) in enumerate(found[:-1]):
            if word not in self._ends:
                continue
            for rest, more in self._after(word).get(found[index + 1][0], ()):
                if rest == tuple([one for one, _ in found[index + 2 : index + 2 + len(rest)]]):
                    found[index] = (word, tuple(dict.fromkeys((*found[index][1], *more)))) if said else (word, more)
        return found

    def _after(self, first: str) -> Mapping[str, Sequence[Phrase]]:
        """The phrases that a word begins, by their second word."""
        phrases = self._phrases
        held = phrases.get(first)
        if held is None:
            held = phrases[first] = _by_second(self._ends[first])
        return held

    def _token(self, token: str) -> tuple[Word, ...]:
        token = token[:MAX_RUN]
        found = tuple(self._read(token))
        if len(token) < MEMO_LENGTH and len(self._memo) < MEMO:
            self._memo[token] = found
        return found

    def _read(self, token: str) -> Iterable[Word]:
        if not token.isascii() and _SPACELESS.search(token) is not None:
            for run in _RUN.findall(token):
                if _SPACELESS.search(run) is not None:
                    yield from self._spaceless(run)
                else:
                    yield from self._read(run)
            return
        core = token.strip(_TRIM.replace(".", "").replace("~", "").replace("-", "") if token[0] in ".~-" else _TRIM)
        core = core.rstrip(_TRIM)
        if not core:
            return
        sort = sort_of(core)
        if sort:
            yield sort, (sort,)
        elif "_" in core or "." in core[1:-1]:
            yield "§id", ("§id",)
            for word in core.replace(".", "_").split("_")[:MAX_PARTS]:
                if word:
                    yield self.word(word)
        else:
            for word in core.replace("/", " ").replace("-", " ").split()[:MAX_PARTS]:
                yield self.word(word)

    def word(self, word: str) -> Word:
        """A word by its stem, with its senses."""
        plain = word if word.isascii() else fold(word)
        if plain.isascii():
            cut = stem(plain)
        else:
            self._take_others()
            cut = plain[:OTHER_STEM]
        said = self._words.get(cut)
        return cut, tuple(said.split()) if said else ()

    def _spaceless(self, run: str) -> Iterable[Word]:
        self._take_others()
        at, size, parts, reach = 0, len(run), self._parts, self._reach
        while at < size:
            for length in range(min(reach.get(run[at], 0), size - at), 0, -1):
                said = parts.get(run[at : at + length])
                if said is not None:
                    yield run[at : at + length], said
                    at += length
                    break
            else:
                if at + 1 < size:
                    yield run[at : at + 2], ()
                at += 1


def _by_second(ends: Mapping[str, str]) -> dict[str, list[Phrase]]:
    found: dict[str, list[Phrase]] = {}
    for rest, said in ends.items():
        second, *others = rest.split()
        found.setdefault(second, []).append((tuple(others), tuple(said.split())))
    return found


def compile_senses(document: SensesDoc) -> Tables:
    """Put the words of all languages into tables by stem."""
    words: dict[str, list[str]] = {}
    phrases: dict[str, dict[str, list[str]]] = {}
    parts: dict[str, list[str]] = {}
    reader = Senses(NONE)
    for sense, languages in document.senses.items():
        for listed in languages.values():
            for phrase in listed.split(","):
                folded = fold(phrase.strip())
                if not folded:
                    continue
                if _SPACELESS.search(folded) is not None:
                    parts.setdefault(folded, []).append(sense)
                    continue
                first, *rest = [word for word, _ in reader.line(folded)]
                place = (
                    phrases.setdefault(first, {}).setdefault(" ".join(rest), [])
                    if rest
                    else words.setdefault(first, [])
                )
                if sense not in place:
                    place.append(sense)
    return Tables(
        {word: " ".join(said) for word, said in sorted(words.items())},
        {
            first: {rest: " ".join(said) for rest, said in sorted(ends.items())}
            for first, ends in sorted(phrases.items())
        },
        {part: " ".join(dict.fromkeys(said)) for part, said in sorted(parts.items())},
    )
