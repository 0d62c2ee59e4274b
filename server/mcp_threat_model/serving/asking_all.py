"""Consent for several programs at once: one question that lists every command, answered by a person or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from mcp.server.mcpserver import Context, Elicit
from pydantic import Field

from mcp_threat_model.serving.asking import NETWORK, Permission, can_ask, is_shut
from mcp_threat_model.serving.programs import Plan, Program
from mcp_threat_scoring.phrases import number


class Permissions(Permission):
    """Whether the programs in the question may be started."""

    start: bool = Field(description="Start all of these programs on this machine, one after the other?")


class PermissionsWithNetwork(Permissions):
    """Whether the programs in the question may be started, and use the network."""

    network: bool = Field(default=False, description=NETWORK)


def question(asked: Sequence[Program]) -> str:
    """The question a person answers. It ends in a digest of the whole commands, of which it may show a part only."""
    told = repr([(program.command.argv, program.env) for program in asked]).encode("utf-8", "backslashreplace")
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
    return Elicit(question(plan.programs), PermissionsWithNetwork if is_shut(plan) else Permissions)
