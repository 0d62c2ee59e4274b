"""Targets become reports: pick the source, read within the deadline, analyse, and lose nothing on the way.

One target that cannot be read, or that makes us stumble, never takes the others with it; the results come in the
order of the targets, however they finish.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, assert_never

from mcp_threat_model.audit import AuditLog, audited
from mcp_threat_model.guard import trail
from mcp_threat_model.guard.limits import DEFAULT_LIMITS, Limits
from mcp_threat_model.outcome import Outcome, failure
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
from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import neutralise
from mcp_threat_scoring.report_score import ProfileId
from mcp_threat_scoring.structs import Struct, field, replace

if TYPE_CHECKING:
    from mcp_threat_scoring.analyze import Knowledge

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
        f"starting a program needs consent: {neutralise(target.label.removeprefix('stdio:'), 400)}",
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
                "Scan the server's command with 'stdio:…' and --allow-launch.",
            )
        case _:
            assert_never(target)


async def scan_target(
    target: Target, options: ScanOptions, rules: Rules, *, consent: Consent = refuse_launch, say: Say = _silent
) -> Outcome:
    """Read and analyse one target; whatever goes wrong becomes its result."""
    import anyio.to_thread

    try:
        with audited(options.audit, target.label, via="cli") as call:
            manifest = await read_target(target, options, consent=consent, say=say)
            known = await rules.known()
            from mcp_threat_scoring.analyze import analyze

            say("analysing")
            # In a thread, so that a huge manifest does not stop the clocks of the other targets.
            report = await anyio.to_thread.run_sync(analyze, manifest, known, options.profile)
            if call:
                call.end(report)
    except Exception as error:
        return failure(target.label, error)
    return Outcome(report, manifest=manifest)


class Rules:
    """The rules, loaded beside the reading: a started program needs longer to answer than they need to load."""

    def __init__(self, extra: tuple[Path, ...] = ()) -> None:
        import anyio

        self._extra = extra
        self._ready = anyio.Event()
        self._known: Knowledge | None = None
        self.error: Exception | None = None

    async def load(self) -> None:
        """Load them in a thread. An error is kept for whoever asks."""
        import anyio.to_thread

        try:
            self._known = await anyio.to_thread.run_sync(_learn, self._extra)
        except Exception as error:
            self.error = error
        self._ready.set()

    async def known(self) -> Knowledge:
        """The rules, as soon as they are loaded.

        Raises:
            RuleError: a rule file is damaged.
        """
        await self._ready.wait()
        if self._known is None:
            raise self.error or RuntimeError("the rules were not loaded")
        return self._known


_USUAL: Final = {
    "name": "list_orders",
    "description": "List the orders of a shop. Returns the newest first.",
    "inputSchema": {
        "type": "object",
        "properties": {"status": {"type": "string", "description": "Which ones.", "enum": ["open", "paid"]}},
    },
}
"""A tool with everything that most tools have: reading it compiles the patterns that will be needed."""


def _learn(extra: tuple[Path, ...]) -> Knowledge:
    """Load the rules and make them ready while the target is still starting."""
    from mcp_threat_scoring.analyze import analyze, knowledge

    known = knowledge(extra=extra)
    analyze(build_manifest(target_kind="none", target_value="", coverage={}, tools=[_USUAL]), known)
    return known


def scan_saved(targets: Sequence[FileTarget | StdinTarget], options: ScanOptions) -> list[Outcome]:
    """Scan saved descriptions one after the other, without an event loop: starting one takes longer than reading them.

    Raises:
        UsageError: standard input is named twice.
        RuleError: a rule file is damaged, so that nothing can be analysed.
    """
    from mcp_threat_model.source.snapshot import SnapshotSource
    from mcp_threat_scoring.analyze import analyze, knowledge

    _check_stdin(targets)
    known = knowledge(extra=options.rules)
    gc.freeze()  # what was loaded stays: no use in looking through it again and again

    def one(target: FileTarget | StdinTarget) -> Outcome:
        path = target.path if isinstance(target, FileTarget) else None
        try:
            with audited(options.audit, target.label, via="cli") as call:
                manifest = SnapshotSource(path, options.limits).load()
                report = analyze(manifest, known, options.profile)
                if call:
                    call.end(report)
            return Outcome(report, manifest=manifest)
        except Exception as error:
            return failure(target.label, error)

    return [one(target) for target in targets]


def _check_stdin(targets: Sequence[Target]) -> None:
    if sum(isinstance(target, StdinTarget) for target in targets) > 1:
        raise UsageError("'-' can be named once: standard input can only be read once")


async def scan(
    targets: Sequence[Target],
    options: ScanOptions,
    *,
    consent: Consent = refuse_launch,
    progress: Callable[[Target, str], None] | None = None,
) -> list[Outcome]:
    """Scan all targets, at most `options.jobs` at a time; the outcomes come in the order of the targets.

    Raises:
        UsageError: standard input is named twice.
        RuleError: a rule file is damaged, so that nothing can be analysed.
    """
    import anyio

    _check_stdin(targets)
    rules = Rules(options.rules)
    outcomes: list[Outcome | None] = [None] * len(targets)
    slots = anyio.CapacityLimiter(options.jobs)

    async def work(index: int, target: Target) -> None:
        def say(line: str) -> None:
            if progress:
                progress(target, line)

        async with slots:
            outcomes[index] = await scan_target(target, options, rules, consent=consent, say=say)

    async with anyio.create_task_group() as group:
        group.start_soon(rules.load)
        for index, target in enumerate(targets):
            group.start_soon(work, index, target)
    if rules.error:
        raise rules.error
    return [outcome for outcome in outcomes if outcome is not None]
