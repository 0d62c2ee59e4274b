"""What a request over HTTP must be before anybody parses it: for a name of ours, from no foreign page, and bounded."""

from __future__ import annotations

import anyio
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mcp_threat_model.guard.limits import MIB
from mcp_threat_model.serving.host_names import Names
from mcp_threat_model.serving.unread import refusal_of_body
from mcp_threat_model.source.session.wire import count_nodes

BODY_BYTES = 8 * MIB
"""One request: as much as one message of a target may have. A larger manifest goes by `target`."""
BODY_NODES = 500_000
"""JSON values in one request, counted before parsing: three bytes of `[],` become some sixty of objects."""
BODY_S = 15.0
"""How long one request may take to arrive; a client that sends a byte a minute would hold its connection for ever."""
ARRIVING = 8
"""Requests that may arrive at the same time: what is not yet complete is in memory."""


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
