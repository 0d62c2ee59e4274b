"""Learn the wording of orders, for ``rules/lines.json`` and ``rules/glance.json``.

Three times the lines of two thirds of the authors and servers are learned and the rest is judged; from those scores,
which no line had a part in, come the threshold (so that hardly an honest tool has a line beyond it) and the tables of
`evaluate`. What is shipped is then learned from all lines.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence

from mcp_threat_model.evaluate.authors import FOLDS
from mcp_threat_model.evaluate.techniques import techniques_of
from mcp_threat_model.evaluate.texts import Example, Examples
from mcp_threat_model.evaluate.training import Table, features_of, fit, known, learned, score, table_of
from mcp_threat_scoring.hostile.glance import GlanceDoc
from mcp_threat_scoring.hostile.learned import LinesDoc
from mcp_threat_scoring.hostile.senses import Senses, Tables
from mcp_threat_scoring.hostile.weighing import DECISIVE, allowance, scale_of, weigh, weight_of
from mcp_threat_scoring.hostile.wording import in_english
from mcp_threat_scoring.structs import Struct

COST = 0.01
KEPT = 32_000
"""Features kept of all: those that weigh most for how often they are met."""
RARE = 4
"""Lines that a feature must be met in: what fewer say may be a name."""
ALARMS = 0.0008
"""Share of public tools whose lines may add up to a decisive one, where tools that share that line count once: the odd
sentence that one server repeats in thirty tools says as much of other servers as if it stood in one."""
FOREIGN_ALARMS = 0.0004
"""Share of honest lines in other languages than English that may be beyond the threshold."""
FAR_BELOW = 100.0
STEEP = 20.0
"""Log-odds for each point of a line's score."""
GLANCE_COST = 0.05
GLANCE_KEPT = 4_000
PUBLIC_TOOLS = ("unannotated_tools", "annotated_tools", "live_annotated_tools")
"""Files of tools as servers have them; others were chosen for being hard."""
NEARLY = 0.15
"""How far below the threshold a line still helps to find its item."""
PASSED_OVER = 0.015
"""Share of orders that would be found, but whose lines the first look may pass over."""


class Scored(Struct):
    """Scores of lines by models that never saw their author or server."""

    examples: Examples
    scores: list[float]

    def item(self, lines: Sequence[int]) -> float:
        """The score of an item: that of the line that scores highest."""
        return max((self.scores[line] for line in lines), default=-9.0)


def _best(table: Table, weights: Sequence[float], seen: Mapping[str, int], kept: int) -> list[str]:
    worth = [(abs(weight) * seen[name] ** 0.5, name) for name, weight in zip(table.names, weights, strict=True) if name]
    return sorted(name for _, name in sorted(worth, reverse=True)[:kept])


def learn(examples: Examples, tables: Tables) -> tuple[LinesDoc, GlanceDoc, Scored]:
    """The model, what a first look needs of it, and the scores of every line by a model that did not see it."""
    senses = Senses(tables)
    noticed = features_of(examples.lines, senses)
    scales = [scale_of(one) for one in noticed]
    seen: Counter[str] = Counter()
    for one in noticed:
        seen.update(one)
    whole = table_of(noticed, scales, sorted(name for name, count in seen.items() if count >= RARE))
    glances = _glances(examples.lines, senses, seen)
    everything = range(len(examples.lines))
    scored = Scored(examples, [0.0] * len(examples.lines))
    rough, glanced = [0.0] * len(examples.lines), [0.0] * len(examples.lines)
    for fold in range(FOLDS):
        train = [index for index in everything if examples.lines[index].fold != fold]
        weights, lines = learned(whole, examples, train, COST)
        smaller = table_of(noticed, scales, _best(whole, weights, seen, KEPT))
        train = known(lines, train)
        weights, first = fit(smaller, lines, train, COST), fit(glances, lines, train, GLANCE_COST)
        by_name = dict(zip(smaller.names, weights, strict=True))
        for index in everything:
            if lines[index].fold == fold:
                scored.scores[index] = score(smaller, weights, index)
                glanced[index] = score(glances, first, index) - first[-1]
                if lines[index].truth or lines[index].open:
                    rough[index] = weigh(by_name, [name for name in noticed[index] if name[0] not in "@=!>"])
    threshold, foreign = _calibrated(scored, senses)
    weights, lines = learned(whole, examples, everything, COST)
    table = table_of(noticed, scales, _best(whole, weights, seen, KEPT))
    taken = known(lines, everything)
    weights, first = fit(table, lines, taken, COST), fit(glances, lines, taken, GLANCE_COST)
    near = [i for i in taken if lines[i].truth and scored.scores[i] > threshold - NEARLY]
    glance = dict(zip(glances.names, first, strict=True))
    count = sum(one.truth for one in lines)
    document = LinesDoc(
        source=f"{count} orders and {len(taken) - count} honest lines; see docs/accuracy.md",
        bias=round(weights[-1], 4),
        slope=STEEP,
        threshold=round(threshold, 3),
        foreign=round(foreign, 3),
        suspect=_low([rough[i] for i in near if in_english(lines[i].text, senses.line(lines[i].text))]),
        weights=_rounded(table.names, weights),
        techniques=techniques_of(lines, noticed, RARE),
    )
    at_a_glance = GlanceDoc(
        bias=-_low([glanced[i] for i in near]),
        weights={name: round(glance[name], 3) for name in _best(glances, first, seen, GLANCE_KEPT)},
        tables=tables.by_script()[0],
    )
    return document, at_a_glance, scored


def _low(values: Sequence[float]) -> float:
    """What hardly one of some values falls short of."""
    ordered = sorted(values)
    return round(ordered[int(len(ordered) * PASSED_OVER)], 3) if ordered else -1.0


def _rounded(names: Sequence[str], weights: Sequence[float]) -> dict[str, float]:
    return {
        name: round(weight, 4) for name, weight in zip(names, weights, strict=True) if name and abs(weight) >= 0.0005
    }


def _calibrated(scored: Scored, senses: Senses) -> tuple[float, float]:
    """The score of a decisive line, and what puts lines in other languages on the same scale.

    The lines of hardly an honest tool add up to as much. Scores of lines in other languages are moved.
    """
    lines = scored.examples.lines
    tools = [group for group in scored.examples.groups if group.source in PUBLIC_TOOLS]
    honest = {line for group in tools for line in group.lines}
    abroad = [index for index, one in enumerate(lines) if not in_english(one.text, senses.line(one.text))]
    for index in abroad:
        scored.scores[index] -= FAR_BELOW
    threshold = _threshold(
        [[(scored.scores[line] - allowance(group.size), line) for line in group.lines] for group in tools]
    )
    highest = sorted((scored.scores[index] + FAR_BELOW for index in abroad if index in honest), reverse=True)
    foreign = threshold - highest[int(len(highest) * FOREIGN_ALARMS)] if highest else 0.0
    for index in abroad:
        scored.scores[index] += FAR_BELOW + foreign
    return threshold, foreign


def _threshold(honest: Sequence[Sequence[tuple[float, int]]]) -> float:
    """The lowest score of a decisive line at which no more honest tools than may be are beyond it.

    Args:
        honest: the lines of every tool, as (score, number of the line).
    """
    low, high = -2.0, 4.0
    for _ in range(20):
        middle = (low + high) / 2
        alarms = {max(tool)[1] for tool in honest if weight_of([score for score, _ in tool], middle, STEEP) >= DECISIVE}
        low, high = (middle, high) if len(alarms) > ALARMS * len(honest) else (low, middle)
    return high


def _glances(lines: Sequence[Example], senses: Senses, seen: Mapping[str, int]) -> Table:
    """Words and senses alone, counted as often as they are met: what a first look adds up."""
    rows = [
        [name for word, said in senses.line(one.text) for name in (word, *(f"#{s}" for s in said))] for one in lines
    ]
    names = sorted(name for name in set().union(*rows) if seen.get(name, 0) >= RARE)
    place = {name: index for index, name in enumerate(names)}
    kept = [array("i", sorted(place[one] for one in row if one in place)) for row in rows]
    return Table([*names, ""], kept, [1.0] * len(lines))


def model_text(document: LinesDoc | GlanceDoc | Tables) -> str:
    """The text of a file in ``rules``: one weight or word a line, so that a change can be read."""
    return json.dumps(document.to_plain(), ensure_ascii=False, indent=0, sort_keys=True) + "\n"
