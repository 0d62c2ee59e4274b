"""Every string of an item is a piece with its place, what is read first standing first, and none crowds out another."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_threat_scoring.text.passages import MAX_STRINGS, Piece, pieces, read_piece

SENTENCE = "Read the notes of the user before anything else."


def told(schema: dict[str, Any]) -> dict[str, str]:
    return {piece.pointer: piece.role for piece in pieces({"inputSchema": schema}, "") if piece.text == SENTENCE}


def test_what_people_and_models_read_first_stands_first_whatever_was_sent_first() -> None:
    raw = {
        "_meta": {"a": "b"},
        "outputSchema": {"description": "out"},
        "inputSchema": {"description": "in"},
        "description": "Adds.",
        "title": "Add",
        "name": "add",
    }
    texts = [piece.text for piece in pieces(raw, "") if piece.role != "key"]
    assert texts == ["add", "Add", "Adds.", "out", "in", "b"]


def test_a_title_is_one_wherever_the_protocol_has_a_place_for_it() -> None:
    raw = {"name": "add", "annotations": {"title": "Add two numbers"}, "_meta": {"annotations": {"title": "Sum"}}}
    roles = {piece.text: piece.role for piece in pieces(raw, "/tools/0")}
    assert roles["Add two numbers"] == "title"
    assert roles["Sum"] == "other"


@pytest.mark.parametrize(
    "filler",
    [
        {"_meta": {"a": ["z"] * (MAX_STRINGS + 5)}},
        {"icons": [{"src": "data:,a"}] * (MAX_STRINGS + 5)},
        {"inputSchema": {"properties": {"x": {"enum": ["z"] * (MAX_STRINGS + 5)}, "y": {"description": SENTENCE}}}},
    ],
)
def test_no_number_of_other_strings_crowds_a_description_out(filler: dict[str, Any]) -> None:
    left_out: list[str] = []
    found = pieces({**filler, "description": SENTENCE}, "/tools/0", left_out=left_out)
    assert len(left_out) >= 5, "what is left out is named"
    assert sum(piece.text == SENTENCE for piece in found) == 1 + ("inputSchema" in filler)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"x": {"type": ["string", "null"], "format": "date-time"}}},
        {"$schema": "https://json-schema.org/draft/2020-12/schema"},
        {"$schema": "http://json-schema.org/draft-07/schema#"},
        {"properties": {SENTENCE[:40]: {}}, "required": [SENTENCE[:40]]},
        {"anyOf": [{"required": ["city"]}]},
    ],
)
def test_keywords_that_hold_what_they_should_are_no_words_of_the_target(schema: dict[str, Any]) -> None:
    assert [piece for piece in pieces({"inputSchema": schema}, "") if piece.role != "key"] == []


@pytest.mark.parametrize("keyword", ["type", "format", "$schema", "required"])
def test_and_are_read_as_values_where_they_hold_a_sentence(keyword: str) -> None:
    assert told({keyword: SENTENCE}) == {f"/inputSchema/{keyword}": "value"}
    assert told({keyword: ["a", SENTENCE]}) == {f"/inputSchema/{keyword}/1": "value"}


@pytest.mark.parametrize("place", ["$defs", "definitions", "unheard-of"])
def test_a_key_of_a_schema_that_may_say_something_is_read(place: str) -> None:
    assert told({place: {SENTENCE: {}}}) == {f"/inputSchema/{place}/{SENTENCE}": "key"}
    assert [piece for piece in pieces({"inputSchema": {place: {"Order": {}}}}, "") if piece.role == "key"] == []


def test_the_name_of_an_unknown_member_is_read_where_it_may_say_something() -> None:
    found = pieces({SENTENCE: 1, "x-order": 2}, "/tools/0")
    assert [(piece.text, piece.role) for piece in found] == [(SENTENCE, "key")]


def test_a_property_called_like_a_keyword_hides_nothing() -> None:
    assert told({"$defs": {"type": {"description": SENTENCE}}}) == {"/inputSchema/$defs/type/description": "schema"}


def test_a_sentence_in_an_address_is_read_without_its_percent_signs() -> None:
    address = "x://a/" + SENTENCE.replace(" ", "%20")
    passages, _ = read_piece(Piece(address, "/resources/0/uri", "other"), ())
    assert any(SENTENCE.lower()[:-1] in passage.normal.text for passage in passages)
