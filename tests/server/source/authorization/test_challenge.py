"""`WWW-Authenticate` headers as servers really send them, and as hostile ones do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_threat_model.source.authorization.challenge import Challenge, parse_challenges

READ = {
    "a bare scheme": (["Bearer"], [("bearer", {})]),
    "quoted values": (
        ['Bearer realm="a, b", error="invalid_token", resource_metadata="https://x/y?a=b,c"'],
        [("bearer", {"realm": "a, b", "error": "invalid_token", "resource_metadata": "https://x/y?a=b,c"})],
    ),
    "escapes": ([r'Basic realm="say \"hi\" \\ now"'], [("basic", {"realm": r'say "hi" \ now'})]),
    "unquoted values": (["Bearer scope=read, error=x"], [("bearer", {"scope": "read", "error": "x"})]),
    "an unquoted URL": (
        ["Bearer resource_metadata=https://x.example/.well-known/a"],
        [("bearer", {"resource_metadata": "https://x.example/.well-known/a"})],
    ),
    "several in one header": (
        ['Basic realm="simple", Bearer scope="a b", error="e", Negotiate'],
        [("basic", {"realm": "simple"}), ("bearer", {"scope": "a b", "error": "e"}), ("negotiate", {})],
    ),
    "a token68": (["Negotiate YIIB==, Bearer x=1"], [("negotiate", {}), ("bearer", {"x": "1"})]),
    "several headers": (["Basic realm=x", "DPoP algs=ES256"], [("basic", {"realm": "x"}), ("dpop", {"algs": "ES256"})]),
    "odd spacing and case": ([' ,, BEARER  Scope = "a" ,, ERROR="e"'], [("bearer", {"scope": "a", "error": "e"})]),
    "a repeated parameter": (['Bearer scope="first", scope="second"'], [("bearer", {"scope": "first"})]),
    "an empty value": (['Bearer scope=""'], [("bearer", {"scope": ""})]),
}


@pytest.mark.parametrize(("headers", "expected"), READ.values(), ids=READ)
def test_challenges_are_read(headers: list[str], expected: list[tuple[str, dict[str, str]]]) -> None:
    assert parse_challenges(headers) == (tuple(Challenge(scheme, found) for scheme, found in expected), False)


@pytest.mark.parametrize(
    "header",
    ['Bearer realm="never ends', "@@@", "Bearer =x", 'Bearer a="b" c="d"', "Bearer " + "x=1, " * 10_000, "A, " * 100],
)
def test_damage_is_said_and_what_came_before_is_kept(header: str) -> None:
    challenges, damaged = parse_challenges(["Basic realm=x", header])
    assert damaged
    assert challenges[0] == Challenge("basic", {"realm": "x"})
    assert len(challenges) <= 16
    assert all(len(one.parameters) <= 32 for one in challenges)


@settings(deadline=None)
@given(st.lists(st.text(alphabet=st.characters(max_codepoint=255), max_size=200), max_size=4))
def test_no_header_breaks_the_reader(headers: list[str]) -> None:
    parse_challenges(headers)


@settings(deadline=None)
@given(st.lists(st.text(alphabet='aB= ,"\\;\t/', max_size=60), max_size=3))
def test_no_near_header_breaks_the_reader(headers: list[str]) -> None:
    parse_challenges(headers)
