"""The verdict: what to do, and why. The least privilege that goes with it is in :mod:`least_privilege`.

=====================  ====================================================================================
``block``              the server tries to steer whoever reads it: it is denied whole, whatever its tools do
``review``             a person has to look first: a serious fault, one of very many tools that may give orders, too
                       little that was seen to tell, or nothing that would be left to use
``allow_with_limits``  it can change, send or run things: read freely, confirm what acts, deny destruction
``allow``              nothing it offers writes, sends or executes, all tools were seen, nothing is wrong
=====================  ====================================================================================

The decision and the limits are one: what may be called with limits has at least one of them, and something that may
be called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mcp_threat_scoring.capability import ToolProfile, unclear
from mcp_threat_scoring.least_privilege import limits_of, told
from mcp_threat_scoring.phrases import joined, listed, quoted, scan_itself, with_credentials
from mcp_threat_scoring.picture import Picture, part_of
from mcp_threat_scoring.report import (
    Decision,
    FindingOut,
    Severity,
    ThreatOut,
    VerdictOut,
    reaches,
)

DENIED_WHOLE = "Do not connect it; where it is connected, deny all of its tools."
"""The last reason of every ``block``."""
NOTHING_LEFT = "All that it offers is to be denied, so nothing is left to use before a person has looked."
_DECLARED_BY: Mapping[str, str] = {
    "prompts": "prompts", "resources": "resources", "resource_templates": "resources"
}  # fmt: skip
"""Lists besides the tools, each with the capability that promises it."""
_DAMAGED = ("bad_items.count", "event.repeated_key", "event.repeated_cursor")
"""What was observed of a list that will not be whole the next time either."""
AMONG = 50
"""Tools of a server for each that may give orders, from which the server is not blocked for them where no passage
surely does: of a thousand tools of honest servers one or two are called so (`docs/accuracy.md`)."""
MAX_REASONS = 6


def _at_least(findings: Sequence[FindingOut], severity: Severity) -> list[FindingOut]:
    return [finding for finding in findings if reaches(finding.severity, severity)]


def _hostile(findings: Sequence[FindingOut]) -> list[FindingOut]:
    """Hostile content one may act on: a low-confidence hint is for a person to look at."""
    return [f for f in findings if f.kind == "hostile_content" and f.confidence != "low" and f.severity != "info"]


def _few_among_many(hostile: Sequence[FindingOut], tools: Sequence[ToolProfile]) -> frozenset[str]:
    """The places of the tools that may give orders, if there are :data:`AMONG` tools for each, and nothing makes one
    sure of it: no passage that surely does, and none that does so in two ways."""
    found = ["/".join(finding.pointer.split("/")[:3]) for finding in hostile]
    places = frozenset(found)
    sure = any(finding.confidence == "high" for finding in hostile) or len(found) > len(places)
    among = places <= {tool.pointer for tool in tools} and AMONG * len(places) <= len(tools)
    return places if among and not sure else frozenset()


def _titles(findings: Sequence[FindingOut]) -> list[str]:
    said: dict[tuple[str, bool], list[str]] = {}
    for finding in findings:
        doubtful = finding.kind == "hostile_content" and finding.confidence == "low"
        said.setdefault((finding.title, doubtful), []).append(finding.tool or "")
    reasons: list[str] = []
    for (title, doubtful), tools in said.items():
        named = listed([quoted(tool) for tool in dict.fromkeys(tools) if tool])
        told = f"{title} ({named})" if named else title
        reasons.append(f"Perhaps a text {told[0].lower()}{told[1:]}: read it before use." if doubtful else f"{told}.")
    return reasons


def verdict(picture: Picture, findings: Sequence[FindingOut], threats: Sequence[ThreatOut] = ()) -> VerdictOut:
    """Decide from the findings, the threats, the capabilities, and what could not be seen."""
    hostile, serious, fair = _hostile(findings), _at_least(findings, "high"), _at_least(findings, "medium")
    few = _few_among_many(hostile, picture.tools)
    blocked = bool(hostile) and not few
    limits = limits_of(picture, threats, blocked=blocked, doubted=picture.not_whole | few)
    seen = picture.facts.get("coverage.tools", "not_observed")
    unseen = seen == "not_observed" or picture.from_listing
    lacking = _lacking(picture)
    acting = bool(limits.confirm_tools or limits.deny_tools)
    decision: Decision
    reasons: list[str] = []
    if blocked:
        decision = "block"
        reasons += _titles(hostile)
    elif few or serious or unseen or seen == "partial" or lacking:
        decision = "review"
        reasons += _titles([*hostile, *(finding for finding in serious if finding not in hostile)])
    elif picture.tools and all(unclear(tool.effect, tool.confidence) for tool in picture.tools):
        decision = "review"
        reasons.append("Too little is told of its tools to say what they do.")
    elif limits.deny_tools and not (limits.allow_tools or limits.confirm_tools):
        decision = "review"
        reasons.append(NOTHING_LEFT)
    elif acting:
        decision = "allow_with_limits"
    elif fair:
        decision = "review"
        reasons += _titles(fair)
    else:
        decision = "allow"
        reasons.append(_only_reads(len(picture.tools)))
        if private := _private(picture):
            reasons.append(f"What it reads belongs to somebody: keep it apart from servers that send ({private}).")
    reasons += [*_not_seen(picture, seen), *lacking]
    if blocked:
        reasons = [*reasons[: MAX_REASONS - 1], DENIED_WHOLE]
    elif not picture.from_listing:
        reasons += told(picture, limits, few)
    return VerdictOut(decision=decision, reasons=reasons[:MAX_REASONS], limits=limits)


def _only_reads(count: int) -> str:
    if not count:
        return "It offers no tools, so there is nothing to call; scan it again if that changes."
    return {1: "Its one tool only reads.", 2: "Both tools only read."}.get(count, f"All {count} tools only read.")


def _private(picture: Picture) -> str:
    """The tools that read somebody's own data, those first that read what matters most (:func:`judge.delicacy`)."""
    names = {tool.pointer: str(tool.name) for tool in picture.tools}
    places = dict.fromkeys(signal.subject for signal in picture.signals.of("tool.private_data"))
    return listed([quoted(names[place]) for place in places if place in names])


def _not_seen(picture: Picture, seen: object) -> list[str]:
    if picture.from_listing:
        return [f"Only a description was read; nobody listed the tools: {scan_itself()}."]
    if picture.has("list.locked"):
        advice = with_credentials(other=picture.facts.get("auth.credentials_given") is True)
        return [f"It shows its tools only to callers it knows: {advice}."]
    if picture.facts.get("tools.awaited"):
        return [
            "It lists no tools yet, and announces that the list changes: scan it again when they are there, after the "
            "login or the setup that it may need."
        ]
    if picture.facts.get("tools.unread") and not picture.tools:
        return ["None of the tools that it lists could be used, so nothing can be said of what they do."]
    if seen == "not_observed":
        return [f"The tools were not seen, so nothing can be said of what they do: {scan_itself()}."]
    if seen == "partial":
        missing = "Part of the tool list could not be read; what is missing was not judged, so it stays denied"
        return [f"{missing}: {_then(picture, ['tools'])}."]
    return []


def _then(picture: Picture, cut: Sequence[str]) -> str:
    """What to do about parts that were read only in part: by why they were, where what was observed tells that."""
    if any(part_of(pointer) in cut for pointer in picture.not_whole):
        return "read the rest yourself before you allow it"
    if any(picture.facts.get(fact) for fact in _DAMAGED):
        return "ask its author to mend it, and scan it again"
    return "scan it again, and read yourself what is still missing then"


def _lacking(picture: Picture) -> list[str]:
    """What else of the server could not be read, though a client will read it, in sentences.

    What a server does not declare, and what a saved description does not speak of, is not missed.
    """
    state = {part: picture.facts.get(f"coverage.{part}") for part in (*_DECLARED_BY, "instructions")}
    cut = [part for part, seen in state.items() if seen == "partial"]
    unread = [
        part
        for part, capability in _DECLARED_BY.items()
        if state[part] == "not_observed" and picture.facts.get(f"capability.{capability}")
    ]
    reasons: list[str] = []
    if unread:
        # One that runs and does not serve them was asked already.
        unserved = picture.facts.get("event.unserved_capability")
        advice = "ask its author why" if unserved else scan_itself(_DECLARED_BY[unread[0]])
        named = joined([part.replace("_", " ") for part in unread])
        reasons.append(f"It declares {named} that could not be read, so nobody has judged them: {advice}.")
    if cut:
        named = joined([part.replace("_", " ") for part in cut])
        missing = f"Part of its {named} could not be read, and nobody has judged what is missing"
        reasons.append(f"{missing}: {_then(picture, cut)}.")
    return reasons
