"""Authorization discovery on real local servers: every place, every comparison, and no step off the allowed path."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from mcp_threat_model.guard.http_client import guarded_client
from mcp_threat_model.guard.ledger import Ledger, WireBounds
from mcp_threat_model.guard.limits import DEFAULT_LIMITS
from mcp_threat_model.guard.url import check_url
from mcp_threat_model.source.authorization.authority import Authority, Reception
from mcp_threat_model.source.authorization.discovery import Discovery
from mcp_threat_model.source.authorization.oauth_metadata import is_foreign_domain
from mcp_threat_model.source.http.endpoint import HttpSource
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import AuthFacts, Manifest, ScopeFact, not_observed

sys.path.insert(0, str(Path(__file__).parents[3] / "targets"))
from http_target import (
    EVENTS,
    JSON,
    Reply,
    Request,
    canary,
    honest,
    open_metadata,
    pieces,
    refusing,
    serve,
)

LIMITS = replace(DEFAULT_LIMITS, total_s=3.0, request_s=0.6, probe_unread_s=0.3, grace_s=0.2)
PRM = "/.well-known/oauth-protected-resource"
ASM = "/.well-known/oauth-authorization-server"
OIDC = "/.well-known/openid-configuration"


async def discover(
    url: str,
    challenges: Sequence[str] = (),
    *,
    status: int = 401,
    allow_private: bool = True,
    resolver: Any = None,
    seconds: float = 3.0,
) -> Authority:
    """Discovery alone, as after a request that was answered with `status`."""
    options = {"resolver": resolver} if resolver else {}
    ledger = Ledger()
    client = guarded_client(
        WireBounds(LIMITS.metadata_bytes, 10 * LIMITS.metadata_bytes, seconds=0.5),
        allow_private=allow_private,
        ledger=ledger,
        named_by="target",
        **options,
    )
    endpoint = check_url(url, allow_private=True)
    async with client:
        discovery = Discovery(endpoint, client, ledger.contacts, LIMITS, allow_private=allow_private)
        return await discovery.run(Reception(status, tuple(challenges), status == 200, status == 200), seconds=seconds)


async def scan(url: str, headers: Mapping[str, str] | None = None) -> Manifest:
    return await HttpSource(url, headers=headers or {}, limits=LIMITS, allow_private=True).read()


def server(issuer: str, **extra: object) -> dict[str, object]:
    """Good authorization-server metadata, before `extra`."""
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + "/authorize",
        "token_endpoint": issuer + "/token",
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": ["orders:read", "admin"],
    } | extra


class Site:
    """A resource and its authorization server in one; documents are filled in once the port is known."""

    def __init__(self, else_: Any = None) -> None:
        self.documents: dict[str, object] = {}
        self.handler = open_metadata(self.documents, else_ or refusing("Bearer"))


def scopes(auth: AuthFacts) -> set[tuple[str, str]]:
    return {(scope.name, scope.source) for scope in auth.scopes}


# -- where metadata is found -----------------------------------------------------------------------


async def test_everything_there_is_to_learn_from_a_good_server() -> None:
    site = Site()
    async with serve(site.handler) as target:
        base = target.url("")
        site.documents |= {
            f"{PRM}/mcp": {
                "resource": target.url(),
                "authorization_servers": [base],
                "scopes_supported": ["orders:read", "orders:write"],
            },
            ASM: server(
                base,
                registration_endpoint=base + "/register",
                client_id_metadata_document_supported=True,
                authorization_response_iss_parameter_supported=True,
            ),
        }
        found = await discover(target.url(), ['Bearer error="invalid_token", scope="orders:read"'])
    assert found.auth.requirement == "required"
    assert found.auth.schemes == ("bearer", "oauth2")
    assert found.auth.scopes == (
        ScopeFact("orders:read", "challenge"),
        ScopeFact("orders:read", "resource_metadata"),
        ScopeFact("orders:write", "resource_metadata"),
        ScopeFact("orders:read", "authorization_server"),
        ScopeFact("admin", "authorization_server"),
    )
    assert found.issuers == (base,)
    assert found.coverage.status == "observed"
    assert dict(found.auth.facts) == {
        "status": 401,
        "challenged": True,
        "handshake_open": False,
        "lists_unauthenticated": False,
        "challenge_malformed": False,
        "challenge_error": "invalid_token",
        "resource_metadata": "path",
        "resource_missing": False,
        "resource_mismatch": False,
        "token_in_query": False,
        "authorization_servers": 1,
        "authorization_server": "resource_metadata",
        "authorization_servers_read": 1,
        "issuer_mismatch": False,
        "foreign_issuer": False,
        "plain_http": True,
        "pkce_s256": True,
        "dynamic_registration": True,
        "client_id_document": True,
        "iss_parameter": True,
        "implicit_flow": False,
        "password_grant": False,
        "dpop": False,
    }


@pytest.mark.parametrize("place", ["header", "path", "root"])
async def test_resource_metadata_in_each_place(place: str) -> None:
    site = Site()
    paths = {"header": "/hidden/meta", "path": f"{PRM}/api/mcp", "root": PRM}
    async with serve(site.handler) as target:
        site.documents[paths[place]] = {"resource": target.url(""), "authorization_servers": []}
        named = (
            [f'Basic realm="x", Bearer resource_metadata="{target.url("/hidden/meta")}"'] if place == "header" else []
        )
        found = await discover(target.url("/api/mcp"), named)
    assert found.auth.facts["resource_metadata"] == place
    assert found.auth.facts["resource_mismatch"] is False, "a document for the origin speaks for its paths"


async def test_the_order_of_the_well_known_places() -> None:
    site = Site()
    async with serve(site.handler) as target:
        issuer = target.url("/tenant/1")
        site.documents[f"{PRM}/mcp"] = {"resource": target.url(), "authorization_servers": [issuer]}
        await discover(target.url())
        assert target.paths() == [f"{PRM}/mcp", f"{ASM}/tenant/1", f"{OIDC}/tenant/1", f"/tenant/1{OIDC}"]


@pytest.mark.parametrize("path", [f"{ASM}/tenant", f"{OIDC}/tenant", f"/tenant{OIDC}"])
async def test_server_metadata_in_each_place(path: str) -> None:
    site = Site()
    async with serve(site.handler) as target:
        issuer = target.url("/tenant")
        site.documents |= {PRM: {"resource": target.url(), "authorization_servers": [issuer]}, path: server(issuer)}
        found = await discover(target.url("/"))
    assert found.auth.facts["authorization_servers_read"] == 1
    assert found.auth.facts["issuer_mismatch"] is False


async def test_without_resource_metadata_the_origin_itself_is_asked() -> None:
    site = Site()
    async with serve(site.handler) as target:
        site.documents[ASM] = server(target.url(""))
        found = await discover(target.url())
    assert found.auth.facts["resource_metadata"] == "none"
    assert found.auth.facts["authorization_server"] == "origin"
    assert ("admin", "authorization_server") in scopes(found.auth)


async def test_nothing_anywhere() -> None:
    async with serve(refusing(None, 403)) as target:
        found = await discover(target.url(), status=403)
    assert (found.auth.requirement, found.auth.schemes) == ("required", ())
    assert found.auth.facts["authorization_server"] == "none"
    assert "pkce_s256" not in found.auth.facts, "what was not seen is not said"
    assert found.coverage.status == "observed"


# -- what is compared ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "fact"),
    [
        ("{origin}/mcp", ("resource_mismatch", False)),
        ("{origin}", ("resource_mismatch", False)),
        ("{origin}/", ("resource_mismatch", False)),
        ("{origin}/mc", ("resource_mismatch", True)),
        ("{origin}/mcp/other", ("resource_mismatch", True)),
        ("https://elsewhere.example/mcp", ("resource_mismatch", True)),
        ("http://[broken", ("resource_mismatch", True)),
        (None, ("resource_missing", True)),
        (7, ("resource_missing", True)),
    ],
)
async def test_the_resource_must_cover_the_endpoint(resource: Any, fact: tuple[str, bool]) -> None:
    site = Site()
    async with serve(site.handler) as target:
        named = resource.format(origin=target.url("")) if isinstance(resource, str) else resource
        site.documents[PRM] = {"resource": named, "authorization_servers": []}
        found = await discover(target.url())
    assert found.auth.facts[fact[0]] is fact[1]


async def test_metadata_of_another_issuer_is_noted_and_not_believed() -> None:
    site = Site()
    async with serve(site.handler) as target:
        site.documents |= {
            PRM: {"resource": target.url(), "authorization_servers": [target.url("")]},
            ASM: server("https://evil.example", scopes_supported=["evil"]),
        }
        found = await discover(target.url())
    assert found.auth.facts["issuer_mismatch"] is True
    assert "pkce_s256" not in found.auth.facts
    assert not scopes(found.auth)


async def test_a_slash_after_a_bare_issuer_is_forgiven() -> None:
    site = Site()
    async with serve(site.handler) as target:
        site.documents |= {
            PRM: {"resource": target.url(), "authorization_servers": [target.url("/")]},
            ASM: server(target.url("")),
        }
        assert (await discover(target.url())).auth.facts["issuer_mismatch"] is False


@pytest.mark.parametrize(
    ("extra", "fact", "value"),
    [
        ({"code_challenge_methods_supported": ["plain"]}, "pkce_s256", False),
        ({"code_challenge_methods_supported": None}, "pkce_s256", False),
        ({"registration_endpoint": "https://as.example/r"}, "dynamic_registration", True),
        ({}, "dynamic_registration", False),
        ({"client_id_metadata_document_supported": True}, "client_id_document", True),
        ({"client_id_metadata_document_supported": "yes"}, "client_id_document", False),
        ({"authorization_response_iss_parameter_supported": True}, "iss_parameter", True),
        ({"response_types_supported": ["code", "token"]}, "implicit_flow", True),
        ({"grant_types_supported": ["password"]}, "password_grant", True),
        ({"dpop_signing_alg_values_supported": ["ES256"]}, "dpop", True),
        ({"scopes_supported": "not a list"}, "pkce_s256", True),
    ],
)
async def test_what_a_server_announces(extra: dict[str, object], fact: str, value: object) -> None:
    site = Site()
    async with serve(site.handler) as target:
        site.documents |= {
            PRM: {"resource": target.url(), "authorization_servers": [target.url("")]},
            ASM: server(target.url(""), **extra),
        }
        assert (await discover(target.url())).auth.facts[fact] == value


async def test_the_weakest_of_several_servers_counts() -> None:
    site = Site()
    async with serve(site.handler) as target:
        one, two = target.url("/one"), target.url("/two")
        site.documents |= {
            PRM: {"resource": target.url(), "authorization_servers": [one, two], "bearer_methods_supported": ["query"]},
            f"{ASM}/one": server(one),
            f"{ASM}/two": server(two, code_challenge_methods_supported=[]),
        }
        facts = (await discover(target.url())).auth.facts
    assert (facts["authorization_servers_read"], facts["pkce_s256"], facts["token_in_query"]) == (2, False, True)


# -- who is let in ---------------------------------------------------------------------------------


async def test_an_open_server_without_any_announcement_needs_nothing() -> None:
    async with serve(open_metadata({})) as target:
        manifest = await scan(target.url())
    assert manifest.auth.requirement == "none"
    assert manifest.auth.facts["lists_unauthenticated"] is True
    assert manifest.coverage["auth"].status == "observed"


async def test_an_open_list_with_announced_authorization_is_optional() -> None:
    site = Site(honest)
    async with serve(site.handler) as target:
        site.documents[PRM] = {
            "resource": target.url(),
            "scopes_supported": ["orders:write"],
            "authorization_servers": [],
        }
        manifest = await scan(target.url())
    assert manifest.auth.requirement == "optional"
    assert scopes(manifest.auth) == {("orders:write", "resource_metadata")}


async def test_a_refused_scan_ends_with_everything_that_was_learnt() -> None:
    site = Site(refusing('Bearer scope="orders:read <b>"'))
    async with serve(site.handler) as target:
        site.documents |= {
            PRM: {"resource": target.url(), "authorization_servers": [target.url("")]},
            ASM: server(target.url("")),
        }
        with pytest.raises(TargetError) as caught:
            await scan(target.url())
    error = caught.value
    assert error.code == "auth_required"
    assert all(word in error.message for word in ("HTTP 401", "bearer", "orders:read", "admin", "‹b›"))
    assert "--header" in error.hint


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    "challenge",
    [None, "Bearer", 'Basic realm="x"', "garbage@@", ["Basic realm=a", "Bearer x=y"], "Bearer " + "x" * 20_000],
)
async def test_every_kind_of_refusal_asks_for_credentials(status: int, challenge: Any) -> None:
    async with serve(refusing(challenge, status)) as target:
        with pytest.raises(TargetError) as caught:
            await scan(target.url())
    assert caught.value.code == "auth_required"
    assert f"HTTP {status}" in caught.value.message


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "needs credentials: it answered 401 to tools/list"),
        (403, "needs credentials that allow it: it answered 403 to tools/list"),
    ],
)
async def test_a_server_that_shakes_hands_and_then_refuses_its_list_is_still_reported(status: int, reason: str) -> None:
    def handler(request: Request) -> Reply:
        if request.rpc == "tools/list":
            return Reply(status, {"www-authenticate": 'Bearer scope="tools"'})
        return honest(request)

    async with serve(open_metadata({}, handler)) as target:
        manifest = await scan(target.url())
    assert manifest.server.name == "shop"
    assert manifest.coverage["tools"] == not_observed(reason)
    assert [(event.code, event.detail) for event in manifest.events] == [("needs_credentials", "tools")]
    assert manifest.auth.requirement == "required"
    assert manifest.auth.facts["lists_unauthenticated"] is False
    assert manifest.auth.facts["handshake_open"] is True
    assert scopes(manifest.auth) == {("tools", "challenge")}


async def test_legacy_sse_behind_authorization() -> None:
    def handler(request: Request) -> Reply:
        if request.method == "GET" and request.path == "/sse":
            return Reply(401, {"www-authenticate": "Bearer"})
        return Reply(405 if request.path == "/sse" else 404)

    async with serve(handler) as target:
        with pytest.raises(TargetError) as caught:
            await scan(target.url("/sse"))
    assert caught.value.code == "auth_required"


async def test_a_server_of_the_sdk_with_authorization() -> None:
    import uvicorn
    from mcp.server import MCPServer
    from mcp.server.auth.provider import AccessToken, TokenVerifier
    from mcp.server.auth.settings import AuthSettings
    from pydantic import AnyHttpUrl

    class Verifier(TokenVerifier):
        async def verify_token(self, token: str) -> AccessToken | None:
            return AccessToken(token=token, client_id="c", scopes=["orders:read"]) if token == "good" else None

    site = Site()
    async with serve(site.handler) as issuer:
        site.documents[ASM] = server(issuer.url("/"))
        settings = AuthSettings(
            issuer_url=AnyHttpUrl(issuer.url("")),
            resource_server_url=AnyHttpUrl("http://127.0.0.1:1/mcp"),
            required_scopes=["orders:read"],
            validate_token_resource=False,
        )
        app = MCPServer("guarded", token_verifier=Verifier(), auth=settings, log_level="CRITICAL")
        uv = uvicorn.Server(uvicorn.Config(app.streamable_http_app(), port=0, log_level="critical", lifespan="on"))
        task = asyncio.create_task(uv.serve())
        while not uv.started:  # noqa: ASYNC110  uvicorn has no event to wait for
            await asyncio.sleep(0.01)
        url = f"http://127.0.0.1:{uv.servers[0].sockets[0].getsockname()[1]}/mcp"
        try:
            with pytest.raises(TargetError, match="orders:read") as caught:
                await scan(url)
            manifest = await scan(url, {"Authorization": "Bearer good"})
        finally:
            uv.should_exit = uv.force_exit = True
            await task
    assert caught.value.code == "auth_required"
    assert manifest.server.name == "guarded"
    assert manifest.auth.requirement == "required"
    assert manifest.auth.facts["resource_mismatch"] is True, "it was told another port than it listens on"
    assert manifest.auth.facts["pkce_s256"] is True


# -- where discovery does not go -------------------------------------------------------------------


def public(*_: object) -> Any:
    """A resolver that says every name is public, apart from those that are not."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return {"inside.example": ["10.0.0.7"], "both.example": ["93.184.216.34", "127.0.0.1"]}.get(host, ["127.0.0.1"])

    return resolve


@pytest.mark.parametrize(
    "template",
    [
        "https://127.0.0.1:{port}/m", "https://2130706433:{port}/m", "https://[::ffff:127.0.0.1]:{port}/m",
        "https://localhost:{port}/m", "https://both.example:{port}/m", "https://inside.example:{port}/m",
        "https://169.254.169.254/latest", "https://user:pw@127.0.0.1:{port}/m", "http://127.0.0.1:{port}/m",
        "file:///etc/passwd", "gopher://127.0.0.1:{port}/", "https://[fe80::1%25lo]/", "not a url", "",
    ],
)  # fmt: skip
async def test_named_addresses_that_the_policy_refuses_get_no_connection(template: str) -> None:
    async with canary() as trap:
        url = template.format(port=trap.port)
        found = await discover(
            "https://mcp.example/mcp", [f'Bearer resource_metadata="{url}"'], allow_private=False, resolver=public()
        )
        assert trap.connections == 0
    assert found.coverage.status == "partial"
    facts = found.auth.facts
    assert facts.get("metadata_private_address") or facts.get("metadata_refused") or facts.get("metadata_plain_http")


async def test_authorization_servers_that_the_policy_refuses_get_no_connection() -> None:
    site = Site()
    async with canary() as trap, serve(site.handler) as target:
        site.documents[PRM] = {
            "resource": target.url(),
            "authorization_servers": [
                "http://169.254.169.254/",
                f"ftp://127.0.0.1:{trap.port}",
                "https://u:p@127.0.0.1/",
            ],
        }
        found = await discover(target.url())
        assert trap.connections == 0
    assert found.auth.facts["metadata_private_address"] is True
    assert found.auth.facts["authorization_servers_read"] == 0
    assert found.coverage.status == "partial"


async def test_a_credential_service_is_never_asked_even_with_consent() -> None:
    found = await discover(
        "http://127.0.0.1:9999/mcp",
        ['Bearer resource_metadata="http://169.254.169.254/latest/meta-data"'],
        allow_private=True,
    )
    assert found.auth.facts["metadata_private_address"] is True
    assert "credentials" in found.coverage.reason


async def test_plain_http_metadata_needs_consent_and_is_reported() -> None:
    found = await discover(
        "https://mcp.example/mcp",
        ['Bearer resource_metadata="http://as.example/meta"'],
        allow_private=False,
        resolver=public(),
    )
    assert found.auth.facts["metadata_plain_http"] is True
    assert "--allow-private-network" in found.coverage.reason


async def test_metadata_of_a_plain_http_target_is_not_read_without_consent() -> None:
    async with canary() as trap:
        found = await discover(
            f"http://mcp.example:{trap.port}/mcp", status=200, allow_private=False, resolver=public()
        )
        assert trap.connections == 0
    assert found.auth.requirement == "none"
    assert found.coverage.status == "partial"
    assert "metadata_plain_http" not in found.auth.facts, "the user named plain http, not the target"


async def test_a_redirect_of_metadata_to_another_origin_is_not_followed() -> None:
    site = Site()
    async with canary() as trap, serve(site.handler) as target:
        site.documents[f"{PRM}/mcp"] = Reply(302, {"location": trap.url("/internal")})
        found = await discover(target.url())
        assert trap.connections == 0
    assert found.auth.facts["metadata_unreadable"] is True
    assert found.coverage.status == "partial"


async def test_a_redirect_of_metadata_on_the_same_origin_is_followed() -> None:
    site = Site()
    async with serve(site.handler) as target:
        site.documents[f"{PRM}/mcp"] = Reply(301, {"location": "/moved"})
        site.documents["/moved"] = {"resource": target.url(), "authorization_servers": []}
        found = await discover(target.url())
    assert found.auth.facts["resource_metadata"] == "path"


async def test_a_redirect_of_metadata_in_circles() -> None:
    site = Site()
    async with serve(site.handler) as target:
        site.documents[PRM] = Reply(302, {"location": PRM})
        found = await discover(target.url())
        assert len(target.requests) < 12
    assert found.auth.facts["metadata_unreadable"] is True


async def test_only_so_many_servers_are_followed() -> None:
    site = Site()
    async with serve(site.handler) as target:
        issuers = [target.url(f"/t{n}") for n in range(50)]
        site.documents[PRM] = {"resource": target.url(), "authorization_servers": issuers}
        found = await discover(target.url())
        asked = {path.rsplit("/", 1)[1] for path in target.paths() if path.startswith(ASM)}
    assert asked == {f"t{n}" for n in range(LIMITS.authorization_servers)}
    assert found.auth.facts["authorization_servers"] == 50
    assert "of 50" in found.coverage.reason


UNREADABLE = {
    "huge": Reply(200, JSON, pieces(forever=b"[" * 100_000, every=0)),
    "compressed": Reply(200, {**JSON, "content-encoding": "gzip"}, b"\x1f\x8b"),
    "dripping": Reply(200, JSON, pieces(forever=b" ", every=0.05)),
    "an event stream": Reply(200, EVENTS, pieces(b": x\n\n")),
    "no JSON": Reply(200, JSON, b"<html>"),
    "a list": Reply(200, JSON, b"[]"),
    "nested": Reply(200, JSON, b"[" * 200_000),
    "a big number": Reply(200, JSON, b'{"resource": ' + b"9" * 10_000 + b"}"),
    "not UTF-8": Reply(200, JSON, b'{"resource": "\xff\xfe"}'),
    "missing": Reply(404),
    "an error": Reply(500),
}


@pytest.mark.parametrize("reply", UNREADABLE.values(), ids=UNREADABLE)
async def test_named_metadata_that_cannot_be_read_is_said(reply: Reply) -> None:
    site = Site()
    async with serve(site.handler) as target:
        site.documents["/meta"] = reply
        found = await discover(target.url(), [f'Bearer resource_metadata="{target.url("/meta")}"'])
    assert found.auth.facts["metadata_unreadable"] is True
    assert found.coverage.status == "partial"
    assert found.auth.requirement == "required"


async def test_discovery_ends_when_its_time_is_up() -> None:
    async with serve(lambda _: asyncio.sleep(3600)) as target:
        found = await discover(target.url(), seconds=0.2)
    assert "longer than" in found.coverage.reason


ODD: list[Any] = [
    {"resource": [], "authorization_servers": "https://x", "scopes_supported": {"a": 1}, "bearer_methods_supported": 7},
    {"authorization_servers": [1, None, {}, "", "https://\x00"]},
    {"resource": {"a": "b"}, "scopes_supported": [None, 1, "ok", ["nested"]]},
]


@pytest.mark.parametrize("document", ODD)
async def test_metadata_of_the_wrong_types_is_survived(document: Any) -> None:
    site = Site()
    async with serve(site.handler) as target:
        site.documents[PRM] = document
        found = await discover(target.url())
    assert found.auth.facts["resource_metadata"] == "root"
    assert {scope.name for scope in found.auth.scopes} <= {"ok"}


@pytest.mark.parametrize("scopes", [["s" * 300], [f"s{n}" for n in range(500)]])
async def test_scopes_that_are_left_out_are_missing_from_what_was_observed(scopes: list[str]) -> None:
    site = Site()
    async with serve(site.handler) as target:
        site.documents |= {
            PRM: {"resource": target.url(), "authorization_servers": [target.url("")]},
            ASM: {**server(target.url("")), "scopes_supported": scopes},
        }
        found = await discover(target.url())
    assert found.coverage.status == "partial"
    assert "names of scopes than are read" in found.coverage.reason


# -- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "home", "foreign"),
    [
        ("auth.shop.example", "mcp.shop.example", False),
        ("auth.shop.co.uk", "mcp.shop.co.uk", False),
        ("shop.co.uk", "other.co.uk", True),
        ("login.evil.example", "mcp.shop.example", True),
        ("tenant.eu.auth0.com", "mcp.shop.example", False),
        ("notauth0.com", "mcp.shop.example", True),
        ("github.com", "mcp.shop.example", False),
        ("127.0.0.1", "127.0.0.1", False),
        ("10.0.0.1", "127.0.0.1", True),
        ("2606:4700::1", "mcp.shop.example", True),
        ("localhost", "localhost", False),
    ],
)
def test_whose_domain_an_issuer_is_under(host: str, home: str, foreign: bool) -> None:
    assert is_foreign_domain(host, home) is foreign


async def test_an_issuer_elsewhere_is_named() -> None:
    site = Site()
    async with serve(site.handler) as target:
        site.documents[PRM] = {"resource": target.url(), "authorization_servers": ["https://login.evil.invalid"]}
        facts = (await discover(target.url())).auth.facts
    assert (facts["foreign_issuer"], facts["issuer_host"], facts["foreign_domain"]) == (
        True,
        "login.evil.invalid",
        True,
    )


async def test_a_private_metadata_address_is_a_fact_even_where_it_may_be_read() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async with serve(open_metadata({"/m": {"resource": "https://x", "authorization_servers": []}})) as inside:
        named = f'Bearer resource_metadata="http://inside.example:{inside.port}/m"'
        found = await discover("https://mcp.example:65000/mcp", [named], resolver=resolve)
    assert found.auth.facts["resource_metadata"] == "header"
    assert found.auth.facts["metadata_private_address"] is True
    assert found.auth.facts["metadata_plain_http"] is True
