"""OAuth metadata documents: where they are looked for, and what they say. Pure: fetching is in :mod:`metadata_reader`.

Sources: RFC 9728 (protected resource), RFC 8414 (authorization server), OpenID Connect Discovery 1.0, RFC 9207 (`iss`),
MCP specification 2026-07-28, "Authorization".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from mcp_threat_model.guard.url import Endpoint
from mcp_threat_scoring.manifest import sha256_of
from mcp_threat_scoring.structs import Struct

MAX_SCOPES = 200
"""Kept per document."""
MAX_SCOPE_LENGTH = 256
_RESOURCE = "/.well-known/oauth-protected-resource"
_SERVER = "/.well-known/oauth-authorization-server"
_OPENID = "/.well-known/openid-configuration"


def resource_metadata_urls(endpoint: Endpoint) -> list[tuple[str, str]]:
    """Well-known places of the resource's metadata, each with its name ("path" or "root"). RFC 9728, section 3.1.

    A path that ends in a slash is tried as it is, which is the standard, and without, which is what many do.
    """
    paths = dict.fromkeys(path for path in (endpoint.path, endpoint.path.rstrip("/")) if path.strip("/"))
    return [*(("path", endpoint.origin + _RESOURCE + path) for path in paths), ("root", endpoint.origin + _RESOURCE)]


def server_metadata_urls(issuer: Endpoint) -> list[str]:
    """Well-known places of an issuer's metadata, in the order the MCP specification gives."""
    path = issuer.path.rstrip("/")
    places = [f"{_SERVER}{path}", f"{_OPENID}{path}"]
    if path:
        places.append(f"{path}{_OPENID}")
    return [issuer.origin + place for place in places]


def read_document(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object in `body`, or None."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def strings(value: object) -> list[str]:
    """The non-empty strings of a list; anything else counts as absent."""
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def scope_names(value: object) -> tuple[list[str], bool]:
    """Distinct scope names of a list or of a space-separated string, and whether some were left out."""
    names = value.split() if isinstance(value, str) else strings(value)
    distinct = list(dict.fromkeys(name for name in names if len(name) <= MAX_SCOPE_LENGTH))
    odd = any(len(name) > MAX_SCOPE_LENGTH for name in names) or (isinstance(value, list) and len(names) < len(value))
    return distinct[:MAX_SCOPES], odd or len(distinct) > MAX_SCOPES


def same_issuer(one: str, other: str) -> bool:
    """RFC 8414, section 3.3 asks for identity; a slash after a bare host is forgiven, as libraries add it unasked."""
    return one == other or (one.rstrip("/") == other.rstrip("/") and not urlsplit(one).path.strip("/"))


def covers(resource: str, endpoint: Endpoint) -> bool:
    """Whether a metadata document for `resource` may speak for `endpoint`: same origin, same path or one above it.

    RFC 9728 asks for identity; the MCP SDKs accept a parent path, and so do we.
    """
    try:
        parts = urlsplit(resource)
        port = parts.port
    except ValueError:
        return False
    default = {"http": 80, "https": 443}.get(parts.scheme.lower())
    if (parts.scheme.lower(), (parts.hostname or "").rstrip("."), port or default) != (
        endpoint.scheme, endpoint.host, endpoint.port,
    ):  # fmt: skip
        return False
    above = parts.path.rstrip("/")
    return endpoint.path.rstrip("/") == above or endpoint.path.startswith(above + "/")


IDENTITY_PROVIDERS = (
    "accounts.google.com", "amazoncognito.com", "auth0.com", "b2clogin.com", "ciamlogin.com", "clerk.accounts.dev",
    "descope.com", "github.com", "gitlab.com", "login.microsoftonline.com", "okta.com", "oktapreview.com",
    "onelogin.com", "pingidentity.com", "pingone.com", "scalekit.com", "stytch.com", "workos.com",
)  # fmt: skip
"""Hosts (and what is under them) that run authorization servers for others: being elsewhere is their purpose."""
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})


def _registrable(host: str) -> str:
    """The domain somebody registered, near enough: two labels, or three under ``co.uk`` and its like."""
    labels = host.rstrip(".").lower().split(".")
    under_country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if under_country else labels[-2:])


def is_foreign_domain(host: str, home: str) -> bool:
    """Whether `host` belongs to somebody else than `home`, as far as names tell, and is no known identity provider."""
    if any(host == known or host.endswith(f".{known}") for known in IDENTITY_PROVIDERS):
        return False
    return host != home if _is_number(host) or _is_number(home) else _registrable(host) != _registrable(home)


def _is_number(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()


class ServerMetadata(Struct, frozen=True):
    """What one authorization server says of itself."""

    issuer: str
    scopes: tuple[str, ...]
    scopes_cut: bool
    plain_http: bool
    pkce_s256: bool
    dynamic_registration: bool
    client_id_metadata_document: bool
    iss_parameter: bool
    implicit_flow: bool
    password_grant: bool
    dpop: bool
    addresses: str
    """Hash of all addresses in it: where people sign in, where tokens come from, where keys are."""


def read_server(document: Mapping[str, Any]) -> ServerMetadata:
    """Read an authorization server's metadata. Absent members take the defaults of RFC 8414, section 2."""
    scopes, cut = scope_names(document.get("scopes_supported"))
    places = {key: value for key, value in document.items() if key == "issuer" or key.endswith(("_endpoint", "_uri"))}
    grants = document.get("grant_types_supported", ["authorization_code", "implicit"])
    responses = [set(one.split()) for one in strings(document.get("response_types_supported"))]
    issuer = document.get("issuer")
    return ServerMetadata(
        issuer=issuer if isinstance(issuer, str) else "",
        scopes=tuple(scopes),
        scopes_cut=cut,
        plain_http=any(isinstance(url, str) and url.lower().startswith("http://") for url in places.values()),
        pkce_s256="S256" in strings(document.get("code_challenge_methods_supported")),
        dynamic_registration=isinstance(document.get("registration_endpoint"), str),
        client_id_metadata_document=document.get("client_id_metadata_document_supported") is True,
        iss_parameter=document.get("authorization_response_iss_parameter_supported") is True,
        # The default names "implicit", but without a response type that returns a token there is no such flow.
        implicit_flow="implicit" in strings(grants) and any("token" in one for one in responses),
        password_grant="password" in strings(grants),
        dpop=bool(strings(document.get("dpop_signing_alg_values_supported"))),
        addresses=sha256_of(places),
    )
