"""One target is read: the way in that fits it, with consent where a program is started, within the deadline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcp_threat_model.audit import AuditLog
from mcp_threat_model.guard import trail
from mcp_threat_model.source.interface import Command, ReadOptions, Say, Target, Way
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import neutralise_command
from mcp_threat_scoring.report_score import ProfileId

if TYPE_CHECKING:
    from mcp_threat_scoring.manifest import Manifest

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


class Consent:
    """What somebody allows to be started; this one was not asked, and allows nothing.

    Both what is asked about and what is read come from :meth:`way`, so that nobody consents to one thing and gets
    another: files may change while a person thinks.
    """

    def way(self, target: Target) -> Way:
        """What is read in the end of a target. Whoever has shown it to somebody gives what was shown.

        Raises:
            TargetError: what the target stands for cannot be found.
        """
        return target.way()

    async def ask(self, target: Target, command: Command) -> None:  # noqa: ARG002  (others know targets by what they showed)
        """Return when the program that the target's way leads to may be started.

        Raises:
            TargetError: `consent_required`: it may not.
        """
        raise TargetError(
            "consent_required",
            f"starting a program needs consent: {neutralise_command(command.shown, _COMMAND_SHOWN)}",
            "If you trust that command, repeat with --allow-launch.",
        )


class Allowed(Consent):
    """The consent of somebody who named the targets and allowed all of them to be started."""

    async def ask(self, target: Target, command: Command) -> None:
        """Return."""


NOT_ASKED: Final = Consent()


def _silent(_: str) -> None: ...


async def read_target(
    target: Target, options: ReadOptions, *, consent: Consent = NOT_ASKED, say: Say = _silent
) -> Manifest:
    """Read one target within its deadline.

    Raises:
        TargetError: it could not be read; the code and the sentence say why.
    """
    import anyio
    import anyio.to_thread

    way = await anyio.to_thread.run_sync(consent.way, target)
    if way.target.command:
        await _consented(target, way.target.command, consent)
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


async def _consented(target: Target, command: Command, consent: Consent) -> None:
    """Ask. A person may think for as long as they like: the deadline starts afterwards."""
    try:
        await consent.ask(target, command)
    except TargetError:
        trail.note("refused", command=command.shown)
        raise
    trail.note("consented", command=command.shown)
