"""A scope's name is taken apart by the conventions of the large issuers; the widest one counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.auth_scope import asked_scopes, authority, parse_scope, scopes_of, widest
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import AuthFacts, LaunchFacts, ScopeFact, TransportFacts
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.report import AuthOut
from mcp_threat_scoring.rulebook.ruleset import default_ruleset

VOCABULARIES = [
    # name, resource, action, breadth
    ("repo", "repo", "write", "broad"),
    ("public_repo", "public repo", "write", "narrow"),
    ("read:org", "org", "read", "narrow"),
    ("write:packages", "packages", "write", "narrow"),
    ("admin:org", "org", "admin", "admin"),
    ("admin:repo_hook", "repo hook", "admin", "admin"),
    ("delete_repo", "delete repo", "write", "narrow"),
    ("admin:*", "", "admin", "admin"),
    ("*", "", "admin", "admin"),
    ("all", "", "admin", "admin"),
    ("full_access", "", "admin", "admin"),
    ("Mail.Read", "mail", "read", "narrow"),
    ("Mail.ReadWrite", "mail", "write", "narrow"),
    ("Mail.Send", "mail", "write", "narrow"),
    ("User.Read.All", "user", "read", "broad"),
    ("Directory.ReadWrite.All", "directory", "write", "broad"),
    ("Sites.FullControl.All", "sites", "admin", "admin"),
    ("https://graph.microsoft.com/Mail.Read", "mail", "read", "narrow"),
    ("https://graph.microsoft.com/.default", "default", "unknown", "broad"),
    ("https://www.googleapis.com/auth/drive.readonly", "drive", "read", "narrow"),
    ("https://www.googleapis.com/auth/drive", "drive", "write", "broad"),
    ("https://www.googleapis.com/auth/drive.file", "drive file", "write", "narrow"),
    ("https://www.googleapis.com/auth/cloud-platform", "cloud platform", "admin", "admin"),
    ("https://mail.google.com/", "mail google com", "write", "broad"),
    ("chat:write", "chat", "write", "narrow"),
    ("channels:history", "channels", "read", "narrow"),
    ("orders:read", "orders", "read", "narrow"),
    ("read:orders", "orders", "read", "narrow"),
    ("orders.write", "orders", "write", "narrow"),
    ("orders:*", "orders", "write", "broad"),
    ("read", "read", "read", "broad"),
    ("write", "write", "write", "broad"),
    ("mcp:tools", "mcp tools", "unknown", "unknown"),
    ("shop", "shop", "unknown", "unknown"),
]


class TestParseScope:
    @pytest.mark.parametrize(("name", "resource", "action", "breadth"), VOCABULARIES, ids=[v[0] for v in VOCABULARIES])
    def test_the_common_vocabularies(self, name: str, resource: str, action: str, breadth: str) -> None:
        scope = parse_scope(name)
        assert (scope.action, scope.breadth) == (action, breadth)
        assert scope.resource == resource or name == "full_access"

    @pytest.mark.parametrize(
        "name",
        ["openid", "profile", "email", "offline_access", "User.Read", "https://www.googleapis.com/auth/userinfo.email"],
    )
    def test_knowing_who_somebody_is_gives_no_authority(self, name: str) -> None:
        assert (parse_scope(name).action, parse_scope(name).breadth) == ("identity", "none")

    @pytest.mark.parametrize("name", ["allocations", "fullness", "administer", "readme", "runtime", "callbacks"])
    def test_a_word_inside_a_word_is_no_action(self, name: str) -> None:
        assert parse_scope(name).action == "unknown"

    @given(st.text(max_size=400))
    def test_no_name_is_too_odd(self, name: str) -> None:
        assert parse_scope(name).breadth in ("none", "narrow", "broad", "admin", "unknown")


class TestWidest:
    def test_an_administrators_scope_beats_all(self) -> None:
        assert widest(["narrow", "admin", "broad"]) == "admin"

    def test_what_nobody_understands_is_more_than_identity(self) -> None:
        assert widest(["none", "unknown"]) == "unknown"

    def test_nothing_seen_is_unknown(self) -> None:
        assert widest([]) == "unknown"


def scopes(*named: tuple[str, str]) -> AuthFacts:
    return AuthFacts("required", ("oauth2",), tuple(ScopeFact(name, source) for name, source in named))  # type: ignore[arg-type]


class TestAskedScopes:
    def test_what_a_server_merely_offers_does_not_count_beside_what_is_asked(self) -> None:
        auth = scopes(("orders:read", "resource_metadata"), ("admin:*", "authorization_server"))
        assert [scope.name for scope, _, _ in asked_scopes(auth)] == ["orders:read"]

    def test_it_counts_when_nothing_else_is_known(self) -> None:
        auth = scopes(("admin:*", "authorization_server"))
        assert [scope.name for scope, _, _ in asked_scopes(auth)] == ["admin:*"]

    def test_a_name_read_in_two_places_is_one_scope(self) -> None:
        auth = scopes(("a:read", "challenge"), ("a:read", "resource_metadata"))
        assert [(scope.name, source, place) for scope, source, place in scopes_of(auth)] == [
            ("a:read", "challenge", "/auth/scopes/0")
        ]


def read(auth: AuthFacts, **more: object) -> AuthOut:
    manifest = build_manifest(target_kind="manifest", target_value="", coverage={}, auth=auth, **more)  # type: ignore[arg-type]
    return authority(paint(manifest, default_ruleset()), auth)


class TestAuthority:
    def test_the_widest_asked_scope_is_the_breadth(self) -> None:
        out = read(scopes(("orders:read", "resource_metadata"), ("shop:admin", "resource_metadata")))
        assert (out.requirement, out.breadth) == ("required", "admin")
        assert [(scope.name, scope.breadth, scope.source) for scope in out.scopes] == [
            ("orders:read", "narrow", "resource_metadata"),
            ("shop:admin", "admin", "resource_metadata"),
        ]

    def test_an_open_endpoint_brings_no_authority(self) -> None:
        assert read(AuthFacts("none")).breadth == "none"

    def test_nothing_seen_is_unknown(self) -> None:
        out = read(AuthFacts())
        assert (out.requirement, out.breadth, out.scopes, out.evidence) == ("unknown", "unknown", [], [])

    def test_a_key_in_the_environment_is_a_scheme(self) -> None:
        out = read(AuthFacts(), launch=LaunchFacts(argv=("shop",), env_names=("SHOP_API_KEY",)))
        assert out.schemes == ["credential in the environment"]
        assert any(one.pointer == "/launch/env/0" for one in out.evidence)

    def test_evidence_says_why(self) -> None:
        auth = AuthFacts("required", ("oauth2",), (ScopeFact("admin:*", "challenge"),), {"pkce_s256": False})
        out = read(auth, transport=TransportFacts("http", "https://shop.example/mcp", "public"))
        assert {"auth.scope_broad", "auth.no_pkce"} <= {one.rule_id for one in out.evidence}

    def test_a_scopes_name_is_made_safe(self) -> None:
        out = read(scopes(("read:\x1b[31m<b>x", "challenge")))
        assert "\x1b" not in out.scopes[0].name
        assert "<" not in out.scopes[0].name
