"""Learn the wording of orders and write ``rules/lines.json``.

Three times the lines of two thirds of the authors and servers are learned and the rest is judged; from those scores,
which no line had a part in, come the threshold (so that hardly an honest tool has a line beyond it) and the tables of
`evaluate`. What is shipped is then learned from all lines.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import log

from msgspec import Struct

from mcp_threat_model.evaluate.descent import fit_lines
from mcp_threat_model.evaluate.texts import FOLDS, Example, Examples
from mcp_threat_scoring.learned import DECISIVE, LinesDoc, scale_of, weight_of
from mcp_threat_scoring.senses import Senses, Tables
from mcp_threat_scoring.wording import features

COST = 0.02
KEPT = 8_000
"""Features kept of all: those that weigh most for how often they are met."""
RARE = 4
"""Lines that a feature must be met in: what fewer say may be a name."""
ALARMS = 0.0005
"""Share of honest tools that may have a line beyond the threshold."""
STEEP = 10.0
"""Log-odds for each point of a line's score."""
GLANCE_COST = 0.05
GLANCE_KEPT = 4_000
PASSED_OVER = 0.01
"""Share of orders whose lines the first look may pass over, were they not read for another reason."""
TECHNIQUES: Mapping[str, str] = {
    "conceal": "conceal", "precedence": "promote", "authority": "authority", "override": "override",
    "delimiter": "delimiter", "delayed": "wake", "redirect": "redirect", "permission": "approval", "carrier": "collect",
    "falsify": "recite",
}  # fmt: skip


class Table(Struct):
    """Lines as rows of features."""

    names: list[str]
    rows: list[array[int]]
    scales: list[float]


class Scored(Struct):
    """Scores of lines by models that never saw their author or server."""

    examples: Examples
    scores: list[float]

    def item(self, lines: Sequence[int]) -> float:
        """The score of an item: that of the line that scores highest."""
        return max((self.scores[line] for line in lines), default=-9.0)


def _noticed(examples: Sequence[Example], senses: Senses) -> list[set[str]]:
    return [features(senses.line(one.text), one.concepts, one.role, one.first) for one in examples]


def _table(noticed: Sequence[set[str]], scales: Sequence[float], names: Sequence[str]) -> Table:
    place = {name: index for index, name in enumerate(names)}
    rows = [array("i", sorted(place[one] for one in line if one in place)) for line in noticed]
    return Table([*names, ""], rows, list(scales))


def _fit(table: Table, examples: Sequence[Example], chosen: Sequence[int], cost: float) -> list[float]:
    return fit_lines(
        [table.rows[index] for index in chosen],
        [table.scales[index] for index in chosen],
        [examples[index].truth for index in chosen],
        len(table.names),
        cost,
    )


def _score(table: Table, weights: Sequence[float], index: int) -> float:
    return table.scales[index] * sum(weights[feature] for feature in table.rows[index]) + weights[-1]


def _best(table: Table, weights: Sequence[float], seen: Mapping[str, int], kept: int) -> list[str]:
    worth = [(abs(weight) * seen[name] ** 0.5, name) for name, weight in zip(table.names, weights, strict=True) if name]
    return sorted(name for _, name in sorted(worth, reverse=True)[:kept])


def learn(examples: Examples, tables: Tables) -> tuple[LinesDoc, Scored]:
    """The model, and the scores of every line by a model that did not see it."""
    lines = examples.lines
    senses = Senses.of(tables)
    noticed = _noticed(lines, senses)
    scales = [scale_of(one) for one in noticed]
    seen: Counter[str] = Counter()
    for one in noticed:
        seen.update(one)
    names = sorted(name for name, count in seen.items() if count >= RARE and not name[-1].isdigit())
    everything = range(len(lines))
    whole = _table(noticed, scales, names)
    scores = [0.0] * len(lines)
    for fold in range(FOLDS):
        train = [index for index in everything if lines[index].fold != fold]
        smaller = _table(noticed, scales, _best(whole, _fit(whole, lines, train, COST), seen, KEPT))
        weights = _fit(smaller, lines, train, COST)
        for index in everything:
            if lines[index].fold == fold:
                scores[index] = _score(smaller, weights, index)
    scored = Scored(examples, scores)
    table = _table(noticed, scales, _best(whole, _fit(whole, lines, everything, COST), seen, KEPT))
    weights = _fit(table, lines, everything, COST)
    threshold = _threshold(scored)
    glance, glance_bias = _glance(examples, senses, seen, scored, threshold)
    count = sum(one.truth for one in lines)
    document = LinesDoc(
        source=f"{count} orders and {len(lines) - count} honest lines; see docs/accuracy.md",
        bias=round(weights[-1], 4),
        slope=STEEP,
        threshold=round(threshold, 3),
        weights=_rounded(table.names, weights),
        techniques=_techniques(lines, noticed),
        glance_bias=glance_bias,
        glance=glance,
        tables=tables,
    )
    return document, scored


def _rounded(names: Sequence[str], weights: Sequence[float]) -> dict[str, float]:
    return {
        name: round(weight, 4)
        for name, weight in zip(names, weights, strict=True)
        if name and abs(weight) >= 0.0005  # noqa: PLR2004 - rounds to nothing
    }


def _threshold(scored: Scored) -> float:
    """The score of a decisive line, so that the lines of hardly an honest tool add up to as much."""
    honest = [
        [scored.scores[line] for line in group.lines]
        for group in scored.examples.groups
        if not group.attack and "_tools" in group.source
    ]
    low, high = -2.0, 4.0
    for _ in range(20):
        middle = (low + high) / 2
        share = sum(weight_of(scores, middle, STEEP) >= DECISIVE for scores in honest) / max(1, len(honest))
        low, high = (middle, high) if share > ALARMS else (low, middle)
    return high


def _glance(
    examples: Examples, senses: Senses, seen: Mapping[str, int], scored: Scored, threshold: float
) -> tuple[dict[str, float], float]:
    """Weights of words and senses alone, and a bias at which hardly an order is passed over."""
    lines = examples.lines
    noticed = [{name for word, said in senses.line(one.text) for name in (word, *(f"#{s}" for s in said))} for one in lines]
    names = sorted(name for name in set().union(*noticed) if seen.get(name, 0) >= RARE)
    table = _table(noticed, [1.0] * len(lines), names)
    weights = _fit(table, lines, range(len(lines)), GLANCE_COST)
    kept = _best(table, weights, seen, GLANCE_KEPT)
    by_name = dict(zip(table.names, weights, strict=True))
    found = {name: round(by_name[name], 3) for name in kept}
    totals = sorted(
        sum(found.get(word, 0.0) + sum(found.get(f"#{one}", 0.0) for one in said) for word, said in senses.line(line.text))
        for line, score in zip(lines, scored.scores, strict=True)
        if line.truth and score > threshold - 1.0
    )
    return found, round(-totals[int(len(totals) * PASSED_OVER)], 3) if totals else 0.0


def _techniques(lines: Sequence[Example], noticed: Sequence[set[str]]) -> dict[str, dict[str, float]]:
    """Naive Bayes over senses and concepts of orders: which technique they are more often met with."""
    with_it: defaultdict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    number: Counter[str] = Counter()
    for line, found in zip(lines, noticed, strict=True):
        if not line.truth or not line.techniques:
            continue
        shown = [one for one in found if one[0] in "#@" and "@" not in one[1:]]
        total.update(shown)
        for technique in dict.fromkeys(_rule_of(one, found) for one in line.techniques):
            if technique:
                with_it[technique].update(shown)
                number[technique] += 1
    whole = sum(number.values())
    return {
        technique: {
            "": round(log(number[technique] / whole), 2),
            **{
                one: round(weight, 2)
                for one in sorted(total)
                if total[one] >= RARE
                for weight in [0.5 * log((counts[one] + 1.0) / (total[one] * number[technique] / whole + 1.0))]
                if abs(weight) >= 0.1  # noqa: PLR2004 - says next to nothing
            },
        }
        for technique, counts in sorted(with_it.items())
    }


def _rule_of(technique: str, found: set[str]) -> str:
    """The rule that tells of a technique of the texts."""
    if technique == "exfiltrate":
        return "exfiltrate" if found & {"#§url", "#§mail", "#§host"} else "collect"
    if technique == "external-action":
        if "#persist" in found or "#§startpath" in found:
            return "persist"
        return "shell" if "#exec" in found and "#othertool" not in found else "foreign-tool"
    return TECHNIQUES.get(technique, "")


def lines_text(document: LinesDoc) -> str:
    """The text of ``rules/lines.json``: one weight a line, so that a change can be read."""
    return json.dumps(document.to_plain(), ensure_ascii=False, indent=0, sort_keys=True) + "\n"
