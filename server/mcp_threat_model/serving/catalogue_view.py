"""What `list_maestro_threats` answers: the layers of one server, or a page of the threat catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from mcp_threat_model.serving.paging import bare
from mcp_threat_model.serving.pieces import cut, size
from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.phrases import capital, counted
from mcp_threat_scoring.report import (
    CoverageOut,
    MaestroOut,
    MitigationOut,
    Report,
    ServerOut,
    Severity,
    TargetOut,
    VerdictOut,
)
from mcp_threat_scoring.report_page import PageOut
from mcp_threat_scoring.structs import UNSET, Meta, UnsetType, to_builtins

if TYPE_CHECKING:
    from mcp_threat_scoring.maestro.threat import Catalogue, Threat

THREATS_PER_PAGE = 15


class CatalogueThreatOut(Model, frozen=True, kw_only=True):
    """One threat of the catalogue, apart from any server."""

    id: str
    slug: str
    title: str
    layer: str
    related_layers: list[str]
    severity: Severity
    description: str
    signals: Annotated[list[str], Meta(description="What has to be seen of a server for the threat to fire.")]
    mitigations: list[MitigationOut]
    response: list[str]
    references: dict[str, list[str]]


class CataloguePage(Model, frozen=True, kw_only=True):
    """A page of the catalogue."""

    total: int
    offset: int
    next_offset: int | None
    threats: list[CatalogueThreatOut]


class ThreatsAnswer(Model, frozen=True, kw_only=True):
    """With a target: its report's parts about threats, and `page`. Without one: `catalogue`, and nothing else."""

    schema_version: str = "1.0"
    target: TargetOut | UnsetType = UNSET
    server: ServerOut | UnsetType = UNSET
    coverage: dict[str, CoverageOut] | UnsetType = UNSET
    maestro: MaestroOut | UnsetType = UNSET
    summary: str | UnsetType = UNSET
    verdict: VerdictOut | UnsetType = UNSET
    page: PageOut | UnsetType = UNSET
    catalogue: CataloguePage | UnsetType = UNSET


def threat_out(threat: Threat, catalogue: Catalogue) -> CatalogueThreatOut:
    """A threat as the catalogue shows it: its own words, with "the tools" for names nobody has yet."""
    return CatalogueThreatOut(
        id=threat.id,
        slug=threat.slug,
        title=threat.title,
        layer=threat.layer,
        related_layers=list(threat.related_layers),
        severity=threat.severity,
        description=threat.in_general(),
        signals=sorted(threat.when.names()),
        mitigations=[catalogue.controls[control] for control in threat.mitigations],
        response=list(threat.response),
        references={framework: list(ids) for framework, ids in threat.references.items()},
    )


def choose(catalogue: Catalogue, layer: str | None, reference: str | None) -> tuple[Threat, ...]:
    """The threats of a layer, of an id or slug, or citing a framework entry.

    Raises:
        UsageError: nothing in the catalogue answers to that.
    """
    chosen = catalogue.threats if layer is None else catalogue.of_layer(layer)
    if reference:
        one = catalogue.get(reference.strip())
        cited = (one,) if one else catalogue.citing(reference.strip())
        if not cited:
            raise UsageError(
                f"nothing in the catalogue is called, or cites, {neutralise_name(reference) or 'an empty text'}; "
                "try an id such as MTC-301, or a framework entry such as MCP03:2025, ASI05 or CWE-78"
            )
        chosen = tuple(threat for threat in chosen if threat in cited)
    return chosen


def catalogue_answer(
    catalogue: Catalogue, *, layer: str | None, reference: str | None, offset: int
) -> tuple[str, ThreatsAnswer]:
    """A page of the catalogue, as text and as data.

    Raises:
        UsageError: nothing in the catalogue answers to `reference`.
    """
    chosen = choose(catalogue, layer, reference)
    shown = chosen[offset : offset + THREATS_PER_PAGE]
    more = offset + THREATS_PER_PAGE if offset + THREATS_PER_PAGE < len(chosen) else None
    found = capital(counted(len(chosen), "threat"))
    ends = ":" if shown else f"; nothing is left at offset {offset}." if chosen else "."
    lines = [f"**{found}** on the MAESTRO layers" + (f" ({layer})" if layer else "") + ends, ""]
    for threat in shown:
        lines.append(f"- **{threat.id}** {threat.title} ({threat.layer}, {threat.severity})")
        if len(shown) <= 3:
            lines.append(f"  {threat.in_general()}")
            lines += [f"  - {catalogue.controls[control].action}" for control in threat.mitigations[:3]]
    if more is not None:
        lines += ["", f"Next page: offset={more}."]
    data = CataloguePage(
        total=len(chosen), offset=offset, next_offset=more, threats=[threat_out(t, catalogue) for t in shown]
    )
    return "\n".join(lines), ThreatsAnswer(catalogue=data)


def chosen(report: Report, catalogue: Catalogue, layer: str | None, reference: str | None) -> Report:
    """The report with the layer and the threats that are asked for, as in the catalogue.

    Raises:
        UsageError: nothing in the catalogue answers to `reference`.
    """
    maestro = report.maestro
    if layer is not None:
        layers = [one for one in maestro.layers if one.id == layer]
        maestro = maestro.changed({"layers": layers, "cross_layer": maestro.cross_layer if layer == "X" else []})
    if reference:
        wanted = {threat.id for threat in choose(catalogue, None, reference)}
        kept = [
            one.changed({"threats": [threat for threat in one.threats if threat.id in wanted]})
            for one in maestro.layers
        ]
        chains = [threat for threat in maestro.cross_layer if threat.id in wanted]
        maestro = maestro.changed({"layers": [one for one in kept if one.threats], "cross_layer": chains})
    return report.changed({"maestro": maestro})


def layers_answer(report: Report, offset: int = 0) -> tuple[ThreatsAnswer, PageOut]:
    """The layers of one server, first with what is known of it, on later pages with more threats; and which page."""
    about: dict[str, Any] = {"target": report.target, "server": report.server}
    beside: dict[str, Any] = {"coverage": report.coverage, "summary": report.summary} if offset == 0 else {}
    shown = cut(
        report, ("limits", "threats"), offset, size([about, beside, report.verdict.reasons, bare(report).maestro])
    )
    verdict = shown.verdict(report.verdict)
    if offset == 0 or any(to_builtins(shown.limits).values()):
        beside = {**beside, "verdict": verdict}
    told = ThreatsAnswer(**about, **beside, maestro=shown.maestro(report.maestro), page=shown.page)
    return told, shown.page
