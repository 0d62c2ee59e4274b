"""HTTP with SSE, the transport of revision 2024-11-05, as a link.

One event stream carries all answers; its first event names where messages are posted to. A server may name anything
there, or nothing, so the address must be on the stream's own origin and must come in time.

Event noted here: ``foreign_endpoint`` (the address for messages is on another origin).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from mcp_threat_model.guard.limits import TOO_MUCH_HINT, Limits
from mcp_threat_model.guard.url import Endpoint, check_url
from mcp_threat_model.source.http.link import WIRE_ERRORS, HttpLink, is_event_stream, readers, status_error
from mcp_threat_model.source.http.sse import EventTooLargeError, ServerEvent, read_events
from mcp_threat_model.source.http.trouble import ENDPOINT_HINT
from mcp_threat_model.source.session.wire import PeerGoneError, RequestId, Tap
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import as_origin


class LegacySseLink(HttpLink):
    """HTTP with SSE, revision 2024-11-05: one event stream for all answers, which first names where to POST."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._post_to = ""

    async def connect(self) -> None:
        """Open the stream and wait for its `endpoint` event.

        Raises:
            TargetError: ``not_mcp``, ``timeout`` or ``blocked_address``, or what the client's transport says.
        """
        named: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._group.start_soon(self._read_stream, named)
        try:
            async with asyncio.timeout(self._limits.request_s):
                place = await named
        except TimeoutError:
            raise TargetError(
                "not_mcp", "its event stream never named the address for messages", ENDPOINT_HINT
            ) from None
        here = httpx.URL(self._url)
        try:
            there = here.join(place)
        except (httpx.InvalidURL, ValueError):
            raise TargetError(
                "not_mcp", "its event stream named something that is no address for messages", ENDPOINT_HINT
            ) from None
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            self._tap.note("foreign_endpoint", "the address for messages is on another origin")
            origin = as_origin(self._tap.mask.text(f"{there.scheme}://{there.host}"))
            raise TargetError(
                "blocked_address",
                f"it wants its messages sent to {origin}, another origin; nothing was sent",
                "If that is the intended server, scan that address instead.",
            )
        self._post_to = check_url(str(there), allow_private=True).url  # same origin: its address was judged already

    async def _read_stream(self, named: asyncio.Future[str]) -> None:
        failure = TargetError("not_mcp", "its event stream ended", ENDPOINT_HINT)
        try:
            async with self._client.stream("GET", self._url, headers={"accept": "text/event-stream"}) as response:
                if is_event_stream(response):
                    async for event in read_events(response.aiter_raw(), self._limits.message_bytes):
                        await self._event(event, named)
                else:
                    failure = TargetError(
                        "not_mcp", f"it has no event stream (HTTP status {response.status_code})", ENDPOINT_HINT
                    )
        except EventTooLargeError:
            failure = TargetError(
                "too_large", f"a message is larger than {self._limits.message_bytes:,} bytes", TOO_MUCH_HINT
            )
        except TargetError as error:
            failure = error
        except WIRE_ERRORS:
            failure = TargetError("unreachable", "its event stream broke off", "Try again later.")
        if not named.done():
            named.set_exception(failure)
        else:
            await self._inbox.put(PeerGoneError(failure.code, failure.message, failure.hint))

    async def _event(self, event: ServerEvent, named: asyncio.Future[str]) -> None:
        if event.event == "endpoint" and not named.done():
            named.set_result(event.data[:2048].decode(errors="replace").strip())
        elif event.event == "message" and event.data and named.done():
            await self._hand_over(event.data)

    async def _exchange(self, body: dict[str, Any], headers: dict[str, str], request_id: RequestId | None) -> None:
        sent = {"content-type": "application/json", **headers}
        async with self._client.stream(
            "POST", self._post_to, content=json.dumps(body).encode(), headers=sent
        ) as response:
            status = response.status_code
        if request_id is not None and not 200 <= status < 300:
            await self._inbox.put(status_error(status, request_id))


@asynccontextmanager
async def legacy_sse_link(
    client: httpx.AsyncClient, endpoint: Endpoint, limits: Limits, tap: Tap
) -> AsyncIterator[LegacySseLink]:
    """A legacy SSE link, connected; its readers end with the block.

    Raises:
        TargetError: see :meth:`LegacySseLink.connect`.
    """
    async with readers() as group:
        link = LegacySseLink(client, endpoint, limits, tap, group)
        await link.connect()
        yield link
