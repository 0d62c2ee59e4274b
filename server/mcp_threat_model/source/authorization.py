"""What can be learnt about an endpoint's authorization without credentials.

Nothing here sends a credential, and every address that a target names goes through the same guard as the target's own:
public, https, within the bounds on servers, bytes and time. An address that is refused is a fact, not an error.

``AuthFacts.facts`` is a closed list. A name is present only when the thing was observed:

========================== ===== ======================================================================================
name                       type  meaning
========================== ===== ======================================================================================
status                     int   HTTP status with which requests without credentials were refused or served
handshake_open             bool  `initialize` or `server/discover` was answered without credentials
lists_unauthenticated      bool  `tools/list` was answered without credentials
credentials_given          bool  the user gave credentials (an `Authorization` or similar header)
credentials_accepted       bool  … and the handshake was answered with them
challenged                 bool  a `WWW-Authenticate` header was seen
challenge_malformed        bool  … and part of it breaks RFC 9110
challenge_error            str   … and its `error` (``invalid_token``, ``insufficient_scope`` …)
resource_metadata          str   where RFC 9728 metadata was found: ``header``, ``path``, ``root`` or ``none``
resource_missing           bool  the metadata names no `resource`
resource_mismatch          bool  … or one that does not cover the endpoint
token_in_query             bool  the metadata allows tokens in the URL
authorization_servers      int   how many the metadata names
authorization_server       str   where server metadata was found: ``resource_metadata``, ``origin`` or ``none``
authorization_servers_read int   how many answered with metadata
issuer_mismatch            bool  server metadata names another issuer than it was asked for
foreign_issuer             bool  an authorization server is on another host than the endpoint
issuer_host                str   … and that host (the target's words)
plain_http                 bool  an authorization server or one of its endpoints is plain http
pkce_s256                  bool  every server read announces PKCE with S256
dynamic_registration       bool  a server read has a registration endpoint (RFC 7591)
client_id_document         bool  a server read takes client ID metadata documents (CIMD)
iss_parameter              bool  every server read sends `iss` back (RFC 9207)
implicit_flow              bool  a server read offers the implicit flow
password_grant             bool  a server read offers the password grant
public_clients             bool  a server read takes clients without a secret
dpop                       bool  a server read, or the resource, supports sender-constrained tokens
metadata_blocked           bool  the target named a metadata address that the policy refuses: private, a machine's own
                                 credential service, with userinfo, another scheme or protocol's port …
metadata_plain_http        bool  the target named a metadata address with plain http
metadata_redirect          bool  metadata redirected to another origin, which was not followed
metadata_unreadable        bool  metadata was named or found, but could not be read
scopes_cut                 bool  more, or longer, scope names than are kept
========================== ===== ======================================================================================
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

import httpx

from mcp_threat_model.guard.address import scope_of
from mcp_threat_model.guard.http_client import Fetched, fetch
from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.guard.url import Endpoint, check_url
from mcp_threat_model.source.challenge import Challenge, parse_challenges
from mcp_threat_model.source.oauth_metadata import (
    ServerMetadata,
    covers,
    read_document,
    read_server,
    resource_metadata_urls,
    same_issuer,
    scope_names,
    server_metadata_urls,
    strings,
)
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import OBSERVED, AuthFacts, Coverage, ScopeFact, partial

Requirement = Literal["none", "optional", "required", "unknown"]
FETCH_SECONDS = 4.0
"""For one metadata document."""
DISCOVERY_SECONDS = 10.0
"""For all of them; a target that names slow servers must not use up the time of the scan."""


@dataclass(frozen=True, slots=True)
class Reception:
    """How the endpoint received a stranger. None is "not seen"."""

    status: int = 0
    challenges: tuple[str, ...] = ()
    """Raw `WWW-Authenticate` values."""
    handshake: bool | None = None
    lists: bool | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    """What discovery found. `issuers` are the target's words."""

    auth: AuthFacts
    coverage: Coverage
    issuers: tuple[str, ...] = ()


@dataclass(slots=True)
class _Findings:
    facts: dict[str, str | bool | int] = field(default_factory=dict)
    scopes: dict[ScopeFact, None] = field(default_factory=dict)
    issuers: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """Why something could not be checked, in our words."""

    def add_scopes(
        self, value: object, source: Literal["challenge", "resource_metadata", "authorization_server"]
    ) -> None:
        names, cut = scope_names(value)
        self.scopes.update(dict.fromkeys(ScopeFact(name, source) for name in names))
        if cut:
            self.facts["scopes_cut"] = True


class Discovery:
    """One endpoint's discovery. `client` must be guarded, with ``named_by="target"`` and no headers of the user's."""

    def __init__(self, endpoint: Endpoint, client: httpx.AsyncClient, limits: Limits, *, allow_private: bool) -> None:
        self._endpoint = endpoint
        self._client = client
        self._limits = limits
        self._allow_private = allow_private
        self._found = _Findings()

    async def run(self, reception: Reception, *, seconds: float = DISCOVERY_SECONDS) -> Authority:
        """Follow the challenge and the well-known places. Never raises for what the target does."""
        found = self._found
        challenges = self._read_challenges(reception)
        try:
            async with asyncio.timeout(seconds):
                servers = await self._resource(challenges)
                await self._servers(servers)
        except TimeoutError:
            found.unread.append(f"authorization metadata took longer than {seconds:g} seconds")
            found.facts["metadata_unreadable"] = True
        advertised = found.facts.get("resource_metadata", "none") != "none" or bool(
            found.facts.get("authorization_servers_read")
        )
        requirement = _requirement(reception, bool(challenges), advertised)
        schemes = [challenge.scheme[:32] for challenge in challenges]
        if found.facts.get("authorization_servers_read"):
            schemes.append("oauth2")
        auth = AuthFacts(requirement, tuple(dict.fromkeys(schemes)), tuple(found.scopes), dict(found.facts))
        if requirement == "unknown":
            found.unread.insert(0, "the endpoint was not seen to accept or refuse a request without credentials")
        reason = "; ".join(dict.fromkeys(found.unread))
        return Authority(auth, partial(reason) if reason else OBSERVED, tuple(found.issuers))

    def _read_challenges(self, reception: Reception) -> tuple[Challenge, ...]:
        facts = self._found.facts
        challenges, damaged = parse_challenges(reception.challenges)
        if reception.status:
            facts["status"] = reception.status
            facts["challenged"] = bool(reception.challenges)
        if reception.handshake is not None:
            facts["handshake_open"] = reception.handshake
        if reception.lists is not None:
            facts["lists_unauthenticated"] = reception.lists
        if reception.challenges:
            facts["challenge_malformed"] = damaged
        for challenge in challenges:
            self._found.add_scopes(challenge.parameters.get("scope", ""), "challenge")
            if error := challenge.parameters.get("error"):
                facts.setdefault("challenge_error", error[:64])
        return challenges

    async def _resource(self, challenges: Sequence[Challenge]) -> list[str]:
        """Find the protected-resource metadata; returns the authorization servers it names."""
        found = self._found
        named = [one.parameters["resource_metadata"] for one in challenges if "resource_metadata" in one.parameters]
        places = [("header", url) for url in named[:1]] + resource_metadata_urls(self._endpoint)
        for place, url in places:
            document = await self._document(url, named=place == "header")
            if document is None or not {"resource", "authorization_servers"} & document.keys():
                continue
            found.facts["resource_metadata"] = place
            resource = document.get("resource")
            found.facts["resource_missing"] = not isinstance(resource, str)
            if isinstance(resource, str):
                found.facts["resource_mismatch"] = not covers(resource, self._endpoint)
            found.facts["token_in_query"] = "query" in strings(document.get("bearer_methods_supported"))
            if document.get("dpop_bound_access_tokens_required") is True:
                found.facts["dpop"] = True
            found.add_scopes(document.get("scopes_supported"), "resource_metadata")
            servers = strings(document.get("authorization_servers"))
            found.facts["authorization_servers"] = len(servers)
            return servers
        found.facts["resource_metadata"] = "none"
        return []

    async def _servers(self, named: list[str]) -> None:
        """Read the authorization servers' metadata; without any named, the endpoint's own origin (MCP 2025-03-26)."""
        found = self._found
        if len(named) > self._limits.authorization_servers:
            found.unread.append(
                f"{self._limits.authorization_servers} of {len(named)} authorization servers were looked at"
            )
        issuers = list(dict.fromkeys(named))[: self._limits.authorization_servers]
        read: list[ServerMetadata] = []
        for issuer in issuers or [self._endpoint.origin]:
            metadata = await self._server(issuer, named=bool(issuers))
            if metadata is not None:
                read.append(metadata)
        found.facts["authorization_server"] = ("resource_metadata" if issuers else "origin") if read else "none"
        if issuers:
            found.issuers = issuers
            found.facts["authorization_servers_read"] = len(read)
            foreign = [host for host in map(_host, issuers) if host and host != self._endpoint.host]
            found.facts["foreign_issuer"] = bool(foreign)
            if foreign:
                found.facts["issuer_host"] = foreign[0][:253]
            found.facts["plain_http"] = any(issuer.lower().startswith("http://") for issuer in issuers)
        elif read:
            found.issuers = [one.issuer for one in read]
            found.facts["authorization_servers_read"] = len(read)
        if read:
            self._summarise(read)

    def _summarise(self, read: Sequence[ServerMetadata]) -> None:
        facts = self._found.facts
        facts["plain_http"] = bool(facts.get("plain_http")) or any(one.plain_http for one in read)
        facts["pkce_s256"] = all(one.pkce_s256 for one in read)
        facts["iss_parameter"] = all(one.iss_parameter for one in read)
        facts["dynamic_registration"] = any(one.dynamic_registration for one in read)
        facts["client_id_document"] = any(one.client_id_metadata_document for one in read)
        facts["implicit_flow"] = any(one.implicit_flow for one in read)
        facts["password_grant"] = any(one.password_grant for one in read)
        facts["public_clients"] = any(one.public_clients for one in read)
        facts["dpop"] = bool(facts.get("dpop")) or any(one.dpop for one in read)
        for one in read:
            self._found.add_scopes(list(one.scopes), "authorization_server")
            if one.scopes_cut:
                facts["scopes_cut"] = True

    async def _server(self, issuer: str, *, named: bool) -> ServerMetadata | None:
        """The metadata of one issuer. What names another issuer is noted, and not believed when it was named."""
        facts = self._found.facts
        try:
            endpoint = check_url(issuer, allow_private=self._allow_private, named_by="target")
        except TargetError as error:
            self._refused(issuer, error)
            return None
        other: ServerMetadata | None = None
        for url in server_metadata_urls(endpoint):
            document = await self._document(url, named=False)
            if document is None or "issuer" not in document:
                continue
            metadata = read_server(document)
            if same_issuer(metadata.issuer, issuer):
                facts.setdefault("issuer_mismatch", False)
                return metadata
            other = other or metadata
        if other is None:
            if named:
                facts["metadata_unreadable"] = True
                self._found.unread.append("an authorization server's metadata could not be read")
            return None
        facts["issuer_mismatch"] = True
        return None if named else other

    async def _document(self, url: str, *, named: bool) -> dict[str, object] | None:
        """One JSON document, or None. `named` are addresses that the target promised something at."""
        facts = self._found.facts
        try:
            answer = await self._get(url)
        except TargetError as error:
            if error.code == "blocked_address":
                self._refused(url, error)
            else:
                facts["metadata_unreadable"] = True
                self._found.unread.append(f"authorization metadata could not be read: {error.message.rstrip('.')}")
            return None
        if answer.redirected_to:
            facts["metadata_redirect"] = True
            self._found.unread.append("authorization metadata redirects to another origin, which was not followed")
            return None
        document = read_document(answer.body) if answer.status == 200 else None
        if document is None and named:
            facts["metadata_unreadable"] = True
            self._found.unread.append(f"the named authorization metadata is not there (HTTP status {answer.status})")
        return dict(document) if document is not None else None

    async def _get(self, url: str) -> Fetched:
        endpoint = check_url(url, allow_private=self._allow_private, named_by="target")
        return await fetch(
            self._client, "GET", endpoint.url, seconds=min(FETCH_SECONDS, self._limits.request_s),
            headers={"accept": "application/json"}, redirects=self._limits.redirects,
        )  # fmt: skip

    def _refused(self, url: str, error: TargetError) -> None:
        """An address that the policy does not allow: say what kind, because naming one may be an attack on us."""
        facts, unread = self._found.facts, self._found.unread
        plain = url.lower().startswith("http://") and not self._allow_private
        if plain:
            unread.append("authorization metadata at plain http is read only with --allow-private-network")
            if not f"{url}/".startswith(f"{self._endpoint.origin}/"):  # the user named that one
                facts["metadata_plain_http"] = True
        else:
            unread.append(f"an address of authorization metadata was refused: {error.message.rstrip('.')}")
        if not plain or _private_literal(url):
            facts["metadata_blocked"] = True


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _private_literal(url: str) -> bool:
    """Whether the URL's host is written as an address that is not public."""
    try:
        address = check_url(url, allow_private=True).address
    except TargetError:
        return False
    return address is not None and scope_of(address) != "public"


def _requirement(reception: Reception, challenged: bool, advertised: bool) -> Requirement:
    """Required, when a stranger is refused; optional, when strangers may list but authorization is announced."""
    if reception.lists or (reception.lists is None and reception.handshake):
        return "optional" if challenged or advertised else "none"
    if reception.lists is False or reception.handshake is False or reception.status in (401, 403):
        return "required"
    return "unknown"


def with_credentials(authority: Authority, *, accepted: bool) -> Authority:
    """Add what happened to the credentials that the user gave."""
    facts = {**authority.auth.facts, "credentials_given": True, "credentials_accepted": accepted}
    return replace(authority, auth=replace(authority.auth, facts=facts))
