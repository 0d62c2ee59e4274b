"""What an error of reading says: in plain words, with nothing in them of the document that acts."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest

from mcp_threat_scoring.faults import REASON_SHOWN, reason
from mcp_threat_scoring.model import Model, ValidationError, read_json
from mcp_threat_scoring.structs import Meta


class Item(Model, frozen=True):
    kind: Literal["a", "b"] = "a"
    size: Annotated[float, Meta(ge=0, le=10)] = 0
    note: str | None = None


class Box(Model, frozen=True):
    items: tuple[Item, ...] = ()
    named: dict[str, Item] = {}


def said(text: str) -> str:
    with pytest.raises(ValidationError) as caught:
        read_json(Box, text)
    return reason(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"items": [{}, {"size": "x"}]}', "Expected 'float', got 'str' at $.items.1.size"),
        ('{"items": [{"size": 11}]}', "Expected 'float' at most 10.0 at $.items.0.size"),
        ('{"items": [{"note": 1}]}', "Expected 'str or null', got 'int' at $.items.0.note"),
        ('{"named": {"x": {"kind": "c"}}}', "Invalid enum value 'c' at $.named.*.kind"),
        ('{"colour": 1}', "Object contains unknown field 'colour'"),
        ("[]", "Expected 'object', got 'array'"),
    ],
)
def test_it_says_what_was_wanted_and_where(text: str, says: str) -> None:
    assert said(text) == says


@pytest.mark.parametrize(
    "word", ["<img src=x>", "it's `x` - at `$.x`", '\\"<b>\\"', "x" * 50_000, "\\u202e\\u001b[31m"]
)
def test_words_of_the_document_are_inert_and_short(word: str) -> None:
    for text in (f'{{"{word}": 1}}', f'{{"items": [{{"kind": "{word}"}}]}}'):
        told = said(text)
        assert told.startswith(("Object contains unknown field '", "Invalid enum value '"))
        assert not any(mark in told for mark in ("<", "`", "\x1b", "\u202e"))
        assert len(told) <= REASON_SHOWN
