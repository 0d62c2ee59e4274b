"""One HTTP exchange under bounds: the part of our HTTP clients that does not depend on which HTTP library asks.

Every request of a scan goes through a :class:`Pipe`: its URL is judged, credentials are added only for the origin they
were given for, compressed answers are refused, bytes are counted as they come off the socket, and what was answered is
noted in a :class:`Ledger`.
"""

from __future__ import annotations

import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import Any, Literal

from mcp_threat_model import __version__
from mcp_threat_model.guard.connect import GuardedBackend, Resolver, system_resolver
from mcp_threat_model.guard.ledger import Ledger, Note, WireBounds
from mcp_threat_model.guard.limits import TOO_MUCH_HINT
from mcp_threat_model.guard.url import Endpoint, NamedBy, check_url
from mcp_threat_model.guard.wire_errors import explained
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import as_origin
from mcp_threat_scoring.structs import Struct

USER_AGENT = f"mcp-threat-model/{__version__}"
_CONNECTIONS = 20
"""At once, to one scheme: a few questions may hang at the same time without holding up the next."""
_HEADER_BYTES = 16_384
"""Kept of one header value in the ledger."""


@cache
def tls_context() -> ssl.SSLContext:
    """Verify certificates against the system's authorities, or the bundled ones where the system has none.

    Made once in a process, and only when https is spoken: reading the authorities takes longer than a whole scan.
    """
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if sys.platform != "win32" and not (paths.cafile or paths.capath):
        import certifi  # only on systems without a store of their own

        context.load_verify_locations(certifi.where())
    return context


class Answer(Struct, frozen=True):
    """Status, headers, body. The body must be read to its end or closed."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: Body


class Body:
    """An answer's body, counted piece by piece."""

    def __init__(self, stream: Any, pipe: Pipe, note: Note) -> None:
        self._stream = stream
        self._pipe = pipe
        self._note = note

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count = 0
        bounds, ledger = self._pipe.bounds, self._pipe.ledger
        try:
            async for piece in self._stream:
                count += len(piece)
                ledger.received += len(piece)
                if count > bounds.body_bytes:
                    raise too_large(f"an answer is larger than {bounds.body_bytes:,} bytes")
                if ledger.received > bounds.total_bytes:
                    raise too_large(f"the answers together are larger than {bounds.total_bytes:,} bytes")
                yield piece
        except Exception as error:  # both stacks raise classes of their own
            self._note.problem = self._pipe.explain(error)
            raise self._note.problem from None

    async def aclose(self) -> None:
        """Give the connection back or close it."""
        await self._stream.aclose()


def too_large(what: str) -> TargetError:
    """Say that something was cut off before it could do harm."""
    return TargetError("too_large", f"reading stopped: {what}", TOO_MUCH_HINT)


class Pipe:
    """Sends requests through `httpcore` or `httpcore2` (`core`).

    `home` is the origin that `headers`, the user's own, may be sent to; without it they go nowhere. With `stay` every
    other origin is refused, apart from the same host's step up from http to https on the default ports.
    """

    def __init__(
        self,
        core: Any,
        bounds: WireBounds,
        *,
        allow_private: bool,
        ledger: Ledger,
        named_by: NamedBy = "user",
        home: Endpoint | None = None,
        stay: bool = False,
        headers: Mapping[str, str] | None = None,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._core = core
        self.bounds = bounds
        self.ledger = ledger
        self._allow_private = allow_private
        self._named_by: NamedBy = named_by
        self._home = home
        self._stay = stay
        self._headers = {name.lower(): value for name, value in (headers or {}).items()}
        self._tls = tls
        self._pools: dict[str, Any] = {}
        self._backend = GuardedBackend(
            core.AnyIOBackend(),
            allow_private=allow_private,
            named_by_target=named_by == "target",
            contacts=ledger.contacts,
            resolver=resolver,
            mask=ledger.mask,
        )

    def _pool(self, scheme: Literal["http", "https"]) -> Any:
        if scheme not in self._pools:
            tls = (self._tls or tls_context()) if scheme == "https" else None
            self._pools[scheme] = self._core.AsyncConnectionPool(
                ssl_context=tls, max_connections=_CONNECTIONS, network_backend=self._backend
            )
        return self._pools[scheme]

    def _judge(self, url: str) -> Endpoint:
        endpoint = check_url(url, allow_private=self._allow_private, named_by=self._named_by)
        home = self._home
        if self._stay and home is not None and endpoint.origin != home.origin:
            step_up = (home.scheme, home.port, endpoint.scheme, endpoint.port) == ("http", 80, "https", 443)
            if not (step_up and endpoint.host == home.host):
                there = as_origin(self.ledger.mask.text(endpoint.origin))
                raise TargetError(
                    "blocked_address",
                    f"it sent us on to another origin, {there}, where nobody went",
                    "If that is the intended server, scan that address instead.",
                )
        return endpoint

    async def send(self, method: str, url: str, headers: list[tuple[bytes, bytes]], content: Any) -> Answer:
        """Send one request.

        Raises:
            TargetError: ``blocked_address``, ``unreachable``, ``timeout`` or ``too_large``; also kept in the ledger.
        """
        note = self.ledger.open_note(method, "")
        try:
            return await self._send(note, url, headers, content)
        except Exception as error:  # both stacks raise classes of their own
            note.problem = self.explain(error)
            raise note.problem from None

    async def _send(self, note: Note, url: str, headers: list[tuple[bytes, bytes]], content: Any) -> Answer:
        if self.ledger.sent > self.bounds.requests:
            raise too_large(f"reading the server took more than {self.bounds.requests} requests")
        endpoint = self._judge(url)
        note.url = endpoint.url
        mine = {"user-agent": USER_AGENT, "accept-encoding": "identity"}
        if self._home is not None and endpoint.origin == self._home.origin:
            mine |= self._headers
        kept = [(n, v) for n, v in headers if n.lower().decode("latin-1") not in mine]
        request = self._core.Request(
            method=note.method,
            url=self._core.URL(url),
            headers=kept + [(name.encode("ascii"), value.encode("utf-8")) for name, value in mine.items()],
            content=content,
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), self.bounds.seconds)},
        )
        response = await self._pool(endpoint.scheme).handle_async_request(request)
        collected: dict[str, tuple[str, ...]] = {}
        for name, value in response.headers:
            key = name.decode("latin-1").lower()
            collected[key] = (*collected.get(key, ()), value[:_HEADER_BYTES].decode("latin-1"))
        note.status, note.headers, note.tls = response.status, collected, _tls_version(response.extensions)
        try:
            self._check_answer(note)
        except TargetError:
            await response.stream.aclose()
            raise
        return Answer(response.status, response.headers, Body(response.stream, self, note))

    def _check_answer(self, note: Note) -> None:
        coding = ", ".join(note.headers.get("content-encoding", ())).strip().lower()
        if coding not in ("", "identity"):
            # A bound on received bytes is no bound on what they unpack to.
            raise TargetError(
                "too_large",
                "it compressed its answer although it was asked not to, and nothing was unpacked",
                "Have it, or the proxy before it, answer uncompressed to `Accept-Encoding: identity`.",
            )
        length = note.header("content-length")
        if length.isascii() and length.isdigit() and (len(length) > 15 or int(length) > self.bounds.body_bytes):
            raise too_large(f"an answer is larger than {self.bounds.body_bytes:,} bytes")

    def explain(self, error: Exception) -> TargetError:
        """Turn whatever went wrong on the wire into one sentence."""
        return explained(error, self._core, self.bounds.seconds)

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()


def _tls_version(extensions: Mapping[str, Any]) -> str:
    """The TLS version of the connection an answer came over, or the empty string."""
    stream = extensions.get("network_stream")
    secured = stream.get_extra_info("ssl_object") if stream is not None else None
    return str(secured.version() or "") if secured is not None else ""
