"""The server as a whole: what was observed of it by name, each fact with its place where it has one."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_threat_scoring.facts.server import server_subject
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import (
    OBSERVED,
    AuthFacts,
    Event,
    LaunchFacts,
    Listing,
    ScopeFact,
    ServerFacts,
    TransportFacts,
    partial,
)
from mcp_threat_scoring.text.views import Subject

KEY = "9f8e7d6c5b4a3928"


def subject(**parts: Any) -> Subject:
    return server_subject(build_manifest(target_kind="manifest", target_value="", **{"coverage": {}, **parts}))


class TestParts:
    def test_coverage_of_every_part_is_a_fact(self) -> None:
        facts = subject(coverage={"tools": OBSERVED, "auth": partial("cut")}).facts
        assert (facts["coverage.tools"], facts["coverage.auth"], facts["coverage.launch"]) == (
            "observed", "partial", "not_observed",
        )  # fmt: skip

    def test_what_a_source_noted_bears_the_name_of_its_part(self) -> None:
        facts = subject(
            transport=TransportFacts("http", "https://a.example:8443/mcp", "public", {"origin_checked": False}),
            auth=AuthFacts("required", facts={"pkce_s256": True}),
            launch=LaunchFacts(facts={"source_named": False}),
        ).facts
        assert facts["transport.origin_checked"] is False
        assert facts["auth.pkce_s256"] is True
        assert facts["launch.source_named"] is False
        assert (facts["transport.port"], facts["transport.scope"]) == (8443, "public")

    def test_they_say_where_they_stand(self) -> None:
        one = subject(auth=AuthFacts("required", facts={"pkce_s256": False}), events=[Event("junk_output", "a banner")])
        assert one.places["auth.pkce_s256"] == (("/auth/pkce_s256", "pkce_s256: false"),)
        assert one.places["auth.requirement"] == (("/auth/requirement", "requirement: required"),)
        assert one.places["event.junk_output"] == (("/events/0", "a banner"),)

    @pytest.mark.parametrize("url", ["https://a.example/mcp", "http://[::1", "https://a.example:notaport/", ""])
    def test_a_port_is_a_fact_only_where_it_is_written(self, url: str) -> None:
        assert "transport.port" not in subject(transport=TransportFacts("http", url)).facts

    def test_events_are_counted_and_readable(self) -> None:
        one = subject(events=[Event("junk_output", "not JSON", 2), Event("junk_output", "a banner"), Event("x")])
        assert (one.facts["event.junk_output"], one.facts["event.x"]) == (3, 1)
        assert one.views["events"].text == "junk_output not JSON\njunk_output a banner\nx "

    def test_capabilities_and_their_flags(self) -> None:
        facts = subject(server=ServerFacts("a", capabilities={"tools": {"listChanged": True}, "logging": {}})).facts
        assert facts["capability.tools.listChanged"] is True
        assert facts["capability.logging"] is True

    def test_shares_are_rounded_down_so_that_a_hundred_means_all(self) -> None:
        tools = [{"name": f"t{n}", "annotations": {"readOnlyHint": True}} for n in range(299)] + [{"name": "last"}]
        facts = subject(tools=tools).facts
        assert (facts["tools.hinted"], facts["tools.read_only"]) == (99, 99)
        assert subject(tools=tools[:3]).facts["tools.read_only"] == 100

    def test_tools_that_could_not_be_used_are_counted_and_missed(self) -> None:
        facts = subject(tools=[{"name": "a"}, {"name": 5}, 7], prompts=[{}], coverage={"tools": OBSERVED}).facts
        assert (facts["tools.unread"], facts["tools.lacking"], facts["bad_items.count"]) == (2, True, 3)
        facts = subject(tools=[{"name": "a"}], coverage={"tools": partial("1 text was cut")}).facts
        assert (facts["tools.unread"], facts["tools.lacking"]) == (0, False)

    def test_a_title_alone_is_no_hint(self) -> None:
        facts = subject(tools=[{"name": "a", "annotations": {"title": "A"}}]).facts
        assert (facts["tools.annotated"], facts["tools.hinted"]) == (100, 0)


class TestCredentials:
    def test_secrets_in_the_environment_and_in_headers_are_told_with_their_places(self) -> None:
        one = subject(
            launch=LaunchFacts(argv=("a",), env_names=("TZ", "SHOP_API_KEY"), header_names=("Authorization",))
        )
        assert one.facts["auth.declared"] == "secret"
        assert one.places["env.secrets"] == (("/launch/env/1", "SHOP_API_KEY"), ("/launch/headers/0", "Authorization"))
        assert "env.unmarked" not in one.facts

    def test_a_registry_entry_could_have_marked_it(self) -> None:
        launch = LaunchFacts(
            package="a", registry="npm", env_names=("SHOP_API_KEY", "TOKEN"), secret_env_names=("TOKEN",)
        )
        one = subject(launch=launch)
        assert one.places["env.unmarked"] == (("/launch/env/0", "SHOP_API_KEY"),)
        assert one.places["env.secrets"] == (("/launch/env/1", "TOKEN"),)

    def test_nothing_declared_is_no_fact(self) -> None:
        assert "auth.declared" not in subject().facts
        assert subject(launch=LaunchFacts(argv=("a",))).facts["auth.declared"] == "none"

    @pytest.mark.parametrize(
        "argv",
        [
            ("a", "--api-key", KEY),
            ("a", f"--api-key={KEY}"),
            ("a", "--apiKey", KEY),
            ("a", "-token", KEY),
            ("a", "ghp_" + "Q3eGwR7tYu1oPa5sDf9hJkL2zXcV8bNm4Qw1"),
        ],
    )
    def test_a_credential_in_the_command_is_found_and_not_shown(self, argv: tuple[str, ...]) -> None:
        ((pointer, words),) = subject(launch=LaunchFacts(argv=argv)).places["argv.secrets"]
        assert pointer == f"/launch/argv/{len(argv) - 1}"
        assert argv[-1][-10:] not in words

    @pytest.mark.parametrize(
        "argv",
        [
            ("a", "--api-key", "${SHOP_KEY}"),
            ("a", "--api-key", "YOUR_API_KEY"),
            ("a", "--token-file", "/run/secrets/token"),
            ("a", "--token", "/run/secrets/token"),
            ("a", "--port", "80808080"),
            ("a", "--verbose", "--api-key"),
            ("a", KEY),
        ],
    )
    def test_references_and_other_arguments_are_none(self, argv: tuple[str, ...]) -> None:
        assert "argv.secrets" not in subject(launch=LaunchFacts(argv=argv)).facts


class TestScopes:
    def scopes(self, *named: tuple[str, Any]) -> Subject:
        return subject(auth=AuthFacts("required", scopes=tuple(ScopeFact(name, source) for name, source in named)))

    def test_asked_scopes_are_sorted_by_what_they_allow(self) -> None:
        one = self.scopes(
            ("a:read", "challenge"), ("a:write", "challenge"), ("admin:*", "declared"), ("shop", "challenge")
        )
        facts = one.facts
        assert [facts[f"scopes.{kind}"] for kind in ("asked", "read", "write", "admin", "broad", "unread")] == [
            4, 1, 1, 1, 1, 1,
        ]  # fmt: skip
        assert one.places["scopes.admin"] == (("/auth/scopes/2", "admin:*"),)

    def test_being_known_is_not_asking_for_anything(self) -> None:
        assert "scopes.asked" not in self.scopes(("openid", "challenge"), ("offline_access", "challenge")).facts

    def test_what_is_only_offered_is_not_asked(self) -> None:
        one = self.scopes(("admin:*", "authorization_server"))
        assert "scopes.admin" not in one.facts
        assert one.facts["auth.scopes"] == 1


class TestNames:
    def test_a_package_one_slip_away(self) -> None:
        one = subject(launch=LaunchFacts(package="mcp-sevrer-fetch"))
        assert one.places["package.lookalike"] == (("/launch/package", "mcp-sevrer-fetch ~ mcp-server-fetch"),)

    @pytest.mark.parametrize(
        ("name", "url", "claims"),
        [
            ("Official Acmepay MCP", "https://mcp.tools.example/mcp", True),
            ("Acmepay official server", "https://mcp.tools.example/mcp", True),
            ("Official Acmepay MCP", "https://mcp.acmepay.example/mcp", False),
            ("Official Acmepay MCP", "https://acme-pay.example/mcp", False),
            ("Official MCP server", "https://mcp.tools.example/mcp", False),
            ("Acmepay", "https://mcp.tools.example/mcp", False),
            ("Official Acmepay MCP", "", False),
        ],
    )
    def test_official_at_another_address(self, name: str, url: str, claims: bool) -> None:
        one = subject(server=ServerFacts(name), transport=TransportFacts("http", url, "public"))
        assert ("brand.foreign" in one.facts) is claims

    def test_a_listing_and_a_package_name_the_server_too(self) -> None:
        one = subject(listing=Listing("Corner Shop", "Sells."), launch=LaunchFacts(package="@corner/shop-mcp"))
        assert one.views["words"].text.split("\n") == ["corner shop mcp", "corner shop"]


@pytest.mark.parametrize("text", ["\ud800", "\x00", "\u202e", "a" * 100_000, "\n" * 5_000])
def test_no_text_is_too_odd(text: str) -> None:
    one = subject(
        server=ServerFacts(text, text, text, text, text),
        transport=TransportFacts("http", text),
        launch=LaunchFacts((text, text), (text,), (text,), (text,), text, text, hidden=((0, text),)),
        auth=AuthFacts("required", (text,), (ScopeFact(text, "challenge"),)),
        events=[Event(text, text)],
        listing=Listing(text, text),
    )
    for view in one.views.values():
        view.text.encode()
    for places in one.places.values():
        for _, words in places:
            words.encode()


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("“home/.a/id”", "home/.a/id"),
        ("“a.example” (another domain)", "“a.example” (another domain)"),
        ("prompts/list goes in circles", "prompts/list goes in circles"),
        ("", "left files"),
    ],
)
def test_an_event_is_shown_by_what_was_seen_and_a_name_without_quotes(detail: str, shown: str) -> None:
    one = subject(events=[Event("left_files", detail)])
    assert one.places["event.left_files"] == (("/events/0", shown),)
