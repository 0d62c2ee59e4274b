"""The short Markdown texts of the MCP tools: each stands alone, under some 1,500 tokens, worst things first.

Most models read only this text, so nothing that matters may be in the structured content alone. Every word of the
target's in it was neutralised when the report was made.
"""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_model.render.brief_lines import beyond, fit, listed, threat_line, unseen, wrong
from mcp_threat_model.render.wording import (
    DECISIONS,
    breadth,
    effect,
    effects,
    gravest_first,
    reached,
    title,
    tool_count,
)
from mcp_threat_scoring.maestro.gravest import gravest
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.phrases import capital, number
from mcp_threat_scoring.report import LayerOut, Report, ToolOut
from mcp_threat_scoring.report_page import PageOut
from mcp_threat_scoring.report_score import AivssOut, AivssProfileOut

THREATS_SHOWN = 5


def _score_line(aivss: AivssProfileOut) -> str:
    spread = "" if aivss.range.low == aivss.range.high else f" (could be {aivss.range.low:.1f}–{aivss.range.high:.1f})"
    return f"**AIVSS {aivss.score:.1f} {aivss.severity}**{spread}"


def _term(value: float) -> str:
    """A number as it was used: with one decimal, and with more where it has more."""
    return f"{value:.1f}" if round(value, 1) == value else f"{value:g}"


def _terms(aivss: AivssProfileOut) -> list[str]:
    cvss = aivss.cvss
    base = f"CVSS {cvss.version or ''} base {_term(cvss.base_score)}".replace("  ", " ")
    detail = " ".join(filter(None, (cvss.scenario, f"`{cvss.vector}`" if cvss.vector else "")))
    return [
        f"- {base}" + (f": {detail}" if detail else ""),
        f"- Factors sum to {_term(aivss.factor_sum)}: "
        + ", ".join(f"{factor.name} {factor.value:g}" for factor in aivss.factors),
        f"- {aivss.formula}",
    ]


def score_text(report: Report, page: PageOut) -> str:
    """The answer to "how risky is this MCP server?"."""
    verdict = report.verdict
    lines = [
        f"# {title(report)}: {_score_line(report.aivss)}, verdict {DECISIONS[verdict.decision]}",
        *beyond(page),
        "",
        report.summary,
        "",
        *(f"- {reason}" for reason in verdict.reasons),
        "",
        f"How the score is made (profile {report.aivss.profile}):",
        *_terms(report.aivss),
        _beside(report.aivss.other_profile),
    ]
    if report.findings:
        lines += ["", "Wrong with it:", *wrong(report)]
    threats = gravest(report.maestro, report.findings)
    if threats:
        lines += ["", "Top threats (MAESTRO):", *map(threat_line, threats[:THREATS_SHOWN])]
        if len(threats) > THREATS_SHOWN:
            lines.append(f"- … and {len(threats) - THREATS_SHOWN} more: list_maestro_threats")
    limits = verdict.limits
    for word, names in (("Deny", limits.deny_tools), ("Confirm", limits.confirm_tools), ("Allow", limits.allow_tools)):
        if names:
            lines += ["", f"{word}: {listed(names)}."]
    if report.aivss.levers:
        lever = report.aivss.levers[0]
        lines += ["", f"What lowers the score most: {lever.change} → {lever.score_after:.1f} {lever.severity_after}."]
    lines += ["", *unseen(report)]
    return fit(lines)


def _layer_lines(layer: LayerOut) -> list[str]:
    lines = [
        "",
        f"## {layer.id} {layer.name}: {'mapped' if layer.status == 'mapped' else 'not certain'}",
        layer.summary,
    ]
    lines += [threat_line(threat) for threat in layer.threats[:3]]
    if len(layer.threats) > 3:
        lines.append(f"- … and {len(layer.threats) - 3} more")
    if layer.status != "mapped" and layer.ask_next:
        lines.append(f"Ask: {layer.ask_next[0]}")
    return lines


def maestro_text(report: Report, page: PageOut, layer: str | None = None, threat: str | None = None) -> str:
    """The seven layers of one server, or what was chosen of them, in full."""
    lines = [f"# MAESTRO threat model of {title(report)}"]
    if page.offset >= page.total:
        return fit([*lines, *beyond(page)])
    if threat is not None and not gravest(report.maestro, report.findings):
        where = f" on {layer}" if layer else ""
        return fit(
            [
                *lines,
                "",
                f"What was seen of it supports no threat called, or citing, `{neutralise_name(threat)}`{where}.",
            ]
        )
    if layer == "X" and not report.maestro.cross_layer:
        lines += ["", "No chain across layers was found."]
    for one in report.maestro.layers:
        if layer is None and threat is None:
            lines += _layer_lines(one)
        else:
            lines += ["", f"## {one.id} {one.name}: {one.status.replace('_', ' ')}", one.summary]
            for told in one.threats:
                lines += [threat_line(told), f"  {told.description}"]
                lines += [f"  - {action.owner}: {action.action}" for action in told.mitigations[:2]]
            lines += [f"Ask: {question}" for question in one.ask_next]
    if report.maestro.cross_layer:
        lines += ["", "## Chains across layers", *map(threat_line, report.maestro.cross_layer)]
    return fit(lines)


def _tool_line(tool: ToolOut) -> str:
    able = f"; {', '.join(tool.abilities)}" if tool.abilities else ""
    seen = ", ".join(dict.fromkeys(f"“{evidence.excerpt}”" for evidence in tool.evidence[:2] if evidence.excerpt))
    return f"- `{tool.name}`: **{effect(tool)}** ({tool.confidence:.0%}){able}" + (f"; from {seen}" if seen else "")


def inspect_text(report: Report, shown: Sequence[ToolOut], page: PageOut) -> str:
    """What the server is, what its tools can do, how it is reached and with what authority; the tools of one page."""
    tools = report.capabilities.tools
    told = ", ".join(f"{number(count)} {name}" for name, count in effects(report).items())
    auth = report.auth
    lines = [
        f"# {title(report)}",
        f"{capital(tool_count(report))}{': ' + told if told else ''}. {reached(report)} "
        f"Manifest SHA-256 {report.server.manifest_sha256[:16]}….",
        f"Authentication: {auth.requirement}"
        + (f" ({', '.join(auth.schemes)})" if auth.schemes else "")
        + f"; authority: {breadth(auth.breadth)}"
        + (f"; scopes {listed([scope.name for scope in auth.scopes])}" if auth.scopes else "")
        + ".",
        *unseen(report),
    ]
    if report.findings and not page.offset:
        lines += ["", "Wrong with it:", *wrong(report)]
    if shown:
        whole = len(shown) == len(tools)
        first = next((index for index, tool in enumerate(tools, 1) if tool.pointer == shown[0].pointer), 1)
        last = first + len(shown) - 1
        on = f"; go on with offset={page.next_offset}" if last < len(tools) else ""
        lines += ["", "Tools:" if whole else f"Tools {first} to {last} of {len(tools)}{on}:"]
        lines += map(_tool_line, gravest_first(shown) if whole else shown)
    elif page.offset:
        lines += beyond(page) or ["", "All tools were on pages before this one."]
    elif report.capabilities.abilities:
        lines += ["", f"From its description: {', '.join(report.capabilities.abilities)}."]
    return fit(lines)


def _beside(other: AivssProfileOut) -> str:
    return f"- By the other profile, {other.profile}: {other.score:.1f} {other.severity}"


def sum_text(aivss: AivssOut) -> str:
    """The calculator's answer: every term and the arithmetic; beside a server's own, what the other profile says."""
    lines = [
        f"{_score_line(aivss)} (profile {aivss.profile})",
        *_terms(aivss),
    ]
    if aivss.below_cvss_base and aivss.repaired_score is not None:
        lines.append(
            "- Mitigation takes the score below its CVSS base; applied to the agentic part alone: "
            f"{aivss.repaired_score:.1f}"
        )
    if aivss.other_profile is not None:
        lines.append(f"{_beside(aivss.other_profile)}, for the server as it is")
    return "\n".join(lines)
