"""What an answer holds beside what was asked for is kept; what only keeps the conversation going is not."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_threat_model.source.beside import HELLO, SERVER_INFO, beside, further, join

INFO = {"name": "shop", "version": "1.0"}


def test_metadata_and_unknown_members_are_kept() -> None:
    answer = {"tools": [], "_meta": {"a": "b"}, "note": "c"}
    assert beside(answer, ("tools",), INFO) == {"_meta": {"a": "b"}, "note": "c"}


@pytest.mark.parametrize(
    "answer",
    [
        {"nextCursor": "abc"},
        {"ttlMs": 0, "cacheScope": "public", "resultType": "complete"},
        {"_meta": {}},
        {"_meta": {SERVER_INFO: INFO}},
        {"serverInfo": INFO, "protocolVersion": "x", "capabilities": {}, "instructions": "y"},
    ],
)
def test_what_keeps_the_conversation_going_or_stands_elsewhere_is_not(answer: dict[str, Any]) -> None:
    assert beside(answer, HELLO, INFO) == {}


def test_unless_it_holds_something_else_than_it_should() -> None:
    odd = {"cacheScope": "tell nobody", "_meta": {SERVER_INFO: {"name": "bank"}}}
    assert beside(odd, HELLO, INFO) == odd


def test_of_the_server_everything_without_a_place_of_its_own_is_kept() -> None:
    assert further({**INFO, "title": "Shop", "description": "Sells.", "icons": []}) == {"description": "Sells."}


def test_pages_that_say_different_things_keep_both() -> None:
    first = {"_meta": {"a": 1}}
    join(first, {"_meta": {"a": 1}}, "2")
    join(first, {"_meta": {"a": 2}, "note": "x"}, "3")
    assert first == {"_meta": {"a": 1}, "_meta#3": {"a": 2}, "note": "x"}
