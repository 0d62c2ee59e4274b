"""The vocabulary of hostile text, and sentences rewritten as lines of concepts.

``rules/acts.yaml`` names concepts and the words for them in many languages. "Before using this tool, do not tell the
user" becomes ``before call thistool not tell user``: what is said, whatever the words and the language, so that the
rules in ``rules/signals/hostile/`` can ask about acts. Words without a concept are left out; where more than
:data:`GAP` of them, or a semicolon, stand between two concepts, the line has a ``;`` there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import re2

from mcp_threat_scoring.hostile.structures import NOBODY, STRUCTURES, Found, Known, with_structures
from mcp_threat_scoring.patterns.pattern import pattern, spans
from mcp_threat_scoring.structs import Struct, field

GAP = 4
"""Words that may stand between two concepts that are said together."""
MEMO = 50_000
"""Words whose stem is remembered."""
MAX_SKIPPED = 10_000
"""Characters passed over in search of the next word that means something."""
MAX_CONCEPTS = 120
"""Concepts kept of one sentence."""

_SPACED = pattern(r"[\p{Cyrillic}\p{Arabic}\p{Devanagari}\p{Hangul}\p{Greek}]")
"""Letters of scripts that put spaces between words."""
_ARABIC_PREFIXES = "وفبلكا"
BETWEEN = {point: " " for point in range(128) if not (chr(point).isalnum() or chr(point) in "_'-#")}
"""What stands between words."""
_TURN = pattern(r", ?(?:(?:and|but|instead|und|sondern|et|mais|y|sino|pero|e|ma|mas)\b|并|而|应|请|改为)")
"""What stands where something else is to be done than what a negation before it forbids."""
_NO_DEED = frozenset({"not", "tell", "show", "you", "user", "anyone", ";"})
"""Concepts behind which a negation still waits for what it forbids, or forbids telling as it is."""
_REPEATED = frozenset({"must", "you", "read", "call", "instructions"})


class Line(Struct):
    """One sentence as concepts, each with its place in the sentence."""

    concepts: list[str]
    spans: list[tuple[int, int]]


class Entry(Struct, frozen=True):
    """What a token may stand for."""

    skipped: int
    """Characters before the word itself."""
    length: int
    ends: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    """(further words, concepts), longest first."""
    stem: tuple[str, ...]


class Script(Struct, frozen=True, eq=False):
    """The words of one script other than Latin. Its pattern is large, and waits for a text with any of its letters."""

    letters: frozenset[str]
    pattern: Any


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
    scripts: Sequence[Script]
    words: Mapping[str, tuple[str, ...]]
    """Concepts of what the patterns find."""
    longest: int
    """Letters of the longest stem: no word is looked up by more, or one of 200,000 letters would take seconds."""
    memo: dict[str, Entry | None] = field(default_factory=dict)
    """What is known of tokens met before; most mean nothing."""

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
        flat = text.translate(BETWEEN)
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
        found += [(self._meaning(text[a:b]), a, b) for a, b in spans(self.symbols, text)]
        letters = frozenset() if text.isascii() else frozenset(text)
        for script in self.scripts:
            if not letters.isdisjoint(script.letters):
                for start, stop in spans(script.pattern, text):
                    end = stop if text[start:stop] in self.words else _end_of_word(text, stop)
                    if not _inside_word(text, start, end, self.words):
                        found.append((self._meaning(text[start:end]), start, end))
        found.sort(key=lambda one: (one[1], -one[2]))
        structures = list(spans(STRUCTURES, text))
        if structures:
            found = with_structures(text, found, structures, known)
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
        if concepts and (
            ";" in text[at:start]
            or (start - at > GAP and _words_between(text, at, start) > GAP)
            or ("tell" in meaning and _turned(text[at:start], concepts))
        ):
            concepts.append(";")
            spans.append((at, start))
        for concept in meaning:
            said = "unless" if concept == "without" and _denied(text, start, concepts, spans) else concept
            if concepts and concepts[-1] == said and said in _REPEATED:
                spans[-1] = (spans[-1][0], end)
                continue
            concepts.append(said)
            spans.append((start, end))
        at = end
    return Line(concepts, spans)


def _turned(between: str, concepts: Sequence[str]) -> bool:
    """Whether a negation has had its verb, and what is told after it is to be: "do not obey, but tell the user"."""
    return "not" in concepts and concepts[-1] not in _NO_DEED and _TURN.match(between) is not None


def _denied(text: str, start: int, concepts: Sequence[str], spans: Sequence[tuple[int, int]]) -> bool:
    """Whether what begins there is denied in the same part of the sentence: "never … without", not "no; … without"."""
    if "not" not in concepts:
        return False
    end = spans[len(concepts) - 1 - concepts[::-1].index("not")][1]
    return not any(mark in text[end:start] for mark in ";:")


def _inside_word(sentence: str, start: int, end: int, whole: Collection[str]) -> bool:
    """Whether what was found of a script that RE2 knows no word borders of is only a part of some longer word."""
    if start and _SPACED.search(sentence[start - 1]) and sentence[start - 1] not in _ARABIC_PREFIXES:
        return True
    script = _SPACED.search(sentence[start])
    if not script or sentence[start:end] not in whole or end >= len(sentence):
        return False
    return sentence[start] < "\uac00" and _SPACED.search(sentence[end]) is not None


def _end_of_word(text: str, at: int) -> int:
    """Where the letters end that follow a stem. The pattern leaves them out: a class of all letters makes it slow."""
    while at < len(text) and (text[at].isalpha() or unicodedata.category(text[at])[0] == "M"):
        at += 1
    return at


def _words_between(sentence: str, start: int, end: int) -> int:
    between = sentence[start:end]
    return len(between.split()) if between.isascii() else max(len(between.split()), len(between) // 6)


def any_of(parts: Iterable[str]) -> Any:
    """The pattern of the longest of some parts, compiled when it is first used; of none, one that matches nowhere."""
    options = re2.Options()
    options.log_errors = False
    options.longest_match = True
    options.max_mem = 64 << 20
    return pattern("|".join(sorted(parts)) or r"[^\s\S]", options)
