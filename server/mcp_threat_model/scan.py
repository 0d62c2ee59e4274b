"""Targets become reports: pick the source, read within the deadline, analyse, and lose nothing on the way.

One target that cannot be read, or that makes us stumble, never takes the others with it; the results come in the
order of the targets, however they finish.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, assert_never

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
from mcp_threat_scoring.analyze import Knowledge, analyze, knowledge
from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import neutralise
from mcp_threat_scoring.report import ErrorOut, ProfileId, Report

SandboxMode = Literal["auto", "require", "off"]
Say = Callable[[str], None]
"""Receives one line of progress of one target."""
Consent = Callable[[StdioTarget], Awaitable[None]]
"""Returns when the program may be started; raises TargetError("consent_required") when it may not."""

DEFAULT_JOBS: Final = 4
_GRACE_S: Final = 5.0
"""How much later than the source's own deadline ours strikes: the source knows better what it was waiting for."""


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How targets may be read. The defaults start nothing and reach no private address."""

    profile: ProfileId = "graded"
    sandbox: SandboxMode = "auto"
    allow_network: bool = False
    allow_private_network: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = DEFAULT_LIMITS
    jobs: int = DEFAULT_JOBS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one target. A `fault` is ours: an error nobody foresaw."""

    result: Report | ErrorOut
    fault: Exception | None = None


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

    limits = options.limits
    if isinstance(target, StdioTarget):
        await consent(target)  # a person may think for as long as they like: the deadline starts afterwards
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
            raise TargetError(
                "unsupported",
                "servers of a client's configuration cannot be looked up yet",
                "Save the server's entry as a JSON file and scan that file.",
            )
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
    target: Target, options: ScanOptions, known: Knowledge, *, consent: Consent = refuse_launch, say: Say = _silent
) -> Outcome:
    """Read and analyse one target; whatever goes wrong becomes its result."""
    import anyio.to_thread

    try:
        manifest = await read_target(target, options, consent=consent, say=say)
        say("analysing")
        # In a thread, so that a huge manifest does not stop the clocks of the other targets.
        report = await anyio.to_thread.run_sync(analyze, manifest, known, options.profile)
    except Exception as error:
        return failure(target.label, error)
    return Outcome(report)


def failure(label: str, error: Exception) -> Outcome:
    """The error as a result. Only a TargetError was foreseen; of any other nothing but its type is told."""
    # The caller's own address is shown as it was given, so that a script finds its target again.
    shown = neutralise(label, 400).replace("[:]//", "://")
    known = _target_error(error)
    if known:
        return Outcome(
            ErrorOut(target=shown, code=known.code, message=_sentence(known.message), hint=_sentence(known.hint))
        )
    message = f"internal error ({type(_first_leaf(error)).__name__}): this target could not be analysed."
    hint = "Please report it, with the target's tools/list if you can share it."
    return Outcome(ErrorOut(target=shown, code="unsupported", message=message, hint=hint), fault=error)


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _target_error(error: BaseException) -> TargetError | None:
    """The TargetError itself, or the first one inside a task group's exception group."""
    if isinstance(error, TargetError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next((found for member in error.exceptions if (found := _target_error(member))), None)
    return None


def _first_leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def scan_saved(targets: Sequence[FileTarget | StdinTarget], options: ScanOptions) -> list[Outcome]:
    """Scan saved descriptions one after the other, without an event loop: starting one takes longer than reading them.

    Raises:
        UsageError: standard input is named twice.
        RuleError: a rule file is damaged, so that nothing can be analysed.
    """
    from mcp_threat_model.source.snapshot import SnapshotSource

    _check_stdin(targets)
    known = knowledge()

    def one(target: FileTarget | StdinTarget) -> Outcome:
        path = target.path if isinstance(target, FileTarget) else None
        try:
            return Outcome(analyze(SnapshotSource(path, options.limits).load(), known, options.profile))
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
    known = knowledge()
    outcomes: list[Outcome | None] = [None] * len(targets)
    slots = anyio.CapacityLimiter(options.jobs)

    async def work(index: int, target: Target) -> None:
        def say(line: str) -> None:
            if progress:
                progress(target, line)

        async with slots:
            outcomes[index] = await scan_target(target, options, known, consent=consent, say=say)

    async with anyio.create_task_group() as group:
        for index, target in enumerate(targets):
            group.start_soon(work, index, target)
    return [outcome for outcome in outcomes if outcome is not None]
