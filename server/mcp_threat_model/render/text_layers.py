"""The layers with their threats, and the tools that can change something, in text."""

from __future__ import annotations

from typing import Final

from mcp_threat_model.render.layout import LONGEST, SEVERITY_STYLE, Page, Span, Style, columns, pad
from mcp_threat_model.render.wording import EFFECTS, effect, no_tools, none_seen, tool_count
from mcp_threat_scoring.report import LayerOut, Report, ThreatOut, ToolOut

_THREATS: Final = 4
"""Threats shown per layer."""

_EFFECT_STYLE: Final[dict[str, Style]] = {"unclear": "plain", "write": "fair", "destructive": "bad"}


def layers(page: Page, report: Report) -> None:
    """The seven layers, each with its gravest threats, then what crosses them."""
    page.heading("MAESTRO layers")
    for layer in report.maestro.layers:
        _layer(page, layer)
    if report.maestro.cross_layer:
        page.add(Span("  Across layers", "strong"))
        for threat in report.maestro.cross_layer[:_THREATS]:
            _threat(page, threat)


def _layer(page: Page, layer: LayerOut) -> None:
    mapped = layer.status == "mapped"
    state = Span("mapped", "fair") if mapped else Span("not certain", "dim")
    page.add(Span(f"  {layer.id} {layer.name}  ", "strong"), state)
    page.flow(layer.summary, first=[Span("     ")], indent=5)
    for threat in layer.threats[:_THREATS]:
        _threat(page, threat)
    if len(layer.threats) > _THREATS:
        page.add(Span(f"     … and {len(layer.threats) - _THREATS} more", "dim"))
    for question in layer.ask_next[:2] if not mapped else ():
        page.flow(question, first=[Span("     ? ", "dim")], indent=7, style="dim")


def _threat(page: Page, threat: ThreatOut) -> None:
    page.flow(
        f"{threat.id} {threat.title} ({threat.likelihood}, {threat.severity})",
        first=[Span("     • ", SEVERITY_STYLE[threat.severity])],
        indent=7,
    )


def tools(page: Page, report: Report) -> None:
    """The tools that write, those that destroy first, and last those of which it is unclear."""
    seen = report.capabilities.tools
    writers = sorted(
        (tool for tool in seen if effect(tool) != "read"),
        key=lambda tool: (EFFECTS.index(effect(tool)), -tool.confidence, tool.pointer),
    )
    open_ = sum(effect(tool) == "unclear" for tool in writers)
    maybe = f", unclear of {open_} more" if open_ else ""
    note = f"{len(writers) - open_} of {tool_count(report)}{maybe}" if seen else none_seen(report)
    page.heading("Tools that can change something", note)
    if not writers:
        page.add(f"  {'None of the tools seen.' if seen else no_tools(report)}")
        return
    name_width = min(32, max(columns(tool.name) for tool in writers[:LONGEST]))
    page.add(Span(f"  {pad('tool', name_width)}  effect       sure  can", "dim"))
    for tool in writers[:LONGEST]:
        _tool(page, tool, name_width)
    if len(writers) > LONGEST:
        page.add(Span(f"  … and {len(writers) - LONGEST} more; --format json lists them all", "dim"))


def _tool(page: Page, tool: ToolOut, name_width: int) -> None:
    lead = name_width + 23
    page.flow(
        ", ".join(tool.abilities) or "-",
        first=[
            Span(f"  {pad(tool.name, name_width)}  ", "strong"),
            Span(f"{effect(tool):<12} ", _EFFECT_STYLE[effect(tool)]),
            Span(f"{tool.confidence:>4.0%}  "),
        ],
        indent=lead,
    )
