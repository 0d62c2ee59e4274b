"""Metadata documents: where they lie, and that no document breaks the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_threat_model.guard.url import check_url
from mcp_threat_model.source.authorization.oauth_metadata import (
    MAX_SCOPES,
    covers,
    read_document,
    read_server,
    resource_metadata_urls,
    same_issuer,
    scope_names,
    server_metadata_urls,
)

MEMBERS = [
    "issuer", "token_endpoint", "jwks_uri", "scopes_supported", "response_types_supported", "grant_types_supported",
    "code_challenge_methods_supported", "token_endpoint_auth_methods_supported", "registration_endpoint",
    "dpop_signing_alg_values_supported", "client_id_metadata_document_supported",
]  # fmt: skip
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("url", "places"),
    [
        ("https://a.example/", [""]),
        ("https://a.example/mcp", ["/mcp", ""]),
        ("https://a.example/mcp/", ["/mcp/", "/mcp", ""]),
        ("https://a.example/x/y?z=1", ["/x/y", ""]),
    ],
)
def test_where_a_resource_describes_itself(url: str, places: list[str]) -> None:
    found = [place for _, place in resource_metadata_urls(check_url(url, allow_private=False))]
    assert found == [f"https://a.example/.well-known/oauth-protected-resource{place}" for place in places]


def test_where_a_server_describes_itself() -> None:
    found = server_metadata_urls(check_url("https://as.example:8443/", allow_private=False))
    assert found == [
        "https://as.example:8443/.well-known/oauth-authorization-server",
        "https://as.example:8443/.well-known/openid-configuration",
    ]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(MEMBERS), ANYTHING))
def test_any_document_can_be_read(document: dict[str, Any]) -> None:
    metadata = read_server(document)
    assert all(isinstance(scope, str) for scope in metadata.scopes)
    assert len(metadata.scopes) <= MAX_SCOPES


@settings(deadline=None)
@given(st.binary(max_size=80) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_any_body_can_be_read(body: bytes) -> None:
    document = read_document(body)
    assert document is None or isinstance(document, dict)


@settings(deadline=None)
@given(ANYTHING)
def test_any_scopes_can_be_read(value: Any) -> None:
    names, _ = scope_names(value)
    assert len(set(names)) == len(names)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_resource_can_be_compared(resource: str) -> None:
    endpoint = check_url("https://a.example/mcp", allow_private=False)
    assert not covers(resource, endpoint)
    assert not covers("https://a.example.evil.test/" + resource, endpoint)
    assert same_issuer(resource, resource)


@pytest.mark.parametrize("key", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_an_address_of_an_authorization_server_that_changes_is_seen(key: str) -> None:
    document = {"issuer": "https://a.example", "token_endpoint": "https://a.example/t", "scopes_supported": ["read"]}
    assert read_server(document).addresses != read_server({**document, key: "https://evil.example"}).addresses
    assert read_server(document).addresses == read_server({**document, "scopes_supported": []}).addresses
