"""Streamable HTTP as a link: every message is a POST, every answer its body, as JSON or as an event stream.

Specification: MCP 2026-07-28 and 2025-11-25, "Transports". Events noted here: ``redirected`` (on the same origin),
``session_lost``, ``verbose_error`` (a refusal shows a stack trace or the path of a source file).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx

from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.guard.url import Endpoint, check_scheme
from mcp_threat_model.source.http.link import (
    ACCEPT,
    ASKS_CREDENTIALS,
    WIRE_ERRORS,
    HttpLink,
    is_event_stream,
    read_body,
    readers,
    status_error,
)
from mcp_threat_model.source.http.sse import ServerEvent, read_events
from mcp_threat_model.source.session.wire import Damaged, Message, RequestId, Tap, parse
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import excerpt
from mcp_threat_scoring.patterns.pattern import pattern

MAX_RESUMES = 5
"""How often one answer's stream is taken up again after the server ended it (`Last-Event-ID`)."""
_TRACE = pattern(
    r"Traceback \(most recent call last\)"
    r"|\bat [\w.<>$]+ \(?(?:/|file://|node:|[A-Z]:\\)[^\s)]+:\d+"
    r"|(?:/(?:home|usr|var|opt|app|srv|root)/|[A-Z]:\\)[\w./\\-]+\.(?:py|js|mjs|ts|go|rb|php|java|cs)\b"
)
MAX_RETRY_S = 2.0
"""The longest wait before that, whatever the server wishes."""


class StreamableLink(HttpLink):
    """Streamable HTTP: every message is a POST, every answer its body, as JSON or as an event stream."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._session_id = ""
        self._version: dict[str, str] = {}

    async def _exchange(self, body: dict[str, Any], headers: dict[str, str], request_id: RequestId | None) -> None:
        self._version = {k: v for k, v in headers.items() if k == "mcp-protocol-version"}
        sent = {"accept": ACCEPT, "content-type": "application/json", **headers}
        if self._session_id and body.get("method") != "initialize":
            sent["mcp-session-id"] = self._session_id
        content = json.dumps(body).encode()
        url = self._url
        for _ in range(self._limits.redirects + 1):
            async with self._client.stream("POST", url, content=content, headers=sent) as response:
                moved = response.headers.get("location") if response.status_code in (307, 308) else None
                if moved is None:
                    await self._take_answer(response, body, request_id)
                    return
            there = response.url.join(moved)
            check_scheme(there.scheme)  # the client takes an address without a host for one of its own
            url = str(there)  # judged, and kept to the origin, by the client's transport
            self._tap.note("redirected", f"HTTP {response.status_code} on the same origin")
        raise TargetError("unreachable", "it redirects in circles", "Check the address; it may have moved.")

    async def _take_answer(self, response: httpx.Response, body: dict[str, Any], request_id: RequestId | None) -> None:
        if request_id is None:
            length = response.headers.get("content-length", "")
            if length.isdigit() and int(length[:9]) <= self._limits.metadata_bytes:
                await read_body(
                    response, self._limits.metadata_bytes
                )  # to the end, so that the connection serves again
            if body.get("method") == "notifications/initialized" and response.is_success and self._session_id:
                self._group.start_soon(self._listen)
            return
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not response.is_success or response.status_code == 202:
            await self._refused(response, kind, request_id)
            return
        if body.get("method") == "initialize":
            offered = response.headers.get("mcp-session-id", "")
            if 0 < len(offered) <= 1024 and offered.isascii() and offered.isprintable():
                self._session_id = offered
        if kind == "text/event-stream":
            await self._follow(response, request_id)
        elif kind == "application/json":
            if not await self._hand_over(await read_body(response, self._limits.message_bytes), request_id, whole=True):
                await self._inbox.put(Damaged("malformed", "JSON that is not the answer", request_id))
        else:
            said = self._tap.mask.text(response.headers.get("content-type", "")).partition(";")[0].strip()
            shown = excerpt(said) if said else "no content type"
            await self._inbox.put(Damaged("malformed", f"{shown} instead of JSON", request_id))

    async def _refused(self, response: httpx.Response, kind: str, request_id: RequestId) -> None:
        """A refusal may carry the server's own JSON-RPC error; otherwise its status stands for one."""
        raw = await read_body(response, self._limits.metadata_bytes)
        if _TRACE.search(raw.decode(errors="replace")):
            self._tap.note("verbose_error", f"an answer with HTTP status {response.status_code} holds a stack trace")
        if kind == "application/json" and response.status_code not in ASKS_CREDENTIALS:
            for one in parse(raw, self._limits, self._tap)[:1]:
                error = one.body.get("error") if isinstance(one, Message) else None
                if isinstance(error, dict) and isinstance(error.get("code"), int):
                    await self._inbox.put(Message({"jsonrpc": "2.0", "id": request_id, "error": error}))
                    return
        if response.status_code == 404 and self._session_id:
            self._tap.note("session_lost", "the server forgot the session it had opened")
        await self._inbox.put(status_error(response.status_code, request_id))

    async def _follow(self, response: httpx.Response, request_id: RequestId) -> None:
        """Read an answer's event stream up to the answer, taking it up again where the server ends it early."""
        last = ServerEvent("", b"")
        for attempt in range(MAX_RESUMES + 1):
            if attempt == 0:
                last, done = await self._until_answer(response, request_id, last)
            else:
                await anyio.sleep(min(MAX_RETRY_S, (last.retry if last.retry is not None else 1000) / 1000))
                headers = {"accept": "text/event-stream", "last-event-id": last.id, **self._session_headers()}
                async with self._client.stream("GET", self._url, headers=headers) as resumed:
                    if not is_event_stream(resumed):
                        break
                    last, done = await self._until_answer(resumed, request_id, last)
            if done:
                return
            if not last.id:
                break
        await self._inbox.put(Damaged("malformed", "an event stream that ended without the answer", request_id))

    async def _until_answer(
        self, response: httpx.Response, request_id: RequestId, last: ServerEvent
    ) -> tuple[ServerEvent, bool]:
        async for event in read_events(response.aiter_raw(), self._limits.message_bytes):
            last = event if event.retry is not None else ServerEvent("", b"", event.id or last.id, last.retry)
            if event.event == "message" and event.data and await self._hand_over(event.data, request_id):
                return last, True
        return last, False

    def _session_headers(self) -> dict[str, str]:
        return {**self._version, **({"mcp-session-id": self._session_id} if self._session_id else {})}

    async def _listen(self) -> None:
        """Open the stream on which a server may ask things of its own accord. Most answer 405, which is fine."""
        try:
            headers = {"accept": "text/event-stream", **self._session_headers()}
            async with self._client.stream("GET", self._url, headers=headers) as response:
                if is_event_stream(response):
                    async for event in read_events(response.aiter_raw(), self._limits.message_bytes):
                        if event.event == "message" and event.data:
                            await self._hand_over(event.data)
        except WIRE_ERRORS:
            return  # nothing was promised on this stream

    async def close(self) -> None:
        """End the session at the server, if it opened one."""
        if self._session_id:
            try:
                async with asyncio.timeout(self._limits.grace_s):
                    await self._client.delete(self._url, headers=self._session_headers())
            except (*WIRE_ERRORS, TimeoutError):
                return


@asynccontextmanager
async def streamable_link(
    client: httpx.AsyncClient, endpoint: Endpoint, limits: Limits, tap: Tap
) -> AsyncIterator[StreamableLink]:
    """A streamable HTTP link; its readers end with the block."""
    async with readers() as group:
        link = StreamableLink(client, endpoint, limits, tap, group)
        try:
            yield link
        finally:
            with anyio.CancelScope(shield=True):
                await link.close()
