"""Small HTTP servers written by hand, so that they can misbehave in ways no framework allows.

A target is a function from a request to a reply. A reply's body may be bytes, or pieces that never end.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct, field


class Request(Struct):
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def message(self) -> dict[str, Any]:
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def rpc(self) -> str:
        return str(self.message.get("method", ""))


class Reply(Struct):
    status: int = 200
    headers: Mapping[str, str] | list[tuple[str, str]] = field(default_factory=dict)
    body: bytes | AsyncIterator[bytes] = b""
    raw: bool = False
    """Send the body as it is, without status or headers: for peers that do not speak HTTP."""


Handler = Callable[[Request], Reply | Awaitable[Reply]]


class HttpTarget:
    """One listening server; `requests` is everything that was asked of it."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self.handler = handler
        self.host = host
        self.tls = tls
        self.requests: list[Request] = []
        self.connections = 0
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def url(self, path: str = "/mcp", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def paths(self, method: str = "GET") -> list[str]:
        return [request.path for request in self.requests if request.method == method]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        pairs = [line.split(":", 1) for line in lines if ":" in line]
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(method, path, headers, body)
        self.requests.append(request)
        made = self.handler(request)
        reply = await made if isinstance(made, Awaitable) else made
        await self._send(reply, writer)
        return isinstance(reply.body, bytes) and not reply.raw

    async def _send(self, reply: Reply, writer: asyncio.StreamWriter) -> None:
        pairs = list(reply.headers.items()) if isinstance(reply.headers, Mapping) else list(reply.headers)
        lines = [f"HTTP/1.1 {reply.status} X"] + [f"{name}: {value}" for name, value in pairs]
        if reply.raw:
            assert isinstance(reply.body, bytes)
            writer.write(reply.body)
        elif isinstance(reply.body, bytes):
            if "content-length" not in {name.lower() for name, _ in pairs}:
                lines.append(f"content-length: {len(reply.body)}")
            writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body)
        else:
            writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode("latin-1"))
            async for piece in reply.body:
                writer.write(piece)
                await writer.drain()
        await writer.drain()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[HttpTarget]:
        server = await asyncio.start_server(self._connected, self.host, 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)


def serve(handler: Handler, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Any:
    """``async with serve(handler) as target: …``"""
    return HttpTarget(handler, tls, host).running()


def canary() -> Any:
    """A listener that nobody may connect to: check its ``connections``."""
    return serve(lambda _: Reply(200, JSON, b'{"secret": "canary"}'))


JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "text/event-stream"}
TOOLS = [
    {"name": "list_orders", "description": "List orders", "inputSchema": {"type": "object"}},
    {"name": "refund", "description": "Refund an order", "inputSchema": {"type": "object"}, "x-vendor": 1},
]


def rpc_result(request: Request, result: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request.message.get("id"), "result": result}).encode()


def rpc_error(request: Request, code: int, text: str = "no", data: object = None) -> bytes:
    error = {"code": code, "message": text} | ({"data": data} if data is not None else {})
    return json.dumps({"jsonrpc": "2.0", "id": request.message.get("id"), "error": error}).encode()


def mcp_body(request: Request, *, version: str = "2025-11-25", tools: list[Any] | None = None) -> bytes | None:
    """The JSON of an honest handshake-era server, or None for what it does not know."""
    match request.rpc:
        case "initialize":
            info = {"name": "shop", "version": "1.0"}
            return rpc_result(request, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info})
        case "tools/list":
            return rpc_result(request, {"tools": TOOLS if tools is None else tools})
        case "ping":
            return rpc_result(request, {})
    return None


def honest(request: Request) -> Reply:
    """A handshake-era streamable HTTP server that answers in JSON."""
    if request.method != "POST":
        return Reply(405)
    if "id" not in request.message:
        return Reply(202)
    body = mcp_body(request)
    return Reply(200, JSON, body) if body is not None else Reply(200, JSON, rpc_error(request, -32601))


def event(data: bytes, name: str = "message", identifier: str = "") -> bytes:
    head = f"event: {name}\n" + (f"id: {identifier}\n" if identifier else "")
    return head.encode() + b"data: " + data + b"\n\n"


async def pieces(*parts: bytes, forever: bytes = b"", every: float = 0.01) -> AsyncIterator[bytes]:
    """The parts, and then `forever` again and again."""
    for part in parts:
        yield part
    while forever:
        yield forever
        await asyncio.sleep(every)


class LegacySse:
    """A 2024-11-05 server: GET /sse opens the stream, POST /messages answers on it. `endpoint` is what it names."""

    def __init__(self, endpoint: str | None = "/messages?session_id=1") -> None:
        self.endpoint = endpoint
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()

    async def _stream(self) -> AsyncIterator[bytes]:
        yield b": hello\n\n"
        if self.endpoint is not None:
            yield event(self.endpoint.encode(), "endpoint")
        while True:
            try:
                async with asyncio.timeout(0.2):
                    answer = await self.queue.get()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            yield event(answer)

    def __call__(self, request: Request) -> Reply:
        if request.method == "GET" and request.path == "/sse":
            return Reply(200, EVENTS, self._stream())
        if request.method == "POST" and request.path.startswith("/messages"):
            body = mcp_body(request, version="2024-11-05")
            if body is not None:
                self.queue.put_nowait(body)
            elif "id" in request.message:
                self.queue.put_nowait(rpc_error(request, -32601))
            return Reply(202)
        return Reply(405 if request.path == "/sse" else 404)


def open_metadata(documents: Mapping[str, object], else_: Handler = honest) -> Handler:
    """JSON documents at paths; everything else goes to another handler."""

    def handler(request: Request) -> Reply | Awaitable[Reply]:
        if request.method == "GET" and request.path in documents:
            found = documents[request.path]
            return found if isinstance(found, Reply) else Reply(200, JSON, json.dumps(found).encode())
        if request.method == "GET" and request.path.startswith("/.well-known"):
            return Reply(404)
        return else_(request)

    return handler


def refusing(challenge: str | list[str] | None = None, status: int = 401, token: str = "") -> Handler:
    """Answers like :func:`honest` for the bearer of `token`, and refuses strangers with `challenge`."""

    def handler(request: Request) -> Reply | Awaitable[Reply]:
        if token and request.headers.get("authorization") == f"Bearer {token}":
            return honest(request)
        challenges = [challenge] if isinstance(challenge, str) else challenge or []
        return Reply(status, [("www-authenticate", one) for one in challenges])

    return handler
