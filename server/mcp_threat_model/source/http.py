"""A live endpoint: streamable HTTP, or else legacy SSE, in every protocol era, with or without credentials."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

import httpx

from mcp_threat_model.guard.connect import Resolver, system_resolver
from mcp_threat_model.guard.http_client import guarded_client
from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.guard.pipe import Ledger, WireBounds, tls_context
from mcp_threat_model.guard.redact import redact_url
from mcp_threat_model.guard.url import Endpoint, NamedBy, check_url
from mcp_threat_model.source.authorization import DISCOVERY_SECONDS, Authority, Discovery, Reception, with_credentials
from mcp_threat_model.source.http_facts import active_facts, passive_facts
from mcp_threat_model.source.http_trouble import auth_required, explain, may_be_legacy, refused_stranger
from mcp_threat_model.source.session import Session, SessionParts, read_link
from mcp_threat_model.source.sse_link import legacy_sse_link
from mcp_threat_model.source.streamable_link import streamable_link
from mcp_threat_model.source.wire import Tap
from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.manifest import OBSERVED, Manifest, TransportFacts, build_manifest, not_observed

Kind = Literal["http", "sse"]
_SESSION_SHARE = 0.7
"""Of the whole time; the rest is for authorization discovery, so that a slow server still gets a report."""
_STRANGER_SECONDS = 5.0
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept", "accept-encoding", "content-type", "expect",
     "upgrade", "te", "trailer", "keep-alive", "origin"}
)  # fmt: skip
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The user's headers, names in lower case.

    Raises:
        UsageError: a name or value that HTTP does not allow, or one that the protocol itself must set.
    """
    kept: dict[str, str] = {}
    for name, value in headers.items():
        lower = name.strip().lower()
        if not lower or not set(lower) <= _TOKEN:
            raise UsageError("A header name holds characters that HTTP does not allow.")
        if lower in _OURS or lower.startswith("mcp-"):
            raise UsageError(f"The header {lower} is set by the protocol and cannot be given.")
        if any((ord(char) < 0x20 and char != "\t") or ord(char) == 0x7F for char in value):
            raise UsageError(f"The value of the header {lower} holds control characters.")
        kept[lower] = value.strip()
    return kept


class HttpSource:
    """Reads one live endpoint. Headers are the user's own, sent to the URL's origin and nowhere else.

    `resolver` and `tls` replace the system's; they are what tests turn.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        limits: Limits,
        allow_private: bool,
        progress: Callable[[str], None] | None = None,
        resolver: Resolver = system_resolver,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = url
        self._headers = check_headers(headers)
        self._limits = limits
        self._allow_private = allow_private
        self._progress = progress or (lambda _: None)
        self._resolver = resolver
        self._tls = tls
        self._tap = Tap(limits.event_kinds)

    async def read(self) -> Manifest:
        """Read the endpoint's lists, its authorization metadata and what its transport shows.

        Raises:
            TargetError: nothing could be read; see :data:`ErrorCode` for the kinds.
            UsageError: never from here; the constructor checks the headers.
        """
        endpoint = check_url(self._url, allow_private=self._allow_private)
        self._tls = self._tls or tls_context()
        try:
            async with asyncio.timeout(self._limits.total_s):
                return await self._read(endpoint)
        except TimeoutError:
            raise TargetError(
                "timeout",
                f"{redact_url(endpoint)} was not read within {self._limits.total_s:g} seconds.",
                "Allow more time with --timeout SECONDS.",
            ) from None

    def _client(
        self, endpoint: Endpoint, ledger: Ledger, *, own: bool, named_by: NamedBy = "user"
    ) -> httpx.AsyncClient:
        """A guarded client. `own` adds the user's headers; those of metadata (`named_by` "target") never carry any."""
        limits = self._limits
        body = limits.body_bytes if named_by == "user" else limits.metadata_bytes
        total = limits.total_bytes if named_by == "user" else 40 * limits.metadata_bytes
        return guarded_client(
            WireBounds(body, total, requests=limits.pages * 6 + 100, seconds=limits.request_s),
            allow_private=self._allow_private,
            ledger=ledger,
            named_by=named_by,
            home=endpoint if named_by == "user" else None,
            stay=named_by == "user",
            headers=self._headers if own else None,
            resolver=self._resolver,
            tls=self._tls,
        )

    async def _read(self, endpoint: Endpoint) -> Manifest:
        ledger = Ledger()
        async with self._client(endpoint, ledger, own=True) as client:
            self._progress(f"connecting to {endpoint.origin}")
            parts, kind, failure = await self._session(client, endpoint, ledger)
            reception = _reception(ledger, parts is not None, parts)
            if parts is None and failure is not None and not refused_stranger(ledger):
                raise explain(ledger, endpoint, kind, failure)
            facts = passive_facts(endpoint, ledger.notes)
            if parts is not None:
                facts["era"] = parts.era
                loopback = ledger.contacts.scope == "loopback"
                facts |= await active_facts(client, endpoint, kind=kind, era=parts.era, loopback=loopback)
        self._progress("reading authorization metadata")
        if self._headers:
            reception = await self._as_stranger(endpoint, kind)
        authority = await self._authority(endpoint, ledger, reception)
        if self._headers:
            authority = with_credentials(authority, accepted=parts is not None)
        if parts is None:
            raise auth_required(endpoint, ledger, authority, given=bool(self._headers))
        shown = redact_url(endpoint)
        transport = TransportFacts(kind, shown, ledger.contacts.scope or "unknown", facts)
        return self._manifest(shown, transport, parts, authority)

    async def _session(
        self, client: httpx.AsyncClient, endpoint: Endpoint, ledger: Ledger
    ) -> tuple[SessionParts | None, Kind, TargetError | None]:
        """Streamable HTTP first; legacy SSE where the server refused that the way the specification describes."""
        limits = self._limits.with_total(self._limits.total_s * _SESSION_SHARE)
        try:
            async with streamable_link(client, endpoint, limits, self._tap) as link:
                return await read_link(link, limits, tap=self._tap), "http", None
        except TargetError as error:
            failure = error
        if not may_be_legacy(ledger):
            return None, "http", failure
        self._progress("trying the older SSE transport")
        try:
            async with legacy_sse_link(client, endpoint, limits, self._tap) as old:
                return await read_link(old, limits, tap=self._tap, probe=False), "sse", None
        except TargetError as error:
            streamed = any(note.method == "GET" and note.status == 200 for note in ledger.notes)
            blocked = error.code == "blocked_address"
            return None, "sse" if streamed else "http", error if streamed or blocked else failure

    async def _authority(self, endpoint: Endpoint, ledger: Ledger, reception: Reception) -> Authority:
        about = Ledger(contacts=ledger.contacts)
        async with self._client(endpoint, about, own=False, named_by="target") as client:
            discovery = Discovery(endpoint, client, self._limits, allow_private=self._allow_private)
            seconds = min(DISCOVERY_SECONDS, self._limits.total_s * (1 - _SESSION_SHARE) / 2)
            return await discovery.run(reception, seconds=seconds)

    async def _as_stranger(self, endpoint: Endpoint, kind: Kind) -> Reception:
        """Knock without the user's headers: handshake and one list, to know whether credentials are needed at all."""
        ledger = Ledger()
        limits = self._limits.with_total(min(_STRANGER_SECONDS, self._limits.total_s * 0.15))
        tap = Tap(limits.event_kinds)
        handshake = False
        lists: bool | None = None
        async with self._client(endpoint, ledger, own=False) as client:
            open_link = streamable_link if kind == "http" else legacy_sse_link
            try:
                async with open_link(client, endpoint, limits, tap) as link:
                    session = Session(link, limits, tap)
                    await session.shake_hands(probe=kind == "http")
                    handshake = True
                    await session.call("tools/list")
                    lists = True
            except TargetError:
                lists = None
        seen = _reception(ledger, handshake, None)
        return replace(seen, lists=lists if lists else seen.lists)

    def _manifest(self, shown: str, transport: TransportFacts, parts: SessionParts, authority: Authority) -> Manifest:
        return build_manifest(
            target_kind="http",
            target_value=shown,
            tools=parts.items.get("tools", ()),
            prompts=parts.items.get("prompts", ()),
            resources=parts.items.get("resources", ()),
            resource_templates=parts.items.get("resource_templates", ()),
            coverage={
                **parts.coverage,
                "transport": OBSERVED,
                "auth": authority.coverage,
                "launch": not_observed("the target runs elsewhere; nothing was started"),
            },
            server=parts.server,
            transport=transport,
            auth=authority.auth,
            events=self._tap.events(),
        )


def _reception(ledger: Ledger, handshake: bool, parts: SessionParts | None) -> Reception:
    """How the endpoint treated these requests, read from the ledger."""
    answered = [note for note in ledger.notes if note.status]
    refused = [note for note in answered if note.status in (401, 403)]
    challenges = next((c for note in refused + answered if (c := note.headers.get("www-authenticate"))), ())
    lists: bool | None = None
    if parts is not None and parts.coverage["tools"].status != "not_observed":
        lists = True
    elif handshake and refused:
        lists = False
    served = [note for note in answered if note.status < 300]
    telling = (served if lists else refused) or served or answered
    return Reception(
        status=telling[0].status if telling else 0,
        challenges=challenges,
        handshake=True if handshake else (False if refused else None),
        lists=lists,
    )
