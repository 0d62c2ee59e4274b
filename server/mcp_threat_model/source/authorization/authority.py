"""What can be learnt about an endpoint's authorization without credentials.

Nothing here sends a credential, and every address that a target names goes through the same guard as the target's own:
public, https, within the bounds on servers, bytes and time. An address that is refused is a fact, not an error.

``AuthFacts.facts`` is a closed list, which :mod:`rulebook.observed` declares. A name is present only when the thing was
observed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from mcp_threat_model.guard.mask import Mask
from mcp_threat_model.source.authorization.oauth_metadata import scope_names
from mcp_threat_scoring.manifest import AuthFacts, Coverage, Requirement, ScopeFact
from mcp_threat_scoring.structs import Struct, field, replace


class Reception(Struct, frozen=True):
    """How the endpoint received a stranger. None is "not seen"."""

    status: int = 0
    challenges: tuple[str, ...] = ()
    """Raw `WWW-Authenticate` values."""
    handshake: bool | None = None
    lists: bool | None = None


class Authority(Struct, frozen=True):
    """What discovery found. `issuers` are the target's words."""

    auth: AuthFacts
    coverage: Coverage
    issuers: tuple[str, ...] = ()


class Findings(Struct):
    """What is noted on the way from one metadata document to the next."""

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
        """Take in the scopes that a document or a challenge names."""
        names, cut = scope_names(value)
        self.scopes.update(dict.fromkeys(ScopeFact(self.mask.heard(name), source) for name in names))
        if cut:
            self.leave_scopes_out()

    def leave_scopes_out(self) -> None:
        """Say that some names are missing."""
        self.unread.append("there are more, or longer, names of scopes than are read")


def requirement_of(reception: Reception, challenged: bool, advertised: bool) -> Requirement:
    """Required, when a stranger is refused; optional, when strangers may list but authorization is announced."""
    if reception.lists or (reception.lists is None and reception.handshake):
        return "optional" if challenged or advertised else "none"
    if reception.lists is False or reception.handshake is False or reception.status in (401, 403):
        return "required"
    return "unknown"


def with_credentials(authority: Authority, header_names: Collection[str], *, accepted: bool) -> Authority:
    """Add what became of the credentials that the user gave; a key that was accepted unasked is a scheme too."""
    auth = authority.auth
    facts = {**auth.facts, "credentials_given": True, "credentials_accepted": accepted}
    schemes = auth.schemes
    if accepted and auth.requirement == "required" and not schemes and "authorization" not in header_names:
        schemes = ("apikey",)
    return replace(authority, auth=replace(auth, facts=facts, schemes=schemes))
