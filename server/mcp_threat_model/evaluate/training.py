"""Fit weights to labelled lines, and settle which lines of an attack give its orders where nobody said so."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from math import log

from mcp_threat_model.evaluate.descent import fit_lines
from mcp_threat_model.evaluate.texts import Example, Examples
from mcp_threat_scoring.hostile.senses import Senses
from mcp_threat_scoring.hostile.wording import features
from mcp_threat_scoring.structs import Struct, replace

HONEST = 1.5
"""What an honest line weighs against an order: false alarms are the worse mistake."""
LONE = 0.35
"""What is left of a line that stands alone: what is around it was made up (:meth:`texts._Collector.line`)."""
FOREIGN = 1.5
"""What an order in another language than English weighs: there are few of them, and as many ways to say it."""
PUBLISHED = 3.0
"""What a line weighs that is taken for the order of an attack of the corpus."""
CLEAR = 0.6
"""How far below the highest score of an attack, or of a passage, its other lines may be and still be taken for one."""
SETTLINGS = 2
"""How often it is settled, each time by what was learned with the settlement before."""
TOLD = 0.7
"""How much more freely the weights grow of what is met among orders more, or less, often than elsewhere. Wang and
Manning, "Baselines and Bigrams" (ACL 2012): features counted by the ratio of their frequencies on the two sides."""
BROAD = 0.7
"""How freely weights grow of senses, concepts and sorts of line, which are met in half of all lines, against words."""
LONE_FILES = "lines-"
"""What the files of lines that stand alone begin with."""


class Table(Struct):
    """Lines as rows of features."""

    names: list[str]
    rows: list[array[int]]
    scales: list[float]


def features_of(examples: Sequence[Example], senses: Senses) -> list[set[str]]:
    """What is noticed of each line."""
    return [features(senses.line(one.text), one.concepts, one.role, one.first, one.own, one.around) for one in examples]


def table_of(noticed: Sequence[set[str]], scales: Sequence[float], names: Sequence[str]) -> Table:
    """The lines as rows of those of their features that are named; an empty name at the end stands for the bias."""
    place = {name: index for index, name in enumerate(names)}
    rows = [array("i", sorted(place[one] for one in line if one in place)) for line in noticed]
    return Table([*names, ""], rows, list(scales))


def _weight(one: Example) -> float:
    lone = LONE if one.source.startswith(LONE_FILES) else 1.0
    if one.truth:
        return PUBLISHED if one.published else lone * (1.0 if one.language == "en" else FOREIGN)
    return HONEST * lone


def fit(table: Table, examples: Sequence[Example], chosen: Sequence[int], cost: float) -> list[float]:
    """Weights of all features, the bias last, from the chosen lines; see :func:`descent.fit_lines`."""
    rows, truths = [table.rows[index] for index in chosen], [examples[index].truth for index in chosen]
    return fit_lines(
        rows,
        [table.scales[index] for index in chosen],
        truths,
        len(table.names),
        [cost * _weight(examples[index]) for index in chosen],
        _rates(rows, truths, table.names),
    )


def _broad(name: str) -> bool:
    return name[0] in "#@%=!>" or (name[0] == "^" and name[1] not in " _")


def _rates(rows: Sequence[array[int]], truths: Sequence[bool], names: Sequence[str]) -> list[float]:
    """How freely the weight of each name may grow; the last one, the bias, as usual."""
    size = len(names)
    seen = [[1] * size, [1] * size]
    for row, truth in zip(rows, truths, strict=True):
        counts = seen[truth]
        for feature in row:
            counts[feature] += 1
    elsewhere, among = map(sum, seen)
    ratios = [abs(log(one / among * elsewhere / other)) for other, one in zip(*seen, strict=True)]
    usual = sum(ratios) / size
    grown = (TOLD + (1.0 - TOLD) * ratio / usual for ratio in ratios[:-1])
    return [*(rate * (BROAD if _broad(name) else 1.0) for rate, name in zip(grown, names[:-1], strict=True)), 1.0]


def known(lines: Sequence[Example], chosen: Iterable[int]) -> list[int]:
    """The chosen lines of which it is known whether they give orders."""
    return [index for index in chosen if not lines[index].open or lines[index].truth]


def _settled(examples: Examples, scores: Sequence[float]) -> list[Example]:
    """The lines, with those taken for orders that score highest where nobody said which ones are."""
    lines = list(examples.lines)
    for group in examples.groups:
        at = [index for index in group.lines if lines[index].open]
        highest = max((scores[index] for index in at), default=0.0)
        for index in at:
            lines[index] = replace(lines[index], truth=scores[index] >= highest - CLEAR)
    return lines


def learned(table: Table, examples: Examples, chosen: Sequence[int], cost: float) -> tuple[list[float], list[Example]]:
    """Weights from some of the lines, and all lines with the orders of open ones settled by them.

    What is known beforehand is learned first; what that finds where nobody said which lines give orders is learned
    with it.
    """
    lines = examples.lines
    weights = fit(table, lines, known(lines, chosen), cost)
    for _ in range(SETTLINGS):
        scores = [score(table, weights, index) for index in range(len(lines))]
        lines = _settled(examples, scores)
        weights = fit(table, lines, known(lines, chosen), cost)
    return weights, lines


def score(table: Table, weights: Sequence[float], index: int) -> float:
    """The score of a line: above 0 it is more like an order."""
    return table.scales[index] * sum(weights[feature] for feature in table.rows[index]) + weights[-1]
