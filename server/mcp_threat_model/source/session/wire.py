"""JSON-RPC as it comes from a hostile peer: bounded before it is parsed, repaired where that loses nothing.

A :class:`Link` carries messages to and from one peer; what went wrong on the way is written on a :class:`Tap`. The
SDK's own parse refuses a whole page for one malformed tool, drops fields it does not know and has no bound on size or
nesting; here the raw JSON is kept and every bound of :class:`Limits` is checked.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Protocol

from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.guard.mask import Mask
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import Event
from mcp_threat_scoring.neutralise import excerpt
from mcp_threat_scoring.structs import Struct, field

RequestId = str | int


class Message(Struct, frozen=True):
    """One JSON object from the peer. `nodes` is an upper estimate of the JSON values in it."""

    body: dict[str, Any]
    nodes: int = 0
    repeated: int = 0
    """Objects in it, or in the batch it came in, that name a key more than once."""


class Damaged(Struct, frozen=True):
    """Something from the peer that is no usable message. `code` says how a request that it answers should end."""

    code: str
    reason: str
    request_id: RequestId | None = None
    status: int | None = None
    """The HTTP status that came in the place of an answer."""


Incoming = Message | Damaged


class PeerGoneError(TargetError):
    """The peer closed the connection, or was stopped for what it sent, before the session was read."""

    in_probe = False
    """It happened in a handshake that began with `server/discover`, which some old servers do not survive."""


class Link(Protocol):
    """One connection to one peer, whatever carries it."""

    async def send(self, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        """Send one message. `headers` matter to HTTP only."""
        ...

    async def receive(self) -> Incoming:
        """The next message, or what was wrong with it.

        Raises:
            PeerGoneError: nothing more will come.
        """
        ...

    def has_read_all(self) -> bool | None:
        """Whether the peer has taken everything that was sent; None where that cannot be seen."""
        ...


class Tap(Struct):
    """What was odd on the wire. Bounded: a peer cannot make it grow. Nothing that `mask` hides comes through."""

    limit: int = 200
    mask: Mask = field(default_factory=Mask)
    home: str = ""
    """The host that the peer was reached at, if it has one."""
    bytes_in: int = 0
    messages_in: int = 0
    _events: dict[tuple[str, str], int] = field(default_factory=dict)

    def note(self, code: str, detail: str = "", count: int = 1) -> None:
        """Count an oddity. `detail` must be our own words or neutralised."""
        key = (code, detail)
        if key not in self._events and len(self._events) >= self.limit:
            key = (code, "and others")
        self._events[key] = self._events.get(key, 0) + count

    def count(self, code: str) -> int:
        """How often that oddity was seen."""
        return sum(count for (seen, _), count in self._events.items() if seen == code)

    def events(self) -> tuple[Event, ...]:
        """Everything noted, in one fixed order: what raced on the wire must not reorder a report."""
        if self.mask.echoed and not self.count("secret_echoed"):
            self.note("secret_echoed", "a value that was given to the target in secret came back in its answers")
        return tuple(Event(code, detail, count) for (code, detail), count in sorted(self._events.items()))


def _safe_float(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text


def _safe_int(text: str) -> int | str:
    return int(text) if len(text) <= 100 else text  # Python refuses 4,300 digits, and nobody needs 100


def _decode(text: str, tap: Tap) -> tuple[Any, int]:
    """Parse JSON, without what was given in secret, and count the objects that name a key more than once.

    Of a repeated key the last value stays, as with most readers, and the repetition is noted.
    """

    hide = tap.mask.members if tap.mask else None
    repeated = 0

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        built = dict(hide(pairs) if hide else pairs)
        repeated += len(built) != len(pairs)
        return built

    value = json.loads(text, object_pairs_hook=build, parse_constant=str, parse_float=_safe_float, parse_int=_safe_int)
    if repeated:
        tap.note("repeated_key", "an object with the same key twice, which readers understand differently", repeated)
    return value, repeated


def encode(body: object) -> bytes:
    """JSON of ours, compact and without line breaks."""
    return json.dumps(body, separators=(",", ":")).encode()


def count_nodes(raw: bytes) -> int:
    """An upper estimate of the JSON values in `raw`, in one pass over the bytes and without parsing."""
    return raw.count(b",") + raw.count(b"[") + raw.count(b"{") + raw.count(b":")


def probable_id(raw: bytes) -> RequestId | None:
    """The id of a broken response, so that its request ends now and not at its timeout. Ours are small integers."""
    head = raw[:200]
    at = head.find(b'"id"')
    if at < 0:
        return None
    digits = head[at + 4 :].lstrip(b" :")[:10]
    number = digits[: len(digits) - len(digits.lstrip(b"0123456789"))]
    return int(number) if number else None


def parse(raw: bytes, limits: Limits, tap: Tap) -> list[Incoming]:
    """Read one line or event: usually one message, several for a batch, or what is wrong with it.

    Bad UTF-8 is replaced and noted, numbers that Python cannot hold stay text, and everything else that is not JSON
    comes back as :class:`Damaged`.
    """
    nodes = count_nodes(raw)
    if nodes > limits.nodes_per_message:
        reason = f"a message of about {nodes:,} JSON values (at most {limits.nodes_per_message:,} are read)"
        return [Damaged("too_large", reason, probable_id(raw))]
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        tap.note("bad_utf8", "text that is not UTF-8 was replaced")
        text = raw.decode(errors="replace")
    try:
        value, repeated = _decode(text.removeprefix("\ufeff"), tap)
    except RecursionError:
        return [Damaged("malformed", "a message that is nested too deeply to be read", probable_id(raw))]
    except ValueError:
        return [Damaged("malformed", "a message that is not JSON", probable_id(raw))]
    if isinstance(value, list):
        if len(value) > limits.batch:
            tap.note("oversized_batch", f"more than {limits.batch} messages in one batch", len(value))
        share = nodes // max(1, len(value))
        return [_message(one, share, repeated) for one in value[: limits.batch]]
    return [_message(value, nodes, repeated)]


def _message(value: object, nodes: int, repeated: int) -> Incoming:
    if not isinstance(value, dict):
        return Damaged("malformed", "JSON that is no JSON-RPC message")
    if not ("method" in value or "result" in value or "error" in value):
        return Damaged("malformed", "a JSON object that is no JSON-RPC message")
    return Message(value, nodes, repeated)


def quoted(text: object) -> str:
    """A peer's words inside a sentence of ours: a few, inert, in quotation marks, and no sentence of their own."""
    return f"“{excerpt(text)}”"
