"""Progress lines of a scan, passed on to the client that asked, without ever slowing the scan down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
from mcp.server.mcpserver import Context

BACKLOG = 64
"""Lines that may wait for a slow client; later ones are dropped, progress is a courtesy."""


@asynccontextmanager
async def relayed(context: Context) -> AsyncIterator[Callable[[str], None]]:
    """Yield a function that takes one line of progress and returns at once."""
    send, receive = anyio.create_memory_object_stream[str](BACKLOG)

    def say(line: str) -> None:
        try:
            send.send_nowait(line)
        except (anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
            return

    async def pass_on() -> None:
        step = 0
        async with receive:
            async for line in receive:
                step += 1
                await context.report_progress(step, None, line)

    async with anyio.create_task_group() as group:
        group.start_soon(pass_on)
        try:
            yield say
        finally:
            send.close()
