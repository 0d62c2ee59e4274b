"""A report cut to what a client can carry: its biggest lists are paged, and every cut is told.

A tool result travels into a model's context. Clients warn at some 10,000 tokens and cut at 25,000, so a page holds a
few dozen tools and the rest is one call away. Lists that the analysis itself keeps short (evidence, reasons) are whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Annotated, TypeVar

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.report import LimitsOut, MaestroOut, Report, ThreatOut, VerdictOut
from mcp_threat_scoring.structs import Meta

PER_PAGE = 25
"""Tools, findings, and tools of one threat."""
NAMES_PER_PAGE = 100
"""Names in each list of limits: least privilege is written from all of them, and a name is short."""

T = TypeVar("T")


class PageOut(Model, frozen=True, kw_only=True):
    """Which part of the long lists this is."""

    offset: Annotated[int, Meta(description="Index of the first tool and finding shown, and of a threat's first tool.")]
    tools_total: int
    findings_total: int
    limits_offset: Annotated[int, Meta(description="Index of the first name shown of each list of limits.")]
    allow_tools_total: int
    confirm_tools_total: int
    deny_tools_total: int
    threat_tools_total: Annotated[
        dict[str, int], Meta(description="By id, the threats of which not all tools are shown, and how many there are.")
    ]
    next_offset: Annotated[int | None, Meta(description="Pass it as `offset` for the next page; null on the last one.")]


class ReportPage(Report, frozen=True, kw_only=True):
    """A report whose biggest lists are paged."""

    page: PageOut


def part(items: Sequence[T], offset: int, size: int = PER_PAGE) -> list[T]:
    """A page of a list."""
    return list(items[offset : offset + size])


def _names_from(offset: int) -> int:
    """Where the names of limits begin: whole hundreds, so that they stay while the tools beside them go on."""
    return offset - offset % NAMES_PER_PAGE


def _limits(limits: LimitsOut) -> dict[str, list[str]]:
    return {name: getattr(limits, name) for name in LimitsOut.__struct_fields__}


def verdict_part(verdict: VerdictOut, offset: int) -> VerdictOut:
    """The verdict with a page of its limits."""
    first = _names_from(offset)
    cut = {name: names[first : first + NAMES_PER_PAGE] for name, names in _limits(verdict.limits).items()}
    return verdict.changed({"limits": verdict.limits.changed(cut)})


def maestro_part(maestro: MaestroOut, offset: int, size: int = PER_PAGE) -> MaestroOut:
    """The seven layers with a page of the tools of each threat."""

    def cut(threats: Iterable[ThreatOut]) -> list[ThreatOut]:
        return [threat.changed({"tools": part(threat.tools, offset, size)}) for threat in threats]

    layers = [layer.changed({"threats": cut(layer.threats)}) for layer in maestro.layers]
    return maestro.changed({"layers": layers, "cross_layer": cut(maestro.cross_layer)})


def threats_of(maestro: MaestroOut) -> list[ThreatOut]:
    """All threats, chains at the end."""
    return [*(threat for layer in maestro.layers for threat in layer.threats), *maestro.cross_layer]


def page_of(
    report: Report,
    offset: int,
    size: int = PER_PAGE,
    *,
    lists: Collection[Sequence[object]] = (),
    threats: Collection[ThreatOut] = (),
) -> PageOut:
    """Which part an answer shows that holds a page of these lists, of the tools of these threats, and of the limits."""
    limits = {name: len(names) for name, names in _limits(report.verdict.limits).items()}
    end, names_end = offset + size, _names_from(offset) + NAMES_PER_PAGE
    longest = max((len(held) for held in (*lists, *(threat.tools for threat in threats))), default=0)
    following = end if longest > end else names_end if max(limits.values()) > names_end else None
    return PageOut(
        offset=offset,
        tools_total=len(report.capabilities.tools),
        findings_total=len(report.findings),
        limits_offset=_names_from(offset),
        **{f"{name}_total": count for name, count in limits.items()},
        threat_tools_total={
            threat.id: len(threat.tools)
            for threat in threats
            if len(part(threat.tools, offset, size)) < len(threat.tools)
        },
        next_offset=following,
    )


def page(report: Report, offset: int = 0, size: int = PER_PAGE) -> ReportPage:
    """The report with a page of its tools, findings, limits, and of the tools of its threats."""
    tools = report.capabilities.tools
    parts = {name: getattr(report, name) for name in Report.__struct_fields__}
    parts |= {
        "capabilities": report.capabilities.changed({"tools": part(tools, offset, size)}),
        "findings": part(report.findings, offset, size),
        "maestro": maestro_part(report.maestro, offset, size),
        "verdict": verdict_part(report.verdict, offset),
    }
    where = page_of(report, offset, size, lists=(tools, report.findings), threats=threats_of(report.maestro))
    return ReportPage(**parts, page=where)
