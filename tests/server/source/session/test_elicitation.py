"""What a peer would have put before the person: forms for secrets, and links that lead elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_threat_model.source.session.elicitation import note_elicitation
from mcp_threat_model.source.session.wire import Tap


def noted(params: object, home: str = "") -> list[tuple[str, str]]:
    tap = Tap(home=home)
    note_elicitation(params, tap)
    return [(event.code, event.detail) for event in tap.events()]


def form(**properties: Any) -> dict[str, Any]:
    return {"mode": "form", "requestedSchema": {"type": "object", "properties": properties}}


@pytest.mark.parametrize("name", ["password", "apiKey", "access_token", "client_secret"])
def test_a_form_for_a_secret_is_known_by_the_names_of_its_fields(name: str) -> None:
    assert noted(form(**{name: {"type": "string"}, "reason": {}})) == [("elicitation_secret", f"“{name}”")]


def test_so_is_one_by_the_format_of_a_field() -> None:
    assert noted(form(answer={"type": "string", "format": "password"})) == [("elicitation_secret", "“answer”")]


def test_an_ordinary_form_is_no_oddity() -> None:
    assert noted(form(reason={"type": "string"}, max_tokens={"type": "number"})) == []


@pytest.mark.parametrize(
    ("url", "home", "said"),
    [
        ("http://shop.example.com/login", "shop.example.com", "not https"),
        ("https://elsewhere.example.net/login", "shop.example.com", "another domain"),
        ("https://[", "", "cannot be read"),
        ("javascript:alert(1)", "", "not https"),
    ],
)
def test_a_link_that_leads_elsewhere(url: str, home: str, said: str) -> None:
    ((code, detail),) = noted({"mode": "url", "url": url}, home)
    assert code == "elicitation_offsite"
    assert said in detail


@pytest.mark.parametrize(
    ("url", "home"),
    [
        ("https://login.example.com/x", "mcp.example.com"),
        ("https://accounts.google.com/o/oauth2", "mcp.example.com"),
        ("https://anywhere.example.net/x", ""),
        ("http://localhost:4100/callback", ""),
    ],
)
def test_a_link_to_itself_to_an_identity_provider_or_to_this_machine(url: str, home: str) -> None:
    assert noted({"mode": "url", "url": url}, home) == []


@pytest.mark.parametrize("params", [None, [], "x", {"url": 3}, {"requestedSchema": {"properties": ["password"]}}])
def test_what_is_no_request_is_passed_over(params: object) -> None:
    assert noted(params) == []


def test_the_targets_words_are_made_inert() -> None:
    ((_, detail),) = noted(form(**{"\x1b[31m password": {}}))
    assert "\x1b" not in detail
