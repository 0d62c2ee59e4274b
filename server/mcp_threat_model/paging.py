"""A report cut to what a client can carry: the biggest lists are paged, evidence is kept short, and it says so.

A tool result travels into a model's context. Clients warn at some 10,000 tokens and cut at 25,000, so a page holds a
few dozen tools and the rest is one call away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.report import MaestroOut, Report, ThreatOut
from mcp_threat_scoring.report_score import AivssOut, AivssProfileOut
from mcp_threat_scoring.structs import Meta

TOOLS_PER_PAGE = 25
FINDINGS_PER_PAGE = 25
EVIDENCE_PER_ITEM = 3
NAMES_PER_LIST = 100

T = TypeVar("T")


class PageOut(Model, frozen=True, kw_only=True):
    """Which part of the tools and findings this is."""

    offset: Annotated[int, Meta(description="Index of the first tool and finding shown.")]
    tools_total: int
    findings_total: int
    next_offset: Annotated[int | None, Meta(description="Pass it as `offset` for the next page; null on the last one.")]


class ReportPage(Report, frozen=True, kw_only=True):
    """A report whose biggest lists are paged."""

    page: PageOut


def _first(items: Sequence[T], count: int = EVIDENCE_PER_ITEM) -> list[T]:
    return list(items[:count])


def _threat(threat: ThreatOut) -> ThreatOut:
    return threat.changed({"evidence": _first(threat.evidence), "tools": _first(threat.tools, 10)})


def short_maestro(maestro: MaestroOut) -> MaestroOut:
    """The seven layers with a few pieces of evidence each."""
    layers = [layer.changed({"threats": [_threat(threat) for threat in layer.threats]}) for layer in maestro.layers]
    return maestro.changed({"layers": layers, "cross_layer": [_threat(t) for t in maestro.cross_layer]})


def _short_profile(profile: AivssProfileOut) -> dict[str, object]:
    metrics = [metric.changed({"evidence": _first(metric.evidence)}) for metric in profile.cvss.metrics]
    return {
        "cvss": profile.cvss.changed({"metrics": metrics}),
        "factors": [factor.changed({"evidence": _first(factor.evidence)}) for factor in profile.factors],
    }


def _short_aivss(aivss: AivssOut) -> AivssOut:
    other = aivss.other_profile.changed(_short_profile(aivss.other_profile))
    return aivss.changed({**_short_profile(aivss), "other_profile": other})


def page(report: Report, offset: int = 0, size: int = TOOLS_PER_PAGE) -> ReportPage:
    """The report with tools and findings from `offset` on, `size` of each at most."""
    tools = report.capabilities.tools
    end = offset + size
    shown = [tool.changed({"evidence": _first(tool.evidence)}) for tool in tools[offset:end]]
    limits = report.verdict.limits
    short_limits = limits.changed(
        {name: _first(getattr(limits, name), NAMES_PER_LIST) for name in type(limits).__struct_fields__}
    )
    more = max(len(tools), len(report.findings)) > end
    parts = {name: getattr(report, name) for name in type(report).__struct_fields__}
    parts |= {
        "capabilities": report.capabilities.changed({"tools": shown}),
        "findings": report.findings[offset:end],
        "aivss": _short_aivss(report.aivss),
        "maestro": short_maestro(report.maestro),
        "verdict": report.verdict.changed({"limits": short_limits}),
    }
    counted = PageOut(
        offset=offset,
        tools_total=len(tools),
        findings_total=len(report.findings),
        next_offset=end if more else None,
    )
    return ReportPage(**parts, page=counted)
