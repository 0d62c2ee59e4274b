"""Start one target under its supervisor, talk to it through pipes, and see that nothing of it stays.

Everything a target may do to a process that started it is met by :mod:`supervisor`, which lives beside it; here are the
pipes, and the order in which things end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio

from mcp_threat_model.guard import adoption, supervisor, trail
from mcp_threat_model.guard.adoption import NURSERY
from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.guard.reported import Outcome
from mcp_threat_model.guard.sandbox import Sandbox

CHUNK = 65536
LOOK_S = 0.25
"""Between two looks at whether a supervisor is awake, where it may have been put to sleep."""
SETTLE_S = 0.25
"""How long pipes are still drained after the target has left: a child of it may hold them open for ever."""


class Process:
    """A started target: three pipes and an outcome. Use as ``async with``; leaving ends every process of it."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], scratch: Path, limits: Limits, *, box: Sandbox
    ) -> None:
        self._command = list(command)
        self._env = dict(env)
        self._scratch = scratch
        self._limits = limits
        self._box = box
        self._free = box.kind == "none" and adoption.SUPPORTED
        """Whether the target can send signals to its supervisor."""
        self._ended_by_us = False
        self._proc: subprocess.Popen[bytes] | None = None
        self._control = self._status = -1
        self._status_rest = b""
        self.stdin = self.stdout = self.stderr = -1
        self.outcome = Outcome()
        self.exited = anyio.Event()
        """The target itself has left or was ended."""
        self.gone = anyio.Event()
        """Its supervisor has ended too, and so has everything below it."""

    def start(self) -> None:
        """Start it. Only the supervisor is started here; whether the target could be is in the outcome.

        Raises:
            OSError: it could not be; nothing of the attempt stays.
        """
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            if self._free:
                NURSERY.enter()
                ours.callback(NURSERY.leave)
            in_read, stdin = _pipe(theirs, ours)
            stdout, out_write = _pipe(ours, theirs)
            stderr, err_write = _pipe(ours, theirs)
            control_read, control = _pipe(theirs, ours)
            status, status_write = _pipe(ours, theirs)
            for descriptor in (stdin, stdout, stderr, status):
                os.set_blocking(descriptor, False)
            with NURSERY.starting() as known:
                self._proc = subprocess.Popen(
                    [sys.executable, "-I", "-S", supervisor.__file__, *self._settings(control_read, status_write),
                     "--", *self._command],
                    stdin=in_read, stdout=out_write, stderr=err_write, pass_fds=(control_read, status_write),
                    env=self._env, cwd=self._scratch / "cwd", start_new_session=True,
                )  # fmt: skip
                known.add(self._proc.pid)
            trail.note(
                "started",
                pid=self._proc.pid,
                sandbox=self._box.kind,
                network=self._box.network or self._box.kind == "none",
                env=sorted(self._env),
            )
            self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
            self._control, self._status = control, status
            ours.pop_all()  # it has started: they stay until :meth:`close`

    def _settings(self, control: int, status: int) -> list[str]:
        limits = self._limits
        values: dict[str, object] = {
            "control": control, "status": status, "home": self._scratch, "disk": limits.disk_bytes,
            "deadline": limits.total_s + 2 * limits.grace_s,
            "processes": limits.processes,
            "memory": limits.memory_bytes, "data": limits.data_bytes, "cpu": limits.cpu_s,
            "fsize": limits.file_size_bytes, "files": limits.open_files, "core": 0,
            "nproc": threads_now() + 16 * limits.processes,
            "wrapped": int(self._box.kind != "none"),
            "netwatch": int(self._box.kind != "none" and not self._box.network),
        }  # fmt: skip
        return [f"{key}={value}" for key, value in values.items()]

    async def watch(self) -> None:
        """Read what the supervisor reports until it is done. One task at a time."""
        while not self.gone.is_set():
            with anyio.move_on_after(LOOK_S if self._free else None) as look:
                await anyio.wait_readable(self._status)
            if look.cancelled_caught:
                await self._look_after()
                continue
            with contextlib.suppress(BlockingIOError):
                if not self._read_status():
                    self.exited.set()
                    self.gone.set()

    async def _look_after(self) -> None:
        """A supervisor that was stopped keeps no bound any more: end the target in its place, then that one."""
        if self._proc is not None and self._proc.poll() is None and adoption.is_stopped(self._proc.pid):
            self.outcome.attack = "stopped"
            await anyio.to_thread.run_sync(self._take_over, self._proc)

    def _take_over(self, supervising: subprocess.Popen[bytes]) -> None:
        self._count(adoption.end_below(supervising.pid, self.outcome.pid))
        self._ended_by_us = True
        supervising.kill()

    def _count(self, ended: adoption.Ended) -> None:
        self.outcome.left_count += ended.count
        self.outcome.left += ended.names

    def _read_status(self) -> bool:
        data = os.read(self._status, CHUNK)
        *lines, self._status_rest = (self._status_rest + data).split(b"\n")
        for line in lines:
            with contextlib.suppress(ValueError):  # without a sandbox a target may write here as well
                self.outcome.heed(line.decode("ascii", errors="replace").split(" "))
        if self.outcome.over:
            self.exited.set()
        return bool(data)

    def close_input(self) -> None:
        """Tell the target, in the way of stdio servers, that nothing more will come."""
        if self.stdin >= 0:
            os.close(self.stdin)
            self.stdin = -1

    def _order(self, word: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(self._control, word)

    async def end(self, patience: float, *beside: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """End everything: by closing its input, then asking (SIGTERM), then killing the whole tree.

        With `patience` 0 the tree is killed at once. Needs a shield where the caller may be cancelled; takes `patience`
        and a half, and the killing, in which a hostile tree may fight back for seconds. The tasks `beside` run
        meanwhile: a target that cannot write its last words does not leave.
        """
        self.close_input()
        async with anyio.create_task_group() as group:
            for task in (self.watch, *beside):
                group.start_soon(task)
            for word, seconds in ((b"t", patience), (b"k", patience / 2)):
                with anyio.move_on_after(seconds):
                    await self.exited.wait()
                if self.exited.is_set():
                    break
                self._order(word)
            self._order(b"k")  # a target that has left may have left children
            with anyio.move_on_after(supervisor.KILL_S + 1):
                await self.gone.wait()
            group.cancel_scope.cancel()
        await self._bury()

    async def _bury(self) -> None:
        """See the supervisor out; do what it has not done, if it could not."""
        if self._proc is None:
            return
        if not self.outcome.done:
            if self._free and self._proc.poll() is None:
                self.outcome.attack = "stopped" if adoption.is_stopped(self._proc.pid) else self.outcome.attack
                await anyio.to_thread.run_sync(self._take_over, self._proc)
            self._proc.kill()
            await anyio.to_thread.run_sync(sweep, str(self._scratch))
        for _ in range(200):
            if self._proc.poll() is not None:
                break
            await anyio.sleep(0.005)
        if self._free and self._proc.returncode:
            if self._proc.returncode < 0 and not self._ended_by_us:
                self.outcome.attack = "killed"
            self._count(await anyio.to_thread.run_sync(adoption.end_orphans))

    def close(self) -> None:
        """Close our ends of all pipes."""
        if self._free:
            NURSERY.leave()
        if self._proc is not None and self._proc.returncode is not None:
            NURSERY.forget(self._proc.pid)
        self.close_input()
        for descriptor in (self.stdout, self.stderr, self._status, self._control):
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _pipe(reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe whose ends are closed with whoever holds them."""
    read, write = os.pipe()
    reader.callback(os.close, read)
    writer.callback(os.close, write)
    return read, write


def threads_now() -> int:
    """Threads on this machine, which RLIMIT_NPROC counts beside the target's: the kernel's fourth word in loadavg."""
    try:
        return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
    except (OSError, IndexError, ValueError):
        return 8192


def sweep(marker: str) -> int:
    """Kill every process whose command line or environment names our scratch directory; the last resort on Linux."""
    killed, needle = 0, marker.encode()
    for entry in Path("/proc").glob("[0-9]*") if sys.platform.startswith("linux") else ():
        with contextlib.suppress(OSError):
            if needle in (entry / "cmdline").read_bytes() or needle in (entry / "environ").read_bytes():
                os.kill(int(entry.name), signal.SIGKILL)
                killed += 1
    return killed
