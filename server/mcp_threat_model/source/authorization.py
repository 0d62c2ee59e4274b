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
key_in_url                 bool  the address that was given holds something like a key
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
foreign_domain             bool  … under another registrable domain, and not of a known identity provider
plain_http                 bool  an authorization server or one of its endpoints is plain http
pkce_s256                  bool  every server read announces PKCE with S256
dynamic_registration       bool  a server read has a registration endpoint (RFC 7591)
client_id_document         bool  a server read takes client ID metadata documents (CIMD)
iss_parameter              bool  every server read sends `iss` back (RFC 9207)
implicit_flow              bool  a server read offers the implicit flow
password_grant             bool  a server read offers the password grant
public_clients             bool  a server read takes clients without a secret
dpop                       bool  a server read, or the resource, supports sender-constrained tokens
metadata_private_address   bool  the target named a metadata address that is not public, refused or (allowed) read
metadata_refused           bool  … or one with userinfo, another scheme or another protocol's port
metadata_plain_http        bool  the target named a metadata address with plain http, refused or (allowed) read
metadata_redirect          bool  metadata redirected to another origin, which was not followed
metadata_unreadable        bool  metadata was named or found, but could not be read
scopes_cut                 bool  more, or longer, scope names than are kept
========================== ===== ======================================================================================
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from mcp_threat_scoring.manifest import AuthFacts, Coverage
from mcp_threat_scoring.structs import Struct, replace

Requirement = Literal["none", "optional", "required", "unknown"]


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
