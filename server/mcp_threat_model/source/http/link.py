"""What both HTTP transports share as links: one message out, raw messages in, every byte under a bound.

Written on our own client and not on the SDK's transports: those drop the status and headers of a refusal, wait for ever
for an `endpoint` event, and parse a body before anyone can measure it.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
from anyio.abc import TaskGroup

from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.guard.url import Endpoint
from mcp_threat_model.source.http.sse import EventTooLargeError
from mcp_threat_model.source.session.wire import Damaged, Incoming, Message, PeerGoneError, RequestId, Tap, parse
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.structs import replace

ACCEPT = "application/json, text/event-stream"
_INBOX = 32
ASKS_CREDENTIALS = (401, 403)
"""Statuses that ask for credentials, or for others (RFC 9110, sections 15.5.2 and 15.5.4)."""
WIRE_ERRORS = (TargetError, EventTooLargeError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError)
"""Everything that a peer can make our client raise; `ValueError` comes from addresses that are none."""


class HttpLink(ABC):
    """What both transports share: an inbox that background readers fill."""

    def __init__(
        self, client: httpx.AsyncClient, endpoint: Endpoint, limits: Limits, tap: Tap, group: TaskGroup
    ) -> None:
        self._client = client
        self._url = endpoint.url
        self._limits = limits
        self._tap = tap
        self._group = group
        self._inbox: asyncio.Queue[Incoming | PeerGoneError] = asyncio.Queue(_INBOX)
        self._gone: PeerGoneError | None = None

    async def send(self, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        """Send one message. A request's answer comes through :meth:`receive`; others are waited for, to keep order."""
        if "id" in body and "method" in body:
            self._group.start_soon(self._deliver, body, dict(headers or {}))
            return
        with anyio.move_on_after(self._limits.request_s):
            await self._deliver(body, dict(headers or {}))

    async def receive(self) -> Incoming:
        """The next message, or what was wrong with it.

        Raises:
            PeerGoneError: nothing more will come.
        """
        if self._gone is not None:
            raise self._gone
        got = await self._inbox.get()
        if isinstance(got, PeerGoneError):
            self._gone = got
            raise got
        return got

    def has_read_all(self) -> bool | None:
        """Unknown: there may be anything between here and the server."""
        return None

    async def _deliver(self, body: dict[str, Any], headers: dict[str, str]) -> None:
        request_id = body["id"] if "method" in body and "id" in body else None
        try:
            await self._exchange(body, headers, request_id)
        except WIRE_ERRORS as error:
            if request_id is not None:
                await self._inbox.put(_failure(error, request_id))

    @abstractmethod
    async def _exchange(self, body: dict[str, Any], headers: dict[str, str], request_id: RequestId | None) -> None:
        """Put one message on the wire, and what comes back into the inbox."""

    async def _hand_over(self, raw: bytes, request_id: RequestId | None = None, *, whole: bool = False) -> bool:
        """Parse one body or event and put its messages into the inbox; says whether it answered the request.

        `whole`: nothing but the answer can be in it, so what cannot be read is a damaged answer.
        """
        answered = False
        for one in parse(raw, self._limits, self._tap):
            got = one
            if isinstance(got, Damaged):
                got = replace(got, request_id=request_id) if whole and got.request_id is None else got
                found, answers = got.request_id, True
            else:
                found, answers = got.body.get("id"), "method" not in got.body
            await self._inbox.put(got)
            # There are two more spellings of our id: as text, and null where the peer could not read it.
            answered = answered or (answers and found in (request_id, str(request_id)))
            answered = answered or (isinstance(got, Message) and found is None and "error" in got.body)
        return answered


def _failure(error: Exception, request_id: RequestId) -> Incoming:
    """What the request is answered with when its exchange failed."""
    if isinstance(error, EventTooLargeError):
        return Damaged("too_large", "a message that is larger than is read", request_id)
    if isinstance(error, TargetError):
        return Damaged(error.code, f"nothing that could be read ({error.message})", request_id)
    return Damaged("malformed", "no HTTP answer", request_id)


@asynccontextmanager
async def readers() -> AsyncIterator[TaskGroup]:
    """Background readers that end with the block. An error of the block comes out as itself, not in a group."""
    failed: Exception | None = None
    async with anyio.create_task_group() as group:
        try:
            yield group
        except Exception as error:
            failed = error
        group.cancel_scope.cancel()
    if failed is not None:
        raise failed


def status_error(status: int, request_id: RequestId) -> Damaged:
    """An HTTP refusal in the place of an answer: what was asked for is kept for others, or is not there."""
    code = "auth_required" if status in ASKS_CREDENTIALS else "not_mcp"
    return Damaged(code, f"HTTP status {status}", request_id, status)


async def read_body(response: httpx.Response, limit: int) -> bytes:
    """A whole body.

    Raises:
        EventTooLargeError: it is over `limit` bytes.
    """
    pieces: list[bytes] = []
    count = 0
    async for piece in response.aiter_raw():
        count += len(piece)
        if count > limit:
            raise EventTooLargeError
        pieces.append(piece)
    return b"".join(pieces)


def is_event_stream(response: httpx.Response) -> bool:
    """Whether events will follow."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return response.status_code == 200 and kind == "text/event-stream"
