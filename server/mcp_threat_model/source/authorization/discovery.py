"""Following a target's authorization metadata: from the challenge to the resource, from there to its servers.

Order of places: MCP specification 2026-07-28, "Authorization". What is found is named in :mod:`authority`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from mcp_threat_model.guard.connect import Contacts
from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.guard.mask import Mask
from mcp_threat_model.guard.url import Endpoint
from mcp_threat_model.source.authorization.authority import Authority, Findings, Reception, requirement_of
from mcp_threat_model.source.authorization.challenge import Challenge, parse_challenges
from mcp_threat_model.source.authorization.metadata_reader import MetadataReader
from mcp_threat_model.source.authorization.oauth_metadata import (
    ServerMetadata,
    covers,
    is_foreign_domain,
    read_server,
    resource_metadata_urls,
    same_issuer,
    server_metadata_urls,
    strings,
)
from mcp_threat_scoring.manifest import OBSERVED, AuthFacts, partial

DISCOVERY_SECONDS = 10.0
"""For all of them; a target that names slow servers must not use up the time of the scan."""


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
        self._limits = limits
        self._mask = mask or Mask()
        self._found = Findings(self._mask)
        self._reader = MetadataReader(endpoint, client, contacts, limits, self._found, allow_private=allow_private)

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
            document = await self._reader.read(url, named=place == "header")
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
        endpoint = self._reader.allowed(issuer)
        if endpoint is None:
            return None
        other: ServerMetadata | None = None
        for url in server_metadata_urls(endpoint):
            document = await self._reader.read(url, named=False)
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


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
