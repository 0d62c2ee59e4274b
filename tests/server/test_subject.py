"""What a tool call is about: its name in the report is inert, whoever wrote it."""

from __future__ import annotations

import pytest

from mcp_threat_model.subject import inline_listing


@pytest.mark.parametrize("name", ["<b>Shop</b>", "Shop\u202e é", "![x](https://x.example)"])
def test_the_name_of_a_listing_is_the_targets_text(name: str) -> None:
    asked = inline_listing({"name": name, "description": "Manages orders."}).target_value
    assert asked.isprintable()
    assert not [mark for mark in ("<", "\u202e", "](") if mark in asked]
    assert "://" not in asked


def test_an_ordinary_name_is_left_alone() -> None:
    assert inline_listing({"name": "Tide MCP", "description": "Tells tides."}).target_value == "Tide MCP"
