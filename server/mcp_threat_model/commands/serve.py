"""`mcp-threat-model serve`: the MCP server."""

from __future__ import annotations

import argparse
import gc

from mcp_threat_model.commands.apart import keep_apart
from mcp_threat_model.commands.given import audit_of, rules_of
from mcp_threat_model.grammar import SERVE_HOST, SERVE_PORT
from mcp_threat_model.reading import ScanOptions
from mcp_threat_scoring.errors import UsageError

GC_AFTER = 10_000
"""Objects between two looks for cycles, in a process that stays up."""
_PORTS = range(65_536)


def run(arguments: argparse.Namespace) -> int:
    """Serve until the client leaves.

    Raises:
        UsageError: the words are off, or nothing can listen there.
    """
    host = SERVE_HOST if arguments.host is None else arguments.host
    port = SERVE_PORT if arguments.port is None else arguments.port
    if port not in _PORTS:
        raise UsageError(f"--port {port} is not a port; it is between 0 and 65535")
    stdio = arguments.transport == "stdio"
    for option in ("host", "port", "allow_host"):
        if stdio and getattr(arguments, option) not in (None, []):
            raise UsageError(f"--{option.replace('_', '-')} is for --transport streamable-http")
    if stdio and arguments.allow_launch:
        raise UsageError("--allow-launch is for --transport streamable-http; over stdio the client asks its person")
    keep_apart(arguments, ())
    options = ScanOptions(rules=rules_of(arguments), audit=audit_of(arguments))
    if not stdio:
        from mcp_threat_model.serving.host_names import is_loopback

        if arguments.allow_launch and not is_loopback(host):
            raise UsageError(f"--allow-launch cannot be used on {host}: whoever reaches it could start programs here")
    from mcp_threat_model import mcp_server

    gc.set_threshold(GC_AFTER)
    mcp_server.run(
        transport=arguments.transport,
        host=host,
        port=port,
        options=options,
        allow_launch=arguments.allow_launch,
        names=arguments.allow_host,
    )
    return 0
