"""Accuracy on labelled tools: judge them as a scan would, compare, and fit the weights of the rules.

``mcp-threat-model evaluate CORPUS`` prints the tables. ``python -m mcp_threat_model.evaluate CORPUS`` does the same and
can do more: ``--fit`` first learns what stands in :data:`FITTED`, ``--plot FILE`` draws the reliability curve.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from mcp_threat_model.evaluate import hostile
from mcp_threat_model.evaluate.authority import declared
from mcp_threat_model.evaluate.authors import read_authors
from mcp_threat_model.evaluate.corpus import load_corpus
from mcp_threat_model.evaluate.diction import fit_diction
from mcp_threat_model.evaluate.fit import SPREADS, choose_spread, fit_all, problems_of, weights_yaml
from mcp_threat_model.evaluate.folds import cross_validated
from mcp_threat_model.evaluate.judged import Judged, judge
from mcp_threat_model.evaluate.listings import LISTINGS, left_out
from mcp_threat_model.evaluate.metrics import reliability
from mcp_threat_model.evaluate.plot import reliability_svg
from mcp_threat_model.evaluate.tables import TABLES, Study, Table
from mcp_threat_model.evaluate.wording import TEXTS, fit_wording
from mcp_threat_model.terminal import PROGRAM, complain, emit
from mcp_threat_scoring.diction.learned import DICTION
from mcp_threat_scoring.errors import RuleError
from mcp_threat_scoring.hostile.glance import GLANCE, SCRIPTS
from mcp_threat_scoring.hostile.learned import LINES
from mcp_threat_scoring.hostile.suspicion import hostile_engine
from mcp_threat_scoring.neutralise import visible
from mcp_threat_scoring.rulebook.ruleset import load_rules

__all__ = ["FITTED", "main", "study"]

WEIGHTS, HOSTILE = "weights.yaml", "weights_hostile.yaml"
FITTED = (WEIGHTS, HOSTILE, DICTION, LINES, GLANCE, SCRIPTS)
"""What `--fit` writes, in ``rules/``."""

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


def _text(tables: Sequence[Table]) -> str:
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
    return "\n".join(lines).rstrip() + "\n"


def _counted(judged: Sequence[Judged]) -> str:
    return f"{len(judged)} labelled tools of {len({(one.row.file, one.row.server) for one in judged})} servers"


def _fit(done: Study, say: TextIO) -> Study:
    texts = done.ruleset.root.parent / TEXTS
    if texts.is_dir():
        read_authors(texts)  # what is wrong with them is told before anything is written
    problems = problems_of([*done.judged, *done.made_up], done.ruleset)
    spread, losses = choose_spread(problems, len(done.judged))
    for one in SPREADS:
        say.write(f"prior spread {one}: log loss on servers not seen {losses[one]:.4f}\n")
    bias, weights = fit_all(problems, spread)
    source = f"{_counted(done.judged)} and {_counted(done.made_up)} that nobody has"
    path = done.ruleset.root / WEIGHTS
    path.write_text(weights_yaml(bias, weights, source, spread), encoding="utf-8")
    say.write(f"wrote {path.name}: {len(weights)} rules\n")
    fitted = load_rules()  # words are learned beside the weights that were just written
    fit_diction(fitted, say)
    fit_wording(done.folder, fitted, say)
    hostile_engine.cache_clear()
    found = hostile.fit_hostile(done.folder, fitted)
    path = done.ruleset.root / HOSTILE
    path.write_text(hostile.weights_text(*found, "published attacks against public tool lists"), encoding="utf-8")
    say.write(f"wrote {path.name}: {len(found[1])} rules\n")
    return study(done.folder)


def main(corpus: Path, fmt: str = "text", *, fit: bool = False, plot: Path | None = None,
         out: TextIO | None = None, err: TextIO | None = None) -> int:  # fmt: skip
    """Evaluate a corpus; returns the exit code: 0 done, 2 nothing to evaluate there.

    `out` and `err` stand in for standard output and standard error, where what was left out is said.

    Raises:
        OutputError: standard output cannot be written.
    """
    started = time.monotonic()
    tell = complain if err is None else _teller(err)
    try:
        done = study(corpus)
    except (OSError, RuleError) as error:
        tell(f"cannot evaluate: {error}")
        return 2
    if fit and done.judged:
        try:
            done = _fit(done, err or sys.stderr)
        except (OSError, RuleError) as error:
            tell(f"cannot fit: {error}")
            return 2
    tables = [table for table in (make(done) for make in (*TABLES, cross_validated, *MORE)) if table.rows]
    done.ruleset.keep()
    notes = [*done.corpus.notes, *left_out(done.folder)]
    if not tables:
        tell("; ".join(("cannot evaluate: no labelled rows in *.jsonl files of that folder", *notes)))
        return 2
    for note in notes:
        tell(note)
    if fmt == "json":
        document = {"schema_version": "1.0", "tables": [one.as_json() for one in tables], "notes": notes}
        _put(json.dumps(document, indent=2) + "\n", out, utf8=True)
    else:
        _put(_text(tables), out)
        tell(f"took {time.monotonic() - started:.1f} seconds")
    if plot is not None:
        plot.write_text(_curves(done), encoding="utf-8")
    return 0


def _teller(err: TextIO) -> Callable[[str], None]:
    def tell(line: str) -> None:
        err.write(f"{PROGRAM}: {visible(line)}\n")

    return tell


def _put(text: str, out: TextIO | None, *, utf8: bool = False) -> None:
    if out is None:
        emit(text, utf8=utf8)
    else:
        out.write(text)


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
