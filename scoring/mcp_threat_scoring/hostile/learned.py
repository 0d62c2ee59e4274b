"""A line's log-odds of being an order to the model, learned from labelled lines.

A linear model over :func:`wording.features`: the weights of what is noticed are added up, and less is made of them
where there is much to notice, so that long lines count little more than short ones. ``rules/lines.json`` is written by
`evaluate --fit`; it holds weights of words and senses, never of names. Most texts are told to be ordinary at a first
look, which needs ``rules/glance.json`` alone: fewer weights, and the tables of senses they were learned with.

Which technique a line shows is a second, smaller model over senses and concepts alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from math import fsum
from pathlib import Path
from typing import Any, TypeVar

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.hostile.glance import GLANCE, SCRIPTS, Glance, GlanceDoc, chunks
from mcp_threat_scoring.hostile.senses import Senses, Tables, Word
from mcp_threat_scoring.hostile.weighing import allowance, weigh, weight_of
from mcp_threat_scoring.hostile.wording import features, in_english
from mcp_threat_scoring.model import Model, ValidationError, read_json
from mcp_threat_scoring.patterns.pattern import matches, pattern
from mcp_threat_scoring.structs import Struct

Doc = TypeVar("Doc", bound=Model)
LINES = "lines.json"
MEMO = 20_000
MEMO_LENGTH = 400
WORDS = 4
"""Words below which a line orders nothing; it has too few weights to be far from the bias."""
ROUGH = 250
"""Letters of a line that a first look reads at once."""
NOWHERE = pattern(r"[^\s\S]")
"""Matches nothing."""
SHOWN = 100
"""Letters of a line that are handed on to be shown; a report shows a few words of them."""


class LinesDoc(Model, frozen=True):
    """``rules/lines.json``."""

    source: str
    bias: float
    slope: float
    """Log-odds of an item for each point of a line's score."""
    threshold: float
    """The score at which a line is decisive by itself."""
    foreign: float
    """What is added to the score of a line that is not in English."""
    suspect: float
    """The score, without concepts, from which a line is read closely."""
    weights: dict[str, float]
    techniques: dict[str, dict[str, float]]
    """Technique → feature → log-odds."""


class Place(Struct, frozen=True):
    """A part of a text, in the form that a pattern gives."""

    start: int
    end: int

    def span(self) -> tuple[int, int]:
        """Where it begins and ends."""
        return self.start, self.end


class Learned:
    """The model, ready for use."""

    def __init__(
        self,
        first: GlanceDoc,
        others: Callable[[], Tables],
        document: Callable[[], LinesDoc],
        phrases: Any = NOWHERE,
    ) -> None:
        self.glance = Glance(first, others)
        self._phrases = phrases
        self._read = document
        self._memo: dict[tuple[str, str, bool, tuple[str, ...], frozenset[str], frozenset[str]], float] = {}
        self._touched: dict[str, bool] = {}
        self._lines: dict[str, bool] = {}

    @cached_property
    def document(self) -> LinesDoc:
        """The whole model, read when a first look is not enough.

        Raises:
            RuleError: it cannot be read.
        """
        return self._read()

    @property
    def weights(self) -> Mapping[str, float]:
        """What each thing noticed about a line weighs."""
        return self.document.weights

    @property
    def senses(self) -> Senses:
        """The tables of senses."""
        return self.glance.senses

    def score(
        self,
        text: str,
        concepts: Sequence[str],
        role: str,
        first: bool,
        own: frozenset[str] = frozenset(),
        around: frozenset[str] = frozenset(),
    ) -> float:
        """The score of one normalised line: honest ones are mostly below, orders mostly above 0."""
        key = (text, role, first, tuple(concepts), own, around)
        known = self._memo.get(key)
        if known is not None:
            return known
        words = self.senses.line(text)
        found = weigh(self.weights, features(words, concepts, role, first, own, around)) + self.document.bias
        if not in_english(text, words):
            found += self.document.foreign
        if len(text) < MEMO_LENGTH and len(self._memo) < MEMO:
            self._memo[key] = found
        return found

    def against(self, scores: Iterable[float], size: int) -> float:
        """Log-odds that the lines of an item of some letters add to it: :data:`weighing.DECISIVE` for one at the
        threshold."""
        document = self.document
        return weight_of(scores, document.threshold + allowance(size), document.slope)

    def touches(self, text: str) -> bool:
        """Whether any line of a text may be an order, so that it has to be read closely. Linear; quick for most."""
        known = self._touched.get(text)
        if known is None:
            self.glance.begin()
            known = any(self._suspect(chunk) for chunk in chunks(text))
            if len(text) < MEMO_LENGTH and len(self._touched) < MEMO:
                self._touched[text] = known
        return known

    def leans(self, text: str) -> bool:
        """Whether the plain words of any line of a text are more like those of orders: in an item that is read
        closely, the lines that are."""
        self.glance.begin()
        return any(self.glance.leaning(chunk) == "whole" for chunk in chunks(text))

    def finditer(self, text: str) -> Iterator[Place]:
        """The lines of a long text that may be orders, as a pattern would find them."""
        at = 0
        self.glance.begin()
        for chunk in chunks(text):
            for start in range(0, len(chunk), ROUGH):
                part = chunk[start : start + ROUGH]
                if self._suspect(part):
                    yield Place(at + start, at + start + len(part))
            at += len(chunk) + 1

    def _suspect(self, chunk: str) -> bool:
        if len(chunk) > ROUGH:
            return any(self._suspect(chunk[start : start + ROUGH]) for start in range(0, len(chunk), ROUGH))
        known = self._lines.get(chunk)
        if known is None:
            leaning = self.glance.leaning(chunk)
            known = (leaning == "whole" and self._rough(chunk)) or (
                leaning != "" and matches(self._phrases, chunk.encode())
            )
            if len(self._lines) < MEMO:
                self._lines[chunk] = known
        return known

    def _rough(self, chunk: str) -> bool:
        """Whether a line may be an order, though nobody has looked for concepts in it or around it."""
        words = self.senses.line(chunk)
        if sum(word[0] != "§" for word, _ in words) < WORDS:
            return False
        found = weigh(self.weights, features(words, (), "text", first=False))
        found += 0.0 if in_english(chunk, words) else self.document.foreign
        return found >= self.document.suspect

    def technique(self, text: str, concepts: Sequence[str], role: str) -> str:
        """What a line that scores high asks for: the name of a file in ``rules/signals/hostile``."""
        noticed = features(self.senses.line(text), concepts, role, first=False)  # a set: added up whatever its order
        totals = {
            name: fsum([weights[one] for one in noticed if one in weights]) + weights.get("", 0.0)
            for name, weights in self.document.techniques.items()
        }
        return max(sorted(totals), key=lambda name: totals[name])

    def telling(self, text: str) -> str:
        """The part of a normalised line that begins with the word that weighed most, to find the place by."""
        words = self.senses.line(text)
        weights = self.weights
        worth = [(_worth(word, weights), -index) for index, word in enumerate(words) if word[0][:1].isalpha()]
        first = words[-max(worth)[1]][0] if worth else ""
        return text[max(0, text.find(first)) :][:SHOWN]


def _worth(word: Word, weights: Mapping[str, float]) -> float:
    plain, said = word
    return weights.get(plain, 0.0) + sum(max(0.0, weights.get(f"#{sense}", 0.0)) for sense in said)


def load_learned(root: Path, phrases: Any = NOWHERE) -> Learned:
    """Read what a first look needs, and the whole model once it is wanted.

    Args:
        root: the directory of the rules.
        phrases: a pattern of what calls for a close look in a line that leans towards orders, in lower case.

    Raises:
        RuleError: a file is missing or not of this shape.
    """
    return Learned(
        _read(GlanceDoc, root / GLANCE),
        partial(_read, Tables, root / SCRIPTS),
        partial(_read, LinesDoc, root / LINES),
        phrases,
    )


def _read(kind: type[Doc], path: Path) -> Doc:
    try:
        return read_json(kind, path.read_bytes())
    except (OSError, ValidationError) as error:
        raise RuleError([RuleProblem(path.name, 0, f"cannot be read: {error}")]) from None
