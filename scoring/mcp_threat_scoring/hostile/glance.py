"""A first look at the wording of a text: the weights of its words ("send") and senses (`secret`) added up, no more.

It needs ``rules/glance.json`` alone: fewer weights than the whole model (:mod:`hostile.learned`), and the tables of
senses that they were learned with, as far as words are written in the Latin alphabet; ``rules/scripts.json`` holds
those of all others. Most texts never get further.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Literal

from mcp_threat_scoring.hostile.senses import Senses, Tables, Word
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.text.stems import stem

GLANCE = "glance.json"
SCRIPTS = "scripts.json"
UNKNOWN = 20_000
"""Pieces of one text, not met before, that are worked out in full; further ones are looked up as they stand."""
MEMO = 20_000
MEMO_LENGTH = 400
BREAK = "\x00"
_BREAKS = {ord(char): BREAK for char in "\n\r!?;。！？；।؟"}
"""What ends a line, for a first look; so does a full stop before a blank."""
_AFTER = ",.:;)\"'`]"
"""What may stand behind a word."""
SOMEWHERE = 0.3
"""What the weights of words side by side have to add up to, to be worth a look for themselves."""
START = 3
"""Letters that a stem shares with its word, if that has :data:`LONG` of them."""
LONG = 6
Leaning = Literal["whole", "part", ""]
SHORT = 6
"""Letters below which a text says nothing."""


class GlanceDoc(Model, frozen=True):
    """``rules/glance.json``: what a first look needs."""

    bias: float
    weights: dict[str, float]
    """Of single words and senses."""
    tables: Tables


def chunks(text: str) -> list[str]:
    """A text cut roughly into lines, each followed by one letter in the text."""
    return text.lower().translate(_BREAKS).replace(". ", f".{BREAK}").split(BREAK)


class Weights(dict[str, float]):
    """Weights by piece of text, worked out when a piece is first met."""

    def __init__(self, senses: Senses, weights: Mapping[str, float]) -> None:
        super().__init__()
        self._senses, self._weights = senses, weights
        self._words: dict[Word, float] = {}
        self.left = UNKNOWN
        """Pieces that may still be worked out in full, of one text."""

    def __missing__(self, token: str) -> float:
        self.left -= 1
        if self.left < 0:
            return self._weights.get(stem(token), 0.0) if token[:START] in self._starts or len(token) < LONG else 0.0
        plain = token.rstrip(_AFTER)
        if plain.isalpha() and plain.isascii():  # most pieces are a word, and need no closer look
            found = self._of(self._senses.word(plain))
        else:
            found = sum(map(self._of, self._senses.read(token)))
        if len(self) < MEMO and len(token) < MEMO_LENGTH:
            self[token] = found
        return found

    @cached_property
    def _starts(self) -> frozenset[str]:
        """How words begin that have a weight: most of what is made up begins otherwise."""
        return frozenset([word[:START] for word in self._weights])

    def _of(self, word: Word) -> float:
        known = self._words.get(word)
        if known is None:
            weights, (plain, said) = self._weights, word
            known = weights.get(plain, 0.0) + sum([weights.get(f"#{sense}", 0.0) for sense in said])
            if len(self._words) < MEMO:
                self._words[word] = known
        return known


class Glance:
    """The first look, ready for use."""

    def __init__(self, document: GlanceDoc, others: Callable[[], Tables]) -> None:
        self._bias = document.bias
        self.senses = Senses(document.tables, others)
        self._weights = Weights(self.senses, document.weights)
        self._memo: dict[str, Leaning] = {}

    def begin(self) -> None:
        """Begin with another text."""
        self._weights.left = UNKNOWN

    def leaning(self, chunk: str) -> Leaning:
        """Whether the plain words of a line are more like those of orders than of honest lines; or else some part of
        them, however honest the rest is."""
        if len(chunk) < SHORT:
            return ""
        known = self._memo.get(chunk)
        if known is None:
            known = self._leaning(chunk)
            if self._weights.left >= 0 and len(chunk) < MEMO_LENGTH and len(self._memo) < MEMO:
                self._memo[chunk] = known
        return known

    def _leaning(self, chunk: str) -> Leaning:
        weights = list(map(self._weights.__getitem__, chunk.split()))
        if sum(weights) + self._bias > 0.0:
            return "whole"
        best = here = 0.0
        for weight in weights:
            here = max(0.0, here + weight)
            best = max(best, here)
        return "part" if best > SOMEWHERE else ""
