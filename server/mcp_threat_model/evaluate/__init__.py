"""Accuracy on labelled tools: judge them as a scan would, compare, and fit the weights of the rules.

``mcp-threat-model evaluate CORPUS`` prints the tables. ``python -m mcp_threat_model.evaluate CORPUS`` does the same and
can do more: ``--fit`` first fits ``rules/weights.yaml`` to the corpus, ``--plot FILE`` draws the reliability curve.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from mcp_threat_model.evaluate import hostile
from mcp_threat_model.evaluate.authority import declared
from mcp_threat_model.evaluate.corpus import load_corpus
from mcp_threat_model.evaluate.fit import SPREADS, choose_spread, fit_all, problems_of, weights_yaml
from mcp_threat_model.evaluate.folds import cross_validated
from mcp_threat_model.evaluate.judged import judge
from mcp_threat_model.evaluate.listings import LISTINGS
from mcp_threat_model.evaluate.metrics import reliability
from mcp_threat_model.evaluate.plot import reliability_svg
from mcp_threat_model.evaluate.tables import TABLES, Study, Table
from mcp_threat_model.evaluate.wording import fit_wording
from mcp_threat_scoring.errors import RuleError
from mcp_threat_scoring.hostile.suspicion import hostile_engine
from mcp_threat_scoring.rulebook.ruleset import load_rules

__all__ = ["main", "study"]

MORE = (declared, hostile.recall, hostile.missed, hostile.alarms, hostile.alarms_named, *LISTINGS)
"""Tables of other parts of the corpus, each from its own rows; see `tables.TABLES` for those of labelled tools."""


def study(folder: Path) -> Study:
    """Load and judge a corpus with the shipped rules.

    Raises:
        OSError: the folder cannot be read.
        RuleError: a rule is wrong.
    """
    ruleset = load_rules()
    corpus = load_corpus(folder)
    return Study(folder, corpus, judge(corpus.rows, ruleset), ruleset)


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _text(tables: Sequence[Table], notes: Sequence[str]) -> str:
    lines: list[str] = []
    for table in tables:
        cells = [table.columns, *(tuple(_cell(value) for value in row) for row in table.rows)]
        widths = [max(len(row[index]) for row in cells) for index in range(len(table.columns))]
        numbers = [all(isinstance(row[index], int | float) for row in table.rows) for index in range(len(widths))]
        lines.append(table.title)
        for row in cells:
            shown = [
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(row, widths, numbers, strict=True)
            ]
            lines.append("  " + "  ".join(shown).rstrip())
        lines += [f"  ({note})" for note in table.notes]
        lines.append("")
    lines += [f"note: {note}" for note in notes]
    return "\n".join(lines).rstrip() + "\n"


def _fit(done: Study, say: TextIO) -> Study:
    problems = problems_of(done.judged, done.ruleset)
    spread, losses = choose_spread(problems)
    for one in SPREADS:
        say.write(f"prior spread {one}: log loss on servers not seen {losses[one]:.4f}\n")
    bias, weights = fit_all(problems, spread)
    source = f"{len(done.judged)} labelled tools of {len({one.row.server for one in done.judged})} servers"
    path = done.ruleset.root / "weights.yaml"
    path.write_text(weights_yaml(bias, weights, source, spread), encoding="utf-8")
    say.write(f"wrote {path.name}: {len(weights)} rules\n")
    fit_wording(done.folder, done.ruleset, say)
    hostile_engine.cache_clear()
    found = hostile.fit_hostile(done.folder, done.ruleset)
    path = done.ruleset.root / "weights_hostile.yaml"
    path.write_text(hostile.weights_text(*found, "published attacks against public tool lists"), encoding="utf-8")
    say.write(f"wrote {path.name}: {len(found[1])} rules\n")
    return study(done.folder)


def main(corpus: Path, fmt: str = "text", *, fit: bool = False, plot: Path | None = None,
         out: TextIO | None = None, err: TextIO | None = None) -> int:  # fmt: skip
    """Evaluate a corpus; returns the exit code: 0 done, 2 nothing to evaluate there."""
    out, err = out or sys.stdout, err or sys.stderr
    try:
        done = study(corpus)
    except (OSError, RuleError) as error:
        err.write(f"cannot evaluate: {error}\n")
        return 2
    if fit and done.judged:
        try:
            done = _fit(done, err)
        except OSError as error:
            err.write(f"cannot write the weights: {error}\n")
            return 2
    tables = [table for table in (make(done) for make in (*TABLES, cross_validated, *MORE)) if table.rows]
    if not tables:
        err.write("cannot evaluate: no labelled rows in *.jsonl files of that folder\n")
        return 2
    if fmt == "json":
        document = {"schema_version": "1.0", "tables": [one.as_json() for one in tables], "notes": done.corpus.notes}
        out.write(json.dumps(document, indent=2) + "\n")
    else:
        out.write(_text(tables, done.corpus.notes))
    if plot is not None:
        plot.write_text(_curves(done), encoding="utf-8")
    return 0


def _curves(done: Study) -> str:
    curves = []
    for name, kind, colour in (
        ("read by hand", "read by hand", "#0b6e99"),
        ("vendors' claims", "vendor claims", "#c4601d"),
    ):
        rows = [(o.profile.write, o.writes) for o in done.judged if o.row.kind == kind and not o.row.ambiguous]
        if rows:
            curves.append((f"{name} ({len(rows)} tools)", colour, reliability(rows)))
    return reliability_svg(curves)
