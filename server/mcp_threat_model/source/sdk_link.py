"""Any SDK transport as a :class:`Link`: the only file of the session that knows the SDK's message types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anyio
from mcp.shared.message import ClientMessageMetadata, SessionMessage
from mcp.types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse
from pydantic import BaseModel

from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.source.wire import Damaged, Incoming, Message, PeerGoneError, Tap

if TYPE_CHECKING:
    from mcp.client._transport import ReadStream, WriteStream


class SdkLink:
    """Wraps the pair of streams that an SDK transport yields. Its messages arrive parsed, with their results raw."""

    def __init__(
        self,
        incoming: ReadStream[SessionMessage | Exception],
        outgoing: WriteStream[SessionMessage],
        limits: Limits,
        tap: Tap,
    ) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._limits = limits
        self._tap = tap

    async def send(self, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        """Send one message; the headers travel as the SDK's message metadata."""
        model: type[BaseModel]
        if "method" in body:
            model = JSONRPCRequest if "id" in body else JSONRPCNotification
        else:
            model = JSONRPCResponse if "result" in body else JSONRPCError
        message: Any = model.model_validate(body)
        metadata = ClientMessageMetadata(headers=dict(headers)) if headers else None
        try:
            await self._outgoing.send(SessionMessage(message, metadata))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as gone:
            raise PeerGoneError("not_mcp", "the connection ended before everything was read") from gone

    async def receive(self) -> Incoming:
        """The next message as plain JSON."""
        try:
            got = await self._incoming.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError) as gone:
            raise PeerGoneError("not_mcp", "the connection ended before everything was read") from gone
        if isinstance(got, Exception):
            return Damaged("malformed", "something that is no JSON-RPC message")
        nodes = self._count(got.message)
        if nodes > self._limits.nodes_per_message:
            reason = f"a message of more than {self._limits.nodes_per_message} JSON values"
            return Damaged("too_large", reason, getattr(got.message, "id", None))
        return Message(got.message.model_dump(mode="python", by_alias=True, exclude_unset=True), nodes)

    def has_read_all(self) -> bool | None:
        """Never known: the transport is somebody else's."""
        return None

    def _count(self, message: object) -> int:
        """JSON values of a result, counted no further than the bound, without recursion."""
        open_values: list[Any] = [getattr(message, "result", None) or getattr(message, "params", None)]
        count = 0
        while open_values and count <= self._limits.nodes_per_message:
            value = open_values.pop()
            count += 1
            if isinstance(value, dict):
                open_values.extend(value.values())
            elif isinstance(value, list):
                open_values.extend(value)
        return count
