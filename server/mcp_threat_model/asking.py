"""Consent through the client: a person sees the exact command and answers, or nothing is started.

The client is asked by MCP elicitation, in whichever era it speaks. A client that cannot ask a person gets a refusal
that says what to do instead; a model's own "yes" is never enough.
"""

from __future__ import annotations

import anyio.to_thread
from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult
from pydantic import BaseModel, Field

from mcp_threat_model.access import Access
from mcp_threat_model.advice import GIVE_MANIFEST, ONE_SERVER, Instead
from mcp_threat_model.reading import Consent, ScanOptions
from mcp_threat_model.target import StdioTarget, Target, parse_target
from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.neutralise import neutralise_command
from mcp_threat_scoring.phrases import capital

COMMAND_SHOWN = 600


class Permission(BaseModel):
    """The form a person fills in. Elicitation allows flat fields only."""

    start: bool = Field(description="Start this program on this machine?")


def _needs_asking(target: str | None) -> StdioTarget | None:
    if not target:
        return None
    try:
        parsed: Target = parse_target(target)
    except (UsageError, TargetError):
        return None  # the tool itself will say what is wrong with it
    return parsed if isinstance(parsed, StdioTarget) else None


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


async def ask_permission(context: Context, target: str | None = None) -> Permission | Elicit[Permission]:
    """Ask the person at the client, only when there is a program to start and somebody to ask."""
    program = _needs_asking(target)
    if program is None or not can_ask(context):
        return Permission(start=False)
    try:
        return Elicit(await anyio.to_thread.run_sync(question, program), Permission)
    except TargetError:
        return Permission(start=True)  # it cannot be started at all, and the scan says why


def question(program: StdioTarget) -> str:
    """The question a person answers: the exact command, and what starting it means.

    Raises:
        TargetError: `launch_failed`: there is no such program.
    """
    from mcp_threat_model.guard.consent import describe
    from mcp_threat_model.guard.launch import plan_launch

    options = ScanOptions()
    return describe(plan_launch(program.argv, options.env, options.sandbox, options.allow_network))


def consent_from(permission: ElicitationResult[Permission], context: Context, instead: Instead = ONE_SERVER) -> Consent:
    """What was answered, as the scan wants to hear it; `instead` is what else the person can do."""

    async def consent(program: StdioTarget) -> None:
        if isinstance(permission, AcceptedElicitation) and permission.data.start:
            return
        command = neutralise_command(program.label.removeprefix("stdio:"), COMMAND_SHOWN)
        if not may_launch(context):
            raise TargetError(
                "consent_required",
                f"this server starts no programs, because over HTTP anybody who reaches it could consent: {command}",
                "Nothing was started. Serve over stdio, serve with --allow-launch on loopback, or "
                f"{instead.told('--allow-launch')}.",
            )
        if can_ask(context):
            raise TargetError(
                "consent_required", f"the person asked did not allow this program to start: {command}",
                f"Nothing was started. {f'{capital(GIVE_MANIFEST)} instead, or ask' if instead.manifest else 'Ask'} "
                "again if that was a mistake.",
            )  # fmt: skip
        raise TargetError(
            "consent_required",
            f"starting a program needs a person's consent, and this client cannot ask for it: {command}",
            f"Nothing was started. The person can {instead.told('--allow-launch')}.",
        )

    return consent
