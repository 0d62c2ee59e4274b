"""One document of authorization metadata: fetched where the guard allows it, and what is told by where it was.

Every address here was named by the target, so a refusal is a fact about the target, and no error.
"""

from __future__ import annotations

import httpx

from mcp_threat_model.guard.address import AddressRefusedError, scope_of
from mcp_threat_model.guard.connect import Contacts
from mcp_threat_model.guard.http_client import Fetched, fetch
from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.guard.url import Endpoint, check_url
from mcp_threat_model.source.authorization.authority import Findings
from mcp_threat_model.source.authorization.oauth_metadata import read_document
from mcp_threat_scoring.errors import TargetError

FETCH_SECONDS = 4.0
"""For one metadata document."""


class MetadataReader:
    """Reads documents for one endpoint's discovery, and notes in `found` what could not be read, and why.

    `client` must be guarded, with ``named_by="target"`` and no headers of the user's; `contacts` are that client's.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        client: httpx.AsyncClient,
        contacts: Contacts,
        limits: Limits,
        found: Findings,
        *,
        allow_private: bool,
    ) -> None:
        self._endpoint = endpoint
        self._client = client
        self._contacts = contacts
        self._limits = limits
        self._found = found
        self._allow_private = allow_private

    def allowed(self, url: str) -> Endpoint | None:
        """The address, if the policy allows it; a refusal is noted."""
        try:
            return check_url(url, allow_private=self._allow_private, named_by="target")
        except TargetError as error:
            self._refused(url, error)
            return None

    async def read(self, url: str, *, named: bool) -> dict[str, object] | None:
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


def _private_literal(url: str) -> bool:
    """Whether the URL's host is written as an address that is not public."""
    try:
        address = check_url(url, allow_private=True).address
    except TargetError:
        return False
    return address is not None and scope_of(address) != "public"
