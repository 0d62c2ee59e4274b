"""Tools of different servers that get in each other's way: names that collide, and text that speaks of another's tool.

Speaking of another server's tool is how a server that is never called can steer one that is (Invariant Labs, "WhatsApp
MCP exploited", April 2025: tool shadowing).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from mcp_threat_scoring.facts.mentions import Mention, mentions
from mcp_threat_scoring.facts.observations import skeleton
from mcp_threat_scoring.fleet.roles import TOOLS_NAMED, Member
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.phrases import joined, quoted
from mcp_threat_scoring.report_set import ShadowOut

MAX_SHADOWS = 40


def same_names(members: Sequence[Member]) -> list[ShadowOut]:
    """Tools of different servers that have one name, or names that look alike."""
    by_look: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for member in members:
        for tool in member.report.capabilities.tools:
            by_look[skeleton(tool.name)].append((member.label, tool.name))
    found: list[ShadowOut] = []
    for held in by_look.values():
        servers = list(dict.fromkeys(server for server, _ in held))
        names = list(dict.fromkeys(name for _, name in held))
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
    return found[:MAX_SHADOWS]


def foreign_names(members: Sequence[Member]) -> list[ShadowOut]:
    """Tools whose text speaks of a tool of another server: it has no business to."""
    found = mentions([member.manifest for member in members])
    return [_speaks_of(one, [member.label for member in members]) for one in found[:MAX_SHADOWS]]


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
