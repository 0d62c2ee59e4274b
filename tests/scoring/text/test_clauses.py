"""Prose about a server, cut into what can be read like the description of a tool."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.manifest import Listing
from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.text.clauses import CLAUSES, clauses, reads_only

GRAMMAR = default_ruleset().lexicon.grammar()


def cut(description: str, name: str = "x") -> list[str]:
    return [item.text("description") for item in clauses(Listing(name, description), GRAMMAR)]


def test_a_listing_is_read_clause_by_clause() -> None:
    found = cut("Reads orders, deletes products; and sends mail. " * 100)
    assert found[:2] == ["Reads orders", "deletes products"]
    assert len(found) == CLAUSES
    assert clauses(None) == ()


@pytest.mark.parametrize(
    "asked",
    [
        "Sign in with your account.",
        "Log in once.",
        "Requires an API key.",
        "You need a free account.",
        "It needs no account.",
        "No registration required.",
        "An access token is required.",
        "Authentication via OAuth.",
        "Users sign in with a club login.",
    ],
)
def test_what_the_caller_has_to_bring_is_no_act(asked: str) -> None:
    assert cut(f"Shows tides. {asked}") == ["Shows tides"]


@pytest.mark.parametrize(
    "act",
    [
        "Signs contracts",
        "Needs no account to delete orders",
        "Requires a captain",
        "Logs in to the bank",
        "Keeps API keys",
        "Sign documents with a certificate",
    ],
)
def test_what_only_sounds_like_it_stays(act: str) -> None:
    assert cut(act) == [act]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("Gives choirs and orchestras a catalogue", ["Gives choirs and orchestras a catalogue"]),
        ("Shows where every barge and tug is", ["Shows where every barge and tug is"]),
        ("Gives discounts and refunds a payment", ["Gives discounts", "refunds a payment"]),
        ("Creates and deletes the rows", ["Creates the rows", "deletes the rows"]),
        ("Adds, divides and multiplies numbers", ["Adds numbers", "divides numbers", "multiplies numbers"]),
        ("Lists, orders of members", ["Lists", "orders of members"]),
    ],
)
def test_and_parts_clauses_where_what_follows_can_be_one(sentence: str, found: list[str]) -> None:
    assert cut(sentence) == found


def test_the_name_of_the_server_is_no_part_of_what_it_does() -> None:
    assert cut("Harbour looks up the tides", "Harbour") == ["looks up the tides"]
    assert cut("Harbour Watch shows where ships lie", "Harbour Watch") == ["shows where ships lie"]
    assert cut("Harbour pages and posts", "Harbour") == ["Harbour pages", "posts"]


@pytest.mark.parametrize(
    "said", ["Read-only.", "It is read-only.", "The catalogue is strictly read-only.", "All read-only"]
)
def test_a_whole_that_only_reads_says_so(said: str) -> None:
    assert reads_only(clauses(Listing("x", f"Lists tides. {said}")))


@pytest.mark.parametrize("said", ["Read-only by default.", "It can be set to read-only.", "Has a read-only mode.", ""])
def test_what_may_be_so_does_not(said: str) -> None:
    assert not reads_only(clauses(Listing("x", f"Lists tides. {said}")))
