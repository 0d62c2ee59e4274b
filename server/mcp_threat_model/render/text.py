"""The report for a person at a terminal or in a log: what matters first, eighty columns, no colour.

Long lists are cut with a count of what is left; `--format json` has everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mcp_threat_model.render.interface import NOTHING_MORE, Context
from mcp_threat_model.render.layout import LONGEST, SEVERITY_STYLE, Page, Span, Style, clip, plain
from mcp_threat_model.render.text_layers import layers, tools
from mcp_threat_model.render.text_score import between, factors, levers, making
from mcp_threat_model.render.wording import DECISIONS, breadth, called, many, unseen
from mcp_threat_scoring.report import ErrorOut, Report, gravity
from mcp_threat_scoring.report_set import FleetOut

_DECISION_STYLE: Final[dict[str, Style]] = {
    "allow": "good",
    "allow_with_limits": "fair",
    "review": "poor",
    "block": "bad",
}


def render_text(results: Sequence[Report | ErrorOut], context: Context = NOTHING_MORE) -> str:
    """All reports as plain text."""
    return plain(text_page(results, context).lines)


def text_page(results: Sequence[Report | ErrorOut], context: Context = NOTHING_MORE) -> Page:
    """All reports laid out; the terminal adds colour to the same lines."""
    page = Page()
    for index, result in enumerate(results):
        if index:
            page.blank()
            page.add(Span("═" * page.width, "dim"))
            page.blank()
        if isinstance(result, ErrorOut):
            _error(page, result)
        else:
            _report(page, result, context)
    if context.fleet:
        _fleet(page, context.fleet)
    return page


def _fleet(page: Page, fleet: FleetOut) -> None:
    page.blank()
    page.add(Span("═" * page.width, "dim"))
    page.heading("Together", f"{many(len(fleet.servers), 'server')} in one client")
    page.flow(fleet.summary)
    alone = False
    for path in fleet.paths[:LONGEST]:
        if not alone and not path.crosses:
            alone = True
            page.add(Span("  One server alone:", "dim"))
        mark = Span(f"  {path.severity.upper():<9}", SEVERITY_STYLE[path.severity])
        page.flow(
            " → ".join(f"{step.server} ({', '.join(step.tools)})" for step in path.steps), first=[mark], indent=11
        )
        page.flow(path.remediation, first=[Span(" " * 11)], indent=11, style="dim")
    for shadow in fleet.shadows[:LONGEST]:
        mark = Span(f"  {shadow.severity.upper():<9}", SEVERITY_STYLE[shadow.severity])
        page.flow(shadow.explanation, first=[mark], indent=11)
    left = max(0, len(fleet.paths) - LONGEST) + max(0, len(fleet.shadows) - LONGEST)
    if left:
        page.flow(f"… and {left} more; --format json has all", first=[Span("  ")], indent=2, style="dim")


def _error(page: Page, error: ErrorOut) -> None:
    page.add(Span("NOT READ  ", "bad"), Span(clip(error.target, page.width - 10), "strong"))
    page.flow(f"{error.code}: {error.message}", indent=2, first=[Span("  ")])
    if error.hint:
        page.flow(error.hint, indent=2, first=[Span("  ")], style="dim")


def _report(page: Page, report: Report, context: Context) -> None:
    _title(page, report)
    _headline(page, report)
    page.blank()
    page.flow(report.summary)
    _verdict(page, report)
    making(page, report.aivss)
    factors(page, report.aivss)
    layers(page, report)
    tools(page, report)
    _findings(page, report, context)
    _authority(page, report)
    levers(page, report.aivss)
    _coverage(page, report)


def _title(page: Page, report: Report) -> None:
    server = report.server
    name = called(report)
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
        Span(between(aivss.range.low, aivss.range.high, aivss.score)),
        Span("   Verdict: ", "strong"),
        Span(word, style),
    )


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


def _findings(page: Page, report: Report, context: Context) -> None:
    findings = report.findings
    page.heading("Findings", "what is wrong with it, not what it can do")
    if not findings:
        page.add("  None among what was observed.")
        return
    worst_first = sorted(findings, key=lambda found: gravity(found.severity))
    for found in worst_first[:LONGEST]:
        where = f"{clip(found.tool, 40)}: " if found.tool else ""
        page.flow(
            f"{where}{found.title}",
            first=[Span(f"  {found.severity:<9}", SEVERITY_STYLE[found.severity])],
            indent=11,
            style="strong",
        )
        page.flow(found.explanation, first=[Span(" " * 11)], indent=11)
        if found.excerpt:
            page.flow(f"“{found.excerpt}”", first=[Span(" " * 11)], indent=11, style="dim")
        page.flow(found.remediation, first=[Span(" " * 11 + "→ ", "good")], indent=13)
        if reason := context.accepted(report, found):
            page.flow(f"Accepted by the policy: {reason}", first=[Span(" " * 11)], indent=11)
        page.flow(f"{found.rule_id}, confidence {found.confidence}, at {found.pointer or '/'}",
                  first=[Span(" " * 11)], indent=11, style="dim")  # fmt: skip
    if len(findings) > LONGEST:
        page.add(Span(f"  … and {len(findings) - LONGEST} more; --format json lists them all", "dim"))


def _authority(page: Page, report: Report) -> None:
    auth = report.auth
    page.heading("Authority")
    page.flow(
        f"Authentication: {auth.requirement}"
        + (f" ({', '.join(auth.schemes)})" if auth.schemes else "")
        + f"; breadth of what the tools may reach: {breadth(auth.breadth)}.",
        first=[Span("  ")],
        indent=2,
    )
    if auth.scopes:
        page.flow(
            _names([f"{scope.name} ({scope.breadth})" for scope in auth.scopes]),
            first=[Span("  scopes: ", "dim")],
            indent=10,
        )


def _coverage(page: Page, report: Report) -> None:
    page.heading("Not observed", "could not check is not clean")
    missing = unseen(report)
    if not missing:
        page.add("  Every part was observed.")
    for part, told in missing:
        page.flow(told, first=[Span(f"  {part:<20}", "strong")], indent=22)
