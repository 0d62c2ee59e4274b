"""A report cut to what a client can carry: its long lists are paged by size, and every cut is told.

What is paged (names of limits, findings, threats, tools, checks) is one row of pieces, and `offset` counts pieces. A
page takes as many as fit. The first page has every member of a report; a later one what identifies it, and the members
that it goes on with. Lists that the analysis itself keeps short (evidence, reasons) are whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, Literal

from mcp_threat_scoring.model import Model, to_json
from mcp_threat_scoring.report import (
    AuthOut,
    CapabilitiesOut,
    CheckOut,
    CoverageOut,
    FindingOut,
    LimitsOut,
    MaestroOut,
    Report,
    ServerOut,
    TargetOut,
    ThreatOut,
    ToolOut,
    VerdictOut,
)
from mcp_threat_scoring.report_page import PageOut
from mcp_threat_scoring.report_score import ServerAivssOut
from mcp_threat_scoring.structs import UNSET, Struct, UnsetType

PAGE_BYTES: Final = 60_000
"""Of one answer as JSON. A tool result travels into a model's context, and clients cut it at 25,000 tokens: some 87 kB
of JSON such as this. The rest is for the text beside it, and for clients that count, or write, less sparingly."""
SPARE_BYTES: Final = 3_000
"""For what `page` takes."""
NAMES_AT_ONCE: Final = 100
"""Names of each list of limits in one piece: least privilege is written from all of them, and a name is short."""
TOOLS_AT_ONCE: Final = 40
"""Tools of one page: the text beside it, which many models read alone, has a line for each."""
TOOLS_OF_THREAT: Final = 25
"""Tools that a threat is first told with; the others come in later pieces."""

Part = Literal["limits", "findings", "threats", "tools", "checks"]
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


class Piece(Struct, frozen=True):
    """The smallest thing that a page takes or leaves: a threat with its first tools, say, or some more of its tools."""

    part: Part
    held: Model
    at: int = 0
    """Of names and of a threat's tools: the index of the first."""

    @property
    def size(self) -> int:
        """Bytes as JSON, with the comma."""
        return size(self.held) + 1


class Cut(Struct, frozen=True):
    """What one page shows of each list."""

    page: PageOut
    limits: LimitsOut
    findings: list[FindingOut]
    threats: dict[str, ThreatOut]
    tools: list[ToolOut]
    checks: list[CheckOut]

    def verdict(self, whole: VerdictOut) -> VerdictOut:
        """The verdict with the names of this page."""
        return whole.changed({"limits": self.limits})

    def maestro(self, whole: MaestroOut) -> MaestroOut:
        """The layers with the threats of this page; on later pages only layers that have some."""

        def shown(threats: Iterable[ThreatOut]) -> list[ThreatOut]:
            return [self.threats[threat.id] for threat in threats if threat.id in self.threats]

        layers = [layer.changed({"threats": shown(layer.threats)}) for layer in whole.layers]
        kept = [layer for layer in layers if layer.threats or self.page.offset == 0]
        return whole.changed({"layers": kept, "cross_layer": shown(whole.cross_layer)})


def size(value: object) -> int:
    """Bytes of a value as JSON."""
    return len(to_json(value).encode())


def threats_of(maestro: MaestroOut) -> list[ThreatOut]:
    """All threats, chains at the end."""
    return [*(threat for layer in maestro.layers for threat in layer.threats), *maestro.cross_layer]


def _names(limits: LimitsOut) -> dict[str, list[str]]:
    return {name: getattr(limits, name) for name in LimitsOut.__struct_fields__}


def _named(limits: LimitsOut, first: int, last: int) -> LimitsOut:
    return limits.changed({name: names[first:last] for name, names in _names(limits).items()})


def _pieces(report: Report, order: Sequence[Part]) -> list[Piece]:
    """Everything that is paged: first each list in this order, then the names and tools that one piece did not hold."""
    limits, threats = report.verdict.limits, threats_of(report.maestro)
    longest = max(map(len, _names(limits).values()))
    names = [
        Piece("limits", _named(limits, at, at + NAMES_AT_ONCE), at) for at in range(0, max(longest, 1), NAMES_AT_ONCE)
    ]
    lists: dict[Part, list[Piece]] = {
        "limits": names[:1],
        "findings": [Piece("findings", one) for one in report.findings],
        "threats": [Piece("threats", one.changed({"tools": one.tools[:TOOLS_OF_THREAT]})) for one in threats],
        "tools": [Piece("tools", one) for one in report.capabilities.tools],
        "checks": [Piece("checks", one) for one in report.checks],
    }
    rest = names[1:] if "limits" in order else []
    if "threats" in order:
        for one in threats:
            brief = one.changed(
                {"description": "", "evidence": [], "mitigations": [], "response": [], "references": {}}
            )
            for at in range(TOOLS_OF_THREAT, len(one.tools), NAMES_AT_ONCE):
                rest.append(Piece("threats", brief.changed({"tools": one.tools[at : at + NAMES_AT_ONCE]}), at))
    return [*(piece for part in order for piece in lists[part]), *rest]


def _fitting(pieces: Iterable[Piece], room: int) -> list[Piece]:
    """As many as there is room for, and one at least."""
    taken: list[Piece] = []
    tools = 0
    for piece in pieces:
        room -= piece.size
        tools += piece.part == "tools"
        if taken and (room < 0 or tools > TOOLS_AT_ONCE):
            break
        taken.append(piece)
    return taken


def cut(report: Report, order: Sequence[Part], offset: int, beside: int) -> Cut:
    """What the page at `offset` shows; `beside` are the bytes of what stands in the answer whatever is paged."""
    pieces = _pieces(report, order)
    taken = _fitting(islice(pieces, offset, None), PAGE_BYTES - SPARE_BYTES - beside)
    end = offset + len(taken)
    limits = report.verdict.limits
    starts = [piece.at for piece in taken if piece.part == "limits"]
    first, last = (min(starts), max(starts) + NAMES_AT_ONCE) if starts else (0, 0)
    threats: dict[str, ThreatOut] = {}
    for piece in taken:
        if isinstance(piece.held, ThreatOut):
            before = threats.get(piece.held.id)
            more = piece.held if before is None else before.changed({"tools": [*before.tools, *piece.held.tools]})
            threats[more.id] = more
    every = {threat.id: len(threat.tools) for threat in threats_of(report.maestro)}
    return Cut(
        page=PageOut(
            offset=offset,
            total=len(pieces),
            tools_total=len(report.capabilities.tools),
            findings_total=len(report.findings),
            threats_total=len(every),
            checks_total=len(report.checks),
            limits_offset=first,
            **{f"{name}_total": len(names) for name, names in _names(limits).items()},
            threat_tools_total={
                threat.id: every[threat.id] for threat in threats.values() if len(threat.tools) < every[threat.id]
            },
            next_offset=end if end < len(pieces) else None,
        ),
        limits=_named(limits, first, last),
        findings=[piece.held for piece in taken if isinstance(piece.held, FindingOut)],
        threats=threats,
        tools=[piece.held for piece in taken if isinstance(piece.held, ToolOut)],
        checks=[piece.held for piece in taken if isinstance(piece.held, CheckOut)],
    )


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
        "verdict": (any(_names(shown.limits).values()), shown.verdict(report.verdict)),
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
            "verdict": report.verdict.changed({"limits": _named(report.verdict.limits, 0, 0)}),
            "checks": [],
        }
    )
