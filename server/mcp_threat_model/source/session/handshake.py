"""Who are you, and since when: introduce ourselves to a peer of either era.

A modern peer (MCP 2026-07-28) answers `server/discover`; every other gets `initialize`. Events noted:
``discover_ignored``, ``unknown_protocol_version``.
"""

from __future__ import annotations

import time
from typing import Any

import anyio

from mcp_threat_model.source.session.conversation import CLIENT, NOT_MCP_HINT, Conversation, RequestError
from mcp_threat_model.source.session.wire import PeerGoneError, RequestId, quoted
from mcp_threat_scoring.errors import TargetError

MODERN = "2026-07-28"
HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""Protocol revisions, https://modelcontextprotocol.io/specification/versioning."""
UNSUPPORTED_VERSION = -32022  # MCP 2026-07-28, error codes: UnsupportedProtocolVersion
POLL_S = 0.05


class Session(Conversation):
    """A conversation that begins properly."""

    async def shake_hands(self, probe: bool = True) -> dict[str, Any]:
        """Find the peer's era and introduce ourselves: its `server/discover` or `initialize` result.

        Raises:
            RequestError: the peer refused, or did not answer before the deadline.
            PeerGoneError: the connection ended.
        """
        with anyio.move_on_after(self.left()):
            try:
                found = await self._discover() if probe else None
                if found is None:
                    found = await self._initialize(HANDSHAKE[-1])
            except PeerGoneError as gone:
                gone.in_probe = probe
                raise
            self.ready = True
            return found
        raise self.late("the handshake")

    async def _discover(self) -> dict[str, Any] | None:
        """Ask a modern peer what it is. None: it is of the handshake era, or does not say."""
        self.modern, self.version = True, MODERN
        request_id = await self.ask("server/discover")
        try:
            return self._modern_hello(await self._probe_answer(request_id))
        except RequestError as failure:
            self.modern, self.version = False, ""
            if failure.rpc_code == UNSUPPORTED_VERSION and not _known(_supported(failure.data)):
                versions = ", ".join(quoted(one) for one in _supported(failure.data)[:5])
                raise TargetError(
                    "unsupported",
                    f"the target speaks only protocol versions we do not know: {versions}",
                    "Scan a saved answer to tools/list instead.",
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
            if self.left() <= 0:
                raise TargetError("timeout", f"no answer within {self.limits.total_s:g} s", NOT_MCP_HINT)
            with anyio.move_on_after(min(POLL_S, self.left())):
                while request_id not in self.answers:
                    await self.take()
            if request_id in self.answers:
                return self.result_of("server/discover", self.answers.pop(request_id))
        self.tap.note("discover_ignored", "server/discover was left unanswered")
        raise RequestError("timeout", "server/discover was not answered")

    def _modern_hello(self, result: dict[str, Any]) -> dict[str, Any] | None:
        versions = result.get("supportedVersions")
        if isinstance(versions, list) and MODERN in versions:
            return result
        self.modern, self.version = False, ""
        return None

    async def _initialize(self, version: str) -> dict[str, Any]:
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": CLIENT}
        request_id = await self.ask("initialize", params)
        try:
            result = await self.answer("initialize", request_id, self.left())
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


def _supported(data: object) -> list[str]:
    """The versions that an UnsupportedProtocolVersion error names."""
    named = data.get("supported") if isinstance(data, dict) else None
    return [one for one in named if isinstance(one, str)] if isinstance(named, list) else []


def _known(versions: list[str]) -> list[str]:
    return [one for one in (*HANDSHAKE, MODERN) if one in versions]
