"""How far our numbers lie from published listings of the same servers, from a name and a paragraph of prose alone.

A ``*.json`` file with ``listings`` holds objects with ``server`` (a name) and ``capability_note`` (prose); optional,
each null where the page does not show it: ``aivss``, ``factor_sum`` and ``factors`` (the ten of the graded profile),
``maestro`` (by layer: "mapped", or "not certain …"). Published numbers are an opinion, not the truth; the
tables say where the two part, and stand beside what a constant would get.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import fmean, median
from typing import Any

from mcp_threat_model.evaluate.corpus import Skipped
from mcp_threat_model.evaluate.metrics import rank_correlation
from mcp_threat_model.evaluate.tables import Study, Table
from mcp_threat_model.subject import inline_listing
from mcp_threat_scoring.aivss.tables import PROFILES, severity
from mcp_threat_scoring.analyze import analyze
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.report import Report
from mcp_threat_scoring.structs import Struct

WORST = 15
"""Listings shown that lie farthest from ours, and of each kind of difference."""
MAX_FILE = 20_000_000
"""Bytes of a file of listings; a page's numbers take about a kilobyte."""
_FACTORS = tuple(spec.id for spec in PROFILES["graded"].factors)


class Compared(Struct, frozen=True):
    """One listing beside our report of its prose."""

    row: Mapping[str, Any]
    ours: Report

    @property
    def name(self) -> str:
        """Neutralised."""
        return neutralise_name(self.row.get("server"))

    def published(self, key: str) -> float | None:
        """A number of the page, None if it shows none."""
        return _number(self.row.get(key))

    @property
    def factors(self) -> Mapping[str, float]:
        """The published factors."""
        given = self.row.get("factors")
        numbers = {key: _number(given.get(key)) for key in _FACTORS} if isinstance(given, dict) else {}
        return {key: value for key, value in numbers.items() if value is not None}

    @property
    def layers(self) -> Iterator[tuple[str, bool, bool]]:
        """Layer, whether it is published as mapped, whether we map it; layers whose tag is not shown are left out."""
        given = self.row.get("maestro")
        tags = {str(key)[:2]: tag for key, tag in given.items()} if isinstance(given, dict) else {}
        for layer in self.ours.maestro.layers:
            tag = tags.get(layer.id)
            if isinstance(tag, str):
                yield layer.id, tag.startswith("mapped"), layer.status == "mapped"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _rows(folder: Path, notes: list[str]) -> Iterator[Mapping[str, Any]]:
    """The listings of a folder; a sentence for whatever could not be used goes into `notes`."""
    for path in sorted(folder.glob("*.json")):
        name = neutralise_name(path.name)
        if path.stat().st_size > MAX_FILE:
            notes.append(f"{name} skipped: it is larger than {MAX_FILE:,} bytes")
            continue
        try:
            document = json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            notes.append(f"{name} skipped: it is not JSON")
            continue
        listings = document.get("listings") if isinstance(document, dict) else None
        skipped = Skipped(path.name, "listing")
        for number, row in enumerate(listings if isinstance(listings, list) else (), 1):
            if isinstance(row, dict) and isinstance(row.get("server"), str) and row.get("capability_note"):
                yield row
            else:
                skipped.note(number, "it has no server or no capability_note")
        notes += skipped.told()


@lru_cache(maxsize=2)
def _compared(folder: Path) -> tuple[tuple[Compared, ...], tuple[str, ...]]:
    done: list[Compared] = []
    notes: list[str] = []
    for row in _rows(folder, notes):
        try:
            manifest = inline_listing({"name": row["server"], "description": str(row["capability_note"])})
        except TargetError as error:
            notes.append(f"the listing of {neutralise_name(row['server'])} skipped: {error.message}")
            continue
        done.append(Compared(row, analyze(manifest)))
    return tuple(done), tuple(notes)


def compare(folder: Path) -> tuple[Compared, ...]:
    """Analyze the prose of every listing of a folder, once.

    Raises:
        RuleError: a rule file is damaged.
    """
    return _compared(folder)[0]


def left_out(folder: Path) -> tuple[str, ...]:
    """What of the folder's listings could not be used, in sentences.

    Raises:
        RuleError: a rule file is damaged.
    """
    return _compared(folder)[1]


def _errors(done: Sequence[Compared]) -> list[tuple[Compared, float]]:
    """Those with a published score, each with ours less theirs."""
    return [(one, one.ours.aivss.score - score) for one in done if (score := one.published("aivss")) is not None]


def overall(study: Study) -> Table:
    """The few numbers that sum it up, each beside what one constant for all would get."""
    done = compare(study.folder)
    rows: list[tuple[Any, ...]] = []
    if scored := _errors(done):
        truths = [one.published("aivss") or 0.0 for one, _ in scored]
        middle = median(truths)
        rows.append(("score, mean absolute error", len(scored), fmean(abs(error) for _, error in scored),
                     fmean(abs(truth - middle) for truth in truths)))  # fmt: skip
        bands = [severity(truth) for truth in truths]
        usual = bands.count(max(bands, key=bands.count)) / len(bands)
        right = [one.ours.aivss.severity == band for (one, _), band in zip(scored, bands, strict=True)]
        rows.append(("severity band right", len(scored), fmean(right), usual))
    if sums := [
        (total, one.ours.aivss.factor_sum) for one in done if (total := one.published("factor_sum")) is not None
    ]:
        middle = median(total for total, _ in sums)
        rows.append(("factor sum, mean absolute error", len(sums), fmean(abs(ours - total) for total, ours in sums),
                     fmean(abs(middle - total) for total, _ in sums)))  # fmt: skip
        rows.append(("factor sum, rank correlation", len(sums), rank_correlation(sums), 0.0))
    if tags := [(theirs, ours) for one in done for _, theirs, ours in one.layers]:
        common = sum(row[4] * row[1] for row in _layer_rows(done)) / len(tags)
        rows.append(("layer tag agrees", len(tags), fmean(theirs == ours for theirs, ours in tags), common))
    return Table("listings", "Published listings, from name and prose alone",
                 ("measure", "listings", "reached", "constant"), rows)  # fmt: skip


def _layer_rows(done: Sequence[Compared]) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for layer in sorted({layer for one in done for layer, _, _ in one.layers}):
        pairs = [(theirs, ours) for one in done for which, theirs, ours in one.layers if which == layer]
        mapped = sum(theirs for theirs, _ in pairs)
        rows.append((
            layer, len(pairs), mapped, fmean(theirs == ours for theirs, ours in pairs),
            max(mapped, len(pairs) - mapped) / len(pairs),
            sum(ours and not theirs for theirs, ours in pairs), sum(theirs and not ours for theirs, ours in pairs),
        ))  # fmt: skip
    return rows


def layers(study: Study) -> Table:
    """Agreement on each layer's tag, beside the commoner tag given to all."""
    return Table(
        "listing_layers", "Layer tags of published listings",
        ("layer", "shown", "mapped", "agree", "constant", "mapped_by_us_only", "mapped_by_them_only"),
        _layer_rows(compare(study.folder)),
    )  # fmt: skip


def factors(study: Study) -> Table:
    """Per factor: how far ours lies from theirs, and to which side."""
    done = compare(study.folder)
    rows: list[tuple[Any, ...]] = []
    for factor in _FACTORS:
        pairs = [
            (theirs, ours.value)
            for one in done
            if (theirs := one.factors.get(factor)) is not None
            for ours in one.ours.aivss.factors
            if ours.id == factor
        ]
        if pairs:
            rows.append((factor, len(pairs), fmean(theirs for theirs, _ in pairs), fmean(ours for _, ours in pairs),
                         fmean(abs(ours - theirs) for theirs, ours in pairs), rank_correlation(pairs)))  # fmt: skip
    return Table(
        "listing_factors", "Factors of published listings",
        ("factor", "listings", "theirs_mean", "ours_mean", "absolute_error", "rank_correlation"), rows,
    )  # fmt: skip


def worst(study: Study) -> Table:
    """The listings whose score differs most, then those whose factor sum does."""
    done = compare(study.folder)
    by_score = sorted(_errors(done), key=lambda pair: (-abs(pair[1]), pair[0].name))
    rows: list[tuple[Any, ...]] = [
        (one.name, "score", one.published("aivss"), one.ours.aivss.score, error) for one, error in by_score[:WORST]
    ]
    by_sum = sorted(
        (
            (one, one.ours.aivss.factor_sum - total)
            for one in done
            if (total := one.published("factor_sum")) is not None
        ),
        key=lambda pair: (-abs(pair[1]), pair[0].name),
    )
    rows += [(one.name, "factor sum", one.published("factor_sum"), one.ours.aivss.factor_sum, error)
             for one, error in by_sum[:WORST]]  # fmt: skip
    return Table("listings_worst", "Listings that lie farthest from ours",
                 ("listing", "measure", "theirs", "ours", "difference"), rows)  # fmt: skip


LISTINGS = (overall, layers, factors, worst)
