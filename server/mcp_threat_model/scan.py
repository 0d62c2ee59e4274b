"""Targets become reports: read side by side or one after the other, analysed, and nothing is lost on the way.

One target that cannot be read, or that makes us stumble, never takes the others with it; the results come in the
order of the targets, however they finish.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcp_threat_model.audit import audited
from mcp_threat_model.outcome import Outcome, failure
from mcp_threat_model.reading import NOT_ASKED, Consent, ScanOptions, read_target
from mcp_threat_model.source.interface import Saved, Say, Target
from mcp_threat_scoring.errors import LockedError, TargetError, UsageError
from mcp_threat_scoring.intake import build_manifest

if TYPE_CHECKING:
    from mcp_threat_scoring.analyze import Knowledge


async def scan_target(target: Target, options: ScanOptions, rules: Rules, *, consent: Consent, say: Say) -> Outcome:
    """Read and analyse one target; whatever goes wrong becomes its result."""
    import anyio.to_thread

    try:
        with audited(options.audit, target.label, via="cli") as call:
            try:
                manifest = await read_target(target, options, consent=consent, say=say)
            except LockedError as locked:
                raise await _told(locked, await rules.known()) from None
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


async def _told(locked: LockedError, known: Knowledge) -> TargetError:
    """The error with what is wrong with the way to log in."""
    import anyio.to_thread

    from mcp_threat_scoring.locked import told

    return await anyio.to_thread.run_sync(told, locked, known.ruleset)


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
    analyze(build_manifest(target_kind="manifest", target_value="", coverage={}, tools=[_USUAL]), known)
    return known


def scan_saved(targets: Sequence[Saved], options: ScanOptions) -> list[Outcome]:
    """Scan saved descriptions one after the other, without an event loop: starting one takes longer than reading them.

    Raises:
        UsageError: standard input is named twice.
        RuleError: a rule file is damaged, so that nothing can be analysed.
    """
    from mcp_threat_scoring.analyze import analyze, knowledge

    _check_stdin(targets)
    known = knowledge(extra=options.rules)
    gc.freeze()  # what was loaded stays: no use in looking through it again and again

    def one(target: Saved) -> Outcome:
        try:
            with audited(options.audit, target.label, via="cli") as call:
                manifest = target.load(options)
                report = analyze(manifest, known, options.profile)
                if call:
                    call.end(report)
            return Outcome(report, manifest=manifest)
        except Exception as error:
            return failure(target.label, error)

    outcomes = [one(target) for target in targets]
    known.ruleset.keep()  # the next scan starts with what was compiled for this one
    return outcomes


def _check_stdin(targets: Sequence[Target]) -> None:
    if sum(target.takes_stdin for target in targets) > 1:
        raise UsageError("'-' can be named once: standard input can only be read once")


async def scan(
    targets: Sequence[Target],
    options: ScanOptions,
    *,
    consent: Consent = NOT_ASKED,
    progress: Callable[[Target, str], None] | None = None,
) -> list[Outcome]:
    """Scan all targets, at most `options.jobs` at a time; the outcomes come in the order of the targets.

    Raises:
        UsageError: standard input is named twice.
        RuleError: a rule file is damaged, so that nothing can be analysed.
    """
    import anyio
    import anyio.to_thread

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
    await anyio.to_thread.run_sync((await rules.known()).ruleset.keep)
    return [outcome for outcome in outcomes if outcome is not None]
