"""The threat catalogue for a person: by layer, what can go wrong, what gives it away, what to do."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_model.render.layout import SEVERITY_STYLE, Page, Span
from mcp_threat_model.render.wording import FRAMEWORKS, many
from mcp_threat_scoring.maestro.threat import Catalogue, Threat


def catalogue_page(catalogue: Catalogue, layer: str | None = None) -> Page:
    """All threats, or those of one layer. Nothing of a target is in it."""
    page = Page()
    for one in catalogue.layers:
        if layer in (None, one.id):
            threats = catalogue.of_layer(one.id)
            page.heading(f"{one.id} {one.name}", many(len(threats), "threat"))
            page.flow(one.definition)
            _threats(page, threats, catalogue)
    if layer is None:
        page.heading("Across layers", "chains that need more than one of them")
        _threats(page, catalogue.of_layer("X"), catalogue)
    return page


def _threats(page: Page, threats: Sequence[Threat], catalogue: Catalogue) -> None:
    for threat in threats:
        page.blank()
        page.flow(
            threat.title,
            first=[Span(f"{threat.id}  ", "strong"), Span(f"{threat.severity:<9}", SEVERITY_STYLE[threat.severity])],
            indent=18,
            style="strong",
        )
        page.flow(threat.in_general(), first=[Span("  ")], indent=2)
        page.flow(
            ", ".join(dict.fromkeys(threat.when.names())), first=[Span("  seen by: ", "dim")], indent=11, style="dim"
        )
        for control in threat.mitigations:
            known = catalogue.controls[control]
            page.flow(f"{known.action} ({known.owner})", first=[Span("  → ", "good")], indent=4)
        page.flow(
            "; ".join(f"{FRAMEWORKS[name]} {', '.join(ids)}" for name, ids in threat.references.items()),
            first=[Span("  ")],
            indent=2,
            style="dim",
        )
