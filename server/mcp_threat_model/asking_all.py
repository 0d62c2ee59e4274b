"""Consent for several programs at once: one question that lists every command, answered by a person or not at all.

What is started afterwards is only what stood in the question: a configuration that changed in between is not consented.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Sequence
from typing import cast

from mcp.server.mcpserver import Context, Elicit, ElicitationResult
from pydantic import Field

from mcp_threat_model.advice import Instead
from mcp_threat_model.asking import Permission, can_ask, consent_from
from mcp_threat_model.guard.secret import redact_argv
from mcp_threat_model.reading import Consent
from mcp_threat_model.source.configured import resolve
from mcp_threat_model.target import ConfigTarget, StdioTarget, Target
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import neutralise, neutralise_name
from mcp_threat_scoring.phrases import number
from mcp_threat_scoring.structs import Struct

MAX_PROGRAMS = 20
"""Programs of one question. A longer one is not read, and consent to it means nothing."""
COMMAND_SHOWN = 300
NAMES_SHOWN = 8


class Permissions(Permission):
    """The form a person fills in."""

    start: bool = Field(description="Start all of these programs on this machine, one after the other?")


class Program(Struct, frozen=True):
    """One program that would be started, and for which target."""

    target: Target
    way: StdioTarget
    env: tuple[str, ...] = ()

    def line(self) -> str:
        """What the question says of it: the command without its secrets, and the names of what it is given."""
        command = neutralise(shlex.join(redact_argv(self.way.argv)), COMMAND_SHOWN)
        names = ", ".join(neutralise_name(name) for name in self.env[:NAMES_SHOWN])
        more = f" and {len(self.env) - NAMES_SHOWN} more" if len(self.env) > NAMES_SHOWN else ""
        return f"{neutralise(self.target.label, 120)}: {command}" + (f" (given: {names}{more})" if names else "")


class Plan(Struct, frozen=True):
    """What a call is about: the targets, and the programs among them as they stood when it began."""

    targets: tuple[Target, ...] = ()
    programs: tuple[Program, ...] = ()


def plan_for(targets: Sequence[Target]) -> Plan:
    """Look the programs up, once: what is asked for, and what may be started after a yes, are the same list."""
    return Plan(tuple(targets), tuple(programs(targets)[:MAX_PROGRAMS]))


def programs(targets: Sequence[Target]) -> list[Program]:
    """The programs among the targets. What cannot be found any more is left to the scan, which says why."""
    found: list[Program] = []
    for target in targets:
        if isinstance(target, StdioTarget):
            found.append(Program(target, target))
        elif isinstance(target, ConfigTarget):
            try:
                resolved = resolve(target)
            except TargetError:
                continue
            if isinstance(resolved.target, StdioTarget):
                found.append(Program(target, resolved.target, tuple(resolved.env)))
    return found


def question(asked: Sequence[Program]) -> str:
    """The question a person answers. It ends in a digest of the whole commands, of which it may show a part only."""
    told = repr([(program.way.argv, program.env) for program in asked]).encode("utf-8", "backslashreplace")
    these, their = ("this", "its") if len(asked) == 1 else (f"these {number(len(asked))}", "their")
    program = "program" if len(asked) == 1 else "programs"
    lines = [f"Start {these} {program} on this machine, to list {their} tools? None of them is called."]
    lines += [f"{index}. {one.line()}" for index, one in enumerate(asked, 1)]
    lines.append(
        "Each is code of somebody else; npx, uvx and their like fetch it first. They run with the variables named, and "
        f"in a sandbox where this machine has one. List {hashlib.sha256(told).hexdigest()[:12]}."
    )
    return "\n".join(lines)


def ask_for(context: Context, plan: Plan) -> Permissions | Elicit[Permissions]:
    """Ask the person at the client, only when there is a program to start and somebody to ask."""
    if not plan.programs or not can_ask(context):
        return Permissions(start=False)
    return Elicit(question(plan.programs), Permissions)


def consent_to(plan: Plan, permission: ElicitationResult[Permissions], context: Context, instead: Instead) -> Consent:
    """What was answered, for exactly the programs that were asked for."""
    shown = {program.way.argv for program in plan.programs}
    answered = consent_from(cast("ElicitationResult[Permission]", permission), context, instead)

    async def consent(program: StdioTarget) -> None:
        if program.argv not in shown:
            raise TargetError(
                "consent_required",
                "it is none of the programs that were asked for: its configuration changed, or more "
                f"than {MAX_PROGRAMS} would be started",
                f"Ask again, {instead.fewer}, or scan this server by itself.",
            )
        await answered(program)

    return consent
