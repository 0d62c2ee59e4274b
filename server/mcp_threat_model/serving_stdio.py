"""The MCP server over standard input and output, and how it ends.

A client closes our input and waits, then sends SIGTERM (MCP 2025-11-25, "Lifecycle", shutdown). At either, scans that
run are cancelled and what they started is ended; then the process ends, even though its reader still waits for a line,
in a thread that nothing can interrupt.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

import anyio
from mcp.server import MCPServer

from mcp_threat_model.turns import Turns

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
    await server.run_stdio_async()
