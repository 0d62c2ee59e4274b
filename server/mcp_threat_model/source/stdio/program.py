"""Start a program, speak MCP with it over its pipes, and end it: the way in for ``stdio:COMMAND ARG …``.

Consent has been given before (:mod:`mcp_threat_model.guard.consent`). What the target did beside answering becomes
events: ``attacked_supervisor``, ``left_children``, ``left_files`` (in its throw-away home), ``asked_host`` and
``tried_address`` (in a sandbox without a network), ``stderr_flood``, ``secret_echoed``, ``died_of_probe``, and those of
:mod:`session` and :mod:`wire`.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import anyio

from mcp_threat_model.guard.command_line import guessed_values, redact_argv, secret_values, told_secrets
from mcp_threat_model.guard.launch import LaunchRequest, environment, plan_launch
from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.guard.mask import Mask
from mcp_threat_model.guard.processes import Process
from mcp_threat_model.guard.sandbox import SandboxMode
from mcp_threat_model.guard.scratch import left_files, make_scratch, remove_scratch
from mcp_threat_model.source.session.session import SessionParts, read_link
from mcp_threat_model.source.session.wire import PeerGoneError, Tap, quoted
from mcp_threat_model.source.stdio.failure import Circumstances, explain, starting, without_escapes
from mcp_threat_model.source.stdio.link import StdioLink
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import (
    OBSERVED,
    AuthFacts,
    Coverage,
    LaunchFacts,
    Manifest,
    PartName,
    TransportFacts,
    not_observed,
    partial,
)
from mcp_threat_scoring.neutralise import neutralise_command
from mcp_threat_scoring.structs import replace

TOLD = 20
"""Files and hosts that are named; the others are counted."""


class StdioSource:
    """One program to start and read. `env` is all it is given beside the minimum; its values stay in this object."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        limits: Limits,
        sandbox: SandboxMode,
        allow_network: bool,
        progress: Callable[[str], None] | None = None,
        folder: str = "",
    ) -> None:
        self._argv = tuple(argv)
        self._env = dict(env)
        self._limits = limits
        self._sandbox: SandboxMode = sandbox
        self._allow_network = allow_network
        self._folder = folder
        self._progress = progress or (lambda _: None)
        self._mask = Mask(secret_values(self._argv, self._env), guessed=guessed_values(self._argv, self._env))
        self._launch: LaunchRequest | None = None
        self._hears = False

    async def launch(self) -> LaunchRequest:
        """Exactly what :meth:`read` will start; what consent is asked for.

        Raises:
            TargetError: `launch_failed`: it cannot be started here.
        """
        if self._launch is None:
            with starting():
                self._launch = await anyio.to_thread.run_sync(
                    plan_launch, self._argv, self._env, self._sandbox, self._allow_network, self._folder
                )
        return self._launch

    async def read(self) -> Manifest:
        """Start it, read it, end it.

        Raises:
            TargetError: one of `launch_failed`, `timeout`, `not_mcp`, `malformed`, `too_large`, `needs_network` and
                `unsupported`.
        """
        launch = await self.launch()
        try:
            return await self._read(launch)
        except TargetError as error:
            self._mask.error(error)
            raise

    async def _read(self, launch: LaunchRequest) -> Manifest:
        tap = Tap(self._limits.event_kinds, mask=self._mask)
        deadline = time.monotonic() + self._limits.total_s
        try:
            parts = await self._run(launch, self._limits, tap, probe=True)
        except PeerGoneError as gone:
            left = deadline - time.monotonic()
            if not gone.in_probe or left <= 0:
                raise
            tap.note(
                "died_of_probe",
                "the target ended in a handshake that began with server/discover, and was started once more",
            )
            parts = await self._run(launch, replace(self._limits, total_s=left), tap, probe=False)
        return self._manifest(launch, parts, tap)

    async def _run(self, launch: LaunchRequest, limits: Limits, tap: Tap, probe: bool) -> SessionParts:
        """One start: whatever happens in between, afterwards no process and no file of it is left."""
        boxed = launch.sandbox.kind != "none"
        with starting():
            scratch = make_scratch()
        try:
            process = Process(
                launch.sandbox.wrap(launch.command, scratch),
                environment(self._env, scratch, launch.sandbox),
                scratch,
                limits,
                box=launch.sandbox,
            )
            link = StdioLink(process, limits, tap)
            self._progress(f"starting “{neutralise_command(shlex.join(redact_argv(launch.asked)))}”")
            got = await _converse(process, link, limits, tap, probe)
            self._note_traces(launch, process, link, scratch, tap)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(remove_scratch, scratch)
        denied = boxed and not launch.sandbox.network
        if isinstance(got, SessionParts) and denied and (process.outcome.asked or process.outcome.tried):
            got = _kept_from(got)
        if isinstance(got, TargetError):
            stderr = self._mask.text(without_escapes(link.stderr.decode(errors="replace")))
            emptied = bool(launch.sandbox.empty)
            seen = Circumstances(process.outcome, stderr, boxed, denied, emptied, link.unread, tap, limits)
            raise explain(got, seen)
        return got

    def _note_traces(self, launch: LaunchRequest, process: Process, link: StdioLink, scratch: Path, tap: Tap) -> None:
        outcome = process.outcome
        self._hears = outcome.hears
        if outcome.attack:
            tap.note("attacked_supervisor", f"the process that watches it was {outcome.attack}")
        if outcome.left_count:
            left = ", ".join(quoted(self._mask.text(name)) for name in outcome.left[:5])
            tap.note("left_children", f"still running after it had left: {left}", outcome.left_count)
        mounts = frozenset(scratch / "tmp" / path.relative_to("/tmp")  # noqa: S108
                           for path in launch.sandbox.readable if path.is_relative_to("/tmp"))  # noqa: S108  # fmt: skip
        names, count = left_files(scratch, mounts, self._limits.left_files)
        if count:
            for name in names[:TOLD]:
                tap.note("left_files", quoted(self._mask.text(name)))
            if count > len(names[:TOLD]):
                tap.note("left_files", "and others", count - len(names[:TOLD]))
        for place in outcome.asked[:TOLD]:
            tap.note("asked_host", quoted(self._mask.text(place)))
        for place in outcome.tried[:TOLD]:
            tap.note("tried_address", quoted(self._mask.text(place)))
        if link.stderr_bytes > 10 * self._limits.stderr_bytes:
            tap.note("stderr_flood", "most of its standard error was dropped")

    def _manifest(self, launch: LaunchRequest, parts: SessionParts, tap: Tap) -> Manifest:
        box = launch.sandbox
        coverage: dict[PartName, Coverage] = dict(parts.coverage)
        coverage["transport"] = OBSERVED
        coverage["launch"] = OBSERVED if box.kind != "none" else partial(f"started without a sandbox: {box.reason}")
        coverage["auth"] = not_observed(
            "a stdio server takes its credentials from its environment, where they cannot be judged"
        )
        return build_manifest(
            target_kind="stdio",
            target_value="stdio:" + shlex.join(redact_argv(launch.asked)),
            tools=parts.items.get("tools", ()),
            prompts=parts.items.get("prompts", ()),
            resources=parts.items.get("resources", ()),
            resource_templates=parts.items.get("resource_templates", ()),
            coverage=coverage,
            server=parts.server,
            transport=TransportFacts(kind="stdio", facts={"secrets_given": self._mask.listens}),
            launch=LaunchFacts(
                argv=redact_argv(launch.asked),
                hidden=told_secrets(launch.asked),
                env_names=launch.env_names,
                sandbox=box.describe(),
                facts={"sandboxed": box.kind != "none", "network": box.network, "attempts_heard": self._hears},
            ),
            auth=AuthFacts(),
            events=tap.events(),
        )


def _kept_from(parts: SessionParts) -> SessionParts | TargetError:
    """What was read without a network by a target that looked for one: no list of tools is a failure then, not an
    answer."""
    seen = parts.coverage.get("tools")
    if parts.items.get("tools") or seen is None or seen.status != "not_observed":
        return parts
    return TargetError("not_mcp", seen.reason)


async def _converse(
    process: Process, link: StdioLink, limits: Limits, tap: Tap, probe: bool
) -> SessionParts | TargetError:
    """Talk to the target, and end it however that goes. Errors come back as values: task groups wrap raised ones."""
    got: SessionParts | TargetError | None = None
    with starting():
        process.start()
    try:
        async with anyio.create_task_group() as group:
            for task in (process.watch, link.drain_stderr, link.wake_at_exit):
                group.start_soon(task)
            try:
                got = await read_link(link, limits, tap=tap, probe=probe)
            except TargetError as error:
                got = error.with_traceback(None)  # its frames would keep everything that was read alive in a circle
            group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            link.note_unread()
            await process.end(_patience(got, limits), link.drain_stderr, link.drain_stdout)
            link.read_stderr()
        process.close()
    return got if got is not None else TargetError("timeout", "the reading was cancelled", "Scan it again.")


def _patience(got: SessionParts | TargetError | None, limits: Limits) -> float:
    """A target that answered may leave in its own time; one that misbehaved, or that nobody waits for, may not."""
    if isinstance(got, SessionParts):
        return limits.grace_s
    return 0.0 if got is None or got.code in ("too_large", "timeout") else limits.grace_s / 4
