"""The vocabulary of hostile text, and sentences rewritten as lines of concepts.

``rules/acts.yaml`` names concepts and the words for them in many languages. "Before using this tool, do not tell the
user" becomes ``before call thistool not tell user``: what is said, whatever the words and the language, so that the
rules in ``rules/signals/hostile/`` can ask about acts. Words without a concept are left out; where more than
:data:`GAP` of them stand between two concepts, the line has a ``;`` there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Annotated, Any

import re2

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.rulebook.lexicon import inflect
from mcp_threat_scoring.structs import Meta, Struct, field
from mcp_threat_scoring.text.letters import fold

GAP = 4
"""Words that may stand between two concepts that are said together."""
MEMO = 50_000
"""Words whose stem is remembered."""
MAX_SKIPPED = 10_000
"""Characters passed over in search of the next word that means something."""
MAX_CONCEPTS = 120
"""Concepts kept of one sentence."""

_URL = r"(?:https?|hxxps?|wss?|ftp)://[^\s\"'`<>)\]]+|\bwww\.[a-z0-9-]+\.[a-z]+"
_EMAIL = r"@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}|(?:\[at\]|\(at\))"
_WALLET = r"\b0x[0-9a-f]{40}\b|\bbc1[a-z0-9]{20,}\b|\b[a-z]{2}[0-9]{2} ?[0-9a-z]{4} ?[0-9a-z]{4} ?[0-9a-z]{4}"
_TICKED = r"[`'\"][a-z][a-z0-9_.-]*[`'\"]"
_SNAKE = r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b|\bmcp__[a-z0-9_-]+|\bthe [a-z][a-z0-9_.-]+ (?:tool|function)\b"
# No counted repeats above: they make the automaton large, and every match slow.
_SPACED = pattern(r"[\p{Cyrillic}\p{Arabic}\p{Devanagari}\p{Hangul}\p{Greek}]")
"""Letters of scripts that put spaces between words."""
_ARABIC_PREFIXES = "وفبلكا"
_STRUCTURES = pattern("|".join((_URL, _EMAIL, _WALLET, _TICKED, _SNAKE)))
_BETWEEN = {point: " " for point in range(128) if not (chr(point).isalnum() or chr(point) in "_'-#")}
"""What stands between words."""
_REPEATED = frozenset({"must", "you", "read", "call", "instructions"})
_CALLS = frozenset({"call", "before", "prefer", "run", "after", "retired"})
_USED = ("tool", "function", "is used", "is called", "is invoked", "is requested", "is run", "gets called", "runs")
"""What stands behind a name with underscores that is said to be used: `when write_file is called`."""


class ActsDoc(Model, frozen=True):
    """``rules/acts.yaml``."""

    concepts: dict[str, dict[str, list[str]]]
    inflected: Annotated[list[str], Meta(description="Concepts whose English words have an -ing form.")] = []
    together: Annotated[dict[str, list[str]], Meta(description="Words that stand for several concepts.")] = {}


class Known(Struct, frozen=True):
    """Names that mean something around the text that is read."""

    self: str = ""
    siblings: Collection[str] = ()
    params: Collection[str] = ()


NOBODY = Known()


class Line(Struct):
    """One sentence as concepts, each with its place in the sentence."""

    concepts: list[str]
    spans: list[tuple[int, int]]


Found = tuple[tuple[str, ...], int, int]
"""Concepts, with the place of the words for them."""


class Entry(Struct, frozen=True):
    """What a token may stand for."""

    skipped: int
    """Characters before the word itself."""
    length: int
    ends: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    """(further words, concepts), longest first."""
    stem: tuple[str, ...]


def _place(flat: str, token: str, at: int) -> int:
    """Where a token stands as a word of its own, from that place on; -1 if nowhere."""
    place = flat.find(token, at)
    while place > 0 and not flat[place - 1].isspace() and place < at + MAX_SKIPPED:
        place = flat.find(token, place + 1)
    return place


class Acts(Struct, frozen=True, eq=False):
    """The vocabulary, ready for use.

    Words of scripts written in Latin letters are looked up one by one (a pattern of thousands of phrases makes an
    automaton that is slow to build and large); symbols and other scripts are found by a pattern.
    """

    phrases: Mapping[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]]
    """First word → (further words, concepts), longest first."""
    stems: Mapping[str, tuple[str, ...]]
    symbols: Any
    foreign_parts: Sequence[str]
    words: Mapping[str, tuple[str, ...]]
    """Concepts of what the two patterns find."""
    longest: int
    """Letters of the longest stem: no word is looked up by more, or one of 200,000 letters would take seconds."""
    memo: dict[str, Entry | None] = field(default_factory=dict)
    """What is known of tokens met before; most mean nothing."""
    _foreign: list[Any] = field(default_factory=list)

    @property
    def foreign(self) -> Any:
        """The pattern of all words of other scripts: the largest of all, so it waits for a text that has any."""
        if not self._foreign:
            self._foreign.append(_pattern(self.foreign_parts))
        return self._foreign[0]

    def _meaning(self, found: str) -> tuple[str, ...]:
        known = self.words.get(found)
        return known if known is not None else self._stem(found)

    def _stem(self, word: str) -> tuple[str, ...]:
        sizes = range(min(len(word), self.longest), 1, -1)
        return next((self.stems[word[:size]] for size in sizes if word[:size] in self.stems), ())

    def _entry(self, token: str) -> Entry | None:
        """What a token may stand for, without the quotes, endings and articles that cling to it."""
        word = token.strip("'-")
        skipped = len(token) - len(token.lstrip("'-"))
        if "'" in word and word not in self.phrases:
            before, _, after = word.partition("'")  # "the payee's", "l'utilisateur"
            word, skipped = (before, skipped) if len(after) < 3 else (after, skipped + len(before) + 1)
        ends = self.phrases.get(word, ())
        stem = self._stem(word) if word.isascii() else ()
        found = Entry(skipped, len(word), ends, stem) if ends or stem else None
        if len(self.memo) < MEMO and len(token) < 40:
            self.memo[token] = found
        return found

    def _words(self, text: str) -> list[Found]:
        flat = text.translate(_BETWEEN)
        tokens = flat.split()
        memo = self.memo
        found: list[Found] = []
        at = done = 0
        for index, token in enumerate(tokens):
            entry = memo[token] if token in memo else self._entry(token)
            if entry is None or index < done:
                continue
            place = _place(flat, token, at)
            if place < 0:
                continue
            start = place + entry.skipped
            at = place + len(token)
            for rest, meaning in entry.ends:
                if not rest:
                    found.append((meaning, start, start + entry.length))
                    break
                following = tokens[index + 1 : index + 1 + len(rest)]
                if following and (*following[:-1], following[-1].rstrip("'-")) == rest:
                    for further in following:
                        at = flat.find(further, at) + len(further)
                    done = index + 1 + len(rest)
                    found.append((meaning, start, at))
                    break
            else:
                if entry.stem:
                    found.append((entry.stem, start, start + entry.length))
        return found

    def find(self, text: str, known: Known = NOBODY) -> list[Found]:
        """Every concept that a normalised text names, with its place."""
        found = self._words(text)
        found += [(self._meaning(text[a:b]), a, b) for a, b in _spans(self.symbols, text)]
        if not text.isascii():
            found += [
                (self._meaning(text[a:b]), a, b)
                for a, b in _spans(self.foreign, text)
                if not _inside_word(text, a, b, self.words)
            ]
        found.sort(key=lambda one: (one[1], -one[2]))
        structures = list(_spans(_STRUCTURES, text))
        if structures:
            found = _with_structures(text, found, structures, known)
        kept: list[Found] = []
        at = 0
        for one in found:
            if one[0] and one[1] >= at:
                kept.append(one)
                at = one[2]
        return kept

    def read(self, sentence: str, known: Known = NOBODY) -> Line:
        """Rewrite one normalised sentence."""
        return line_of(sentence, self.find(sentence, known))


def line_of(text: str, found: Sequence[Found]) -> Line:
    """Put the concepts of one sentence into a line."""
    concepts: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    for meaning, start, end in found[:MAX_CONCEPTS]:
        if concepts and start - at > GAP and _words_between(text, at, start) > GAP:
            concepts.append(";")
            spans.append((at, start))
        for concept in meaning:
            said = "unless" if concept == "without" and "not" in concepts else concept
            if concepts and concepts[-1] == said and said in _REPEATED:
                spans[-1] = (spans[-1][0], end)
                continue
            concepts.append(said)
            spans.append((start, end))
        at = end
    return Line(concepts, spans)


def _inside_word(sentence: str, start: int, end: int, whole: Collection[str]) -> bool:
    """Whether what was found of a script that RE2 knows no word borders of is only a part of some longer word."""
    if start and _SPACED.search(sentence[start - 1]) and sentence[start - 1] not in _ARABIC_PREFIXES:
        return True
    script = _SPACED.search(sentence[start])
    if not script or sentence[start:end] not in whole or end >= len(sentence):
        return False
    return sentence[start] < "\uac00" and _SPACED.search(sentence[end]) is not None


def _spans(pattern: Any, text: str) -> Iterable[tuple[int, int]]:
    return (found.span() for found in pattern.finditer(text))


def _with_structures(text: str, found: list[Found], places: list[tuple[int, int]], known: Known) -> list[Found]:
    """Put addresses, names and quoted words among the concepts; they go before words inside them."""
    merged: list[Found] = []
    index = 0
    for start, end in places:
        while index < len(found) and found[index][1] < start:
            merged.append(found[index])
            index += 1
        before = merged[-1][0] if merged else ()
        meaning = _structure(text, start, end, known, before[-1] if before else "")
        if meaning:
            merged.append((meaning, start, end))
            while index < len(found) and found[index][1] < end:
                index += 1
    return merged + found[index:]


def _words_between(sentence: str, start: int, end: int) -> int:
    between = sentence[start:end]
    return len(between.split()) if between.isascii() else max(len(between.split()), len(between) // 6)


def _structure(sentence: str, start: int, end: int, known: Known, before: str) -> tuple[str, ...]:
    """What a run stands for that is no word: an address, a name of a tool or parameter, something quoted."""
    found = sentence[start:end]
    if found.startswith(("http", "hxxp", "ws", "ftp", "www.")) and ("://" in found or found.startswith("www.")):
        return ("url",)
    if found[0] in "`'\"":
        inner = found[1:-1]
        role = _named(inner, known)
        if role:
            return (role,)
        follows = sentence[end : end + 14].lstrip()
        if follows.startswith(("tool", "function", "mcp")) or (found[0] == "`" and before in _CALLS):
            return ("foreign",)
        return ("lit",)
    if found[0] == "@" and not (start and sentence[start - 1].isalnum()):
        return ()
    if found[0] == "@" or "at" in found[1:3]:
        return ("email",)
    if found.startswith("the ") and found.endswith((" tool", " function")):
        name = found[4:].rpartition(" ")[0]
        role = _named(name, known)
        return (role,) if role else (("foreign",) if "_" in name or "-" in name else ())
    if "_" in found:
        role = _named(found, known)
        if role:
            return (role,)
        follows = sentence[end : end + 14].lstrip("`'\" ")
        called = before in _CALLS or found.startswith("mcp_")
        return ("foreign",) if called or follows.startswith(_USED) else ()
    return ("wallet",) if len(found) >= 14 else ()


def _named(name: str, known: Known) -> str:
    if name == known.self:
        return "self"
    if name in known.siblings:
        return "own"
    return "param" if name in known.params else ""


def compile_acts(document: ActsDoc) -> Acts:
    """Put the vocabulary into a form that is quick to read with."""
    phrases: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {}
    words: dict[str, tuple[str, ...]] = {}
    stems: dict[str, tuple[str, ...]] = {}
    claims = [(tuple(several.split()), group) for several, group in document.together.items()]
    claims += [((concept,), group) for concept, groups in document.concepts.items() for group in groups.values()]
    claims += [((concept,), _doing(document.concepts.get(concept, {}).get("en", []))) for concept in document.inflected]
    for meaning, group in claims:
        for phrase in group:  # what is named first keeps a word that two lay claim to
            folded = fold(phrase.removesuffix("*"))
            if phrase.endswith("*"):
                stems.setdefault(folded, meaning)
            elif _plain(folded):
                first, *rest = folded.translate(_BETWEEN).split()
                phrases.setdefault(first, {}).setdefault(tuple(rest), meaning)
            else:
                words.setdefault(folded, meaning)
    foreign = {phrase for phrase in (*words, *stems) if not phrase.isascii()}
    symbols = [phrase for phrase in words if phrase.isascii()]
    return Acts(
        {first: tuple(sorted(ends.items(), key=lambda one: (-len(one[0]), one[0]))) for first, ends in phrases.items()},
        stems,
        _pattern([_escape(phrase) for phrase in _longest(symbols)]),
        [_escape(one) + (r"[\pL\pM]*" if one in stems and one not in words else "") for one in _longest(foreign)],
        words,
        max(map(len, stems), default=0),
    )


def _doing(verbs: Iterable[str]) -> list[str]:
    return [inflect(verb)[-1] for verb in verbs if verb.isalpha() and not verb.endswith(("s", "ed", "ing"))]


def _longest(phrases: Iterable[str]) -> list[str]:
    return sorted(phrases, key=lambda phrase: (-len(phrase), phrase))


def _pattern(parts: Sequence[str]) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    return re2.compile("|".join(parts) or r"[^\s\S]", options)


def _plain(phrase: str) -> bool:
    """Whether the borders of a word can be told at both of its ends."""
    return phrase.isascii() and phrase[0].isalnum() and phrase[-1].isalnum()


def _escape(phrase: str) -> str:
    return r"\s+".join(re2.escape(part) for part in phrase.split(" "))
