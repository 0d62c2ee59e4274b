"""The tables of `evaluate`, each made by one function; a new one is one more function in `TABLES`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from mcp_threat_model.evaluate.corpus import Corpus
from mcp_threat_model.evaluate.judged import Judged, judge
from mcp_threat_model.evaluate.made_up import LABELLED, labelled
from mcp_threat_model.evaluate.metrics import (
    Counts,
    calibration_error,
    count,
    macro_accuracy,
    reliability,
)
from mcp_threat_scoring.neutralise import neutralise, neutralise_name
from mcp_threat_scoring.report import EFFECTS
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.structs import Struct, field

WORST = 25
"""Wrong calls shown with their evidence."""


class Study(Struct, frozen=True, dict=True):
    """What every table is made from."""

    folder: Path
    corpus: Corpus
    judged: Sequence[Judged]
    ruleset: Ruleset

    @cached_property
    def made_up(self) -> Sequence[Judged]:
        """Tools that nobody has: they are learned from, and no table counts them. Many, judged when asked for."""
        return judge(labelled(self.ruleset.root.parent / LABELLED), self.ruleset)


class Table(Struct, frozen=True):
    """One table: for people as rows under headings, for machines as the same rows by name."""

    id: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The same, by column name."""
        return {
            "id": self.id,
            "title": self.title,
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "notes": self.notes,
        }


def _files(study: Study) -> list[str]:
    return list(dict.fromkeys(one.row.file for one in study.judged))


def _clear(study: Study, file: str) -> list[Judged]:
    return [one for one in study.judged if one.row.file == file and not one.row.ambiguous]


def _rates(counts: Counts) -> tuple[float, float, float]:
    return counts.precision, counts.recall, counts.f1


def read_write(study: Study) -> Table:
    """Read against write, by file; rows that two careful readers could call differently stand apart."""
    rows: list[tuple[Any, ...]] = []
    for file in _files(study):
        clear = _clear(study, file)
        if not clear:
            continue
        counts = count((one.writes, one.profile.effect != "read") for one in clear)
        macro = macro_accuracy((one.row.server, one.right) for one in clear)
        error = calibration_error([(one.profile.write, one.writes) for one in clear])
        rows.append((file, clear[0].row.kind, len(clear), *_rates(counts), counts.accuracy, macro, error))
        apart = [one for one in study.judged if one.row.file == file and one.row.ambiguous]
        if apart:
            counts = count((one.writes, one.profile.effect != "read") for one in apart)
            rows.append((f"{file}, ambiguous", apart[0].row.kind, len(apart), *_rates(counts), counts.accuracy,
                         macro_accuracy((one.row.server, one.right) for one in apart),
                         calibration_error([(one.profile.write, one.writes) for one in apart])))  # fmt: skip
    return Table(
        "read_write", "Read or write, the tool's own hints hidden",
        ("file", "truth", "tools", "precision", "recall", "f1", "accuracy", "server_macro", "calibration_error"), rows,
    )  # fmt: skip


def effects(study: Study) -> Table:
    """Each effect against the others, on rows read by hand; rows with two opinions about destruction are left out."""
    judged = [
        one for one in study.judged if one.row.kind == "read by hand" and one.row.certain and not one.row.ambiguous
    ]
    rows = [
        (effect, sum(one.row.effect == effect for one in judged),
         *_rates(count((one.row.effect == effect, one.profile.effect == effect) for one in judged)))
        for effect in EFFECTS
        if judged
    ]  # fmt: skip
    return Table("effects", "Effect, rows read by hand", ("effect", "tools", "precision", "recall", "f1"), rows)


def destructive(study: Study) -> Table:
    """Destructive against the rest, by kind of truth."""
    rows: list[tuple[Any, ...]] = []
    for file in _files(study):
        judged = [
            one for one in study.judged
            if one.row.file == file and (one.row.kind != "read by hand" or one.row.certain)
        ]  # fmt: skip
        if any(one.row.effect == "destructive" for one in judged):
            counts = count((one.row.effect == "destructive", one.profile.effect == "destructive") for one in judged)
            error = calibration_error([(one.profile.destructive, one.row.effect == "destructive") for one in judged])
            rows.append((file, judged[0].row.kind, counts.rows, counts.tp + counts.fn, *_rates(counts), error))
    return Table(
        "destructive", "Destructive or not; vendors' claims are shown, not aimed at",
        ("file", "truth", "tools", "destructive", "precision", "recall", "f1", "calibration_error"), rows,
    )  # fmt: skip


def abilities(study: Study) -> Table:
    """Every ability that a labeller used; disputed ones count neither way."""
    judged = [one for one in study.judged if one.row.abilities is not None]
    known = {name for one in judged for name in (*(one.row.abilities or ()), *one.row.disputed)}
    rows: list[tuple[Any, ...]] = []
    whole = Counts()
    for ability in study.ruleset.abilities:
        if ability not in known:
            continue
        counts = Counts()
        for one in judged:
            if ability not in one.row.disputed:
                for tally in (counts, whole):
                    tally.add(truth=ability in (one.row.abilities or ()), said=ability in one.profile.abilities)
        if counts.tp + counts.fn + counts.fp:
            rows.append((ability, counts.tp + counts.fn, *_rates(counts)))
    if rows:
        rows.append(("all (micro)", whole.tp + whole.fn, *_rates(whole)))
    unlabelled = [name for name in study.ruleset.abilities if name not in known]
    notes = [f"no labels for {', '.join(unlabelled)}"] if rows and unlabelled else []
    return Table("abilities", "Abilities", ("ability", "tools", "precision", "recall", "f1"), rows, notes)


def calibration(study: Study) -> Table:
    """The reliability curve: what was claimed of writing, and how often it was so, on rows read by hand."""
    clear = [one for one in study.judged if one.row.kind == "read by hand" and not one.row.ambiguous]
    rows = [
        (f"{one.low:.1f}-{one.low + 0.1:.1f}", one.count, one.claimed, one.seen)
        for one in reliability([(one.profile.write, one.writes) for one in clear])
    ]
    return Table("calibration", "Reliability: probability of writing, rows read by hand",
                 ("bin", "tools", "claimed", "seen"), rows)  # fmt: skip


def servers(study: Study) -> Table:
    """Confusion by server, the least right first."""
    groups: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for one in study.judged:
        if not one.row.ambiguous:
            groups[(one.row.file, one.row.server)].append(one)
    rows: list[tuple[Any, ...]] = []
    for (file, server), judged in groups.items():
        counts = count((one.writes, one.profile.effect != "read") for one in judged)
        rows.append((neutralise_name(server), file, counts.rows, counts.tp, counts.fp, counts.fn, counts.tn,
                     counts.precision, counts.recall))  # fmt: skip
    rows.sort(key=lambda row: (-(row[4] + row[5]) / row[2], -row[2], row[0], row[1]))
    return Table(
        "servers", "Read or write, by server",
        ("server", "file", "tools", "write_found", "false_alarm", "write_missed", "read_found", "precision", "recall"),
        rows,
    )  # fmt: skip


def worst(study: Study) -> Table:
    """The surest wrong calls, with the evidence for them; rows read by hand first."""
    wrong = [one for one in study.judged if not one.right and not one.row.ambiguous]
    wrong.sort(
        key=lambda one: (one.row.kind != "read by hand", -one.profile.confidence, one.row.server, one.profile.raw_name)
    )
    rows = [
        (neutralise_name(one.row.server), one.profile.name, one.row.kind, one.row.effect, one.profile.effect,
         one.profile.confidence,
         "; ".join(f"{e.rule_id} {e.weight:+.1f} ({neutralise(e.excerpt, 30)})" for e in one.profile.evidence[:4]))
        for one in wrong[:WORST]
    ]  # fmt: skip
    return Table(
        "worst", f"The {min(WORST, len(wrong))} surest of {len(wrong)} wrong calls",
        ("server", "tool", "truth", "is", "called", "confidence", "because"), rows,
    )  # fmt: skip


TABLES: list[Callable[[Study], Table]] = [read_write, effects, destructive, abilities, calibration, servers, worst]
"""In the order in which they are printed. A function that has nothing to say returns a table without rows."""
