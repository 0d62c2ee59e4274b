"""A live endpoint: streamable HTTP, or else legacy SSE, in every protocol era, with or without credentials."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Literal

import httpx

from mcp_threat_model.guard.connect import Resolver, system_resolver
from mcp_threat_model.guard.headers import check_headers
from mcp_threat_model.guard.http_client import guarded_client
from mcp_threat_model.guard.ledger import Ledger, WireBounds
from mcp_threat_model.guard.limits import SLOW_HINT, Limits
from mcp_threat_model.guard.mask import Mask
from mcp_threat_model.guard.redact import carries_key, keys_in, redact_url
from mcp_threat_model.guard.secret import header_secrets
from mcp_threat_model.guard.url import Endpoint, NamedBy, check_url
from mcp_threat_model.source.authorization.authority import Authority, Reception, with_credentials
from mcp_threat_model.source.authorization.discovery import DISCOVERY_SECONDS, Discovery
from mcp_threat_model.source.http.facts import active_facts, passive_facts, session_ids
from mcp_threat_model.source.http.sse_link import legacy_sse_link
from mcp_threat_model.source.http.stranger import differ, reception_of
from mcp_threat_model.source.http.streamable_link import streamable_link
from mcp_threat_model.source.http.trouble import auth_required, explain, may_be_legacy, refused_stranger
from mcp_threat_model.source.session.session import Session, SessionParts, read_link
from mcp_threat_model.source.session.wire import Tap
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED, Manifest, ServerFacts, TransportFacts, not_observed, partial
from mcp_threat_scoring.structs import replace

Kind = Literal["http", "sse"]
_SESSION_SHARE = 0.7
"""Of the time that is left; the rest is for authorization discovery, so that a slow server still gets a report."""
_STRANGER_SECONDS = 5.0
_UNSEEN = SessionParts(ServerFacts(), "handshake", {}, {})
"""What a session shows to somebody who is not let in."""


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
        self._deadline = 0.0
        self._mask = Mask()

    async def read(self) -> Manifest:
        """Read the endpoint's lists, its authorization metadata and what its transport shows.

        Raises:
            TargetError: nothing could be read; see :data:`ErrorCode` for the kinds.
        """
        endpoint = check_url(self._url, allow_private=self._allow_private)
        secrets = header_secrets(self._headers, endpoint.origin)
        told = (*header_secrets(self._headers, endpoint.origin, guesses=False), *keys_in(endpoint))
        self._mask = Mask((*secrets, *told), guessed=set(secrets).difference(told))
        self._deadline = time.monotonic() + self._limits.total_s
        try:
            async with asyncio.timeout(self._limits.total_s):
                return await self._read(endpoint)
        except TargetError as error:
            self._mask.error(error)
            raise
        except TimeoutError:
            raise TargetError(
                "timeout",
                f"it was not read within {self._limits.total_s:g} seconds",
                SLOW_HINT,
            ) from None

    def _left(self, share: float) -> float:
        """A share of the seconds that are left. Every stage takes one, so that none costs what the others have read."""
        return max(0.05, (self._deadline - time.monotonic()) * share)

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
        ledger, tap = Ledger(self._mask), Tap(self._limits.event_kinds, mask=self._mask, home=endpoint.host)
        async with self._client(endpoint, ledger, own=True) as client:
            self._progress(f"connecting to {endpoint.origin}")
            parts, kind, failure = await self._session(client, endpoint, ledger, tap)
            reception = reception_of(ledger, parts is not None, parts)
            if parts is None and failure is not None and not refused_stranger(ledger):
                raise explain(ledger, kind, failure)
            transport = await self._transport(client, endpoint, kind, ledger, parts)
        self._progress("reading authorization metadata")
        if self._headers:
            reception, shown = await self._as_stranger(endpoint, kind)
            if parts is not None and differ(shown, parts, tap, self._limits):
                tap.note("list_varies", "without credentials, other tools were listed")
        authority = await self._authority(endpoint, reception)
        if self._headers:
            authority = with_credentials(authority, self._headers.keys(), accepted=parts is not None)
        if parts is None:
            seen = self._manifest(endpoint, transport, _UNSEEN, authority, tap)
            raise auth_required(ledger, authority, seen, given=bool(self._headers))
        if self._headers and authority.auth.requirement == "required":
            cookie_auth = "cookie" in self._headers and "authorization" not in self._headers
            transport = replace(transport, facts={**transport.facts, "cookie_auth": cookie_auth})
        return self._manifest(endpoint, transport, parts, authority, tap)

    async def _session(
        self, client: httpx.AsyncClient, endpoint: Endpoint, ledger: Ledger, tap: Tap
    ) -> tuple[SessionParts | None, Kind, TargetError | None]:
        """Streamable HTTP first; legacy SSE where the server refused that the way the specification describes."""
        left = self._left(_SESSION_SHARE)
        try:
            async with streamable_link(client, endpoint, self._limits.with_total(left), tap) as link:
                return await read_link(link, self._limits, tap=tap, seconds=left), "http", None
        except TargetError as error:
            failure = error
        if not may_be_legacy(ledger):
            return None, "http", failure
        self._progress("trying the older SSE transport")
        left = self._left(_SESSION_SHARE)
        try:
            async with legacy_sse_link(client, endpoint, self._limits.with_total(left), tap) as old:
                return await read_link(old, self._limits, tap=tap, probe=False, seconds=left), "sse", None
        except TargetError as error:
            streamed = any(note.method == "GET" and note.status == 200 for note in ledger.notes)
            blocked = error.code == "blocked_address"
            return None, "sse" if streamed else "http", error if streamed or blocked else failure

    async def _transport(
        self, client: httpx.AsyncClient, endpoint: Endpoint, kind: Kind, ledger: Ledger, parts: SessionParts | None
    ) -> TransportFacts:
        """What the wire shows. A server that is too slow for the questions asked for it goes without them."""
        facts = passive_facts(endpoint, ledger.notes, credentials=bool(self._headers), mask=self._mask)
        scope = ledger.contacts.scope
        if parts is not None:
            facts["era"] = parts.era
            facts["secrets_given"] = self._mask.listens
            with suppress(TimeoutError):
                async with asyncio.timeout(self._left(0.3)):
                    facts |= await active_facts(
                        client, endpoint, kind=kind, era=parts.era, loopback=scope == "loopback",
                        sessions=session_ids(ledger.notes),
                    )  # fmt: skip
        return TransportFacts(kind, redact_url(endpoint), scope or "unknown", facts)

    async def _authority(self, endpoint: Endpoint, reception: Reception) -> Authority:
        about = Ledger(self._mask)
        async with self._client(endpoint, about, own=False, named_by="target") as client:
            discovery = Discovery(
                endpoint, client, about.contacts, self._limits, allow_private=self._allow_private, mask=self._mask
            )
            authority = await discovery.run(reception, seconds=min(DISCOVERY_SECONDS, self._left(0.9)))
        facts = {**authority.auth.facts, "key_in_url": carries_key(endpoint)}
        return replace(authority, auth=replace(authority.auth, facts=facts))

    async def _as_stranger(self, endpoint: Endpoint, kind: Kind) -> tuple[Reception, dict[str, Any] | None]:
        """Knock without the user's headers: handshake and one list, to know whether credentials are needed at all.

        The answer to the list comes back too.
        """
        ledger = Ledger(self._mask)
        limits = self._limits.with_total(min(_STRANGER_SECONDS, self._left(0.4)))
        tap = Tap(limits.event_kinds, mask=self._mask)
        handshake = False
        shown: dict[str, Any] | None = None
        async with self._client(endpoint, ledger, own=False) as client:
            open_link = streamable_link if kind == "http" else legacy_sse_link
            with suppress(TargetError):
                async with open_link(client, endpoint, limits, tap) as link:
                    session = Session(link, limits, tap)
                    await session.shake_hands(probe=kind == "http")
                    handshake = True
                    shown = await session.call("tools/list")
        seen = reception_of(ledger, handshake, None)
        return (seen if shown is None else replace(seen, lists=True)), shown

    def _manifest(
        self, endpoint: Endpoint, transport: TransportFacts, parts: SessionParts, authority: Authority, tap: Tap
    ) -> Manifest:
        asked = "origin_checked" in transport.facts or "cors_any" in transport.facts
        return build_manifest(
            target_kind="http",
            target_value=redact_url(endpoint),
            tools=parts.items.get("tools", ()),
            prompts=parts.items.get("prompts", ()),
            resources=parts.items.get("resources", ()),
            resource_templates=parts.items.get("resource_templates", ()),
            coverage={
                **parts.coverage,
                "transport": OBSERVED if asked else partial("the server did not answer questions about origins"),
                "auth": authority.coverage,
                "launch": not_observed("the target runs elsewhere; nothing was started"),
            },
            server=parts.server,
            transport=transport,
            auth=authority.auth,
            events=tap.events(),
        )
