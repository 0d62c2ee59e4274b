"""The MCP server over standard input and output: what becomes of lines that cannot be read, and how it ends.

A client closes our input and waits, then sends SIGTERM (MCP 2025-11-25, "Lifecycle", shutdown). At either, scans that
run are cancelled and what they started is ended; then the process ends, even though its reader still waits for a line,
in a thread that nothing can interrupt.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING

import anyio
from mcp.server import MCPServer
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage

from mcp_threat_model.serving.turns import Turns
from mcp_threat_model.serving.unread import refusal

if TYPE_CHECKING:
    from mcp.shared._stream_protocols import ReadStream, WriteStream

ENDING_S = 5.0
"""How long the scans that were cancelled may take to end what they started."""
_POLL_S = 0.02


async def serve_stdio(server: MCPServer, turns: Turns) -> None:
    """Serve until the client closes our input, or a signal asks us to end."""
    loop = asyncio.get_running_loop()
    endings: set[asyncio.Task[None]] = set()

    async def end(number: signal.Signals) -> None:
        turns.cancel()
        with anyio.move_on_after(ENDING_S):
            while turns.taken:  # noqa: ASYNC110  (counted, not announced; and only at the end)
                await anyio.sleep(_POLL_S)
        os._exit(128 + number)

    def asked(number: signal.Signals) -> None:
        if not endings:
            endings.add(loop.create_task(end(number)))

    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
            loop.add_signal_handler(number, asked, number)
    inner = server._lowlevel_server
    async with stdio_server() as (read, write):
        await inner.run(Answering(read, write), write, inner.create_initialization_options())


class Answering:
    """What the client sends. A request that cannot be read is answered here, and not passed on."""

    def __init__(self, read: ReadStream[SessionMessage | Exception], write: WriteStream[SessionMessage]) -> None:
        self._read, self._write = read, write

    @property
    def last_context(self) -> Context | None:
        """The context that the last message came with."""
        found: Context | None = getattr(self._read, "last_context", None)
        return found

    async def receive(self) -> SessionMessage | Exception:
        """The next message that can be read, or an error that nobody can be told of."""
        while True:
            item = await self._read.receive()
            told = refusal(item) if isinstance(item, Exception) else None
            if told is None:
                return item
            await self._write.send(SessionMessage(told))

    async def aclose(self) -> None:
        """End the reading."""
        await self._read.aclose()

    def __aiter__(self) -> Answering:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Answering:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
