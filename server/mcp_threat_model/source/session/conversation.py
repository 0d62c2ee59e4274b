"""Questions to a peer and its answers, one at a time, with everything else it says counted or refused.

Nothing here knows what is asked. Events noted: ``reverse_request`` (the peer asked us something), ``wrong_id``,
``list_changed_notice``, ``junk_output``, ``verbose_error``, and those of :mod:`elicitation`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import anyio

from mcp_threat_model import __version__
from mcp_threat_model.guard.limits import BUSY_HINT, SLOW_HINT, TOO_MUCH_HINT, Limits
from mcp_threat_model.source.session.elicitation import note_elicitation
from mcp_threat_model.source.session.wire import Damaged, Link, Message, PeerGoneError, RequestId, Tap, quoted
from mcp_threat_scoring.errors import ErrorCode, TargetError

META = "io.modelcontextprotocol/"
"""Prefix of the reserved `_meta` keys of MCP 2026-07-28."""
CLIENT = {"name": "mcp-threat-model", "version": __version__}
METHOD_NOT_FOUND = -32601  # JSON-RPC 2.0, section 5.1
TRACE_MARKS = ("Traceback (most recent call last)", "\n    at ", "\n\tat ", "goroutine 1 [", "stack backtrace:")
"""How traces of Python, JavaScript, Java, Go and Rust begin."""
MESSAGE_CHARS = 100_000
NOT_MCP_HINT = "Check that the target is an MCP server and that its arguments are right."
_HINTS: Mapping[ErrorCode, str] = {
    "not_mcp": NOT_MCP_HINT, "malformed": NOT_MCP_HINT, "timeout": SLOW_HINT, "too_large": TOO_MUCH_HINT,
    "unsupported": "Scan a saved answer to tools/list instead.",
}  # fmt: skip


class RequestError(TargetError):
    """The peer answered one request with an error, with nonsense, or not at all."""

    def __init__(
        self, code: ErrorCode, message: str, rpc_code: int | None = None, data: object = None, hint: str = ""
    ) -> None:
        super().__init__(code, message, hint or _HINTS.get(code, ""))
        self.rpc_code = rpc_code
        self.data = data


class Conversation:
    """The questions and answers of one connection. One request at a time: nothing here can be reordered by a peer.

    `seconds` is what is left of the time that `limits` allow for the whole target; by default all of it.
    """

    def __init__(self, link: Link, limits: Limits, tap: Tap, seconds: float | None = None) -> None:
        self.link = link
        self.limits = limits
        self.tap = tap
        self.deadline = time.monotonic() + (limits.total_s if seconds is None else seconds)
        self._next_id = 0
        self._open: dict[RequestId, str] = {}
        """By id, what was asked and is not answered."""
        self.answers: dict[RequestId, Message | Damaged] = {}
        self._reverse = 0
        self._junk = 0
        self.nodes = 0
        """JSON values in the results since somebody last set this to 0; an upper estimate."""
        self.repeated = 0
        """Objects in the answers that name a key more than once."""
        self.version = ""
        self.modern = False
        self.ready = False

    def left(self) -> float:
        """Seconds until the deadline for the whole target."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def out_of_time(self) -> bool:
        """Whether the deadline for the whole target has passed."""
        return self.left() <= 0

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
                f"{META}protocolVersion": self.version,
                f"{META}clientCapabilities": {},
                f"{META}clientInfo": CLIENT,
            }
        body: dict[str, Any] = {"jsonrpc": "2.0", "id": self._next_id, "method": method}
        if params:
            body["params"] = params
        self._open[self._next_id] = method
        await self.link.send(body, self._headers(method))
        return self._next_id

    async def answer(self, method: str, request_id: RequestId, seconds: float) -> dict[str, Any]:
        """Wait for the result of a request.

        Raises:
            RequestError: it failed, or took longer than `seconds`.
            PeerGoneError: the connection ended.
        """
        with anyio.move_on_after(min(seconds, self.left())):
            while request_id not in self.answers:
                await self.take()
        if request_id not in self.answers:
            raise self.late(method)
        return self.result_of(method, self.answers.pop(request_id))

    async def call(
        self, method: str, params: dict[str, Any] | None = None, seconds: float | None = None
    ) -> dict[str, Any]:
        """Ask and wait, within `seconds`, or else the time for one request.

        Raises:
            RequestError: it was not answered in time, or with an error, or with nonsense.
            PeerGoneError: the connection ended.
        """
        patience = self.limits.request_s if seconds is None else min(seconds, self.limits.request_s)
        with anyio.move_on_after(min(patience, self.left())):  # a peer that does not read blocks sending
            request_id = await self.ask(method, params)
            while request_id not in self.answers:
                await self.take()
            return self.result_of(method, self.answers.pop(request_id))
        raise self.late(method, patience)

    def late(self, method: str, seconds: float | None = None) -> RequestError:
        """The failure of a request that took longer than `seconds`, or else than the time for one request."""
        if self.left() > 0:
            patience = self.limits.request_s if seconds is None else seconds
            hint = BUSY_HINT if patience < self.limits.total_s else SLOW_HINT
            return RequestError("timeout", f"{method} was not answered within {patience:g} s", hint=hint)
        return RequestError("timeout", f"{method} was not answered before the deadline of {self.limits.total_s:g} s")

    def result_of(self, method: str, got: Message | Damaged) -> dict[str, Any]:
        """The result in an answer.

        Raises:
            RequestError: it holds anything else.
        """
        if isinstance(got, Damaged):
            raise _unanswered(method, got)
        self.repeated += got.repeated
        error = got.body.get("error")
        if error is not None and got.body.get("result"):  # one reader takes the one, another the other
            raise RequestError("malformed", f"{method} was answered with a result and an error at once")
        if error is not None:
            rpc = error if isinstance(error, dict) else {"message": error}
            number = rpc.get("code")
            number = number if isinstance(number, int) and not isinstance(number, bool) else None
            shown = f"error {number}" if number is not None else "an error"
            said = f": {quoted(rpc['message'])}" if rpc.get("message") else ""
            if any(mark in str(rpc.get("message"))[:MESSAGE_CHARS] for mark in TRACE_MARKS):
                self.tap.note("verbose_error", f"{method} was answered with the inside of the program")
            raise RequestError("not_mcp", f"{method} was answered with {shown}{said}", number, rpc.get("data"))
        result = got.body.get("result")
        if not isinstance(result, dict):
            raise RequestError("malformed", f"{method} was answered with something that is no object")
        if result.get("resultType", "complete") != "complete":
            raise RequestError("unsupported", f"{method} was answered with a demand for more input")
        self.nodes += got.nodes
        return result

    async def take(self) -> None:
        """Read one message and put it where it belongs.

        Raises:
            PeerGoneError: the connection ended, or the peer sent too much, or too much that is no message.
            TargetError: `not_mcp`: what comes back is our own question.
        """
        got = await self.link.receive()
        self.tap.messages_in += 1
        if self.tap.messages_in > self.limits.messages:
            raise PeerGoneError(
                "too_large", f"the target sent more than {self.limits.messages:,} messages", TOO_MUCH_HINT
            )
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
        self._open.pop(request_id, None)
        self.answers[request_id] = got

    def _junk_line(self, got: Damaged) -> None:
        self.tap.note("junk_output", got.reason)
        self._junk += 1
        if self._junk > self.limits.junk_lines:
            raise PeerGoneError(
                "not_mcp",
                f"the target sent more than {self.limits.junk_lines:,} lines that are no JSON-RPC",
                "Its logs belong on standard error; check that the command starts an MCP server.",
            )

    async def _asked(self, body: dict[str, Any]) -> None:
        """A request or notification of the peer. Requests are evidence, and are refused; a ping is answered."""
        method = body["method"] if isinstance(body["method"], str) else ""
        if "id" not in body:
            if method.endswith("/list_changed"):
                self.tap.note("list_changed_notice", quoted(method))
            return
        if isinstance(body["id"], str | int) and self._open.get(body["id"]) == method:
            # No server asks what only clients ask, let alone under the id of our question.
            raise TargetError("not_mcp", "the target only repeats what it is sent", NOT_MCP_HINT)
        self.tap.note("reverse_request", quoted(method) + ("" if self.ready else " during the handshake"))
        if method == "elicitation/create":
            note_elicitation(body.get("params"), self.tap)
        self._reverse += 1
        if self._reverse > self.limits.reverse_requests or not isinstance(body["id"], str | int):
            return
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": body["id"]}
        if method == "ping":
            reply["result"] = {}
        else:
            reply["error"] = {"code": METHOD_NOT_FOUND, "message": "not offered by this client"}
        await self.link.send(reply, self._headers(""))


def _unanswered(method: str, got: Damaged) -> RequestError:
    """The failure of a request that something else came for than an answer."""
    if got.code == "auth_required" and got.status is not None:
        which = "credentials" if got.status == 401 else "credentials that allow it"
        return RequestError("auth_required", f"needs {which}: it answered {got.status} to {method}", got.status)
    code: ErrorCode = "too_large" if got.code == "too_large" else "malformed" if got.status is None else "not_mcp"
    return RequestError(code, f"{method} was answered with {got.reason}", got.status)
