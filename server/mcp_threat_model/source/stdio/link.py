"""JSON-RPC over the pipes of a started target: framing in linear time, every byte counted."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from collections.abc import Mapping
from typing import Any

import anyio

from mcp_threat_model.guard.limits import TOO_MUCH_HINT, Limits
from mcp_threat_model.guard.processes import CHUNK, SETTLE_S, Process
from mcp_threat_model.source.session.wire import Damaged, Incoming, PeerGoneError, Tap, encode, parse, probable_id
from mcp_threat_scoring.errors import ErrorCode


class StdioLink:
    """A :class:`~mcp_threat_model.source.session.wire.Link` to one process. Standard error is read beside it."""

    def __init__(self, process: Process, limits: Limits, tap: Tap) -> None:
        self._process = process
        self._limits = limits
        self._tap = tap
        self._ready: deque[Incoming] = deque()
        self._pieces: list[bytes] = []
        self._size = 0
        self._skipping = False
        self._ended: tuple[ErrorCode, str, str] | None = None
        self._waiting = anyio.CancelScope()
        self.stderr = bytearray()
        self.stderr_bytes = 0
        self.unread = False
        """Whether it had neither read our last words nor said any when :meth:`note_unread` was called."""
        self._heard = False

    async def send(self, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:  # noqa: ARG002
        """Write one line. A target that does not read blocks us only until the caller's deadline."""
        data = memoryview(encode(body) + b"\n")
        while data:
            try:
                data = data[os.write(self._process.stdin, data) :]
            except BlockingIOError:
                await anyio.wait_writable(self._process.stdin)
            except OSError:
                return  # it has closed its input: whatever it still says is read, and its end is noticed there

    def has_read_all(self) -> bool | None:
        """Whether our lines have left the pipe. A wrapper (`docker run`, `npx`) may have taken them for another."""
        try:
            import fcntl
            import termios

            waiting = fcntl.ioctl(self._process.stdin, termios.FIONREAD, b"\0\0\0\0")
        except (ImportError, OSError):
            return None
        return int.from_bytes(waiting, sys.byteorder) == 0

    def note_unread(self) -> None:
        """Remember whether the target has read our last words; to be called while our end of its input is open."""
        self.unread = self.has_read_all() is False and not self._heard

    async def receive(self) -> Incoming:
        """The next message on standard output.

        Raises:
            PeerGoneError: the target closed its output, or sent more than is read.
        """
        while not self._ready:
            if self._ended is not None:
                raise PeerGoneError(*self._ended)
            chunk = await self._read(self._process.stdout)
            if chunk:
                self._frame(chunk)
            else:
                self._ended = ("launch_failed", "the target closed its output", "")
                self._finish_line(b"")
        return self._ready.popleft()

    async def _read(self, descriptor: int) -> bytes:
        """Up to one chunk; empty at the end, which is also some time after the process has left."""
        while True:
            await anyio.lowlevel.checkpoint()  # a flood must not keep the clock from running
            with contextlib.suppress(BlockingIOError):
                return os.read(descriptor, CHUNK)
            if not self._process.exited.is_set():
                with anyio.CancelScope() as self._waiting:
                    await anyio.wait_readable(descriptor)
                continue
            with anyio.move_on_after(SETTLE_S) as settle:
                await anyio.wait_readable(descriptor)
            if settle.cancelled_caught:
                return b""

    async def wake_at_exit(self) -> None:
        """Stop waiting for output when the process has left: a child may hold the pipe open for ever. A task."""
        await self._process.exited.wait()
        self._waiting.cancel()

    def _frame(self, chunk: bytes) -> None:
        self._heard = True
        self._tap.bytes_in += len(chunk)
        if self._tap.bytes_in > self._limits.total_bytes:
            self._ended = ("too_large", f"the target sent more than {self._limits.total_bytes:,} bytes", TOO_MUCH_HINT)
            self._ready.clear()
            return
        *lines, rest = chunk.split(b"\n")
        for piece in lines:
            self._finish_line(piece)
        if rest:
            self._grow(rest)

    def _grow(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limits.message_bytes and not self._skipping:
            self._skipping = True
            self._pieces = self._pieces[:1]  # its head may tell which request it answers
        if not self._skipping:
            self._pieces.append(piece)

    def _finish_line(self, piece: bytes) -> None:
        if piece:
            self._grow(piece)
        line = b"".join(self._pieces)
        if self._skipping:
            reason = f"a line of more than {self._limits.message_bytes:,} bytes"
            self._ready.append(Damaged("too_large", reason, probable_id(line)))
        elif line.strip():
            self._ready.extend(parse(line, self._limits, self._tap))
        self._pieces, self._size, self._skipping = [], 0, False

    async def drain_stderr(self) -> None:
        """Keep reading standard error, or a talkative target would stand still. A task."""
        while self.read_stderr():
            await anyio.wait_readable(self._process.stderr)

    def read_stderr(self) -> bool:
        """Take one chunk of what stands in the pipe now; false at its end.

        Of a long one the end is kept: there a program says why it stopped.
        """
        try:
            chunk = os.read(self._process.stderr, CHUNK)
        except BlockingIOError:
            return True
        self.stderr_bytes += len(chunk)
        self.stderr += chunk
        if len(self.stderr) > 2 * self._limits.stderr_bytes:
            del self.stderr[: len(self.stderr) - self._limits.stderr_bytes]
        return bool(chunk)

    async def drain_stdout(self) -> None:
        """Read and forget, once nobody listens any more. A task."""
        with contextlib.suppress(OSError):
            while True:
                await anyio.wait_readable(self._process.stdout)
                if not os.read(self._process.stdout, CHUNK):
                    return
