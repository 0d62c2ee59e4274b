"""Tools of different servers that get in each other's way: names that collide, and text that speaks of another's tool.

Speaking of another server's tool is how a server that is never called can steer one that is (Invariant Labs, "WhatsApp
MCP exploited", April 2025: tool shadowing).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from mcp_threat_scoring.facts.mentions import Mention, mentions
from mcp_threat_scoring.facts.observations import skeleton
from mcp_threat_scoring.facts.runs import Runs
from mcp_threat_scoring.fleet.roles import TOOLS_NAMED, Member
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.phrases import joined, quoted
from mcp_threat_scoring.report_set import ShadowOut


def same_names(members: Sequence[Member]) -> list[ShadowOut]:
    """Tools of different servers that have one name, or names that look alike."""
    by_look: defaultdict[str, list[tuple[Member, str]]] = defaultdict(list)
    for member in members:
        for tool in member.report.capabilities.tools:
            by_look[skeleton(tool.name)].append((member, tool.name))
    found: list[ShadowOut] = []
    for servers, names in (met for held in by_look.values() for met in _sessions(held)):
        if len(servers) < 2:
            continue
        alike = len(names) > 1
        found.append(
            ShadowOut(
                kind="lookalike_name" if alike else "same_name",
                severity="medium" if alike else "low",
                servers=servers,
                tools=names,
                explanation=f"{joined([quoted(server) for server in servers])} each offer "
                + (f"tools that look alike ({joined([quoted(name) for name in names])})" if alike else quoted(names[0]))
                + "; which of them an assistant picks is not in your hands.",
                remediation="Switch one of them off, or have the client show the server's name with each call.",
            )
        )
    return found


def _sessions(held: Sequence[tuple[Member, str]]) -> Iterator[tuple[list[str], list[str]]]:
    """The servers and the names of tools that look alike, as they meet in each project, and outside of all."""
    told: list[set[str]] = []
    for project in dict.fromkeys([*(member.runs.only for member, _ in held if member.runs.only), ""]):
        there = Runs(project)
        met: dict[str, Member] = {}
        for member, _ in held:
            if member.runs.meets(there) and (project or not member.runs.only):
                met.setdefault(member.runs.name or member.label, member)
        servers = list(dict.fromkeys(member.label for member in met.values()))
        if not any(set(servers) <= known for known in told):
            told.append(set(servers))
            yield servers, list(dict.fromkeys(name for member, name in held if member.label in servers))


def foreign_names(members: Sequence[Member]) -> list[ShadowOut]:
    """Tools whose text speaks of a tool of another server: it has no business to.

    The first of each server come before the second of any, so that no server hides another one's by saying much.
    """
    found = mentions([member.manifest for member in members], [member.runs for member in members])
    labels = [member.label for member in members]
    said = [0] * len(members)
    turns: list[int] = []
    for one in found:
        turns.append(said[one.server])
        said[one.server] += 1
    fair = sorted(zip(turns, found, strict=True), key=lambda turn: turn[0])
    return [_speaks_of(one, labels) for _, one in fair]


def _speaks_of(one: Mention, labels: Sequence[str]) -> ShadowOut:
    server, speaker = labels[one.server], neutralise_name(one.speaker) if one.speaker else ""
    where = f"The description of {quoted(speaker)}" if speaker else "The instructions"
    others = list(dict.fromkeys(labels[owner] for owner in one.owners))
    named = [neutralise_name(name) for name in one.names[:TOOLS_NAMED]]
    return ShadowOut(
        kind="speaks_of",
        severity="high",
        servers=[server, *others],
        tools=[*([speaker] if speaker else []), *named],
        explanation=f"{where} of {quoted(server)} speaks of {joined([quoted(name) for name in named])}, which "
        f"belongs to {joined([quoted(other) for other in others])}: it can change how that tool is used.",
        remediation=f"Read that text. Unless it has a good reason, remove {quoted(server)}.",
    )
