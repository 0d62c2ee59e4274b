"""Tools of different servers that get in each other's way: names that collide, and text that speaks of another's tool.

Speaking of another server's tool is how a server that is never called can steer one that is (Invariant Labs, "WhatsApp
MCP exploited", April 2025: tool shadowing).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import re2

from mcp_threat_scoring.facts.observations import skeleton
from mcp_threat_scoring.fleet.roles import TOOLS_NAMED, Member
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.phrases import joined, quoted
from mcp_threat_scoring.report_set import ShadowOut

MIN_DISTINCT = 8
"""Characters of a tool's name before its mention elsewhere means the tool: `send_email`, not `search`."""
MAX_NAME = 128
MAX_NAMES = 5_000
TEXT_READ = 20_000
"""Characters of a description, and of a schema."""
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


def _distinct(name: str) -> bool:
    """Whether a name in a text can only mean the tool: two words in one, as `send_message` and `sendMessage`."""
    joint = any(not char.isalpha() or char.isupper() for char in name[1:])
    return MIN_DISTINCT <= len(name) <= MAX_NAME and name.isascii() and joint


def _searcher(names: Sequence[str]) -> re2.Set:
    """Finds each of the names as a whole word, all in one pass."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    wanted = re2.Set.SearchSet(options)
    for name in names:
        wanted.Add(rf"(?:^|[^A-Za-z0-9_-]){re2.escape(name)}(?:$|[^A-Za-z0-9_-])")
    wanted.Compile()
    return wanted


def _texts(member: Member) -> Iterator[tuple[str, str]]:
    """What a server says to a model before any tool is called: who says it ("" is the server), and the text."""
    yield "", member.manifest.server.instructions
    for tool in member.manifest.tools:
        schema = tool.raw.get("inputSchema")
        said = json.dumps(schema, ensure_ascii=False) if isinstance(schema, dict) else ""
        yield tool.name, f"{tool.text('description')[:TEXT_READ]}\n{said[:TEXT_READ]}"


def mentions(members: Sequence[Member]) -> list[ShadowOut]:
    """Tools whose text speaks of a tool of another server: it has no business to."""
    owner: dict[str, str] = {}
    for member in members:
        for tool in member.manifest.tools:
            if _distinct(tool.name):
                owner.setdefault(tool.name, member.label)
    names = list(owner)[:MAX_NAMES]
    if not names:
        return []
    wanted = _searcher(names)
    found: list[ShadowOut] = []
    for member in members:
        own = {tool.name for tool in member.manifest.tools}
        for speaker, text in _texts(member):
            hits = wanted.Match(text[: 2 * TEXT_READ].encode("utf-8", "replace")) or []
            foreign = [names[hit] for hit in sorted(hits) if names[hit] not in own]
            if foreign:
                found.append(_speaks_of(member, speaker, foreign, owner))
    return found[:MAX_SHADOWS]


def _speaks_of(member: Member, speaker: str, foreign: Sequence[str], owner: Mapping[str, str]) -> ShadowOut:
    where = f"The description of {quoted(neutralise_name(speaker))}" if speaker else "The instructions"
    others = list(dict.fromkeys(owner[name] for name in foreign))
    named = [neutralise_name(name) for name in foreign[:TOOLS_NAMED]]
    return ShadowOut(
        kind="speaks_of",
        severity="high",
        servers=[member.label, *others],
        tools=[*([neutralise_name(speaker)] if speaker else []), *named],
        explanation=f"{where} of {quoted(member.label)} speaks of {joined([quoted(name) for name in named])}, which "
        f"belongs to {joined([quoted(other) for other in others])}: it can change how that tool is used.",
        remediation=f"Read that text. Unless it has a good reason, remove {quoted(member.label)}.",
    )
