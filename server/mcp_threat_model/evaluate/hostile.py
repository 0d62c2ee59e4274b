"""How well hostile text is found: recall by technique, and every false alarm by name.

Rows are read by their shape. ``label: "malicious"`` with ``visible_in_metadata: true`` is an attack to be found, each
judged alone; rows with ``leaky_tokens`` give themselves away and are counted apart. Every other tool is honest: public
servers are not poisoned (none of 18,321 that were read by hand). Honest tools are judged beside the other tools of
their server, and once more alone, which is harder: what belongs to the server is then not known.

A false alarm is a finding of medium or high confidence.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from mcp_threat_model.evaluate.corpus import read_rows, tool_of
from mcp_threat_model.evaluate.logistic import Row, fit_question
from mcp_threat_model.evaluate.tables import Study, Table
from mcp_threat_scoring.hostile.suspicion import (
    LIKELY,
    PRIOR_BIAS,
    QUESTION,
    HostileEngine,
    Suspicion,
    hostile_engine,
    is_learned,
)
from mcp_threat_scoring.intake import read_items
from mcp_threat_scoring.neutralise import neutralise, neutralise_name
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.signal import SignalId
from mcp_threat_scoring.structs import Struct

SPREAD = 0.5
"""Standard deviation of the prior of a weight. Small: attacks are few and of few styles."""
STEADY = 0.01
"""That of the bias, which stays where it is: the share of attacks in a corpus says nothing about the world."""
MISSED_SHOWN = 25


class Verdict(Struct, frozen=True):
    """One row and what was concluded of it."""

    file: str
    row: Mapping[str, Any]
    found: Suspicion | None

    @property
    def alarm(self) -> bool:
        """Whether a finding of medium or high confidence came of it."""
        return self.found is not None and self.found.log_odds >= LIKELY


def judge_rows(file: str, rows: Sequence[Mapping[str, Any]], engine: HostileEngine, *, alone: bool) -> list[Verdict]:
    """Judge rows as tools of their servers, or each by itself."""
    groups: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[str(index) if alone else str(row.get("server"))].append(row)
    verdicts: list[Verdict] = []
    for group in groups.values():
        good, bad = read_items("tool", [tool_of(row) for row in group], "/tools")
        broken = {item.pointer.split("/")[2] for item in bad}
        kept = [row for index, row in enumerate(group) if str(index) not in broken]
        names = frozenset(item.name.lower() for item in good)
        verdicts += [Verdict(file, row, engine.item(item, names)) for row, item in zip(kept, good, strict=True)]
    return verdicts


def _files(folder: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for path in sorted(folder.glob("*.jsonl")):
        rows = [row for row in read_rows(path) if isinstance(row.get("name"), str) and "description" in row]
        if rows:
            yield path.name, rows


def _is_attack(row: Mapping[str, Any]) -> bool:
    return row.get("label") == "malicious"


def measure(folder: Path, engine: HostileEngine) -> tuple[list[Verdict], list[Verdict], list[Verdict]]:
    """Verdicts on attacks that can be seen, on honest tools beside their siblings, and on honest tools alone."""
    attacks: list[Verdict] = []
    beside: list[Verdict] = []
    alone: list[Verdict] = []
    for name, rows in _files(folder):
        bad = [row for row in rows if _is_attack(row) and row.get("visible_in_metadata")]
        good = [row for row in rows if not _is_attack(row)]
        attacks += judge_rows(name, bad, engine, alone=True)
        beside += judge_rows(name, good, engine, alone=False)
        alone += judge_rows(name, good, engine, alone=True)
    return attacks, beside, alone


def _share(group: Sequence[Verdict]) -> float:
    return sum(one.alarm for one in group) / len(group) if group else 0.0


def _why(found: Suspicion | None) -> str:
    return (
        ", ".join(str(signal.id).removeprefix("hostile.") for signal in found.signals) if found else "not read closely"
    )


@lru_cache(maxsize=1)
def _measured(folder: Path, ruleset: Ruleset) -> tuple[list[Verdict], list[Verdict], list[Verdict]]:
    return measure(folder, hostile_engine(ruleset))


def recall(study: Study) -> Table:
    """Attacks found, by technique; those that give themselves away apart."""
    attacks, _, _ = _measured(study.folder, study.ruleset)
    plain = [one for one in attacks if not one.row.get("leaky_tokens")]
    leaky = [one for one in attacks if one.row.get("leaky_tokens")]
    kinds: defaultdict[str, list[Verdict]] = defaultdict(list)
    for one in plain:
        kinds[str(one.row.get("attack_type"))].append(one)
    groups = (("all that can be seen", plain), *sorted(kinds.items()), ("give themselves away", leaky))
    rows: list[tuple[Any, ...]] = [
        (str(neutralise(name)), len(group), sum(one.alarm for one in group), _share(group))
        for name, group in groups
        if group
    ]
    return Table("hostile_recall", "Hostile text found", ("technique", "rows", "found", "recall"), rows)


def missed(study: Study) -> Table:
    """Attacks that were not found, with what fired on them."""
    attacks, _, _ = _measured(study.folder, study.ruleset)
    rows: list[tuple[Any, ...]] = [
        (str(neutralise_name(one.row["name"])), str(neutralise(str(one.row.get("attack_type")))), _why(one.found))
        for one in attacks
        if not one.alarm
    ]
    return Table("hostile_missed", "Hostile text missed", ("tool", "technique", "what fired"), rows[:MISSED_SHOWN])


def alarms(study: Study) -> Table:
    """False alarms by file."""
    _, beside, alone = _measured(study.folder, study.ruleset)
    rows: list[tuple[Any, ...]] = []
    for file in dict.fromkeys(one.file for one in beside):
        mine = [[one for one in group if one.file == file] for group in (beside, alone)]
        rows.append(
            (file, len(mine[0]), *(part for group in mine for part in (sum(o.alarm for o in group), _share(group))))
        )
    columns = ("file", "tools", "alarms", "rate", "alarms alone", "rate alone")
    return Table("hostile_alarms", "False alarms, medium or high confidence", columns, rows)


def alarms_named(study: Study) -> Table:
    """Each false alarm by name, with what fired."""
    _, beside, alone = _measured(study.folder, study.ruleset)
    rows: list[tuple[Any, ...]] = [
        (
            one.file,
            str(neutralise(str(one.row.get("server")))),
            str(neutralise_name(one.row["name"])),
            where,
            _why(one.found),
        )
        for where, group in (("beside its siblings", beside), ("alone", alone))
        for one in group
        if one.alarm
    ]
    return Table("hostile_alarms_named", "Each false alarm", ("file", "server", "tool", "judged", "what fired"), rows)


def fit_hostile(folder: Path, ruleset: Ruleset) -> tuple[float, dict[str, float]]:
    """The most probable bias and weights, by the fit that effects use.

    An attack counts by its style: many rows that differ in a name only would otherwise be all that is learnt.
    Weights keep their sign: a rule was written for a reason, and so few rows cannot turn it round. Rules that only name
    what was learned of wording keep what they suggest: it ranks techniques and is not added.

    Raises:
        RuleError: a file that the rules over any text need is missing or wrong.
    """
    engine = hostile_engine(ruleset)
    attacks, beside, _ = measure(folder, engine)
    styles = Counter(_style(one) for one in attacks)
    names = sorted(name for name in engine.weights if not is_learned(name))
    place = {name: index for index, name in enumerate(names)}
    prior = [engine.rules[SignalId(name)].prior.get(QUESTION, 0.0) for name in names]
    rows = [
        Row(_on(one.found, place), truth, weight, 0)
        for truth, weight, one in (
            *((True, min(1.0, 3.0 / styles[_style(one)]), one) for one in attacks if one.found and one.found.signals),
            *((False, 1.0, one) for one in beside),
        )
    ]
    found = fit_question(rows, [*prior, PRIOR_BIAS], [*[SPREAD] * len(prior), STEADY])
    fitted = {
        name: round(max(weight, 0.1) if before > 0 else min(weight, -0.1), 2)
        for name, weight, before in zip(names, found, prior, strict=False)
    }
    learned = [name for name in engine.weights if is_learned(name)]
    named = {name: engine.rules[SignalId(name)].prior.get(QUESTION, 0.0) for name in learned}
    return round(found[-1], 2), {**fitted, **named}


def _on(found: Suspicion | None, place: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted(place[str(one.id)] for one in found.signals if str(one.id) in place)) if found else ()


def _style(one: Verdict) -> str:
    signals = one.found.signals if one.found else ()
    return json.dumps([one.row.get("attack_type"), sorted(str(signal.id) for signal in signals)])


def weights_text(bias: float, weights: Mapping[str, float], source: str) -> str:
    """The text of ``rules/weights_hostile.yaml``."""
    lines = [
        "# Log-odds of hostile text, fitted by `python -m mcp_threat_model.evaluate CORPUS --fit`. Not edited by hand:",
        "# change a rule's `suggests` and fit again.",
        f"source: {source}",
        f"bias: {{{QUESTION}: {bias:.2f}}}",
        "weights:",
        *(f"  {name}: {{{QUESTION}: {weight:.2f}}}" for name, weight in sorted(weights.items())),
    ]
    return "\n".join(lines) + "\n"
