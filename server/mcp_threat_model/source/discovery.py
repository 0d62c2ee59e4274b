"""Following a target's authorization metadata: from the challenge to the resource, from there to its servers.

Order of places: MCP specification 2026-07-28, "Authorization". What is found is named in :mod:`authorization`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

import httpx

from mcp_threat_model.guard.address import AddressRefusedError, scope_of
from mcp_threat_model.guard.connect import Contacts
from mcp_threat_model.guard.http_client import Fetched, fetch
from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.guard.mask import Mask
from mcp_threat_model.guard.url import Endpoint, check_url
from mcp_threat_model.source.authorization import Authority, Reception, requirement_of
from mcp_threat_model.source.challenge import Challenge, parse_challenges
from mcp_threat_model.source.oauth_metadata import (
    ServerMetadata,
    covers,
    is_foreign_domain,
    read_document,
    read_server,
    resource_metadata_urls,
    same_issuer,
    scope_names,
    server_metadata_urls,
    strings,
)
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import OBSERVED, AuthFacts, ScopeFact, partial
from mcp_threat_scoring.structs import Struct, field

FETCH_SECONDS = 4.0
"""For one metadata document."""
DISCOVERY_SECONDS = 10.0
"""For all of them; a target that names slow servers must not use up the time of the scan."""


class _Findings(Struct):
    mask: Mask
    facts: dict[str, str | bool | int] = field(default_factory=dict)
    scopes: dict[ScopeFact, None] = field(default_factory=dict)
    issuers: list[str] = field(default_factory=list)
    servers: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    """Why something could not be checked, in our words."""

    def add_scopes(
        self, value: object, source: Literal["challenge", "resource_metadata", "authorization_server"]
    ) -> None:
        names, cut = scope_names(value)
        self.scopes.update(dict.fromkeys(ScopeFact(self.mask.heard(name), source) for name in names))
        if cut:
            self.leave_scopes_out()

    def leave_scopes_out(self) -> None:
        """Say that some names are missing."""
        self.unread.append("there are more, or longer, names of scopes than are read")


class Discovery:
    """One endpoint's discovery.

    `client` must be guarded, with ``named_by="target"`` and no headers of the user's; `contacts` are that client's.
    What `mask` hides is followed where an address holds it, and told nobody.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        client: httpx.AsyncClient,
        contacts: Contacts,
        limits: Limits,
        *,
        allow_private: bool,
        mask: Mask | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._contacts = contacts
        self._client = client
        self._limits = limits
        self._allow_private = allow_private
        self._mask = mask or Mask()
        self._found = _Findings(self._mask)

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
        requirement = requirement_of(reception, bool(challenges), advertised)
        schemes = [self._mask.heard(challenge.scheme)[:32] for challenge in challenges]
        if found.facts.get("authorization_servers_read"):
            schemes.append("oauth2")
        named = {self._mask.heard(issuer): addresses for issuer, addresses in found.servers.items()}
        auth = AuthFacts(requirement, tuple(dict.fromkeys(schemes)), tuple(found.scopes), dict(found.facts), named)
        if requirement == "unknown":
            found.unread.insert(0, "the endpoint was not seen to accept or refuse a request without credentials")
        reason = self._mask.text("; ".join(dict.fromkeys(found.unread)))
        issuers = tuple(self._mask.heard(issuer) for issuer in found.issuers)
        return Authority(auth, partial(reason) if reason else OBSERVED, issuers)

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
                facts.setdefault("challenge_error", self._mask.heard(error)[:64])
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
        found.servers = dict.fromkeys(named, "")
        read: list[ServerMetadata] = []
        for issuer in issuers or [self._endpoint.origin]:
            metadata = await self._server(issuer, named=bool(issuers))
            if metadata is not None:
                read.append(metadata)
                found.servers[issuer if issuers else metadata.issuer] = metadata.addresses
        found.facts["authorization_server"] = ("resource_metadata" if issuers else "origin") if read else "none"
        if issuers:
            found.issuers = issuers
            found.facts["authorization_servers_read"] = len(read)
            foreign = [host for host in map(_host, issuers) if host and host != self._endpoint.host]
            found.facts["foreign_issuer"] = bool(foreign)
            if foreign:
                found.facts["issuer_host"] = self._mask.heard(foreign[0])[:253]
                found.facts["foreign_domain"] = any(is_foreign_domain(host, self._endpoint.host) for host in foreign)
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
        facts["dpop"] = bool(facts.get("dpop")) or any(one.dpop for one in read)
        for one in read:
            self._found.add_scopes(list(one.scopes), "authorization_server")
            if one.scopes_cut:
                self._found.leave_scopes_out()

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
                self._found.unread.append(f"authorization metadata could not be read: {error.message}")
            return None
        if answer.redirected_to:
            facts["metadata_unreadable"] = True
            self._found.unread.append("authorization metadata redirects to another origin, which was not followed")
            return None
        document = read_document(answer.body) if answer.status == 200 else None
        if document is None and named:
            facts["metadata_unreadable"] = True
            self._found.unread.append(f"the named authorization metadata is not there (HTTP status {answer.status})")
        return dict(document) if document is not None else None

    async def _get(self, url: str) -> Fetched:
        endpoint = check_url(url, allow_private=self._allow_private, named_by="target")
        if endpoint.scheme == "http" and endpoint.origin != self._endpoint.origin:
            self._found.facts["metadata_plain_http"] = True  # read only with consent, and reported all the same
        if endpoint.host != self._endpoint.host:
            return await self._foreign(endpoint)
        return await self._fetch(endpoint)

    async def _foreign(self, endpoint: Endpoint) -> Fetched:
        """Fetch from a host that the target named, and see whether that was a public one."""
        before = set(self._contacts.connected)
        try:
            return await self._fetch(endpoint)
        finally:
            new = {address: scope for address, scope in self._contacts.connected.items() if address not in before}
            if any(scope != "public" for scope in new.values()):
                self._found.facts["metadata_private_address"] = True

    async def _fetch(self, endpoint: Endpoint) -> Fetched:
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
            unread.append(f"an address of authorization metadata was refused: {error.message}")
        if isinstance(error, AddressRefusedError) or _private_literal(url):
            facts["metadata_private_address"] = True
        elif not plain:
            facts["metadata_refused"] = True


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
