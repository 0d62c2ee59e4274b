"""How many scans run at once, and for how long: so that no caller, and no target, takes the server from the others.

A turn ends when its work has ended, not when somebody stops waiting for it: a thread that computes cannot be
interrupted, and one that nobody waits for must still count, or impatient callers could start any number of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from threading import Lock
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread

from mcp_threat_scoring.errors import TargetError, ThreatModelError

P = ParamSpec("P")
T = TypeVar("T")

RUNNING = 8
"""Scans at once. Most of a scan is waiting for its target; what is computed shares one processor anyway."""
WAITING = 24
"""Calls that may wait for their turn. An assistant asks for a handful of servers together."""
PATIENCE_S = 20.0
"""How long one waits. Below the 60 s after which clients give up."""
THINKING_S = 25.0
"""What a call may take beyond the time of its target: reading may take 30 s, the analysis of an honest server takes
milliseconds, and clients give up after 60."""


class BusyError(ThreatModelError):
    """All turns are taken; nothing was started."""


class Turns:
    """Hands out turns, first come first served."""

    def __init__(self, running: int = RUNNING, waiting: int = WAITING, patience_s: float = PATIENCE_S) -> None:
        self._running, self._waiting, self._patience_s = running, waiting, patience_s
        self._limiter = anyio.CapacityLimiter(running)
        self._scopes: set[anyio.CancelScope] = set()
        self._over = False

    @property
    def taken(self) -> int:
        """Turns whose work goes on."""
        return self._limiter.borrowed_tokens

    @asynccontextmanager
    async def turn(self, seconds: float) -> AsyncIterator[Turn]:
        """Wait for a turn, and take it for `seconds` at most.

        Raises:
            BusyError: too many are waiting, or it took too long.
            TargetError: `timeout`: the time is over.
        """
        turn = Turn(self._limiter)
        if self._limiter.statistics().tasks_waiting >= self._waiting:
            raise self._busy()
        try:
            with anyio.fail_after(self._patience_s):
                await self._limiter.acquire_on_behalf_of(turn)
        except TimeoutError:
            raise self._busy() from None
        with turn, anyio.move_on_after(seconds) as scope:
            self._scopes.add(scope)
            try:
                yield turn
            finally:
                self._scopes.discard(scope)
        if scope.cancelled_caught and self._over:
            raise TargetError("timeout", "this server is ending, and nothing was finished", "Start it again.")
        if scope.cancelled_caught:
            raise TargetError(
                "timeout",
                f"the whole call took longer than {seconds:g} seconds",
                "The target may be very large; scan it in a terminal.",
            )

    def _busy(self) -> BusyError:
        return BusyError(
            f"busy: {self._running} scans are running and this one waited for its turn in vain; nothing was started. "
            "Try again in a moment, with fewer scans at the same time."
        )

    def cancel(self) -> None:
        """End everything that runs: the process is to end."""
        self._over = True
        for scope in list(self._scopes):
            scope.cancel()


class Turn:
    """One turn. It is given back when everything that was begun in it has ended."""

    def __init__(self, limiter: anyio.CapacityLimiter) -> None:
        self._limiter = limiter
        self._open = 1

    def __enter__(self) -> Turn:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def _leave(self) -> None:
        self._open -= 1
        if self._open == 0:
            self._limiter.release_on_behalf_of(self)

    async def think(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Compute in a thread. Whoever stops waiting goes on at once; the turn is kept until the thread has ended."""
        loop = asyncio.get_running_loop()
        first = Lock()  # whoever takes it decides: the thread that it begins, the caller that it never will
        self._open += 1

        def run() -> T:
            if not first.acquire(blocking=False):
                raise RuntimeError("nobody waits for this any more")
            try:
                return work(*args, **kwargs)
            finally:
                with suppress(RuntimeError):  # the loop has ended: nobody counts turns any more
                    loop.call_soon_threadsafe(self._leave)

        try:
            return await anyio.to_thread.run_sync(run, abandon_on_cancel=True)
        finally:
            if first.acquire(blocking=False):
                self._leave()
