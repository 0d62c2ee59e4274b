"""The set as a whole: what several servers in one client make possible that none of them does alone.

A client's assistant sees the tools of all its servers at once, and what one tool returns it may act on with another.
Two chains matter (Invariant Labs, "GitHub MCP exploited", May 2025; S. Willison, "The lethal trifecta", June 2025):

*steer*  a tool that returns what strangers wrote → a tool that runs, pays, destroys or grants
*carry*  such a tool → a tool that reads what is private → a tool that sends to the outside

Only chains over at least two servers are told here; one server's own are in its own report. For every pair of servers
the strongest tools are named once, not every combination.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import re2

from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.observations import skeleton
from mcp_threat_scoring.phrases import joined, quoted
from mcp_threat_scoring.report import FleetOut, PathOut, Report, Role, Severity, ShadowOut, StepOut, ToolOut
from mcp_threat_scoring.ruleset import Ruleset

TOOLS_NAMED = 3
MAX_PATHS = 40
MIN_DISTINCT = 8
"""Characters of a tool's name before its mention elsewhere means the tool: `send_email`, not `search`."""
DESCRIPTION_READ = 20_000

_POWERS: tuple[tuple[str, str, Severity], ...] = (
    ("process.exec", "runs commands", "critical"),
    ("code.eval", "runs code", "critical"),
    ("money.move", "moves money", "critical"),
    ("identity.admin", "changes who may do what", "high"),
    ("deploy", "changes what is running", "high"),
)


@dataclass(frozen=True, slots=True)
class Member:
    """One server of the set: what it is called there, its report, and what it said."""

    label: str
    report: Report
    manifest: Manifest


@dataclass(frozen=True, slots=True)
class _Stop:
    server: str
    role: Role
    tools: tuple[str, ...]
    does: str
    severity: Severity = "medium"

    def out(self) -> StepOut:
        return StepOut(server=self.server, role=self.role, tools=list(self.tools), does=self.does)


def _stop(
    member: Member, role: Role, does: str, fits: Callable[[ToolOut], bool], severity: Severity = "medium"
) -> _Stop | None:
    fitting = [tool for tool in member.report.capabilities.tools if fits(tool)]
    if not fitting:
        return None
    # Surest first; the order of the list breaks ties, so the answer does not depend on anything else.
    fitting.sort(key=lambda tool: -tool.confidence)
    return _Stop(member.label, role, tuple(tool.name for tool in fitting[:TOOLS_NAMED]), does, severity)


def _able(*abilities: str) -> Callable[[ToolOut], bool]:
    return lambda tool: any(ability in tool.abilities for ability in abilities)


def _power(member: Member) -> _Stop | None:
    acting = [tool for tool in member.report.capabilities.tools if tool.effect != "read"]
    for ability, does, severity in _POWERS:
        able = _able(ability)
        stop = _stop(member, "power", does, lambda tool, able=able: tool in acting and able(tool), severity)  # type: ignore[misc]
        if stop:
            return stop
    return _stop(member, "power", "deletes or overwrites for good", lambda tool: tool.effect == "destructive", "high")


def _stops(member: Member, private_domains: frozenset[str]) -> dict[Role, _Stop]:
    def private(tool: ToolOut) -> bool:
        if "db.query" in tool.abilities:  # reads whatever else it does
            return True
        held = bool({"fs.read", "secrets.read"} & set(tool.abilities)) or bool(private_domains & set(tool.domains))
        return tool.effect == "read" and held and not _is_public(tool)

    def stranger(tool: ToolOut) -> bool:
        return "untrusted.read" in tool.abilities and not _is_manual(tool)

    def out(tool: ToolOut) -> bool:
        # A page that is fetched carries data out in its address; what fetches in order to store does not send it back.
        carries = "net.fetch" in tool.abilities and tool.effect == "read"
        return carries or "net.send" in tool.abilities or "browser" in tool.abilities

    found: dict[Role, _Stop | None] = {
        "stranger": _stop(
            member, "stranger", "returns what strangers wrote", lambda t: "untrusted.read" in t.abilities
        ),
        "private": _stop(member, "private", "reads what is private", private),
        "out": _stop(member, "out", "sends to the outside", out),
        "power": _power(member),
    }
    return {role: stop for role, stop in found.items() if stop is not None}


def _is_public(tool: ToolOut) -> bool:
    """Whether it returns a public page or somebody's manual, and not somebody's things."""
    return "net.fetch" in tool.abilities or _is_manual(tool)


def _is_manual(tool: ToolOut) -> bool:
    """A vendor's own documentation is not what strangers wrote, as long as no address can be chosen."""
    return "documentation" in tool.domains and "net.fetch" not in tool.abilities


def _steer(strangers: Sequence[_Stop], power: _Stop) -> PathOut | None:
    from_others = [stop for stop in strangers if stop.server != power.server]
    if not from_others:
        return None
    source = from_others[0]
    told = joined(
        [f"{quoted(stop.server)} ({', '.join(map(quoted, stop.tools))})" for stop in from_others[:TOOLS_NAMED]]
    )
    return PathOut(
        kind="steer",
        severity=power.severity,
        steps=[source.out(), power.out()],
        explanation=f"Text that strangers wrote comes in through {told}. An order hidden in it can make the assistant "
        f"use {_named(power.tools)} of {quoted(power.server)}, which {power.does}.",
        remediation=f"Have the client ask before every call of {_named(power.tools)}, or do not run "
        f"{quoted(power.server)} in the same session as {quoted(source.server)}.",
    )


def _carry(strangers: Sequence[_Stop], private: _Stop, out: _Stop) -> PathOut | None:
    source = next((stop for stop in strangers if len({stop.server, private.server, out.server}) > 1), None)
    if source is None:
        return None
    return PathOut(
        kind="carry",
        severity="high",
        steps=[source.out(), private.out(), out.out()],
        explanation=f"An order hidden in what {_named(source.tools)} of {quoted(source.server)} returns can make the "
        f"assistant read private data with {_named(private.tools)} of {quoted(private.server)} and carry it out with "
        f"{_named(out.tools)} of {quoted(out.server)}.",
        remediation=f"Have the client ask before every call of {_named(out.tools)}, or keep {quoted(private.server)} "
        f"and {quoted(out.server)} in separate sessions.",
    )


def _named(names: Sequence[str]) -> str:
    return joined([quoted(name) for name in names])


_RANK: dict[Severity, int] = {"critical": 0, "high": 1, "medium": 2, "low": 3, "info": 4}


def paths(members: Sequence[Member], private_domains: frozenset[str]) -> list[PathOut]:
    """All chains over at least two servers, gravest first."""
    stops = [_stops(member, private_domains) for member in members]

    def having(role: Role) -> list[_Stop]:
        return [found[role] for found in stops if role in found]

    strangers = having("stranger")
    found = [_steer(strangers, power) for power in having("power")]
    found += [_carry(strangers, private, out) for private, out in product(having("private"), having("out"))]
    told = [path for path in found if path is not None]
    told.sort(key=lambda path: (_RANK[path.severity], path.kind != "steer"))
    return told[:MAX_PATHS]


def _same_names(members: Sequence[Member]) -> list[ShadowOut]:
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
    return found


def _mentions(members: Sequence[Member]) -> list[ShadowOut]:
    """Tools whose text speaks of a tool of another server: it has no business to."""
    owner: dict[str, str] = {}
    for member in members:
        for tool in member.manifest.tools:
            distinct = len(tool.name) >= MIN_DISTINCT and any(not char.isalpha() for char in tool.name)
            if distinct and tool.name.isascii():
                owner.setdefault(tool.name, member.label)
    if not owner:
        return []
    names = list(owner)
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    wanted = re2.Set.SearchSet(options)
    for name in names:
        wanted.Add(rf"(?:^|[^A-Za-z0-9_-]){re2.escape(name)}(?:$|[^A-Za-z0-9_-])")
    wanted.Compile()
    found: list[ShadowOut] = []
    for member in members:
        own = {tool.name for tool in member.manifest.tools}
        texts = [(tool.name, tool.text("description")) for tool in member.manifest.tools]
        texts.append(("", member.manifest.server.instructions))
        for speaker, text in texts:
            hits = wanted.Match(text[:DESCRIPTION_READ].encode("utf-8", "replace")) or []
            foreign = [names[hit] for hit in hits if names[hit] not in own]
            if not foreign:
                continue
            where = f"The description of {quoted(neutralise_name(speaker))}" if speaker else "The instructions"
            others = list(dict.fromkeys(owner[name] for name in foreign))
            found.append(
                ShadowOut(
                    kind="speaks_of",
                    severity="high",
                    servers=[member.label, *others],
                    tools=[neutralise_name(name) for name in ([speaker] if speaker else []) + foreign[:TOOLS_NAMED]],
                    explanation=f"{where} of {quoted(member.label)} speaks of "
                    f"{joined([quoted(neutralise_name(name)) for name in foreign[:TOOLS_NAMED]])}, which belongs to "
                    f"{joined([quoted(other) for other in others])}: it can change how that tool is used.",
                    remediation=f"Read that text. Unless it has a good reason, remove {quoted(member.label)}.",
                )
            )
    return found


def fleet(members: Sequence[Member], private_domains: frozenset[str]) -> FleetOut:
    """Threat-model a set of servers that one client runs together. Labels must be safe to show and differ."""
    told = paths(members, private_domains)
    shadows = [*_mentions(members), *_same_names(members)]
    return FleetOut(
        servers=[member.label for member in members],
        paths=told,
        shadows=shadows,
        summary=_summary(members, told, shadows),
    )


def _summary(members: Sequence[Member], told: Sequence[PathOut], shadows: Sequence[ShadowOut]) -> str:
    count = len(members)
    if not told and not shadows:
        return (
            f"The {count} servers together open no way from a stranger's text to private data going out or to a tool "
            "that runs, pays or destroys, as far as their tools were seen."
        )
    worst = told[0].explanation if told else shadows[0].explanation
    more = len(told) + len(shadows) - 1
    rest = f" {more} more of the kind below." if more else ""
    return f"Together the {count} servers can do what none does alone. {worst}{rest}"


def private_domains(ruleset: Ruleset) -> frozenset[str]:
    """The lines of business in which what is read normally belongs to somebody."""
    return frozenset(domain.id for domain in ruleset.domains.values() if domain.private)


_PLAIN = re2.compile(r"[^A-Za-z0-9_. :/@-]")


def mermaid(whole: FleetOut) -> str:
    """The paths as a Mermaid flow chart: one box a server, one arrow a step."""
    lines = ["flowchart LR"]
    ids = {server: f"s{index}" for index, server in enumerate(whole.servers)}
    drawn: dict[str, None] = {}
    for path in whole.paths:
        for one, other in zip(path.steps, path.steps[1:], strict=False):
            label = _PLAIN.sub(" ", ", ".join(other.tools))
            drawn[f'  {ids[one.server]} -->|"{label}"| {ids[other.server]}'] = None
    used = {server for path in whole.paths for server in (step.server for step in path.steps)}
    lines += [f'  {ids[server]}["{_PLAIN.sub(" ", server)}"]' for server in whole.servers if server in used]
    return "\n".join([*lines, *drawn])
