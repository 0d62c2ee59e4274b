"""`mcp-threat-model serve`: the MCP server."""

from __future__ import annotations

import argparse

from mcp_threat_scoring.errors import UsageError

_PORTS = range(65_536)


def run(arguments: argparse.Namespace) -> int:
    """Serve until the client leaves."""
    if arguments.port not in _PORTS:
        raise UsageError(f"--port {arguments.port} is not a port; it is between 0 and 65535")
    from mcp_threat_model import mcp_server

    mcp_server.run(transport=arguments.transport, host=arguments.host, port=arguments.port)
    return 0
