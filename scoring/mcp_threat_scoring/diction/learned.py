"""What the words of a tool add to the log-odds of every question about it.

A linear model over :func:`pieces.pieces`: weights are added up and held back by the root of their number, so that a
long description says no more than a short one. ``rules/diction.json`` is written by `evaluate --fit`: the weights are
learned from made-up tools, and how much of them counts from how well they told, on tools of other servers, what the
rules did not.

The result is a fact for each question, ``diction.QUESTION``, in hundredths; the rule `diction` shows it and has it
added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, partial
from pathlib import Path
from sys import byteorder

from mcp_threat_scoring.diction.pieces import pieces
from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.model import Model, ValidationError, read_json
from mcp_threat_scoring.rulebook.vocabulary import EFFECT_QUESTIONS
from mcp_threat_scoring.text.views import Subject

DICTION = "diction.json"
FACT = "diction."
MARK = 2
"""Letters that say where a piece stands."""
LEAST = 150
"""Hundredths of log-odds below which words say nothing of an ability: it takes two such clues to make one likely …"""
LEAST_OF_EFFECT = 50
"""… and nothing of an effect, where words are asked only when the rules are in doubt."""
LOWEST, HIGHEST = -100, 600
"""Hundredths that words alone may take away, or add. Little may be taken away: whoever writes a description chooses its
words."""
ROOM = 8
"""Bytes of each sum of weights."""
BELOW = 1 << 40
"""What is added to a weight, so that it is none below 0."""
SHOWN = 3
"""Words named of those that weighed most."""


class DictionDoc(Model, frozen=True):
    """``rules/diction.json``."""

    source: str
    questions: list[str]
    shift: list[int]
    """What is added to each question where any word is known."""
    weights: dict[str, list[int]]
    """Piece → what it weighs for each question, in hundredths of log-odds."""

    def __post_init__(self) -> None:
        size = len(self.questions)
        if len(self.shift) != size or set(map(len, self.weights.values())) - {size}:
            raise ValueError("not one weight for each question")


class Rows(dict[str, int]):
    """The weights of each known piece as one number, so that all of a row are added up at once.

    Every weight has :data:`ROOM` bytes of it and stands there as what it is above :data:`BELOW`, so that none borrows
    from its neighbour.
    """

    def __init__(self, weights: Mapping[str, Sequence[int]]) -> None:
        super().__init__()
        self._weights = weights

    def __missing__(self, piece: str) -> int:
        held = b"".join([(BELOW + one).to_bytes(ROOM, byteorder) for one in self._weights[piece]])
        made = self[piece] = int.from_bytes(held, byteorder)
        return made

    @staticmethod
    def added(rows: Sequence[int], size: int) -> list[int]:
        """The sums of some rows of `size` weights."""
        data = sum(rows).to_bytes(size * ROOM, byteorder)
        base = len(rows) * BELOW
        return [one - base for one in memoryview(data).cast("Q")]


class Diction:
    """The model, read when the first tool is."""

    def __init__(self, read: Callable[[], DictionDoc]) -> None:
        self._read = read

    @cached_property
    def _rows(self) -> Rows:
        return Rows(self._document.weights)

    @cached_property
    def _document(self) -> DictionDoc:
        return self._read()

    def odds(self, noticed: AbstractSet[str]) -> list[int]:
        """Hundredths of log-odds that these pieces add to each question; nothing where none of them is known."""
        document = self._document
        rows = self._rows
        known = [rows[piece] for piece in document.weights.keys() & noticed]
        if not known:
            return [0] * len(document.questions)
        scale = len(known) ** -0.5
        return [
            HIGHEST if said > HIGHEST else LOWEST if said < LOWEST else said
            for base, total in zip(document.shift, rows.added(known, len(document.questions)), strict=True)
            for said in (base + round(scale * total),)
        ]

    def observe(self, subject: Subject) -> None:
        """Add what the words of a tool say as facts; the words that say most of it are found when somebody asks."""
        noticed = pieces(subject)
        for index, (question, said) in enumerate(zip(self._document.questions, self.odds(noticed), strict=True)):
            if said >= LEAST or (question in EFFECT_QUESTIONS and abs(said) >= LEAST_OF_EFFECT):
                fact = f"{FACT}{question}"
                subject.facts[fact] = said
                subject.finders[fact] = partial(self._places, subject.pointer, noticed, index, 1 if said > 0 else -1)

    def _places(self, pointer: str, noticed: AbstractSet[str], number: int, sign: int) -> tuple[tuple[str, str], ...]:
        """The words that weighed most for a question, or against it, by their stems."""
        worth: dict[str, int] = {}
        weights = self._document.weights
        for piece in noticed:
            word = piece[MARK:]
            weight = weights[piece][number] * sign if piece in weights and " " not in word else 0
            if weight > 0:
                worth[word] = worth.get(word, 0) + weight
        said = "/".join(sorted(worth, key=lambda word: (-worth[word], word))[:SHOWN])
        return ((pointer, said),) if said else ()


def load_diction(root: Path) -> Diction:
    """The model of a directory of rules, which is read when it is wanted.

    Raises (when it is):
        RuleError: the file is missing or not of this shape.
    """

    def read() -> DictionDoc:
        try:
            return read_json(DictionDoc, (root / DICTION).read_bytes())
        except (OSError, ValidationError) as error:
            raise RuleError([RuleProblem(DICTION, 0, f"cannot be read: {error}")]) from None

    return Diction(read)
