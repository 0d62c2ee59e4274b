"""Consent through the client: a person sees the exact command and answers, or nothing is started.

The client is asked by MCP elicitation, in whichever era it speaks. A client that cannot ask a person gets a refusal
that says what to do instead; a model's own "yes" is never enough.

What is started afterwards is what the question was about, with the arguments and variables that were looked up for it:
nothing is looked up again, so that a configuration that changes in between changes nothing.
The form that a person fills in is flat, as elicitation wants it; its docstring and descriptions are what they read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import anyio.to_thread
from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult, Resolve
from pydantic import BaseModel, ConfigDict, Field

from mcp_threat_model.reading import Consent, ScanOptions
from mcp_threat_model.serving.access import Access
from mcp_threat_model.serving.advice import GIVE_MANIFEST, Instead
from mcp_threat_model.serving.programs import MAX_PROGRAMS, Plan, Program, plan_for
from mcp_threat_model.source.interface import Command, Target, Way
from mcp_threat_model.target import parse_target
from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.neutralise import neutralise_command
from mcp_threat_scoring.phrases import capital
from mcp_threat_scoring.structs import Struct, replace

if TYPE_CHECKING:
    from mcp_threat_model.guard.launch import LaunchRequest

COMMAND_SHOWN = 600
NETWORK = (
    "Let it use the network, too? What npx, uvx and their like start has to be fetched first, and some servers need "
    "their service to list their tools. It then reaches this machine's own services as well, and can send out what it "
    "reads."
)


class Permission(BaseModel):
    """Whether the program in the question may be started. "yes" and 1 are no answers to it: what is not exactly true or
    false does not fit the form that was shown."""

    model_config = ConfigDict(strict=True)

    start: bool = Field(description="Start this program on this machine?")

    @property
    def opens(self) -> bool:
        """Whether the network was allowed: never, where the form does not ask."""
        return bool(getattr(self, "network", False))


class PermissionWithNetwork(Permission):
    """Whether the program in the question may be started, and use the network."""

    network: bool = Field(default=False, description=NETWORK)


class Agreed(Struct, frozen=True):
    """What a call would start, and what the person at the client said to that."""

    plan: Plan
    answer: ElicitationResult[Permission]

    def options(self, options: ScanOptions) -> ScanOptions:
        """The options of the server, with the network open where the person allowed that."""
        answer = self.answer
        opened = isinstance(answer, AcceptedElicitation) and answer.data.start and answer.data.opens
        return replace(options, allow_network=True) if opened else options


def may_launch(context: Context) -> bool:
    """Whether this server starts programs at all."""
    access = context.request_context.lifespan_context
    return isinstance(access, Access) and access.launch


def can_ask(context: Context) -> bool:
    """Whether programs may be started here at all, and the client can put a form before a person."""
    if not may_launch(context):
        return False
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def is_shut(plan: Plan) -> bool:
    """Whether one of the programs would stand in a sandbox without a network, so that opening it is a question."""
    from mcp_threat_model.guard.sandbox import unboxed

    options = ScanOptions()
    return not options.allow_network and any(not unboxed(options.sandbox, one.command.argv[0]) for one in plan.programs)


async def plan_one(context: Context, target: str | None = None) -> Plan:
    """The program that the target is, or that a client's configuration says it is; none where nothing is started."""
    access = context.request_context.lifespan_context
    try:
        parsed = parse_target(target or "")
    except (UsageError, TargetError):
        return Plan()  # the tool itself will say what is wrong with it
    if parsed.on_this_machine and not (isinstance(access, Access) and access.files):
        return Plan()
    return await anyio.to_thread.run_sync(plan_for, [parsed])


async def ask_permission(context: Context, plan: Annotated[Plan, Resolve(plan_one)]) -> Permission | Elicit[Permission]:
    """Ask the person at the client, only when there is a program to start and somebody to ask."""
    if not plan.programs or not can_ask(context):
        return Permission(start=False)
    try:
        return await anyio.to_thread.run_sync(_form, plan)
    except TargetError:
        return Permission(start=False)  # it cannot be started at all, and whoever asks for consent hears why


def _form(plan: Plan) -> Elicit[Permission]:
    return Elicit(question(plan.programs[0]), PermissionWithNetwork if is_shut(plan) else Permission)


def agreed(
    plan: Annotated[Plan, Resolve(plan_one)],
    answer: Annotated[ElicitationResult[Permission], Resolve(ask_permission)],
) -> Agreed:
    """Both together, as the tools take them."""
    return Agreed(plan, answer)


def question(program: Program) -> str:
    """The question a person answers: the exact command, and what starting it means.

    Raises:
        TargetError: `launch_failed`: there is no such program.
    """
    from mcp_threat_model.guard.consent import describe
    from mcp_threat_model.serving.asking_all import question as listed

    if not program.typed:  # a configuration may hold secrets that nobody in this conversation wrote
        return listed([program])
    return describe(launch_of(program))


def launch_of(program: Program) -> LaunchRequest:
    """What would be started, and in which sandbox.

    Raises:
        TargetError: `launch_failed`: there is no such program; `unsupported`: on Windows.
    """
    from mcp_threat_model.guard.launch import plan_launch

    options, command = program.way.options(ScanOptions()), program.command
    return plan_launch(command.argv, options.env, options.sandbox, options.allow_network, command.folder)


class AtClient(Consent):
    """What the person at the client said, about what was looked up for the question."""

    def __init__(self, agreed: Agreed, context: Context, instead: Instead) -> None:
        """`instead` is what else the person can do."""
        self._plan, self._answer = agreed.plan, agreed.answer
        self._context, self._instead = context, instead
        self._shown = {program.target: program for program in agreed.plan.programs}

    def way(self, target: Target) -> Way:
        """What was planned. Of a target whose way was not found then, nothing was shown that could be allowed."""
        return self._plan.ways.get(target) or target.way()

    async def ask(self, target: Target, command: Command) -> None:
        """Return when it stood in the question, and the answer was yes.

        Raises:
            TargetError: `consent_required`: it may not be started, and why; `launch_failed`: it cannot be.
        """
        instead = self._instead
        told = neutralise_command(command.shown, COMMAND_SHOWN)
        if not may_launch(self._context):
            raise TargetError(
                "consent_required",
                f"this server starts no programs, because over HTTP anybody who reaches it could consent: {told}",
                "Nothing was started. Serve over stdio, serve with --allow-launch on loopback, or "
                f"{instead.told('--allow-launch')}.",
            )
        if not can_ask(self._context):
            raise TargetError(
                "consent_required",
                f"starting a program needs a person's consent, and this client cannot ask for it: {told}",
                f"Nothing was started. The person can {instead.told('--allow-launch')}.",
            )
        program = self._shown.get(target)
        if program is None:
            fewer = f"Ask again, {instead.fewer}, or scan this server by itself." if instead.fewer else "Ask again."
            more = f", or more than {MAX_PROGRAMS} would be started" if instead.fewer else ""
            raise TargetError(
                "consent_required",
                f"it was not asked for: its configuration changed{more}",
                fewer,
            )
        if isinstance(self._answer, AcceptedElicitation) and self._answer.data.start:
            return
        if program.typed:
            await anyio.to_thread.run_sync(launch_of, program)  # nobody was asked where it cannot be started
        raise TargetError(
            "consent_required", f"the person asked did not allow this program to start: {told}",
            f"Nothing was started. {f'{capital(GIVE_MANIFEST)} instead, or ask' if instead.manifest else 'Ask'} "
            "again if that was a mistake.",
        )  # fmt: skip
