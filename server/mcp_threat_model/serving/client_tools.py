"""The MCP tools about a user's own clients: audit what is installed, judge what might be, tell what changed.

As with the other tools, no logic lives here: clients are discovered, targets scanned and locks compared by the same
calls as on the command line. Nothing on this machine is read for callers on another one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import anyio.to_thread
from mcp.server.mcpserver import Context, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult

from mcp_threat_model.lock_file import LOCK_FILE
from mcp_threat_model.locked_targets import named_by_lock
from mcp_threat_model.scan import scan
from mcp_threat_model.serving.access import access_of
from mcp_threat_model.serving.advice import AUDIT, Instead, checking, for_client, in_a_client
from mcp_threat_model.serving.answer import Tools, answer
from mcp_threat_model.serving.asking import Agreed, AtClient
from mcp_threat_model.serving.client_answers import (
    AuditAnswer,
    ChangedOut,
    ChangesAnswer,
    InstallAnswer,
    audit_answer,
    changes_answer,
    install_answer,
    judged,
)
from mcp_threat_model.serving.client_plans import (
    agreed_audit,
    agreed_check,
    in_one_call,
    installed_in,
    lock_at,
    locked_servers,
)
from mcp_threat_model.serving.client_texts import audit_text, changes_text, install_text
from mcp_threat_model.serving.named_server import Asked, printing, report_on
from mcp_threat_model.serving.parameters import (
    ClientArg,
    LimitsForArg,
    ListingArg,
    LockArg,
    LockedArg,
    ManifestArg,
    NameArg,
    OffsetArg,
    ScanArg,
    TargetArg,
)
from mcp_threat_model.serving.relay import relayed
from mcp_threat_model.subject import Given
from mcp_threat_model.target import parse_target
from mcp_threat_scoring.approval.notice import changed_in
from mcp_threat_scoring.errors import ThreatModelError
from mcp_threat_scoring.neutralise import as_kept, neutralise
from mcp_threat_scoring.report import ErrorOut, Report
from mcp_threat_scoring.structs import replace

if TYPE_CHECKING:
    from mcp_threat_model.outcome import Outcome

AUDIT_JOBS = 8
AUDIT_TARGET_S = 20.0
"""Clients give up on a call after a minute or so; a set of servers has to be read within about that."""
AUDIT_S = 150.0
"""The whole set, however slow each of them is."""
ELSEWHERE = "this server runs on another machine than you: it does not look into its own clients or files for callers"


def add_client_tools(tools: Tools) -> None:
    """Register the three tools."""
    tools.add(audit_clients, "Audit the MCP servers installed here", AuditAnswer)
    tools.add(check_install, "Is this MCP server safe to install?", InstallAnswer, Given.of)
    tools.add(check_changes, "What changed since it was approved?", ChangesAnswer)


async def audit_clients(
    context: Context,
    asked: Annotated[Agreed, Resolve(agreed_audit)],
    client: ClientArg = None,
    scan: ScanArg = False,
) -> CallToolResult:
    """Answer "audit my MCP servers": every server configured on this machine, and what is wrong with it.

    Reads the configuration of Claude Desktop, Claude Code, Cursor, VS Code, Windsurf, Zed, Codex and Gemini CLI:
    plain-text secrets, unpinned packages, unencrypted addresses, one name for two programs, look-alike names.
    Nothing is started unless `scan` is true and a person agrees; then each server gets a score and a verdict, and
    the set is searched for paths from what others wrote to private data going out or to a dangerous tool.
    """
    from mcp_threat_model.clients.hygiene import check
    from mcp_threat_model.outcome import together
    from mcp_threat_scoring.analyze import knowledge

    access = access_of(context)
    if not access.files:
        raise ToolError(ELSEWHERE)
    try:
        installed = await anyio.to_thread.run_sync(installed_in, client)
        known = await anyio.to_thread.run_sync(lambda: knowledge(extra=access.options.rules))
        checked = await anyio.to_thread.run_sync(check, installed.servers, known.ruleset)
        outcomes = await _scanned(context, asked, AUDIT) if scan else []
        fleet = (await anyio.to_thread.run_sync(together, asked.plan.targets, outcomes)).fleet
    except ThreatModelError as error:
        raise ToolError(in_a_client(str(error), AUDIT)) from None
    told = [judged(target.label, outcome) for target, outcome in zip(asked.plan.targets, outcomes, strict=True)]
    found = audit_answer(installed, checked, told, fleet, [target.label for target in asked.plan.beyond])
    return answer(audit_text(found), found)


async def check_install(
    context: Context,
    asked: Asked,
    target: TargetArg = None,
    manifest: ManifestArg = None,
    listing: ListingArg = None,
    client: LimitsForArg = "generic",
    name: NameArg = None,
    offset: OffsetArg = 0,
) -> CallToolResult:
    """Answer "is this one safe to install?": allow, allow with limits, review or block, and why.

    Use it before adding a server. The verdict comes first; then the reasons, what was not seen, and the least
    privilege (reads allowed, writes confirmed, destruction denied) written as the configuration of `client`, to be
    shown to the user as it is. For the whole score use score_agent.
    """
    from mcp_threat_scoring.permissions import permissions

    report = await report_on(context, asked, Given(target, manifest, listing))
    called = name or (target and parse_target(target).own_name) or report.server.name
    limits = permissions(report, client, called) if report.capabilities.tools else None
    advice = install_answer(report, limits, offset)
    return answer(install_text(advice, limits, printing(target, asked, client, name)), advice)


async def check_changes(
    context: Context,
    asked: Annotated[Agreed, Resolve(agreed_check)],
    lock: LockArg = LOCK_FILE,
    target: LockedArg = None,
) -> CallToolResult:
    """Answer "what changed since last week?": compare servers with the lock file of when they were approved.

    Says which tools were added, began to write or to give orders, which scopes or scores grew, and what could not
    be checked. Writing or renewing the lock is for a person: `mcp-threat-model lock` in a terminal.
    """
    from mcp_threat_model.comparing import compare, unplanned, unread

    if not access_of(context).files:
        raise ToolError(ELSEWHERE)
    instead = checking(lock)
    try:
        held = (await anyio.to_thread.run_sync(lock_at, lock)).servers
        named, beyond = in_one_call(await anyio.to_thread.run_sync(locked_servers, lock, target))
        targets = asked.plan.targets
        outcomes = dict(zip(targets, await _scanned(context, asked, instead) if targets else [], strict=True))
    except ThreatModelError as error:
        raise ToolError(in_a_client(str(error), instead)) from None
    compared = [
        _changed(
            name, compare(held[name], unread(name) if one is None else outcomes.get(one) or unplanned(name)), instead
        )
        for name, one in named
    ]
    told = changes_answer(lock, compared, [name for name, _ in beyond], instead)
    return answer(changes_text(told), told)


async def _scanned(context: Context, asked: Agreed, instead: Instead) -> list[Outcome]:
    access = access_of(context)
    limits = access.options.limits
    limits = limits.with_total(min(limits.total_s, AUDIT_TARGET_S))
    options = asked.options(replace(access.options, jobs=AUDIT_JOBS, limits=limits))
    async with relayed(context) as say, access.turns.turn(AUDIT_S):
        return await scan(
            asked.plan.targets,
            options,
            consent=AtClient(asked, context, instead),
            progress=lambda target, line: say(f"{neutralise(as_kept(target.label), 120)}: {line}"),
        )


def _changed(label: str, result: Report | ErrorOut, instead: Instead) -> ChangedOut:
    from mcp_threat_model.comparing import in_part, unseen

    shown = neutralise(as_kept(label), 300)
    result = named_by_lock(result, label)
    if isinstance(result, ErrorOut):
        return ChangedOut(target=shown, status="not_checked", changes=[], error=for_client(result, instead))
    changes = changed_in(result)
    status: Literal["unchanged", "changed", "not_checked"] = "changed" if changes else "unchanged"
    note = unseen(result)
    if note or in_part(result):
        status = "not_checked"
    return ChangedOut(target=shown, status=status, changes=changes[:40], note=note)
