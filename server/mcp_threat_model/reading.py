"""One target is read: the way in that fits it, with consent where a program is started, within the deadline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, Literal, assert_never

from mcp_threat_model.audit import AuditLog
from mcp_threat_model.guard import trail
from mcp_threat_model.guard.limits import DEFAULT_LIMITS, Limits
from mcp_threat_model.source.interface import Source
from mcp_threat_model.target import (
    ConfigTarget,
    FileTarget,
    HttpTarget,
    PackageTarget,
    RegistryTarget,
    StdinTarget,
    StdioTarget,
    Target,
)
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import neutralise_command
from mcp_threat_scoring.report_score import ProfileId
from mcp_threat_scoring.structs import Struct, field, replace

SandboxMode = Literal["auto", "require", "off"]
Say = Callable[[str], None]
"""Receives one line of progress of one target."""
Consent = Callable[[StdioTarget], Awaitable[None]]
"""Returns when the program may be started; raises TargetError("consent_required") when it may not."""

DEFAULT_JOBS: Final = 4
_GRACE_S: Final = 5.0
"""How much later than the source's own deadline ours strikes: the source knows better what it was waiting for."""


class ScanOptions(Struct, frozen=True):
    """How targets may be read. The defaults start nothing and reach no private address."""

    profile: ProfileId = "graded"
    rules: tuple[Path, ...] = ()
    """Folders of further signal rules."""
    audit: AuditLog | None = None
    sandbox: SandboxMode = "auto"
    allow_network: bool = False
    allow_private_network: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = DEFAULT_LIMITS
    jobs: int = DEFAULT_JOBS


async def refuse_launch(target: StdioTarget) -> None:
    """The consent of somebody who was not asked."""
    raise TargetError(
        "consent_required",
        f"starting a program needs consent: {neutralise_command(target.label.removeprefix('stdio:'), 400)}",
        "If you trust that command, repeat with --allow-launch.",
    )


def _silent(_: str) -> None: ...


async def read_target(
    target: Target, options: ScanOptions, *, consent: Consent = refuse_launch, say: Say = _silent
) -> Manifest:
    """Read one target within its deadline.

    Raises:
        TargetError: it could not be read; the code and the sentence say why.
    """
    import anyio

    if isinstance(target, ConfigTarget):
        return await _read_configured(target, options, consent, say)
    limits = options.limits
    if isinstance(target, StdioTarget):
        await _consented(target, consent)
    source = _source(target, options, say)
    try:
        with anyio.fail_after(limits.total_s + _GRACE_S):
            return await source.read()
    except TimeoutError:
        raise TargetError(
            "timeout",
            f"it was not read within {limits.total_s:g} seconds",
            "Raise --timeout if it is known to be slow.",
        ) from None


async def _consented(target: StdioTarget, consent: Consent) -> None:
    """Ask. A person may think for as long as they like: the deadline starts afterwards."""
    command = target.label.removeprefix("stdio:")
    try:
        await consent(target)
    except TargetError:
        trail.note("refused", command=command)
        raise
    trail.note("consented", command=command)


async def _read_configured(target: ConfigTarget, options: ScanOptions, consent: Consent, say: Say) -> Manifest:
    """Read a configured server the way its client would: with its variables and headers, and those given here."""
    import anyio.to_thread

    from mcp_threat_model.source.configured import resolve

    found = await anyio.to_thread.run_sync(resolve, target)
    given = replace(options, env={**found.env, **options.env}, headers={**found.headers, **options.headers})
    return found.marked(await read_target(found.target, given, consent=consent, say=say))


def _source(target: Target, options: ScanOptions, say: Say) -> Source:
    """The way in. Live sources are imported when one is needed: they pull in the protocol libraries."""
    match target:
        case FileTarget(path):
            from mcp_threat_model.source.snapshot import SnapshotSource

            return SnapshotSource(path, options.limits)
        case StdinTarget():
            from mcp_threat_model.source.snapshot import SnapshotSource

            return SnapshotSource(None, options.limits)
        case HttpTarget(url):
            from mcp_threat_model.source.http import HttpSource

            return HttpSource(
                url,
                headers=options.headers,
                limits=options.limits,
                allow_private=options.allow_private_network,
                progress=say,
            )
        case StdioTarget(argv):
            from mcp_threat_model.source.stdio import StdioSource

            return StdioSource(
                argv,
                env=options.env,
                limits=options.limits,
                sandbox=options.sandbox,
                allow_network=options.allow_network,
                progress=say,
            )
        case ConfigTarget():
            raise AssertionError("resolved into a command or an address before")
        case RegistryTarget():
            raise TargetError(
                "unsupported",
                "a registry cannot be asked yet",
                "Save the server's server.json and scan that file.",
            )
        case PackageTarget(registry):
            raise TargetError(
                "unsupported",
                f"{registry} packages cannot be read yet without running them",
                "Save the server's server.json or manifest.json, or its tools/list result, and scan that file.",
            )
        case _:
            assert_never(target)
