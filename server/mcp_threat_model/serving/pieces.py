"""What one page shows: the lists of a report as one row of pieces, of which as many are taken as a client can carry.

What is paged (names of limits, findings, threats, tools, checks) is that row, and `offset` counts pieces. Lists that
the analysis itself keeps short (evidence, reasons) are whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Final, Literal

from mcp_threat_scoring.model import Model, to_json
from mcp_threat_scoring.report import (
    CheckOut,
    FindingOut,
    LimitsOut,
    MaestroOut,
    Report,
    ThreatOut,
    ToolOut,
    VerdictOut,
)
from mcp_threat_scoring.report_page import PageOut
from mcp_threat_scoring.structs import Struct

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


def names_of(limits: LimitsOut) -> dict[str, list[str]]:
    """The lists of names, by what they are called."""
    return {name: getattr(limits, name) for name in LimitsOut.__struct_fields__}


def named(limits: LimitsOut, first: int, last: int) -> LimitsOut:
    """The limits with the names from `first` to before `last` of each list."""
    return limits.changed({name: names[first:last] for name, names in names_of(limits).items()})


def _pieces(report: Report, order: Sequence[Part]) -> list[Piece]:
    """Everything that is paged: first each list in this order, then the names and tools that one piece did not hold."""
    limits, threats = report.verdict.limits, threats_of(report.maestro)
    longest = max(map(len, names_of(limits).values()))
    names = [
        Piece("limits", named(limits, at, at + NAMES_AT_ONCE), at) for at in range(0, max(longest, 1), NAMES_AT_ONCE)
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
            **{f"{name}_total": len(names) for name, names in names_of(limits).items()},
            threat_tools_total={
                threat.id: every[threat.id] for threat in threats.values() if len(threat.tools) < every[threat.id]
            },
            next_offset=end if end < len(pieces) else None,
        ),
        limits=named(limits, first, last),
        findings=[piece.held for piece in taken if isinstance(piece.held, FindingOut)],
        threats=threats,
        tools=[piece.held for piece in taken if isinstance(piece.held, ToolOut)],
        checks=[piece.held for piece in taken if isinstance(piece.held, CheckOut)],
    )
