"""The set as a whole: what several servers in one client make possible together.

A client's assistant sees the tools of all its servers at once, and what one tool returns it may act on with another.
Two chains matter (Invariant Labs, "GitHub MCP exploited", May 2025; S. Willison, "The lethal trifecta", June 2025):

*steer*  a tool that returns what others wrote → a tool that runs, pays, destroys or grants
*carry*  such a tool → a tool that reads what is private → a tool that sends to the outside

For every pair of servers the best fitting tools are named once, not every combination. A chain that one server closes
by itself is told once, because it is there in every set that server is part of.
"""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_scoring.fleet.roles import Member, Stop, stops, strongest
from mcp_threat_scoring.fleet.shadows import foreign_names, same_names
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.phrases import capital, joined, number, quoted
from mcp_threat_scoring.report import gravity, reaches
from mcp_threat_scoring.report_set import FleetOut, PathOut, Role, ShadowOut, StepOut
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.structs import replace

__all__ = ["FleetOut", "Member", "Role", "StepOut", "fleet", "mermaid", "private_domains"]

MAX_PATHS = 40
MAX_SHADOWS = 40
"""Of each kind: what is beyond is counted."""
STRANGERS_NAMED = 3


def _steer(strangers: Sequence[Stop], power: Stop) -> PathOut | None:
    strangers = _beside(power, strangers)
    others = [stop for stop in strangers if stop.server != power.server]
    from_where = others or [stop for stop in strangers if stop.server == power.server]
    if not from_where or (not others and not reaches(power.severity, "high")):
        return None  # that a server's own texts may lead to one of its own deletions stands in its own report
    source = from_where[0]
    told = joined(
        [f"{quoted(stop.server)} ({', '.join(map(quoted, stop.tools))})" for stop in from_where[:STRANGERS_NAMED]]
    )
    apart = (
        f"do not run {quoted(power.server)} in the same session as {quoted(source.server)}"
        if others
        else f"use {quoted(power.server)} only where nobody else can write into what it reads"
    )
    return PathOut(
        kind="steer",
        severity=power.severity,
        steps=[source.out(), power.out()],
        explanation=f"Text that others wrote comes in through {told}. An order hidden in it can make the assistant "
        f"use {_named(power.tools)} of {quoted(power.server)}, which {power.does}"
        + ("." if others else ": that server alone is enough."),
        remediation=f"Have the client ask before every call of {_named(power.tools)}, or {apart}.",
    )


def _carry(strangers: Sequence[Stop], private: Stop, out: Stop) -> PathOut | None:
    if out not in _beside(private, [out]):
        return None
    # The server's own source first: then the chain needs no other server, which is worse.
    there = _beside(private, _beside(out, strangers))
    near = sorted(there, key=lambda stop: stop.server not in (private.server, out.server))
    if not near:
        return None
    source = near[0]
    alone = source.server == private.server == out.server
    apart = (
        f"give {quoted(out.server)} access to public things only"
        if private.server == out.server
        else f"keep {quoted(private.server)} and {quoted(out.server)} in separate sessions"
    )
    return PathOut(
        kind="carry",
        severity="high",
        steps=[source.out(), private.out(), out.out()],
        explanation=f"An order hidden in what {_named(source.tools)} of {quoted(source.server)} returns can make the "
        f"assistant read private data with {_named(private.tools)} of {quoted(private.server)} and carry it out with "
        f"{_named(out.tools)} of {quoted(out.server)}" + (": that server alone is enough." if alone else "."),
        remediation=f"Have the client ask before every call of {_named(out.tools)}, or {apart}.",
    )


def _beside(stop: Stop, others: Sequence[Stop]) -> list[Stop]:
    """Those of the others that run together with a server; it runs with itself."""
    return [other for other in others if other.server == stop.server or other.runs.meets(stop.runs)]


def _named(names: Sequence[str]) -> str:
    return joined([quoted(name) for name in names])


def paths(members: Sequence[Member], private: frozenset[str]) -> list[PathOut]:
    """All chains: those over several servers before those that one server closes by itself, of each the gravest first.

    The former are what the set adds; the latter stand in every set that the server is part of.
    """
    roles = [stops(member, private) for member in members]
    strangers, powers, held, outs = (strongest(roles, role) for role in ("stranger", "power", "private", "out"))
    found = [_steer(strangers, power) for power in powers]
    found += [_carry(strangers, one, out) for one in held for out in outs]
    told = [path for path in found if path is not None]
    told.sort(key=lambda path: (not path.crosses, gravity(path.severity), path.kind != "steer"))
    return told


def _distinct(members: Sequence[Member]) -> list[Member]:
    """The members under names that differ: the second of a name gets a number."""
    taken: set[str] = set()
    named: list[Member] = []
    for member in members:
        label, count = member.label, 1
        while label in taken:
            count += 1
            label = f"{member.label} ({count})"
        taken.add(label)
        named.append(member if label == member.label else replace(member, label=label))
    return named


def fleet(members: Sequence[Member], private: frozenset[str]) -> FleetOut:
    """Threat-model a set of servers that one client runs, together where they are of one project. Labels must be safe
    to show.

    `private` are the lines of business in which what is read belongs to somebody, see :func:`private_domains`.
    """
    members = _distinct(members)
    every_path, foreign, alike = paths(members, private), foreign_names(members), same_names(members)
    told, shadows = every_path[:MAX_PATHS], [*foreign[:MAX_SHADOWS], *alike[:MAX_SHADOWS]]
    left_out = len(every_path) + len(foreign) + len(alike) - len(told) - len(shadows)
    return FleetOut(
        servers=[member.label for member in members],
        paths=told,
        shadows=shadows,
        summary=_summary(members, told, shadows, left_out),
    )


def _summary(members: Sequence[Member], told: Sequence[PathOut], shadows: Sequence[ShadowOut], left_out: int) -> str:
    count = len(members)
    unseen = [member.label for member in members if not member.report.capabilities.tools]
    blind = f" Of {_named(unseen)} no tools were seen, so nothing is said of what they would add." if unseen else ""
    if len({member.runs.only for member in members if member.runs.only}) > 1:
        blind = f" Servers of different projects do not run together, so they were not held against each other.{blind}"
    if not told and not shadows:
        return (
            f"The {number(count)} servers together open no way from what others wrote to private data going out or to "
            f"a tool that runs, pays or destroys, as far as their tools were seen.{blind}"
        )
    lead = _lead(count, told[0]) if told else ""
    worst = told[0].explanation if told else shadows[0].explanation
    more = len(told) + len(shadows) - 1
    rest = f" {capital(number(more))} more {'is' if more == 1 else 'are'} listed below." if more else ""
    if left_out:
        rest += f" {capital(number(left_out))} further {'one is' if left_out == 1 else 'ones are'} not listed."
    return f"{lead}{worst}{rest}{blind}"


def _lead(count: int, first: PathOut) -> str:
    """What is said of the set before the first of its chains."""
    if first.crosses:
        return f"Together the {number(count)} servers can do what {'neither' if count == 2 else 'none'} does alone. "
    return f"No way that was found needs more than one of the {number(count)} servers. "


def private_domains(ruleset: Ruleset) -> frozenset[str]:
    """The lines of business in which what is read normally belongs to somebody."""
    return frozenset(domain.id for domain in ruleset.domains.values() if domain.private)


_PLAIN = pattern(r"[^A-Za-z0-9_. :/@-]")


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
