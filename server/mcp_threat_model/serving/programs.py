"""Which programs a call would start: looked up once, so that what a person is shown is what may be started after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mcp_threat_model.source.interface import Command, Target, Way
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import neutralise, neutralise_name
from mcp_threat_scoring.structs import Struct, field

MAX_PROGRAMS = 20
"""Programs of one question. A longer one is not read, and consent to it means nothing."""
COMMAND_SHOWN = 300
FOLDER_SHOWN = 120
NAMES_SHOWN = 8


class Program(Struct, frozen=True):
    """One program that would be started, and for which target."""

    target: Target
    command: Command
    way: Way

    @property
    def typed(self) -> bool:
        """Whether the command is the target as it was given, and nothing that a configuration says."""
        return self.target.command is not None

    def line(self) -> str:
        """What the question says of it: the command without its secrets, and the names of what it is given."""
        command = neutralise(self.command.shown, COMMAND_SHOWN)
        env = tuple(self.way.env)
        names = ", ".join(neutralise_name(name) for name in env[:NAMES_SHOWN])
        folder = f" (files of {neutralise(self.command.folder, FOLDER_SHOWN)})" if self.command.folder else ""
        more = f" and {len(env) - NAMES_SHOWN} more" if len(env) > NAMES_SHOWN else ""
        return (
            f"{neutralise(self.target.label, 120)}: {command}" + (f" (given: {names}{more})" if names else "") + folder
        )


class Plan(Struct, frozen=True):
    """What a call is about: the targets, what is read of them, and the programs that are asked about."""

    targets: tuple[Target, ...] = ()
    ways: Mapping[Target, Way] = field(default_factory=dict)
    """As they were found when the call began. Without a target whose way was not found then: the scan says why."""
    programs: tuple[Program, ...] = ()
    beyond: tuple[Target, ...] = ()
    """Targets that are more than one call reads: they are named, and nothing is said of them."""


def plan_for(targets: Sequence[Target]) -> Plan:
    """Look the targets up, once."""
    ways: dict[Target, Way] = {}
    for target in targets:
        try:
            ways[target] = target.way()
        except TargetError:
            continue
    programs = [Program(target, way.target.command, way) for target, way in ways.items() if way.target.command]
    return Plan(tuple(targets), ways, tuple(programs[:MAX_PROGRAMS]))
