"""What changed since a server was approved: how a rug pull and permission creep are caught.

Each kind of change is one entry of a table: its id, how grave it is, and what to say. Most of them compare one thing of
the locked server with the same thing now.

A lock is a file that whoever proposes a change can write, so its words are no more trusted than the server's: they are
compared as they are, and only :meth:`Change.finding` puts them into a sentence. For the same reason everything in it
has to agree with what there is now, the words that people read as well as the hashes: nothing overrides anything else.

What only hashes tell stands in :mod:`approval.exact`, how much could be compared in :mod:`approval.compared`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from mcp_threat_scoring.approval.compared import not_compared, seen
from mcp_threat_scoring.approval.exact import authority, declared, parts, remainder
from mcp_threat_scoring.approval.lock import LockedServer, LockedTool
from mcp_threat_scoring.approval.notice import Change
from mcp_threat_scoring.report import BREADTHS, Effect, FindingOut, Report, Severity, gravity, implies

SCORE_STEP = 0.3
"""A rise of the score that is told of; less is noise of a factor's tenth."""
_GRAVE: Mapping[Effect, Severity] = {"read": "low", "write": "medium", "destructive": "high"}
"""How grave it is that a tool of that effect was added."""
_STOP = "Stop using the server until somebody has read the new text; compare it with what was approved."
_GRAVE_ABILITIES = frozenset({"process.exec", "code.eval", "money.move", "secrets.read", "identity.admin", "deploy"})


def changes(then: LockedServer, now: LockedServer, report: Report) -> list[FindingOut]:
    """Everything that differs, gravest first; nothing when the server is as it was approved."""
    found = [
        *_server(then, now),
        *parts(then, now),
        *declared(then, now),
        *_authority(then, now),
        *authority(then, now),
        *_hostile(then, report),
        *_score(then, now),
        *_tools(then, now),
        *_lists(then, now),
        *seen(then, now),
    ]
    if not found:
        found += remainder(then, now, report)
    found += not_compared(then, now)
    places = _places(report)
    ranked = sorted(found, key=lambda change: gravity(change.severity))
    return [change.finding(places.get(change.tool or "", "")) for change in ranked]


def _places(report: Report) -> dict[str, str]:
    """Where each tool stands; one whose name stands twice could be either, and has no place."""
    tools = report.capabilities.tools
    counts = Counter(tool.name for tool in tools)
    return {tool.name: tool.pointer for tool in tools if counts[tool.name] == 1}


def _server(then: LockedServer, now: LockedServer) -> Iterator[Change]:
    if then.instructions != now.instructions:
        yield Change(
            "instructions_changed",
            "medium",
            "The server's instructions to the model changed",
            "They are read by the model before any tool is called.",
        )
    if gained := sorted(set(now.env_names) - set(then.env_names)):
        yield Change(
            "environment_grew", "medium", "The server is given more of the environment", "New are {}.", (gained,)
        )
    if lost := sorted(set(then.env_names) - set(now.env_names)):
        yield Change("environment_shrank", "info", "The server is given less of the environment", "Gone: {}.", (lost,))


def _authority(then: LockedServer, now: LockedServer) -> Iterator[Change]:
    if then.auth_requirement == "required" and now.auth_requirement in ("none", "optional"):
        yield Change(
            "authentication_dropped",
            "high",
            "The server no longer asks who is calling",
            f"Authentication was required, and is now {now.auth_requirement}.",
        )
    if gained := sorted(set(now.scopes) - set(then.scopes)):
        wider = BREADTHS.index(now.auth_breadth) > BREADTHS.index(then.auth_breadth)
        yield Change(
            "scope_grew",
            "high" if wider else "medium",
            "The server asks for more authority",
            "New scopes are {}.",
            (gained,),
            "Grant them only if a tool you use needs them.",
        )
    if lost := sorted(set(then.scopes) - set(now.scopes)):
        yield Change("scope_shrank", "info", "The server asks for less authority", "Gone: {}.", (lost,))


def _hostile(then: LockedServer, report: Report) -> Iterator[Change]:
    known = {*then.hostile, *then.findings}
    for finding in report.findings:
        if finding.fingerprint in known:
            continue
        if finding.kind == "hostile_content" and finding.confidence != "low":
            yield Change(
                "orders_appeared",
                "critical",
                "Text that gives the model orders appeared since it was approved",
                f"{finding.title}. {finding.explanation}",
                remediation=_STOP,
                tool=finding.tool,
                confidence=finding.confidence,
                pointer=finding.pointer,
            )
        elif finding.severity in ("medium", "high", "critical"):
            yield Change(
                "fault_appeared",
                finding.severity,
                "A fault appeared since it was approved",
                f"{finding.title}. {finding.explanation}",
                remediation=finding.remediation,
                tool=finding.tool,
                confidence=finding.confidence,
                pointer=finding.pointer,
            )


def _score(then: LockedServer, now: LockedServer) -> Iterator[Change]:
    if now.profile != then.profile or now.score - then.score < SCORE_STEP:
        return
    crossed = then.severity != now.severity
    yield Change(
        "score_rose",
        "medium" if crossed else "low",
        "The risk score rose",
        f"It was {then.score:.1f} {then.severity} and is {now.score:.1f} {now.severity}.",
    )


def _tools(then: LockedServer, now: LockedServer) -> Iterator[Change]:
    for name in sorted(now.tools.keys() - then.tools.keys()):
        tool = now.tools[name]
        does = {"read": "only reads", "write": "changes things", "destructive": "deletes or overwrites"}[tool.effect]
        able = f", and can do: {', '.join(tool.abilities)}" if tool.abilities else ""
        yield Change("tool_added", _GRAVE[tool.effect], "A tool was added", f"{{}} {does}{able}.", (name,), tool=name)
    if gone := sorted(then.tools.keys() - now.tools.keys()):
        yield Change("tool_removed", "info", "Tools were removed", "Gone: {}.", (gone,))
    for name in sorted(then.tools.keys() & now.tools.keys()):
        if then.tools[name] != now.tools[name]:
            yield from _tool(name, then.tools[name], now.tools[name])


def _tool(name: str, then: LockedTool, now: LockedTool) -> Iterator[Change]:
    if not implies(then.effect, now.effect):
        does = "deletes or overwrites" if now.effect == "destructive" else "changes things"
        began = "tool_began_to_destroy" if now.effect == "destructive" else "tool_began_to_write"
        verb = "destroy" if now.effect == "destructive" else "write"
        yield Change(
            began,
            "high",
            f"A tool began to {verb}",
            f"{{}} was approved as one that {_was(then)}; now it {does}.",
            (name,),
            tool=name,
        )
    if gained := sorted(set(now.abilities) - set(then.abilities)):
        grave: Severity = "high" if _GRAVE_ABILITIES & set(gained) else "medium"
        able = ", ".join(gained)
        yield Change("ability_gained", grave, "A tool can do more", f"{{}} gained: {able}.", (name,), tool=name)
    members: tuple[tuple[str, Severity, str, object, object], ...] = (
        ("tool_title_changed", "low", "title", then.title if then.title is not None else now.title, now.title),
        ("description_changed", "low", "description", then.description, now.description),
        ("schema_changed", "low", "parameters", then.input_schema, now.input_schema),
        ("output_changed", "info", "declared output", then.output_schema, now.output_schema),
        ("annotations_changed", "low", "own claims about itself", then.annotations, now.annotations),
    )
    differing = [member for member in members if member[3] != member[4]]
    for kind, severity, what, _, _ in differing:
        yield Change(
            kind,
            severity,
            f"A tool's {what} changed",
            f"The {what} of {{}} changed.",
            (name,),
            tool=name,
        )
    if (then.rest is not None and then.rest != now.rest) or (not differing and then.sha256 != now.sha256):
        yield Change(
            "tool_changed",
            "low",
            "Something else about a tool changed",
            "{} differs in a field that is neither title, description, schema nor annotation.",
            (name,),
            tool=name,
        )


def _was(tool: LockedTool) -> str:
    return "only reads" if tool.effect == "read" else "changes things, but destroys nothing"


def _lists(then: LockedServer, now: LockedServer) -> Iterator[Change]:
    for what, before, after in (("prompt", then.prompts, now.prompts), ("resource", then.resources, now.resources)):
        differing: tuple[tuple[str, set[str], Severity], ...] = (
            ("added", after.keys() - before.keys(), "low"),
            ("removed", before.keys() - after.keys(), "info"),
            ("changed", {name for name in after.keys() & before.keys() if after[name] != before[name]}, "low"),
        )
        for kind, names, severity in differing:
            if names:
                yield Change(f"{what}_{kind}", severity, f"A {what} was {kind}", "{}.", (tuple(names),))
