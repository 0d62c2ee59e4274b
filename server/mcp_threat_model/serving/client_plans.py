"""What the tools about a user's clients would scan, and the question that has to be asked before it.

Nothing on this machine is read for callers on another one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar, cast

import anyio.to_thread
from mcp.server.mcpserver import Context, Elicit, ElicitationResult, Resolve

from mcp_threat_model.lock_file import LOCK_FILE
from mcp_threat_model.locked_targets import everything_in, nothing_approved
from mcp_threat_model.serving.access import access_of
from mcp_threat_model.serving.asking import Agreed, Permission
from mcp_threat_model.serving.asking_all import Permissions as StartThem
from mcp_threat_model.serving.asking_all import ask_for
from mcp_threat_model.serving.client_answers import PATH_SHOWN
from mcp_threat_model.serving.programs import Plan, plan_for
from mcp_threat_model.source.interface import Target
from mcp_threat_scoring.errors import ThreatModelError, UsageError
from mcp_threat_scoring.neutralise import as_kept, neutralise
from mcp_threat_scoring.structs import replace

if TYPE_CHECKING:
    from mcp_threat_model.clients.discover import Installed
    from mcp_threat_scoring.approval.lock import Lock

MAX_TARGETS = 60
"""Servers that one call reads: a client gives up on a call that takes longer. The rest is named as not checked."""
Some = TypeVar("Some")


def in_one_call(several: Sequence[Some]) -> tuple[list[Some], list[Some]]:
    """Those that a call reads, and those that are too many for it."""
    return [*several[:MAX_TARGETS]], [*several[MAX_TARGETS:]]


def installed_in(client: str | None) -> Installed:
    """The servers that the user's clients name, or those of one client."""
    from mcp_threat_model.clients.discover import discover
    from mcp_threat_model.clients.locations import CLIENTS, Machine

    return discover(Machine.here(), [one for one in CLIENTS if client in (None, one.id)])


def _plan_audit(client: str | None) -> Plan:
    from mcp_threat_model.clients.every import enabled

    read, beyond = in_one_call(enabled(installed_in(client)))
    return replace(plan_for(read), beyond=tuple(beyond))


def lock_at(path: str) -> Lock:
    """The lock file at a path.

    Raises:
        UsageError: there is none, or it is no lock.
    """
    from mcp_threat_model.lock_file import read_lock

    if not path.strip():
        raise UsageError("lock is empty; give the path of the lock file that `mcp-threat-model lock` wrote")
    file = Path(path)
    try:
        return read_lock(file)
    except UsageError as error:  # it names the file, as is right in a terminal
        raise UsageError(str(error).replace(str(file), neutralise(path, PATH_SHOWN))) from None


def locked_servers(path: str, target: str | None) -> list[tuple[str, Target | None]]:
    """The servers of a lock file, or the one that is asked about; without a target where the lock leaves a part out.

    Raises:
        UsageError: there is no such lock, or no such server in it.
    """
    held = lock_at(path)
    if not held.servers:
        raise UsageError(nothing_approved(path))
    if target is not None and target not in held.servers:
        named = ", ".join(neutralise(as_kept(label)) for label in list(held.servers)[:12])
        raise UsageError(f"{neutralise(target) or 'an empty target'} is not in {neutralise(path)}; it has: {named}")
    return everything_in(held, path, target)


async def plan_audit(context: Context, client: str | None = None, scan: bool = False) -> Plan:
    """The servers that an audit is to scan: none unless it was asked for, and may look into this machine."""
    if not (scan and access_of(context).files):
        return Plan()
    return await anyio.to_thread.run_sync(_plan_audit, client)


async def plan_check(context: Context, lock: str = LOCK_FILE, target: str | None = None) -> Plan:
    """The locked servers to compare."""
    if not access_of(context).files:
        return Plan()
    try:
        named = await anyio.to_thread.run_sync(locked_servers, lock, target)
        read, _ = in_one_call(named)
        return plan_for([one for _, one in read if one is not None])
    except ThreatModelError:
        return Plan()  # the tool itself says what is wrong with the lock


def ask_audit(context: Context, plan: Annotated[Plan, Resolve(plan_audit)]) -> StartThem | Elicit[StartThem]:
    """Ask for all programs of an audit together."""
    return ask_for(context, plan) if access_of(context).launch else StartThem(start=False)


def ask_check(context: Context, plan: Annotated[Plan, Resolve(plan_check)]) -> StartThem | Elicit[StartThem]:
    """Ask for all programs of a lock together."""
    return ask_for(context, plan) if access_of(context).launch else StartThem(start=False)


def agreed_audit(
    plan: Annotated[Plan, Resolve(plan_audit)], answer: Annotated[ElicitationResult[StartThem], Resolve(ask_audit)]
) -> Agreed:
    """What an audit would start, and what was said to that."""
    return Agreed(plan, cast("ElicitationResult[Permission]", answer))


def agreed_check(
    plan: Annotated[Plan, Resolve(plan_check)], answer: Annotated[ElicitationResult[StartThem], Resolve(ask_check)]
) -> Agreed:
    """What a comparison would start, and what was said to that."""
    return Agreed(plan, cast("ElicitationResult[Permission]", answer))
