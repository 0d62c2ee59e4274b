"""Consent for several programs at once: one question that lists every command, answered by a person or not at all."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence

from mcp.server.mcpserver import Context, Elicit
from pydantic import Field

from mcp_threat_model.serving.asking import NETWORK, Permission, can_ask, is_shut, launch_of
from mcp_threat_model.serving.programs import Plan, Program
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.phrases import number

_KEY = secrets.token_bytes(32)
"""Of this process: a digest of values without one would let whoever reads it try values out."""


class Permissions(Permission):
    """Whether the programs in the question may be started."""

    start: bool = Field(description="Start all of these programs on this machine, one after the other?")


class PermissionsWithNetwork(Permissions):
    """Whether the programs in the question may be started, and use the network."""

    network: bool = Field(default=False, description=NETWORK)


def question(asked: Sequence[Program]) -> str:
    """The question a person answers. It ends in a digest of the whole commands, of which it may show a part only, and
    of the values that they are given, of which it shows none: where one has changed, it is another question."""
    told = repr([(program.command.argv, dict(program.way.env)) for program in asked])
    digest = hmac.digest(_KEY, told.encode("utf-8", "backslashreplace"), "sha256").hex()[:12]
    if len(asked) == 1:
        return _of_one(asked[0], digest)
    lines = [
        f"Start these {number(len(asked))} programs on this machine, to list their tools? None of them is called.",
        *(f"{index}. {one.line()}" for index, one in enumerate(asked, 1)),
        "Each is code of somebody else; npx, uvx and their like fetch it first. They run with the variables that are "
        f"named, if any, and in a sandbox where this machine has one. Mark of this list: {digest}.",
    ]
    return "\n".join(lines)


def _of_one(program: Program, digest: str) -> str:
    """The question about a single program: as much as is said of one that was typed, and no secret of its own."""
    from mcp_threat_model.guard.consent import described_around

    try:
        around = described_around(launch_of(program))
    except TargetError:  # it cannot be started as it stands, and the scan says why
        around = []
    lines = [
        "Start this program on this machine, to list its tools? None of them is called.",
        program.line(),
        *around,
        "It is code of somebody else, and runs with "
        + ("the variables that are named" if program.way.env else "no variables from its configuration")
        + f". Mark of this command: {digest}.",
    ]
    return "\n".join(lines)


def ask_for(context: Context, plan: Plan) -> Permissions | Elicit[Permissions]:
    """Ask the person at the client, only when there is a program to start and somebody to ask."""
    if not plan.programs or not can_ask(context):
        return Permissions(start=False)
    return Elicit(question(plan.programs), PermissionsWithNetwork if is_shut(plan) else Permissions)
