"""The MCP server over HTTP: one listener, behind the admission of every request.

There is no login. On loopback, whoever is on this machine may use it; elsewhere, whoever reaches the port.
"""

from __future__ import annotations

import socket

import uvicorn
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from mcp_threat_model.serving.admission import BODY_BYTES, Gate
from mcp_threat_model.serving.host_names import Names, is_loopback
from mcp_threat_model.terminal import complain, say
from mcp_threat_scoring.errors import UsageError

CONNECTIONS = 128
"""Connections at the same time; further ones are answered with 503."""
SESSIONS = 64
"""Sessions of clients that shake hands (2025-11-25 and before)."""
SESSION_IDLE_S = 30 * 60
"""Until an unused session is forgotten. A person may think about a report for a while."""


def application(server: MCPServer, names: Names) -> ASGIApp:
    """The server as an ASGI application, behind its gate."""
    inner = server.streamable_http_app(
        max_request_body_size=BODY_BYTES,
        max_sessions=SESSIONS,
        session_idle_timeout=SESSION_IDLE_S,
        # The gate has looked already, at every path, and knows more than a list of names can say.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return Gate(inner, names)


async def serve_http(server: MCPServer, host: str, port: int, extra_names: tuple[str, ...] = ()) -> None:
    """Serve until the process is told to end.

    Raises:
        UsageError: nothing can listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host.strip("[]"), port), family=family)
    except (OSError, UnicodeError) as error:
        reason = (getattr(error, "strerror", None) or "not an address").lower()
        raise UsageError(f"cannot listen on {host} port {port}: {reason}") from None
    if not is_loopback(host):
        complain("warning: there is no login, and everybody who reaches this port can have servers scanned from here")
    config = uvicorn.Config(
        application(server, Names.of(host, extra_names)),
        log_level="warning",
        access_log=False,  # it would hold whatever callers put into paths
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=16 * 1024,
        ws="none",
    )
    shown = f"[{host}]" if ":" in host and not host.startswith("[") else host
    say(f"listening on http://{shown}:{listener.getsockname()[1]}/mcp")
    await uvicorn.Server(config).serve([listener])
