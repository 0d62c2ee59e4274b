"""The words of a line and what they are about, for the learned part of hostile-text detection.

``rules/senses.yaml`` lists senses and words for them in many languages. :func:`compile_senses` turns it into tables
keyed by stem; the fit stores those tables beside its weights, so that a scan need not make them again. A text is cut
at white space, and what each piece means is remembered, so that reading costs little more than looking words up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mcp_threat_scoring.hostile.tokens import OTHER_STEM, sort_of, stem
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct, field
from mcp_threat_scoring.text.letters import fold

LONGEST_PHRASE = 5
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
    """``rules/senses.yaml``: sense → language → words, separated by commas."""

    senses: dict[str, dict[str, str]]


class Tables(Model, frozen=True):
    """The same by stem. Senses are written with a space between them."""

    words: dict[str, str]
    phrases: dict[str, dict[str, str]]
    """First stem → further stems → senses."""
    parts: dict[str, str]
    """Of scripts that put no space between words."""


class Senses(Struct, frozen=True, eq=False):
    """The tables, ready for use, with a memory of what pieces of text mean."""

    words: Mapping[str, tuple[str, ...]]
    phrases: Mapping[str, Mapping[str, Sequence[Phrase]]]
    """By their first word and their second."""
    parts: Mapping[str, tuple[str, ...]]
    longest: int
    memo: dict[str, tuple[Word, ...]] = field(default_factory=dict)
    lines: dict[str, tuple[Word, ...]] = field(default_factory=dict)
    """Lines read before: each is asked for by whoever looks at it, and servers repeat themselves."""

    @classmethod
    def of(cls, tables: Tables) -> Senses:
        """Make the tables ready."""
        return cls(
            {word: tuple(said.split()) for word, said in tables.words.items()},
            {first: _by_second(ends) for first, ends in tables.phrases.items()},
            {part: tuple(said.split()) for part, said in tables.parts.items()},
            max(map(len, tables.parts), default=1),
        )

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
        memo = self.memo
        found: list[Word] = []
        for token in text.translate(_APART).split():
            known = memo.get(token)
            found += known if known is not None else self._token(token)
        phrases = self.phrases
        for index, (word, said) in enumerate(found[:-1]):
            seconds = phrases.get(word)
            if seconds is None:
                continue
            for rest, more in seconds.get(found[index + 1][0], ()):
                if rest == tuple([one for one, _ in found[index + 2 : index + 2 + len(rest)]]):
                    found[index] = (word, tuple(dict.fromkeys((*found[index][1], *more)))) if said else (word, more)
        return found

    def _token(self, token: str) -> tuple[Word, ...]:
        token = token[:MAX_RUN]
        found = tuple(self._read(token))
        if len(token) < MEMO_LENGTH and len(self.memo) < MEMO:
            self.memo[token] = found
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
        cut = stem(plain) if plain.isascii() else plain[:OTHER_STEM]
        return cut, self.words.get(cut, ())

    def _spaceless(self, run: str) -> Iterable[Word]:
        at, size, parts = 0, len(run), self.parts
        while at < size:
            for length in range(min(self.longest, size - at), 0, -1):
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
    reader = Senses({}, {}, {}, 1)
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
