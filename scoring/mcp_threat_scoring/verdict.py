"""The verdict: what to do, why, and the least privilege written out.

=====================  ====================================================================================
``block``              the server tries to steer whoever reads it
``review``             a person has to look first: a serious fault, or too little was seen to tell
``allow_with_limits``  it can change, send or run things: read freely, confirm writes, deny destruction
``allow``              nothing it offers writes, sends or executes, all tools were seen, nothing is wrong
=====================  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_scoring.phrases import listed
from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.report import SEVERITIES, Decision, FindingOut, LimitsOut, Severity, VerdictOut

ACTING = ("process.exec", "code.eval", "net.send", "money.move", "deploy", "fs.write", "memory.write")
"""Abilities that keep a server from a plain ``allow`` even where no tool was judged to write."""
MAX_REASONS = 6


def _at_least(findings: Sequence[FindingOut], severity: Severity) -> list[FindingOut]:
    floor = SEVERITIES.index(severity)
    return [finding for finding in findings if SEVERITIES.index(finding.severity) >= floor]


def _limits(picture: Picture) -> LimitsOut:
    names = {effect: [str(t.name) for t in picture.tools if t.effect == effect] for effect in ("read", "write", "destructive")}
    if picture.from_listing:
        return LimitsOut(allow_tools=[], confirm_tools=[], deny_tools=[])
    return LimitsOut(allow_tools=names["read"], confirm_tools=names["write"], deny_tools=names["destructive"])


def _hostile(findings: Sequence[FindingOut]) -> list[FindingOut]:
    """Hostile content one may act on: a low-confidence hint is for a person to look at."""
    return [f for f in findings if f.kind == "hostile_content" and f.confidence != "low" and f.severity != "info"]


def _titles(findings: Sequence[FindingOut]) -> list[str]:
    said: dict[str, list[str]] = {}
    for finding in findings:
        said.setdefault(finding.title, []).append(finding.tool or "")
    reasons: list[str] = []
    for title, tools in said.items():
        named = listed([tool for tool in dict.fromkeys(tools) if tool])
        reasons.append(f"{title} ({named})." if named else f"{title}.")
    return reasons


def verdict(picture: Picture, findings: Sequence[FindingOut]) -> VerdictOut:
    """Decide from the findings, the capabilities, and what could not be seen."""
    limits = _limits(picture)
    hostile, serious = _hostile(findings), _at_least(findings, "high")
    acting = picture.acting("write")
    able = sorted({ability for ability in ACTING for _ in picture.able(ability)})
    seen = picture.facts.get("coverage.tools", "not_observed")
    decision: Decision
    reasons: list[str] = []
    if hostile:
        decision = "block"
        reasons += _titles(hostile)
    elif serious or seen == "not_observed" or picture.from_listing:
        decision = "review"
        reasons += _titles(serious)
        if picture.from_listing:
            reasons.append("Only a description was read; nobody listed the tools.")
        elif seen == "not_observed":
            reasons.append("The tools were not seen, so nothing can be said of what they do.")
    elif acting or able:
        decision = "allow_with_limits"
    elif seen == "partial" or _at_least(findings, "medium"):
        decision = "review"
        reasons += _titles(_at_least(findings, "medium"))
    else:
        decision = "allow"
        count = len(picture.tools)
        if count:
            reasons.append("Its one tool only reads." if count == 1 else f"All {count} tools only read.")
        else:
            reasons.append("It offers no tools.")
    if seen == "partial":
        reasons.append("Part of the tool list could not be read; what is missing was not judged.")
    if not picture.from_listing:
        if limits.deny_tools:
            reasons.append(f"Deny what cannot be undone: {listed(limits.deny_tools)}.")
        if limits.confirm_tools:
            reasons.append(f"Ask before each call of what changes things: {listed(limits.confirm_tools)}.")
    return VerdictOut(decision=decision, reasons=reasons[:MAX_REASONS], limits=limits)
