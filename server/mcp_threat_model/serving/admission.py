"""What a request over HTTP must be before anybody parses it: for a name of ours, from no foreign page, and bounded."""

from __future__ import annotations

import anyio
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_threat_model.guard.limits import KIB, MIB
from mcp_threat_model.serving.host_names import Names
from mcp_threat_model.serving.unread import refusal_of_body
from mcp_threat_model.source.session.wire import count_nodes

BODY_BYTES = 8 * MIB
"""One request: as much as one message of a target may have. A larger manifest goes by `target`."""
BODY_NODES = 500_000
"""JSON values in one request, counted before parsing: three bytes of `[],` become some sixty of objects."""
BODY_S = 15.0
"""How long one request may take to arrive; a client that sends a byte a minute would hold its connection for ever."""
SMALL_BYTES = 64 * KIB
"""What each request may hold however much others do, so that none that is slow costs one that is not: nearly all are
smaller, and all that can be connected come to 8 MiB."""
ARRIVING_BYTES = 7 * BODY_BYTES
"""What all that have not arrived yet may hold beyond that: it is in memory."""
RETRY_S = 5
"""When to try again where that is used up: those that are done make room, and none may take longer than `BODY_S`."""


class _RefusedError(Exception):
    """A request that is not taken in: the status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Gate:
    """Stands before the whole application, whatever path is asked for."""

    def __init__(self, app: ASGIApp, names: Names) -> None:
        self._app, self._names = app, names
        self._held = 0
        """Bytes of requests that have not arrived yet, without the first of each."""

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
        try:
            data = await self._arrived(receive)
        except _RefusedError as refused:
            await _refuse(refused.status, str(refused), scope, receive, send)
            return
        if data is None:
            return
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

    async def _arrived(self, receive: Receive) -> bytes | None:
        """The whole body; None where the client has gone.

        Raises:
            _RefusedError: it is too large or too slow, or too much is on its way already.
        """
        body = bytearray()
        counted = 0
        try:
            with anyio.fail_after(BODY_S):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        return None
                    body += message.get("body", b"")
                    if len(body) > BODY_BYTES:
                        raise _RefusedError(413, f"a request may have {BODY_BYTES // MIB} MiB")
                    if not message.get("more_body", False):
                        return bytes(body)
                    more = max(len(body) - SMALL_BYTES - counted, 0)
                    if self._held + more > ARRIVING_BYTES:
                        raise _RefusedError(
                            503, "too many large requests arrive at the same time; try again in a moment"
                        )
                    self._held += more
                    counted += more
        except TimeoutError:
            raise _RefusedError(408, f"the request did not arrive within {BODY_S:g} seconds") from None
        finally:
            self._held -= counted


async def _refuse(status: int, why: str, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"connection": "close", **({"retry-after": str(RETRY_S)} if status == 503 else {})}
    await PlainTextResponse(why + "\n", status, headers=headers)(scope, receive, send)
