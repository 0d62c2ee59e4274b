"""The verdict: what to do, why, and the least privilege written out.

=====================  ====================================================================================
``block``              the server tries to steer whoever reads it: it is denied whole, whatever its tools do
``review``             a person has to look first: a serious fault, or too little was seen to tell
``allow_with_limits``  it can change, send or run things: read freely, confirm writes, deny destruction
``allow``              nothing it offers writes, sends or executes, all tools were seen, nothing is wrong
=====================  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mcp_threat_scoring.capability import ToolProfile
from mcp_threat_scoring.phrases import joined, listed
from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.report import SEVERITIES, Decision, Effect, FindingOut, LimitsOut, Severity, VerdictOut

ACTING: Mapping[str, str] = {
    "process.exec": "run commands",
    "code.eval": "run code",
    "money.move": "move money",
    "identity.admin": "change who may do what",
    "deploy": "change what runs",
    "device.control": "control devices",
    "net.send": "send to others",
    "browser": "drive a browser",
    "db.query": "run queries that the caller writes",
    "net.fetch": "fetch an address of the caller's choice, which can carry data out",
    "secrets.read": "hand out secrets",
    "fs.write": "write files",
    "memory.write": "store what later sessions read",
}
"""Abilities that keep a server from a plain ``allow`` even where no tool was judged to write, gravest first."""
BY_READING = ("process.exec", "code.eval", "net.send", "secrets.read")
"""Abilities that can do harm through a tool that changes nothing: its use is allowed, and this is said."""
DENIED_WHOLE = "Do not connect it; where it is connected, deny all of its tools."
"""The last reason of every ``block``."""
MAX_REASONS = 6
ABILITIES_TOLD = 3
_STRICTNESS: Mapping[str, int] = {"allow": 0, "confirm": 1, "deny": 2}
_BY_EFFECT: Mapping[Effect, str] = {"read": "allow", "write": "confirm", "destructive": "deny"}


def _at_least(findings: Sequence[FindingOut], severity: Severity) -> list[FindingOut]:
    floor = SEVERITIES.index(severity)
    return [finding for finding in findings if SEVERITIES.index(finding.severity) >= floor]


def _treatment(tool: ToolProfile) -> str:
    """What a client should do with calls of one tool. A name that cannot be written as it is can only be denied."""
    return "deny" if tool.name != tool.raw_name else _BY_EFFECT[tool.effect]


def _limits(picture: Picture, *, blocked: bool) -> LimitsOut:
    """What to do with each tool. A server to block is denied whole: nothing else it says can be taken at its word."""
    strictest: dict[str, str] = {}
    for tool in () if picture.from_listing else picture.tools:
        # Two tools of one name are one rule for a client: the stricter of the two.
        treatment, name = "deny" if blocked else _treatment(tool), str(tool.name)
        if _STRICTNESS[treatment] >= _STRICTNESS[strictest.get(name, "allow")]:
            strictest[name] = treatment
    sorted_out = {kind: [name for name, held in strictest.items() if held == kind] for kind in _STRICTNESS}
    return LimitsOut(
        allow_tools=sorted_out["allow"], confirm_tools=sorted_out["confirm"], deny_tools=sorted_out["deny"]
    )


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
    hostile, serious, fair = _hostile(findings), _at_least(findings, "high"), _at_least(findings, "medium")
    limits = _limits(picture, blocked=bool(hostile))
    able = [does for ability, does in ACTING.items() if picture.able(ability)]
    seen = picture.facts.get("coverage.tools", "not_observed")
    unseen = seen == "not_observed" or picture.from_listing
    acting = bool(picture.acting("write") or able or limits.confirm_tools or limits.deny_tools)
    decision: Decision
    reasons: list[str] = []
    if hostile:
        decision = "block"
        reasons += _titles(hostile)
    elif serious or unseen or seen == "partial":
        decision = "review"
        reasons += _titles(serious)
    elif acting:
        decision = "allow_with_limits"
    elif fair:
        decision = "review"
        reasons += _titles(fair)
    else:
        decision = "allow"
        reasons.append(_only_reads(len(picture.tools)))
    reasons += _not_seen(picture, seen)
    if hostile:
        reasons = [*reasons[: MAX_REASONS - 1], DENIED_WHOLE]
    elif not picture.from_listing:
        reasons += _told(picture, limits, able)
    return VerdictOut(decision=decision, reasons=reasons[:MAX_REASONS], limits=limits)


def _only_reads(count: int) -> str:
    if not count:
        return "It offers no tools."
    return "Its one tool only reads." if count == 1 else f"All {count} tools only read."


def _not_seen(picture: Picture, seen: object) -> list[str]:
    if picture.from_listing:
        return ["Only a description was read; nobody listed the tools."]
    if seen == "not_observed":
        return ["The tools were not seen, so nothing can be said of what they do."]
    if seen == "partial":
        return ["Part of the tool list could not be read; what is missing was not judged, so it stays denied."]
    return []


def _told(picture: Picture, limits: LimitsOut, able: Sequence[str]) -> list[str]:
    """The limits in sentences; and what the tools can do, where no tool's effect says it already."""
    reasons: list[str] = []
    destroying = {str(tool.name) for tool in picture.tools if tool.effect == "destructive"}
    undone = [name for name in limits.deny_tools if name in destroying]
    unclear = [name for name in limits.deny_tools if name not in destroying]
    if undone:
        reasons.append(f"Deny what cannot be undone: {listed(undone)}.")
    if unclear:
        reasons.append(f"Deny what has a name that no rule can be written for: {listed(unclear)}.")
    if limits.confirm_tools:
        reasons.append(f"Ask before each call of what changes things: {listed(limits.confirm_tools)}.")
    if able and not reasons:
        reasons.append(f"Its tools change nothing by themselves, but can {joined(able[:ABILITIES_TOLD])}.")
    elif reading := [ACTING[ability] for ability in BY_READING if _allowed(picture, limits, ability)]:
        reasons.append(f"What only reads is allowed, though some of it can {joined(reading)}.")
    return reasons


def _allowed(picture: Picture, limits: LimitsOut, ability: str) -> bool:
    """Whether a tool with this ability is among those that may be called unasked."""
    return any(ability in tool.abilities and str(tool.name) in limits.allow_tools for tool in picture.tools)
