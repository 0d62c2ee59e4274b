"""The short Markdown texts of the MCP tools: each stands alone, under some 1,500 tokens, worst things first.

Most models read only this text, so nothing that matters may be in the structured content alone. Every word of the
target's in it was neutralised when the report was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mcp_threat_model.render.wording import (
    DECISIONS,
    RANKS,
    breadth,
    effect,
    effects,
    gravest,
    gravest_first,
    title,
    tool_count,
)
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.phrases import capital, number
from mcp_threat_scoring.report import FindingOut, LayerOut, Report, ThreatOut, ToolOut
from mcp_threat_scoring.report_page import PageOut
from mcp_threat_scoring.report_score import AivssOut, AivssProfileOut

THREATS_SHOWN = 5
FINDINGS_SHOWN = 6
NAMES_SHOWN = 10
MAX_CHARS = 5_600
"""Some 1,400 tokens of English."""
_PLACES: Final = (
    ("/tools/", "in several tools, the first at"),
    ("/initialize/instructions", "in the server's instructions"),
    ("/initialize/serverInfo/name", "in the server's name"),
    ("/initialize/serverInfo/title", "in the server's title"),
    ("/initialize/serverInfo/version", "in the server's version"),
)
"""What the places of a manifest that are no tool are called."""


def _names(names: Sequence[str], shown: int = NAMES_SHOWN) -> str:
    told = ", ".join(f"`{name}`" for name in names[:shown])
    return told + (f" and {len(names) - shown} more" if len(names) > shown else "")


def fit(lines: Iterable[str]) -> str:
    """As many whole lines as fit, and a word where some did not."""
    kept: list[str] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if size > MAX_CHARS:
            kept.append("… cut here; the rest is in the structured content.")
            break
        kept.append(line)
    return "\n".join(kept)


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


def _threat_line(threat: ThreatOut) -> str:
    tools = f" through {_names(threat.tools, 4)}" if threat.tools else ""
    return f"- **{threat.id} {threat.title}** ({threat.severity}, {threat.likelihood}){tools}"


def _unseen(report: Report) -> list[str]:
    parts = [
        f"{name.replace('_', ' ')} ({seen.status.replace('_', ' ')}{': ' + seen.reason if seen.reason else ''})"
        for name, seen in report.coverage.items()
        if seen.status != "observed"
    ]
    return [f"Not or only partly seen: {'; '.join(parts)}."] if parts else []


def place(finding: FindingOut) -> str:
    """Where a finding lies, so that two of the same kind can be told apart."""
    if finding.tool:
        return f"in `{finding.tool}`"
    words = next((words for start, words in _PLACES if finding.pointer.startswith(start)), "at")
    if words.startswith("in the"):
        return words
    return f"{words} `{finding.pointer}`" if finding.pointer else "in the server as a whole"


def _findings(report: Report) -> list[str]:
    ranked = sorted(report.findings, key=lambda finding: RANKS.index(finding.severity))
    lines = [
        f"- {finding.title} ({finding.severity}, {finding.confidence} confidence) {place(finding)}: "
        f"{finding.remediation}"
        for finding in ranked[:FINDINGS_SHOWN]
    ]
    if len(ranked) > FINDINGS_SHOWN:
        lines.append(f"- … and {len(ranked) - FINDINGS_SHOWN} more")
    return lines


def beyond(page: PageOut) -> list[str]:
    """What is said of a page after the last one."""
    said = f"Nothing is left at offset {page.offset}: the last page ends before offset {page.total}."
    return ["", said] if page.offset >= page.total else []


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
        lines += ["", "Wrong with it:", *_findings(report)]
    threats = gravest(report)
    if threats:
        lines += ["", "Top threats (MAESTRO):", *map(_threat_line, threats[:THREATS_SHOWN])]
        if len(threats) > THREATS_SHOWN:
            lines.append(f"- … and {len(threats) - THREATS_SHOWN} more: list_maestro_threats")
    limits = verdict.limits
    for word, names in (("Deny", limits.deny_tools), ("Confirm", limits.confirm_tools), ("Allow", limits.allow_tools)):
        if names:
            lines += ["", f"{word}: {_names(names)}."]
    if report.aivss.levers:
        lever = report.aivss.levers[0]
        lines += ["", f"What lowers the score most: {lever.change} → {lever.score_after:.1f} {lever.severity_after}."]
    lines += ["", *_unseen(report)]
    return fit(lines)


def _layer_lines(layer: LayerOut) -> list[str]:
    lines = [
        "",
        f"## {layer.id} {layer.name}: {'mapped' if layer.status == 'mapped' else 'not certain'}",
        layer.summary,
    ]
    lines += [_threat_line(threat) for threat in layer.threats[:3]]
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
    if threat is not None and not gravest(report):
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
                lines += [_threat_line(told), f"  {told.description}"]
                lines += [f"  - {action.owner}: {action.action}" for action in told.mitigations[:2]]
            lines += [f"Ask: {question}" for question in one.ask_next]
    if report.maestro.cross_layer:
        lines += ["", "## Chains across layers", *map(_threat_line, report.maestro.cross_layer)]
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
        f"{capital(tool_count(report))}{': ' + told if told else ''}. Reached by: {report.target.kind}. "
        f"Manifest SHA-256 {report.server.manifest_sha256[:16]}….",
        f"Authentication: {auth.requirement}"
        + (f" ({', '.join(auth.schemes)})" if auth.schemes else "")
        + f"; authority: {breadth(auth.breadth)}"
        + (f"; scopes {_names([scope.name for scope in auth.scopes])}" if auth.scopes else "")
        + ".",
        *_unseen(report),
    ]
    if report.findings and not page.offset:
        lines += ["", "Wrong with it:", *_findings(report)]
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
