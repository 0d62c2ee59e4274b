"""Server-sent events, read from bytes under a bound. Format: WHATWG HTML, 9.2.6, "Interpreting an event stream"."""

from __future__ import annotations

from collections.abc import AsyncIterator

from mcp_threat_scoring.structs import Struct


class ServerEvent(Struct, frozen=True):
    """One event. `id` is the last one given on the stream, `retry` the server's wish in milliseconds."""

    event: str
    data: bytes
    id: str = ""
    retry: int | None = None


class EventTooLargeError(Exception):
    """One event is larger than the bound."""


class EventReader:
    """Feed it bytes, get events. Never holds more than `limit` bytes of an unfinished event."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._line = bytearray()
        self._after_cr = False
        self._first = True
        self._size = 0
        self._event = ""
        self._data: list[bytes] = []
        self._id = ""
        self._retry: int | None = None
        self._pending = False

    def feed(self, piece: bytes) -> list[ServerEvent]:
        """The events that `piece` completes.

        Raises:
            EventTooLargeError: the event in progress is over the bound.
        """
        if self._after_cr and piece.startswith(b"\n"):
            piece, self._after_cr = piece[1:], False
        if piece:
            self._after_cr = piece.endswith(b"\r")
        found: list[ServerEvent] = []
        lines = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for part in lines[:-1]:
            self._line += part
            event = self._take_line(bytes(self._line))
            self._line.clear()
            if event is not None:
                found.append(event)
        self._line += lines[-1]
        if len(self._line) + self._size > self._limit:
            raise EventTooLargeError
        return found

    def _take_line(self, line: bytes) -> ServerEvent | None:
        if self._first:
            line, self._first = line.removeprefix(b"\xef\xbb\xbf"), False
        if not line:
            return self._finish()
        self._size += len(line)
        if self._size > self._limit:
            raise EventTooLargeError
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"event":
                self._event = value[:64].decode(errors="replace")
            case b"data":
                self._data.append(value)
            case b"id" if b"\0" not in value:
                self._id = value[:1024].decode(errors="replace")
            case b"retry" if value.isdigit() and len(value) < 10:
                self._retry = int(value)
            case _:
                self._size -= len(line) if line.startswith(b":") else 0  # comments are not kept
                return None
        self._pending = True
        return None

    def _finish(self) -> ServerEvent | None:
        self._size = 0
        if not self._pending:
            return None
        self._pending = False
        event = ServerEvent(self._event or "message", b"\n".join(self._data), self._id, self._retry)
        self._event, self._data, self._retry = "", [], None
        return event


async def read_events(body: AsyncIterator[bytes], limit: int) -> AsyncIterator[ServerEvent]:
    """The events of a response body.

    Raises:
        EventTooLargeError: one is over `limit` bytes.
    """
    reader = EventReader(limit)
    async for piece in body:
        for event in reader.feed(piece):
            yield event
