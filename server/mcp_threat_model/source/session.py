"""One MCP session with a hostile peer: shake hands in either era, list everything twice over, keep it raw.

The questions are asked here, message by message, and not through the SDK's client: that refuses a whole page for one
malformed tool, drops unknown fields (a changed one would go unseen), stops at an unknown protocol version, and waits
ten fixed seconds for a peer that ignores `server/discover`. Every SDK transport can carry the session
(:func:`read_session`), and so can any :class:`Link` of ours (:func:`read_link`).

Events noted here: ``reverse_request`` (the peer asked us something), ``wrong_id``, ``list_changed`` (two reads of the
tools differ), ``list_changed_notice``, ``second_read_failed``, ``second_read_skipped``, ``duplicate_name``,
``unserved_capability``, ``undeclared_capability``, ``unknown_protocol_version``, ``repeated_cursor``,
``oversized_item``, ``discover_ignored``, ``junk_output``; and by :mod:`wire`: ``bad_utf8``, ``oversized_batch``.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import anyio

from mcp_threat_model import __version__
from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.source.wire import Damaged, Link, Message, PeerGoneError, RequestId, Tap, bound, quoted
from mcp_threat_scoring.errors import ErrorCode, TargetError
from mcp_threat_scoring.manifest import OBSERVED, Coverage, PartName, ServerFacts, not_observed, partial, sha256_of

if TYPE_CHECKING:
    from mcp.client import Transport

MODERN = "2026-07-28"
HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Protocol revisions, https://modelcontextprotocol.io/specification/versioning."""

_META = "io.modelcontextprotocol/"
_CLIENT = {"name": "mcp-threat-model", "version": __version__}
UNSUPPORTED_VERSION = -32022  # MCP 2026-07-28, error codes: UnsupportedProtocolVersion
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602

_NAMED_DUPLICATES = 20
_NOT_MCP_HINT = "Check that the target is an MCP server and that its arguments are right."


@dataclass(frozen=True, slots=True)
class Listing:
    """One thing a server lists: its method, where the items stand, and the capability that promises it."""

    part: PartName
    method: str
    key: str
    capability: str
    identity: str


LISTINGS = (
    Listing("tools", "tools/list", "tools", "tools", "name"),
    Listing("prompts", "prompts/list", "prompts", "prompts", "name"),
    Listing("resources", "resources/list", "resources", "resources", "uri"),
    Listing("resource_templates", "resources/templates/list", "resourceTemplates", "resources", "uriTemplate"),
)
TOOLS = LISTINGS[0]


@dataclass(frozen=True, slots=True)
class SessionParts:
    """Everything one session showed: raw items, and what each part of it is worth."""

    server: ServerFacts
    era: Literal["handshake", "modern"]
    items: Mapping[PartName, tuple[object, ...]]
    coverage: Mapping[PartName, Coverage]


class RequestError(TargetError):
    """The peer answered one request with an error, with nonsense, or not at all."""

    def __init__(self, code: ErrorCode, message: str, rpc_code: int | None = None, data: object = None) -> None:
        super().__init__(code, message, _NOT_MCP_HINT if code in ("not_mcp", "malformed") else "")
        self.rpc_code = rpc_code
        self.data = data


@dataclass(slots=True)
class _Read:
    """What one list gave."""

    items: list[object] = field(default_factory=list)
    count: int = 0
    """Items seen, kept or not."""
    damaged: int = 0
    cut: str = ""
    failed: TargetError | None = None

    @property
    def coverage(self) -> Coverage:
        if self.failed is not None and not self.count:
            return not_observed(self.failed.message)
        return partial(self.cut) if self.cut else OBSERVED


class Session:
    """The questions and answers of one connection. One request at a time: nothing here can be reordered by a peer."""

    def __init__(self, link: Link, limits: Limits, tap: Tap) -> None:
        self.link = link
        self.limits = limits
        self.tap = tap
        self.deadline = time.monotonic() + limits.total_s
        self._next_id = 0
        self._open: set[RequestId] = set()
        self._answers: dict[RequestId, Message | Damaged] = {}
        self._reverse = 0
        self._junk = 0
        self._nodes = 0
        self.version = ""
        self.modern = False
        self.ready = False

    def _left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())

    @property
    def out_of_time(self) -> bool:
        """Whether the deadline for the whole target has passed."""
        return self._left() <= 0

    async def notify(self, method: str) -> None:
        """Send a notification."""
        await self.link.send({"jsonrpc": "2.0", "method": method}, self._headers(method))

    def _headers(self, method: str) -> dict[str, str]:
        """What MCP's HTTP transport wants beside the body; other transports ignore it."""
        headers = {"mcp-protocol-version": self.version} if self.version else {}
        return headers | ({"mcp-method": method} if self.modern else {})

    async def ask(self, method: str, params: dict[str, Any] | None = None) -> RequestId:
        """Send a request; its answer is fetched with :meth:`answer`."""
        self._next_id += 1
        params = dict(params or {})
        if self.modern:
            params["_meta"] = {
                f"{_META}protocolVersion": self.version,
                f"{_META}clientCapabilities": {},
                f"{_META}clientInfo": _CLIENT,
            }
        body: dict[str, Any] = {"jsonrpc": "2.0", "id": self._next_id, "method": method}
        if params:
            body["params"] = params
        self._open.add(self._next_id)
        await self.link.send(body, self._headers(method))
        return self._next_id

    async def answer(self, method: str, request_id: RequestId, seconds: float) -> dict[str, Any]:
        """Wait for the result of a request.

        Raises:
            RequestError: it failed, or took longer than `seconds`.
            PeerGoneError: the connection ended.
        """
        with anyio.move_on_after(min(seconds, self._left())):
            while request_id not in self._answers:
                await self._take()
        if request_id not in self._answers:
            raise self._late(method)
        return self._result(method, self._answers.pop(request_id))

    async def call(self, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask and wait, within the time for one request."""
        with anyio.move_on_after(min(self.limits.request_s, self._left())):  # a peer that does not read blocks sending
            request_id = await self.ask(method, params)
            return await self.answer(method, request_id, self.limits.request_s)
        raise self._late(method)

    def _late(self, method: str) -> RequestError:
        if self._left() > 0:
            return RequestError("timeout", f"{method} was not answered within {self.limits.request_s:g} s")
        return RequestError("timeout", f"{method} was not answered before the deadline of {self.limits.total_s:g} s")

    def _result(self, method: str, got: Message | Damaged) -> dict[str, Any]:
        if isinstance(got, Damaged):
            code: ErrorCode = "too_large" if got.code == "too_large" else "malformed"
            raise RequestError(code, f"{method} was answered with {got.reason}")
        error = got.body.get("error")
        if error is not None:
            rpc = error if isinstance(error, dict) else {"message": error}
            number = rpc.get("code")
            number = number if isinstance(number, int) and not isinstance(number, bool) else None
            shown = f"error {number}" if number is not None else "an error"
            said = f": {quoted(rpc['message'])}" if rpc.get("message") else ""
            raise RequestError("not_mcp", f"{method} was answered with {shown}{said}", number, rpc.get("data"))
        result = got.body.get("result")
        if not isinstance(result, dict):
            raise RequestError("malformed", f"{method} was answered with something that is no object")
        if result.get("resultType", "complete") != "complete":
            raise RequestError("unsupported", f"{method} was answered with a demand for more input")
        self._nodes += got.nodes
        return result

    async def _take(self) -> None:
        """Read one message and put it where it belongs."""
        got = await self.link.receive()
        self.tap.messages_in += 1
        if self.tap.messages_in > self.limits.messages:
            raise PeerGoneError("too_large", f"the target sent more than {self.limits.messages} messages")
        if isinstance(got, Damaged):
            if got.request_id in self._open:
                self._settle(got.request_id, got)
            else:
                self._junk_line(got)
            return
        body = got.body
        if "method" in body:
            await self._asked(body)
            return
        request_id = body.get("id")
        if request_id in self._open if isinstance(request_id, str | int) else False:
            self._settle(request_id, got)
        elif isinstance(request_id, str) and request_id.isdecimal() and len(request_id) < 10:
            self.tap.note("wrong_id", "an answer carried its id as text")
            if int(request_id) in self._open:
                self._settle(int(request_id), got)
        elif request_id is None and "error" in body and len(self._open) == 1:
            self._settle(next(iter(self._open)), got)  # JSON-RPC 2.0, 5: null where the id could not be read
        else:
            self.tap.note("wrong_id", "an answer to a question that was never asked")

    def _settle(self, request_id: Any, got: Message | Damaged) -> None:
        self._open.discard(request_id)
        self._answers[request_id] = got

    def _junk_line(self, got: Damaged) -> None:
        self.tap.note("junk_output", got.reason)
        self._junk += 1
        if self._junk > self.limits.junk_lines:
            raise PeerGoneError(
                "not_mcp", f"the target sent more than {self.limits.junk_lines} lines that are no JSON-RPC"
            )

    async def _asked(self, body: dict[str, Any]) -> None:
        """A request or notification of the peer. Requests are evidence, and are refused; a ping is answered."""
        method = body["method"] if isinstance(body["method"], str) else ""
        if "id" not in body:
            if method.endswith("/list_changed"):
                self.tap.note("list_changed_notice", quoted(method))
            return
        self.tap.note("reverse_request", quoted(method) + ("" if self.ready else " during the handshake"))
        self._reverse += 1
        if self._reverse > self.limits.reverse_requests or not isinstance(body["id"], str | int):
            return
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": body["id"]}
        if method == "ping":
            reply["result"] = {}
        else:
            reply["error"] = {"code": METHOD_NOT_FOUND, "message": "not offered by this client"}
        await self.link.send(reply, self._headers(""))

    # -- the handshake --------------------------------------------------------------------------------------------

    async def shake_hands(self, probe: bool = True) -> dict[str, Any]:
        """Find the peer's era and introduce ourselves: its `server/discover` or `initialize` result."""
        with anyio.move_on_after(self._left()):
            try:
                found = await self._discover() if probe else None
            except PeerGoneError as gone:
                gone.in_probe = True
                raise
            if found is None:
                found = await self._initialize(HANDSHAKE[-1])
            self.ready = True
            return found
        raise self._late("the handshake")

    async def _discover(self) -> dict[str, Any] | None:
        """Ask a modern peer what it is. None: it is of the handshake era, or does not say."""
        self.modern, self.version = True, MODERN
        request_id = await self.ask("server/discover")
        try:
            return self._modern(await self._probe_answer(request_id))
        except RequestError as failure:
            self.modern, self.version = False, ""
            if failure.rpc_code == UNSUPPORTED_VERSION and not _known(_supported(failure.data)):
                versions = ", ".join(quoted(one) for one in _supported(failure.data)[:5])
                raise TargetError(
                    "unsupported", f"the target speaks only protocol versions we do not know: {versions}", ""
                ) from failure
            return None

    async def _probe_answer(self, request_id: RequestId) -> dict[str, Any]:
        """Wait long for a peer that is still starting, and not long for one that ignores what it does not know."""
        started = time.monotonic()
        seen_read: float | None = None
        while True:
            now = time.monotonic()
            state = self.link.has_read_all()
            if state and seen_read is None:
                seen_read = now
            if seen_read is not None and now - seen_read >= self.limits.probe_s:
                break
            if state is None and now - started >= self.limits.probe_unread_s:
                break
            if self._left() <= 0:
                raise TargetError("timeout", f"no answer within {self.limits.total_s:.0f} s", _NOT_MCP_HINT)
            with anyio.move_on_after(min(0.05, self._left())):
                while request_id not in self._answers:
                    await self._take()
            if request_id in self._answers:
                return self._result("server/discover", self._answers.pop(request_id))
        self.tap.note("discover_ignored", "server/discover was left unanswered")
        raise RequestError("timeout", "server/discover was not answered")

    def _modern(self, result: dict[str, Any]) -> dict[str, Any] | None:
        versions = result.get("supportedVersions")
        if isinstance(versions, list) and MODERN in versions:
            return result
        self.modern, self.version = False, ""
        return None

    async def _initialize(self, version: str) -> dict[str, Any]:
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": _CLIENT}
        request_id = await self.ask("initialize", params)
        try:
            result = await self.answer("initialize", request_id, self._left())
        except RequestError as failure:
            other = [one for one in _known(_supported(failure.data)) if one != version]
            if MODERN in other:  # it took the late probe for its handshake
                self.modern, self.version = True, MODERN
                return await self.call("server/discover")
            if other and version == HANDSHAKE[-1]:
                return await self._initialize(other[-1])
            raise
        said = result.get("protocolVersion")
        self.version = said if isinstance(said, str) and said in HANDSHAKE else version
        if said not in HANDSHAKE:
            self.tap.note("unknown_protocol_version", quoted(said))
        await self.notify("notifications/initialized")
        return result

    # -- lists ----------------------------------------------------------------------------------------------------

    async def read_list(self, listing: Listing, known: Counter[str] | None = None) -> _Read:
        """All pages of one list, as far as the bounds and the peer allow.

        With the hashes of an earlier read in `known`, only items that are not among them are kept, and what is left
        in `known` afterwards has disappeared.
        """
        read = _Read()
        seen: set[str] = set()
        params: dict[str, Any] = {}
        self._nodes = 0
        for _ in range(self.limits.pages):
            try:
                result = await self.call(listing.method, params)
                page = result.get(listing.key)
                if not isinstance(page, list):
                    raise RequestError("malformed", f"{listing.method} was answered without a list")
            except (RequestError, PeerGoneError) as failure:
                read.failed = failure
                read.cut = f"the list breaks off after {items_of(read.count)}: {failure.message}"
                return read
            self._keep(read, page, known)
            cursor = result.get("nextCursor")
            if read.cut or cursor is None or cursor == "":
                return read
            if not isinstance(cursor, str) or len(cursor) > self.limits.cursor_chars:
                read.cut = "the cursor of the next page cannot be used, so later pages are missing"
            elif cursor in seen:
                self.tap.note("repeated_cursor", f"{listing.method} goes in circles")
                read.cut = "the cursor repeats, so it is unknown whether more items exist"
            if read.cut:
                return read
            seen.add(cursor)
            params = {"cursor": cursor}
        read.cut = f"more than {self.limits.pages} pages; {items_of(read.count)} read"
        return read

    def _keep(self, read: _Read, page: list[object], known: Counter[str] | None) -> None:
        room = self.limits.items - read.count
        if len(page) > room:
            read.cut = f"more than {self.limits.items} items; at least {len(page) - room} more were not read"
        if self._nodes > self.limits.nodes_total:
            room = 0
            read.cut = f"the list has more than {self.limits.nodes_total} JSON values; {items_of(read.count)} read"
        for raw in page[:room]:
            kept, cuts = bound(raw, self.limits)
            read.count += 1
            read.damaged += bool(cuts)
            digest = "" if known is None else sha256_of(kept)
            if known is not None and known[digest] > 0:
                known[digest] -= 1
            else:
                read.items.append(kept)


async def read_session(
    transport: Transport, limits: Limits, *, tap: Tap | None = None, probe: bool = True
) -> SessionParts:
    """Read one peer through any transport of the SDK (HTTP, SSE, in memory).

    Bounds on bytes are the transport's business; counts, nesting, text, pages and the deadline are kept here. What was
    read stays, even where closing the transport hangs. Errors of the transport itself come out as it raises them, often
    in an exception group.

    Raises:
        TargetError: nothing could be read: `timeout`, `not_mcp`, `malformed`, `too_large`, `unsupported`.
    """
    from mcp_threat_model.source.sdk_link import SdkLink  # late: the SDK costs half a second, stdio does without

    tap = tap if tap is not None else Tap(limits.event_kinds)
    parts: SessionParts | None = None
    with anyio.move_on_after(limits.total_s + limits.grace_s):
        async with transport as (incoming, outgoing):
            parts = await read_link(SdkLink(incoming, outgoing, limits, tap), limits, tap=tap, probe=probe)
    if parts is None:
        raise TargetError("timeout", f"the target did not answer within {limits.total_s:g} s", _NOT_MCP_HINT)
    return parts


async def read_link(link: Link, limits: Limits, *, tap: Tap, probe: bool = True) -> SessionParts:
    """Read one peer through a link of ours: handshake, every list, and the tools a second time.

    `probe` false skips `server/discover`, for a peer that is known to die of it.

    Raises:
        TargetError: the handshake failed, or no tool list came; everything less is said in the coverage.
    """
    session = Session(link, limits, tap)
    hello = await session.shake_hands(probe)
    declared = hello.get("capabilities")
    declared = declared if isinstance(declared, dict) else {}
    items: dict[PartName, tuple[object, ...]] = {}
    coverage: dict[PartName, Coverage] = {}
    timeouts = 0
    for listing in LISTINGS:
        part, promised = listing.part, declared.get(listing.capability) is not None
        if not promised and listing is not TOOLS:
            coverage[part] = Coverage("observed", f"the server declares no {listing.capability}")
            continue
        if timeouts > 1:
            coverage[part] = not_observed("not asked, because the target had stopped answering")
            continue
        read = await session.read_list(listing)
        _judge(read, listing, promised, tap)
        coverage[part] = read.coverage
        if listing is TOOLS and not promised and not read.items:
            coverage[part] = Coverage("observed", "the server declares no tools")
        timeouts += read.failed is not None and read.failed.code == "timeout"
        items[part] = tuple(read.items)
        if listing is TOOLS:
            first = read
    if first.items and session.out_of_time:
        tap.note("second_read_skipped", "no time was left to list the tools a second time")
    elif first.items and not first.cut:
        items["tools"] = await _read_again(session, first.items, tap)
    server = _server_facts(session, hello)
    coverage["server"] = OBSERVED if server.name else partial("the server does not say its name")
    coverage["instructions"] = Coverage("observed", "" if server.instructions else "the server gives none")
    return SessionParts(server, "modern" if session.modern else "handshake", items, coverage)


def _judge(read: _Read, listing: Listing, promised: bool, tap: Tap) -> None:
    """Note what is odd about a list; a missing tool list ends the session, unless the server says so itself."""
    if read.damaged:
        tap.note("oversized_item", f"{listing.key}: text or nesting beyond the bounds was cut", read.damaged)
        read.cut = "; ".join(filter(None, (read.cut, f"text or nesting was cut in {items_of(read.damaged)}")))
    if read.failed is not None and promised and not read.count:
        tap.note("unserved_capability", listing.key)
    if read.items and not promised:
        tap.note("undeclared_capability", listing.key)
    if listing is TOOLS and read.failed is not None and not read.count:
        said_so = isinstance(read.failed, RequestError) and read.failed.rpc_code is not None
        if not said_so:
            raise read.failed
    names = Counter(str(raw.get(listing.identity)) for raw in read.items if isinstance(raw, dict))
    for name, count in names.most_common(_NAMED_DUPLICATES):
        if count > 1:
            tap.note("duplicate_name", f"{listing.key}: {quoted(name)}", count)


async def _read_again(session: Session, first: list[object], tap: Tap) -> tuple[object, ...]:
    """List the tools once more. New and changed ones join the first, so that they are examined too."""
    known = Counter(sha256_of(raw) for raw in first)
    second = await session.read_list(TOOLS, known)
    if second.failed is not None or second.cut:
        tap.note("second_read_failed", "the tools could not be listed a second time")
        return tuple(first)
    gone = sum(known.values())
    if second.items or gone:
        detail = f"of {len(first)} tools, {len(second.items)} were new or changed and {gone} gone at the second reading"
        tap.note("list_changed", detail)
    return (*first, *second.items[: session.limits.items])


def _server_facts(session: Session, hello: Mapping[str, Any]) -> ServerFacts:
    meta = hello.get("_meta")
    info = hello.get("serverInfo", meta.get(f"{_META}serverInfo") if isinstance(meta, dict) else None)
    info = info if isinstance(info, dict) else {}
    limits = session.limits

    def text(holder: Mapping[str, Any], key: str) -> str:
        value = holder.get(key)
        return str(bound(value, limits)[0]) if isinstance(value, str) else ""

    said = hello.get("protocolVersion")
    capabilities = bound(hello.get("capabilities"), limits)[0]
    return ServerFacts(
        name=text(info, "name"),
        version=text(info, "version"),
        title=text(info, "title"),
        protocol_version=session.version if session.modern else said[:64] if isinstance(said, str) else "",
        instructions=text(hello, "instructions"),
        capabilities=capabilities if isinstance(capabilities, dict) else {},
    )


def items_of(count: int) -> str:
    """A number of items in words."""
    return "1 item" if count == 1 else f"{count} items"


def _supported(data: object) -> list[str]:
    """The versions that an UnsupportedProtocolVersion error names."""
    named = data.get("supported") if isinstance(data, dict) else None
    return [one for one in named if isinstance(one, str)] if isinstance(named, list) else []


def _known(versions: list[str]) -> list[str]:
    return [one for one in (*HANDSHAKE, MODERN) if one in versions]
