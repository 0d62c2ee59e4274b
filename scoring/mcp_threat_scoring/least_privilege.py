"""The least privilege written out: what to do with calls of each tool, and the sentences that say why.

Reading is allowed, what acts is confirmed, what cannot be undone is denied; so is what nobody can write a rule for, and
what was not read to its end.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mcp_threat_scoring.capability import ToolProfile
from mcp_threat_scoring.phrases import listed, quoted
from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.report import Effect, LimitsOut, ThreatOut

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
"""Abilities for which a call is asked about even where the tool was not judged to change anything, gravest first."""
ONLY_READ = frozenset({"identity.admin", "browser"})
"""Abilities that a tool can have although it only reads: listing who may do what, or the elements of a page."""
_ACTS = frozenset(ACTING) - ONLY_READ
GRAVE = ("process.exec", "code.eval", "money.move", "identity.admin", "deploy")
"""For a tool that changes things, the first of these it has is given as the reason: it says more than "changes
things"."""
_CHANGES, _THREATENED = "changes things", "a grave threat goes through"
_UNCLEAR = "may change something, as nothing says that it does not"
_ASKED = (_CHANGES, *(f"can {does}" for does in ACTING.values()), _UNCLEAR, _THREATENED)
_STRICTNESS: Mapping[str, int] = {"allow": 0, "confirm": 1, "deny": 2}
_BY_EFFECT: Mapping[Effect, str] = {"read": "allow", "write": "confirm", "destructive": "deny"}


def _treatment(tool: ToolProfile, *, trusted: bool) -> str:
    """What a client should do with calls of one tool. A name that is not written as it is can only be denied, and so is
    a tool that may give orders, or of which a model may read more than was judged."""
    if tool.name != tool.raw_name or not trusted:
        return "deny"
    return "confirm" if tool.effect == "read" and (_acts(tool) or tool.unclear) else _BY_EFFECT[tool.effect]


def _acts(tool: ToolProfile) -> bool:
    """Whether a tool that changes nothing itself can still do harm by what the caller has it carry out."""
    return not _ACTS.isdisjoint(tool.abilities)


def limits_of(picture: Picture, threats: Sequence[ThreatOut], *, blocked: bool, doubted: Collection[str]) -> LimitsOut:
    """What to do with each tool. A server to block is denied whole: nothing else it says can be taken at its word. Of
    others, the tools at the places that are `doubted` are denied."""
    strictest: dict[str, str] = {}
    orders = picture.orders
    for tool in () if picture.from_listing else picture.tools:
        # Two tools of one name are one rule for a client: the stricter of the two.
        trusted = not (tool.raw_name in orders or tool.pointer in doubted)
        treatment, name = "deny" if blocked else _treatment(tool, trusted=trusted), str(tool.name)
        if _STRICTNESS[treatment] >= _STRICTNESS[strictest.get(name, "allow")]:
            strictest[name] = treatment
    if not any(_STRICTNESS[treatment] for treatment in strictest.values()):
        # Nothing acts, and still a grave threat is likely: then it lies in the reading.
        strictest |= dict.fromkeys((name for threat in threats if _grave(threat) for name in threat.tools), "confirm")
    sorted_out = {kind: [name for name, held in strictest.items() if held == kind] for kind in _STRICTNESS}
    return LimitsOut(
        allow_tools=sorted_out["allow"], confirm_tools=sorted_out["confirm"], deny_tools=sorted_out["deny"]
    )


def _grave(threat: ThreatOut) -> bool:
    return threat.severity == "critical" and threat.likelihood != "possible"


def told(picture: Picture, limits: LimitsOut, ordering: Collection[str]) -> list[str]:
    """The limits in sentences, each with why."""
    reasons: list[str] = []
    destroying = {str(tool.name) for tool in picture.tools if tool.effect == "destructive"}
    suspect = {str(tool.name) for tool in picture.tools if tool.pointer in ordering}
    not_whole = {str(tool.name) for tool in picture.tools if tool.pointer in picture.not_whole}
    left = list(limits.deny_tools)
    for what, names in (("may give orders", suspect), ("cannot be undone", destroying),
                        ("was not read to its end", not_whole),
                        ("has a name that no rule can be written for", set(left))):  # fmt: skip
        if denied := [name for name in left if name in names]:
            reasons.append(f"Deny what {what}: {listed([quoted(name) for name in denied])}.")
            left = [name for name in left if name not in names]
    alike: dict[str, list[ToolProfile]] = {}
    for tool in picture.tools:
        alike.setdefault(str(tool.name), []).append(tool)
    asked: dict[str, list[str]] = {}
    for name in limits.confirm_tools:
        asked.setdefault(_why(alike.get(name, [])), []).append(name)
    for why in sorted(asked, key=_ASKED.index):
        reasons.append(f"Ask before each call of what {why}: {listed([quoted(name) for name in asked[why]])}.")
    return reasons


def _why(alike: Sequence[ToolProfile]) -> str:
    """Why a tool, or one of several of one name, is asked about; what it changes before what it can."""
    if any(tool.effect != "read" for tool in alike):
        grave = (ability for ability in GRAVE if any(ability in tool.abilities for tool in alike))
        return next((f"can {ACTING[ability]}" for ability in grave), _CHANGES)
    able = [ability for ability in ACTING if ability not in ONLY_READ]
    last = _UNCLEAR if any(tool.unclear for tool in alike) else _THREATENED
    return next((f"can {ACTING[a]}" for a in able if any(a in tool.abilities for tool in alike)), last)
