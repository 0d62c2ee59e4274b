"""The report for a person at a terminal or in a log: what matters first, eighty columns, no colour.

Long lists are cut with a count of what is left; `--format json` has everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mcp_threat_model.render.layout import Page, Span, Style, clip, columns, pad, plain
from mcp_threat_model.render.wording import BASES, DECISIONS, unseen
from mcp_threat_scoring.report import SEVERITIES, ErrorOut, FindingOut, LayerOut, Report, ThreatOut, ToolOut
from mcp_threat_scoring.report_score import AivssOut, AivssProfileOut
from mcp_threat_scoring.report_set import FleetOut

_LIST: Final = 20
"""Entries of the longest lists (tools, findings) before they are cut."""
_THREATS: Final = 4
"""Threats shown per layer."""

SEVERITY_STYLE: Final[dict[str, Style]] = {
    "none": "good",
    "info": "dim",
    "low": "good",
    "medium": "fair",
    "high": "poor",
    "critical": "bad",
}
_DECISION_STYLE: Final[dict[str, Style]] = {
    "allow": "good",
    "allow_with_limits": "fair",
    "review": "poor",
    "block": "bad",
}
_EFFECT_STYLE: Final[dict[str, Style]] = {"read": "plain", "write": "fair", "destructive": "bad"}


def render_text(results: Sequence[Report | ErrorOut], *, fleet: FleetOut | None = None) -> str:
    """All reports as plain text."""
    return plain(text_page(results, fleet=fleet).lines)


def text_page(results: Sequence[Report | ErrorOut], width: int = 80, *, fleet: FleetOut | None = None) -> Page:
    """All reports laid out; the terminal adds colour to the same lines."""
    page = Page(width)
    for index, result in enumerate(results):
        if index:
            page.blank()
            page.add(Span("═" * width, "dim"))
            page.blank()
        if isinstance(result, ErrorOut):
            _error(page, result)
        else:
            _report(page, result)
    if fleet:
        _fleet(page, fleet)
    return page


def _fleet(page: Page, fleet: FleetOut) -> None:
    page.blank()
    page.add(Span("═" * page.width, "dim"))
    page.heading("Together", f"what {len(fleet.servers)} servers make possible in one client")
    page.flow(fleet.summary)
    for path in fleet.paths[:_LIST]:
        mark = Span(f"  {path.severity.upper():<9}", SEVERITY_STYLE[path.severity])
        page.flow(
            " → ".join(f"{step.server} ({', '.join(step.tools)})" for step in path.steps), first=[mark], indent=11
        )
        page.flow(path.remediation, first=[Span(" " * 11)], indent=11, style="dim")
    for shadow in fleet.shadows[:_LIST]:
        mark = Span(f"  {shadow.severity.upper():<9}", SEVERITY_STYLE[shadow.severity])
        page.flow(shadow.explanation, first=[mark], indent=11)
    left = max(0, len(fleet.paths) - _LIST) + max(0, len(fleet.shadows) - _LIST)
    if left:
        page.flow(f"… and {left} more; --format json has all", first=[Span("  ")], indent=2, style="dim")


def _error(page: Page, error: ErrorOut) -> None:
    page.add(Span("NOT READ  ", "bad"), Span(clip(error.target, page.width - 10), "strong"))
    page.flow(f"{error.code}: {error.message}", indent=2, first=[Span("  ")])
    if error.hint:
        page.flow(error.hint, indent=2, first=[Span("  ")], style="dim")


def _report(page: Page, report: Report) -> None:
    _title(page, report)
    _headline(page, report)
    page.blank()
    page.flow(report.summary)
    _verdict(page, report)
    _score(page, report.aivss)
    _factors(page, report.aivss)
    _layers(page, report)
    _tools(page, report)
    _findings(page, report.findings)
    _authority(page, report)
    _levers(page, report.aivss)
    _coverage(page, report)


def _title(page: Page, report: Report) -> None:
    server = report.server
    name = server.title or server.name or "a server without a name"
    also = f"({server.name})" if server.title and server.name and server.name != server.title else ""
    protocol = f"- MCP {server.protocol_version}" if server.protocol_version else ""
    page.flow(" ".join(filter(None, (name, server.version, also, protocol))), style="strong")
    page.flow(report.target.value, style="dim", indent=2)


def _headline(page: Page, report: Report) -> None:
    aivss = report.aivss
    decision = report.verdict.decision
    word, style = DECISIONS[decision], _DECISION_STYLE[decision]
    page.blank()
    page.add(
        Span("AIVSS ", "strong"),
        Span(f"{aivss.score:.1f} {aivss.severity.upper()}", SEVERITY_STYLE[aivss.severity.lower()]),
        Span(_range(aivss.range.low, aivss.range.high, aivss.score)),
        Span("   Verdict: ", "strong"),
        Span(word, style),
    )


def _range(low: float, high: float, value: float) -> str:
    return "" if low == high == value else f" (between {low:.1f} and {high:.1f})"


def _verdict(page: Page, report: Report) -> None:
    verdict = report.verdict
    word, style = DECISIONS[verdict.decision], _DECISION_STYLE[verdict.decision]
    page.heading("Verdict")
    page.add(Span(word, style))
    for reason in verdict.reasons:
        page.flow(reason, first=[Span("  - ")], indent=4)
    for label, names in (
        ("deny", verdict.limits.deny_tools),
        ("confirm", verdict.limits.confirm_tools),
        ("allow", verdict.limits.allow_tools),
    ):
        if names:
            page.flow(_names(names), first=[Span(f"  {label + ':':<9}", "dim")], indent=11)


def _names(names: Sequence[str], limit: int = 12) -> str:
    shown = ", ".join(clip(name, 60) for name in names[:limit])
    return shown + (f" … and {len(names) - limit} more" if len(names) > limit else "")


def _score(page: Page, aivss: AivssOut) -> None:
    page.heading("How the score is made", f"profile {aivss.profile}")
    _terms(page, aivss)
    other = aivss.other_profile
    page.flow(
        f"{other.score:.1f} {other.severity}{_range(other.range.low, other.range.high, other.score)}: {other.formula}",
        first=[Span(f"  {'Profile ' + other.profile:<20}", "dim")],
        indent=22,
    )


def _terms(page: Page, aivss: AivssProfileOut) -> None:
    cvss = aivss.cvss
    version = f"CVSS {cvss.version} base" if cvss.version else "CVSS base"
    rows: list[tuple[str, str, str]] = [
        (version, f"{cvss.base_score:.1f}", " ".join(filter(None, (cvss.scenario, cvss.vector or "")))),
        ("Sum of factors", f"{aivss.factor_sum:.1f}", "of 10; each below"),
        ("AARS", f"{aivss.aars:.2f}", "what the agentic factors add: (10 - base) x sum/10 x multiplier"),
        ("Threat multiplier", f"{aivss.threat_multiplier:.2f}", aivss.threat_multiplier_reason),
        ("Mitigation factor", f"{aivss.mitigation_factor:.2f}", aivss.mitigation_reason),
    ]
    for label, value, reason in rows:
        page.flow(reason, first=[Span(f"  {label:<20}", "dim"), Span(f"{value:>5}  ", "strong")], indent=29)
    for number, step in enumerate(aivss.formula.split("; ")):
        label = "" if number else "Formula"
        page.flow(step, first=[Span(f"  {label:<20}", "dim")], indent=22, style="strong")
    if aivss.below_cvss_base and aivss.repaired_score is not None:
        page.flow(
            "The mitigation factor takes the score below its CVSS base; counted on the agentic part alone it would be "
            f"{aivss.repaired_score:.1f}.",
            first=[Span(" " * 22)],
            indent=22,
            style="dim",
        )


def _factors(page: Page, aivss: AivssOut) -> None:
    page.heading("Agentic factors", "0 to 1, and what each could be, given what is not known")
    for factor in aivss.factors:
        spread = "" if factor.low == factor.high else f"  ({factor.low:.1f} to {factor.high:.1f})"
        style: Style = "bad" if factor.value >= 0.8 else "fair" if factor.value >= 0.5 else "plain"
        basis = "" if factor.basis == "server" else f"  {BASES[factor.basis]}"
        page.add(
            Span(f"  {factor.value:.1f}  ", style),
            Span(factor.name, "strong"),
            Span(spread),
            Span(basis, "dim"),
        )
        page.flow(factor.rationale, first=[Span(" " * 7)], indent=7)


def _layers(page: Page, report: Report) -> None:
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
        page.add(Span(f"     … and {len(layer.threats) - _THREATS} more threats", "dim"))
    for question in layer.ask_next[:2] if not mapped else ():
        page.flow(question, first=[Span("     ? ", "dim")], indent=7, style="dim")


def _threat(page: Page, threat: ThreatOut) -> None:
    page.flow(
        f"{threat.id} {threat.title} ({threat.likelihood}, {threat.severity})",
        first=[Span("     • ", SEVERITY_STYLE[threat.severity])],
        indent=7,
    )


def _tools(page: Page, report: Report) -> None:
    tools = report.capabilities.tools
    writers = sorted(
        (tool for tool in tools if tool.effect != "read"),
        key=lambda tool: (tool.effect != "destructive", -tool.confidence, tool.pointer),
    )
    noun = "tool" if len(tools) == 1 else "tools"
    page.heading("Tools that can change something", f"{len(writers)} of {len(tools)} {noun}")
    if not writers:
        told = "None of the tools seen." if tools else "No tool was seen."
        page.add(f"  {told}")
        return
    name_width = min(32, max(columns(tool.name) for tool in writers[:_LIST]))
    page.add(Span(f"  {pad('tool', name_width)}  effect       sure  can", "dim"))
    for tool in writers[:_LIST]:
        _tool(page, tool, name_width)
    if len(writers) > _LIST:
        page.add(Span(f"  … and {len(writers) - _LIST} more; --format json lists them all", "dim"))


def _tool(page: Page, tool: ToolOut, name_width: int) -> None:
    lead = name_width + 23
    page.flow(
        ", ".join(tool.abilities) or "-",
        first=[
            Span(f"  {pad(tool.name, name_width)}  ", "strong"),
            Span(f"{tool.effect:<12} ", _EFFECT_STYLE[tool.effect]),
            Span(f"{tool.confidence:>4.0%}  "),
        ],
        indent=lead,
    )


def _findings(page: Page, findings: Sequence[FindingOut]) -> None:
    page.heading("Findings", "what is wrong with it, not what it can do")
    if not findings:
        page.add("  None among what was observed.")
        return
    worst_first = sorted(findings, key=lambda found: -SEVERITIES.index(found.severity))
    for found in worst_first[:_LIST]:
        where = f" in {clip(found.tool, 40)}" if found.tool else ""
        page.flow(
            f"{found.title}{where}",
            first=[Span(f"  {found.severity:<9}", SEVERITY_STYLE[found.severity])],
            indent=11,
            style="strong",
        )
        page.flow(found.explanation, first=[Span(" " * 11)], indent=11)
        if found.excerpt:
            page.flow(f"“{found.excerpt}”", first=[Span(" " * 11)], indent=11, style="dim")
        page.flow(found.remediation, first=[Span(" " * 11 + "→ ", "good")], indent=13)
        page.flow(f"{found.rule_id}, confidence {found.confidence}, at {found.pointer or '/'}",
                  first=[Span(" " * 11)], indent=11, style="dim")  # fmt: skip
    if len(findings) > _LIST:
        page.add(Span(f"  … and {len(findings) - _LIST} more; --format json lists them all", "dim"))


def _authority(page: Page, report: Report) -> None:
    auth = report.auth
    page.heading("Authority")
    page.flow(
        f"Authentication: {auth.requirement}"
        + (f" ({', '.join(auth.schemes)})" if auth.schemes else "")
        + f"; breadth of what the tools may reach: {auth.breadth}.",
        first=[Span("  ")],
        indent=2,
    )
    if auth.scopes:
        page.flow(
            _names([f"{scope.name} ({scope.breadth})" for scope in auth.scopes]),
            first=[Span("  scopes: ", "dim")],
            indent=10,
        )


def _levers(page: Page, aivss: AivssOut) -> None:
    if not aivss.levers:
        return
    page.heading("What would lower the score")
    for lever in aivss.levers[:5]:
        page.flow(
            lever.change, first=[Span(f"  → {lever.score_after:.1f} {lever.severity_after:<9}", "good")], indent=17
        )


def _coverage(page: Page, report: Report) -> None:
    page.heading("Not observed", "could not check is not clean")
    missing = unseen(report)
    if not missing:
        page.add("  Every part was observed.")
    for part, told in missing:
        page.flow(told, first=[Span(f"  {part:<20}", "strong")], indent=22)
