"""A report cut to what a client can carry: its long lists are paged by size, and every cut is told.

The first page has every member of a report; a later one what identifies it, and the members that it goes on with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from mcp_threat_model.serving.pieces import Part, cut, named, names_of, size
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.report import (
    AuthOut,
    CapabilitiesOut,
    CheckOut,
    CoverageOut,
    FindingOut,
    MaestroOut,
    Report,
    ServerOut,
    TargetOut,
    VerdictOut,
)
from mcp_threat_scoring.report_page import PageOut
from mcp_threat_scoring.report_score import ServerAivssOut
from mcp_threat_scoring.structs import UNSET, UnsetType

SCORE_ORDER: Final[tuple[Part, ...]] = ("limits", "findings", "threats", "tools", "checks")
INSPECT_ORDER: Final[tuple[Part, ...]] = ("findings", "tools", "limits", "threats", "checks")


class ReportPage(Model, frozen=True, kw_only=True):
    """A page of a report: the first one has all members, a later one those that it goes on with."""

    schema_version: Literal["1.0"]
    target: TargetOut
    server: ServerOut
    coverage: dict[str, CoverageOut] | UnsetType = UNSET
    capabilities: CapabilitiesOut | UnsetType = UNSET
    auth: AuthOut | UnsetType = UNSET
    findings: list[FindingOut] | UnsetType = UNSET
    aivss: ServerAivssOut | UnsetType = UNSET
    maestro: MaestroOut | UnsetType = UNSET
    summary: str | UnsetType = UNSET
    verdict: VerdictOut | UnsetType = UNSET
    checks: list[CheckOut] | UnsetType = UNSET
    page: PageOut


def page(report: Report, offset: int = 0, order: Sequence[Part] = SCORE_ORDER) -> ReportPage:
    """A page of a report; `order` says which of its lists come first."""
    empty = bare(report)
    whole = (
        size(empty)
        if offset == 0
        else size([report.target, report.server, empty.verdict, empty.capabilities, empty.maestro])
    )
    shown = cut(report, order, offset, whole)
    parts = {name: getattr(report, name) for name in Report.__struct_fields__} if offset == 0 else {}
    parts |= {"schema_version": report.schema_version, "target": report.target, "server": report.server}
    paged = {
        "capabilities": (shown.tools, report.capabilities.changed({"tools": shown.tools})),
        "findings": (shown.findings, shown.findings),
        "maestro": (shown.threats, shown.maestro(report.maestro)),
        "verdict": (any(names_of(shown.limits).values()), shown.verdict(report.verdict)),
        "checks": (shown.checks, shown.checks),
    }
    parts |= {name: value for name, (some, value) in paged.items() if some or offset == 0}
    return ReportPage(**parts, page=shown.page)


def bare(report: Report) -> Report:
    """The report with nothing in the lists that are paged."""
    return report.changed(
        {
            "capabilities": report.capabilities.changed({"tools": []}),
            "findings": [],
            "maestro": report.maestro.changed(
                {"layers": [layer.changed({"threats": []}) for layer in report.maestro.layers], "cross_layer": []}
            ),
            "verdict": report.verdict.changed({"limits": named(report.verdict.limits, 0, 0)}),
            "checks": [],
        }
    )
