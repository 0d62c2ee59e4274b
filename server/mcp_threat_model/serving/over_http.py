"""The MCP server over HTTP: who may talk to it, and how much they may say.

There is no login. On loopback, whoever is on this machine may use it; elsewhere, whoever reaches the port. What is kept
out everywhere is a web page that a browser shows to somebody here: it can make the browser send requests to us, under
another name of ours (DNS rebinding), or from another origin. A browser says both truthfully, in Host and in Origin
(MCP 2025-11-25, "Transports", security warning; Fetch standard, section 3.2).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import anyio
import uvicorn
from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_threat_model.guard.limits import MIB
from mcp_threat_model.serving.unread import refusal_of_body
from mcp_threat_model.source.wire import count_nodes
from mcp_threat_model.terminal import complain, say
from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.structs import Struct

BODY_BYTES = 8 * MIB
"""One request: as much as one message of a target may have. A larger manifest goes by `target`."""
BODY_NODES = 500_000
"""JSON values in one request, counted before parsing: three bytes of `[],` become some sixty of objects."""
BODY_S = 15.0
"""How long one request may take to arrive; a client that sends a byte a minute would hold its connection for ever."""
ARRIVING = 8
"""Requests that may arrive at the same time: what is not yet complete is in memory."""
CONNECTIONS = 128
"""Connections at the same time; further ones are answered with 503."""
SESSIONS = 64
"""Sessions of clients that shake hands (2025-11-25 and before)."""
SESSION_IDLE_S = 30 * 60
"""Until an unused session is forgotten. A person may think about a report for a while."""
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it there."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Names(Struct, frozen=True):
    """The names under which this server may be addressed.

    `any_literal` allows every IP address: a server on all interfaces has many, and an address in Host was never looked
    up, so that nobody can have rebound it.
    """

    allowed: frozenset[str]
    any_literal: bool = False

    @classmethod
    def of(cls, host: str, extra: Iterable[str] = ()) -> Names:
        """Those of a server that listens on `host`, and those it was told."""
        told = frozenset(name.strip("[]").lower() for name in extra)
        if is_loopback(host):
            return cls(LOOPBACK_NAMES | {host.strip("[]").lower()} | told)
        try:
            everywhere = ipaddress.ip_address(host.strip("[]")).is_unspecified
        except ValueError:
            everywhere = False
        if everywhere:
            return cls(LOOPBACK_NAMES | {socket.gethostname().lower()} | told, any_literal=True)
        return cls(frozenset({host.strip("[]").lower()}) | told)

    def host(self, header: str | None) -> str | None:
        """The name in a Host header, when it is one of ours; None otherwise."""
        name = _hostname(f"http://{header}") if header else None
        return name if name is not None and self._ours(name) else None

    def origin(self, header: str | None, host: str) -> bool:
        """Whether a request from that origin may be answered: none (no browser), our own, or another local page.

        An address in Origin proves nothing, anybody has one: it has to be the one that was addressed.
        """
        if header is None:
            return True
        name = _hostname(header)
        return name is not None and (name == host or (name in LOOPBACK_NAMES and host in LOOPBACK_NAMES))

    def _ours(self, name: str) -> bool:
        return name in self.allowed or (self.any_literal and _is_literal(name))


def _is_literal(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _hostname(url: str) -> str | None:
    """The host of `http://HOST[:PORT]` with nothing else in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    plain = parts.scheme in ("http", "https") and not (
        parts.path or parts.query or parts.fragment or "@" in parts.netloc
    )
    return parts.hostname.removesuffix(".").lower() if plain and parts.hostname else None


class Gate:
    """Stands before the whole application, whatever path is asked for."""

    def __init__(self, app: ASGIApp, names: Names) -> None:
        self._app, self._names = app, names
        self._arriving = anyio.CapacityLimiter(ARRIVING)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or say in a sentence why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host = self._names.host(hosts[0]) if len(hosts) == 1 else None
        if host is None:
            await _refuse(
                421, "this server is not known by that name; start it with --allow-host NAME", scope, receive, send
            )
        elif len(origins) > 1 or not self._names.origin(origins[0] if origins else None, host):
            await _refuse(403, "requests from other web pages are not answered", scope, receive, send)
        elif (size := headers.get("content-length", "0")).isdecimal() and int(size[:20]) > BODY_BYTES:
            await _refuse(413, f"a request may have {BODY_BYTES // MIB} MiB", scope, receive, send)
        else:
            await self._admit(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the body in, within its bounds, and only then let anybody parse it."""
        body = bytearray()
        try:
            with anyio.fail_after(BODY_S):
                async with self._arriving:
                    while True:
                        message = await receive()
                        if message["type"] != "http.request":
                            return  # the client has gone
                        body += message.get("body", b"")
                        if len(body) > BODY_BYTES:
                            await _refuse(413, f"a request may have {BODY_BYTES // MIB} MiB", scope, receive, send)
                            return
                        if not message.get("more_body", False):
                            break
        except TimeoutError:
            await _refuse(408, f"the request did not arrive within {BODY_S:g} seconds", scope, receive, send)
            return
        data = bytes(body)
        body.clear()
        if len(data) > BODY_NODES and count_nodes(data) > BODY_NODES:
            await _refuse(413, f"a request may have {BODY_NODES:,} JSON values", scope, receive, send)
            return
        told = refusal_of_body(data) if data else None
        if told is not None:
            said = told.model_dump_json(by_alias=True, exclude_unset=True)
            await Response(said, 400, media_type="application/json")(scope, receive, send)
            return
        whole: list[Message] = [{"type": "http.request", "body": data, "more_body": False}]
        del data

        async def replay() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, replay, send)


async def _refuse(status: int, why: str, scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(why + "\n", status, headers={"connection": "close"})(scope, receive, send)


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
