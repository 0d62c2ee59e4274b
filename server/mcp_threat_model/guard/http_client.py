"""Our own HTTP client: `httpx` on top of a guarded :class:`~mcp_threat_model.guard.pipe.Pipe`.

For everything we ask ourselves: authorization metadata, registries. Nothing is taken from the environment, redirects
stay on the origin, and every read has a bound in bytes and in time.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Mapping

import httpcore
import httpx

from mcp_threat_model.guard.connect import Resolver, system_resolver
from mcp_threat_model.guard.ledger import Ledger, WireBounds
from mcp_threat_model.guard.limits import BUSY_HINT
from mcp_threat_model.guard.pipe import Body, Pipe
from mcp_threat_model.guard.url import Endpoint, NamedBy
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.structs import Struct

MAX_REDIRECTS = 3

# Both log every request at INFO, with addresses that may hold secrets and reason phrases that the target wrote.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class _Stream(httpx.AsyncByteStream):
    def __init__(self, body: Body) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._body:
            yield piece

    async def aclose(self) -> None:
        await self._body.aclose()


class GuardedTransport(httpx.AsyncBaseTransport):
    """An `httpx` transport whose every request passes the guard. Raises :class:`TargetError`, also while reading."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send through the pipe."""
        answer = await self._pipe.send(request.method, str(request.url), request.headers.raw, request.stream)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Stream(answer.body))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pipe.aclose()


class Fetched(Struct, frozen=True):
    """One answer, read to its end. `redirected_to` is set when it points to another origin, where nobody went."""

    url: str
    status: int
    headers: httpx.Headers
    body: bytes
    redirected_to: str = ""


def guarded_client(
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
) -> httpx.AsyncClient:
    """An `httpx` client that can only do what the guard allows; the arguments are those of :class:`Pipe`.

    Its requests raise :class:`TargetError` beside `httpx`'s own errors, from the call and from reading the body.
    """
    pipe = Pipe(
        httpcore, bounds, allow_private=allow_private, ledger=ledger, named_by=named_by, home=home, stay=stay,
        headers=headers, resolver=resolver, tls=tls,
    )  # fmt: skip
    return httpx.AsyncClient(transport=GuardedTransport(pipe), follow_redirects=False, trust_env=False)


async def fetch(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    redirects: int = MAX_REDIRECTS,
) -> Fetched:
    """Read one URL completely, within `seconds` for everything.

    Redirects are followed at most `redirects` times, only for GET, and only within the origin.

    Raises:
        TargetError: it could not be read within its bounds; see :meth:`Pipe.send`.
    """
    try:
        async with asyncio.timeout(seconds):
            for _ in range(redirects + 1):
                async with client.stream(method, url, headers=headers, content=content) as response:
                    body = b"".join([piece async for piece in response.aiter_raw()])
                target = _next(response)
                if target is None:
                    return Fetched(url, response.status_code, response.headers, body)
                here = httpx.URL(url)
                if method != "GET" or (target.scheme, target.netloc) != (here.scheme, here.netloc):
                    return Fetched(url, response.status_code, response.headers, body, str(target))
                url = str(target)
            raise TargetError("unreachable", "it redirects in circles", "Check the address; it may have moved.")
    except TimeoutError:
        raise TargetError("timeout", f"reading took longer than {seconds:g} seconds", BUSY_HINT) from None
    except (httpx.InvalidURL, httpx.HTTPError, httpx.StreamError, ValueError):
        raise TargetError("unreachable", "the request could not be made") from None


def _next(response: httpx.Response) -> httpx.URL | None:
    if response.status_code not in (301, 302, 303, 307, 308) or "location" not in response.headers:
        return None
    return response.url.join(response.headers["location"])
