"""One target is read: the way in that fits it, with consent where a program is started, within the deadline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcp_threat_model.audit import AuditLog
from mcp_threat_model.guard import trail
from mcp_threat_model.source.interface import Command, ReadOptions, Say, Target
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import neutralise_command
from mcp_threat_scoring.report_score import ProfileId

if TYPE_CHECKING:
    from mcp_threat_scoring.manifest import Manifest

Consent = Callable[[Command], Awaitable[None]]
"""Returns when the program may be started; raises TargetError("consent_required") when it may not."""

DEFAULT_JOBS: Final = 4
_GRACE_S: Final = 5.0
"""How much later than the source's own deadline ours strikes: the source knows better what it was waiting for."""
_COMMAND_SHOWN: Final = 400
"""Characters of a command in a message."""


class ScanOptions(ReadOptions, frozen=True):
    """How targets may be read, and what becomes of what was read."""

    profile: ProfileId = "graded"
    rules: tuple[Path, ...] = ()
    """Folders of further signal rules."""
    audit: AuditLog | None = None
    jobs: int = DEFAULT_JOBS
    """Targets read at the same time, at least 1."""


async def refuse_launch(command: Command) -> None:
    """The consent of somebody who was not asked.

    Raises:
        TargetError: `consent_required`, always.
    """
    raise TargetError(
        "consent_required",
        f"starting a program needs consent: {neutralise_command(command.shown, _COMMAND_SHOWN)}",
        "If you trust that command, repeat with --allow-launch.",
    )


def _silent(_: str) -> None: ...


async def read_target(
    target: Target, options: ReadOptions, *, consent: Consent = refuse_launch, say: Say = _silent
) -> Manifest:
    """Read one target within its deadline.

    Raises:
        TargetError: it could not be read; the code and the sentence say why.
    """
    import anyio
    import anyio.to_thread

    way = await anyio.to_thread.run_sync(target.way)
    if way.target.command:
        await _consented(way.target.command, consent)
    source = way.target.source(way.options(options), say)
    try:
        with anyio.fail_after(options.limits.total_s + _GRACE_S):
            return way.marked(await source.read())
    except TimeoutError:
        raise TargetError(
            "timeout",
            f"it was not read within {options.limits.total_s:g} seconds",
            "Raise --timeout if it is known to be slow.",
        ) from None


async def _consented(command: Command, consent: Consent) -> None:
    """Ask. A person may think for as long as they like: the deadline starts afterwards."""
    try:
        await consent(command)
    except TargetError:
        trail.note("refused", command=command.shown)
        raise
    trail.note("consented", command=command.shown)
