"""Which programs a call would start, as they stand when it begins: what is asked for is what may be started after."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_model.source.interface import Command, Target
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import neutralise, neutralise_name
from mcp_threat_scoring.structs import Struct

MAX_PROGRAMS = 20
"""Programs of one question. A longer one is not read, and consent to it means nothing."""
COMMAND_SHOWN = 300
NAMES_SHOWN = 8


class Program(Struct, frozen=True):
    """One program that would be started, and for which target."""

    target: Target
    command: Command
    env: tuple[str, ...] = ()
    """Names of the variables that it is given by its configuration."""

    @property
    def typed(self) -> bool:
        """Whether the command is the target as it was given, and nothing that a configuration says."""
        return self.target.command is not None

    def line(self) -> str:
        """What the question says of it: the command without its secrets, and the names of what it is given."""
        command = neutralise(self.command.shown, COMMAND_SHOWN)
        names = ", ".join(neutralise_name(name) for name in self.env[:NAMES_SHOWN])
        more = f" and {len(self.env) - NAMES_SHOWN} more" if len(self.env) > NAMES_SHOWN else ""
        return f"{neutralise(self.target.label, 120)}: {command}" + (f" (given: {names}{more})" if names else "")


class Plan(Struct, frozen=True):
    """What a call is about: the targets, and the programs among them as they stood when it began."""

    targets: tuple[Target, ...] = ()
    programs: tuple[Program, ...] = ()
    beyond: tuple[Target, ...] = ()
    """Targets that are more than one call reads: they are named, and nothing is said of them."""


def plan_for(targets: Sequence[Target]) -> Plan:
    """Look the programs up, once: what is asked for, and what may be started after a yes, are the same list."""
    return Plan(tuple(targets), tuple(programs(targets)[:MAX_PROGRAMS]))


def programs(targets: Sequence[Target]) -> list[Program]:
    """The programs among the targets. What cannot be found any more is left to the scan, which says why."""
    found: list[Program] = []
    for target in targets:
        try:
            way = target.way()
        except TargetError:
            continue
        if way.target.command:
            found.append(Program(target, way.target.command, tuple(way.env)))
    return found
