"""What a tool call is about: read as the same bytes in a file are, and inert in the report, whoever wrote it."""

from __future__ import annotations

import json

import pytest

from mcp_threat_model.render.text import render_text
from mcp_threat_model.render.wording import title
from mcp_threat_model.source.saved.document import parse_json
from mcp_threat_model.subject import Given, inline_listing, inline_manifest
from mcp_threat_scoring.analyze import analyze
from mcp_threat_scoring.errors import TargetError, UsageError

HUGE = '{"tools": [{"name": "a", "inputSchema": {"properties": {"x": {"maximum": 1e999, "minimum": -1e999}}}}]}'


def test_a_number_beyond_all_numbers_is_the_same_as_in_a_file() -> None:
    from_file = parse_json(HUGE.encode(), "x.json").value["tools"]

    for given in (json.loads(HUGE), HUGE):
        assert [tool.raw for tool in inline_manifest(given).tools] == from_file


@pytest.mark.parametrize("given", [{"tools": [{"name": "a", "x": float("nan")}]}, '{"x": NaN}', '{"x": Infinity}'])
def test_what_is_no_json_is_none_here_either(given: object) -> None:
    with pytest.raises(TargetError, match="is no JSON value"):
        inline_manifest(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["<b>Shop</b>", "Shop\u202e é", "![x](https://x.example)"])
def test_the_name_of_a_listing_is_the_targets_text(name: str) -> None:
    asked = inline_listing({"name": name, "description": "Manages orders."}).target_value
    assert asked.isprintable()
    assert not [mark for mark in ("<", "\u202e", "](") if mark in asked]
    assert "://" not in asked


def test_an_ordinary_name_is_left_alone() -> None:
    assert inline_listing({"name": "Tide MCP", "description": "Tells tides."}).target_value == "Tide MCP"


def test_a_call_names_its_server_in_one_way_or_not_at_all() -> None:
    assert Given().by is None
    assert Given(target="a.json").by == "target"
    assert Given(manifest=[]).by == "manifest"
    assert Given.of({"listing": "", "offset": 3}).by == "listing"  # what is empty was given, too


@pytest.mark.parametrize(
    ("ways", "named"),
    [
        ({"target": "a.json", "manifest": {}}, "target and manifest"),
        ({"target": "", "manifest": "", "listing": ""}, "target and manifest and listing"),
    ],
)
def test_a_server_that_is_named_twice_is_refused(ways: dict[str, object], named: str) -> None:
    with pytest.raises(UsageError, match=f"^give only one of target, manifest, listing; {named} were given$"):
        Given.of(ways)


def test_what_a_call_says_itself_becomes_a_manifest() -> None:
    assert [tool.name for tool in Given(manifest=[{"name": "tide"}]).inline().tools] == ["tide"]
    assert Given(listing="Tells tides.").inline().listing is not None


@pytest.mark.parametrize("given", ["Reads tides.", {"name": "", "description": "Reads tides."}])
def test_prose_without_a_name_is_of_an_unnamed_server_and_names_none(given: object) -> None:
    manifest = inline_listing(given)  # type: ignore[arg-type]
    report = analyze(manifest)

    assert manifest.target_value == "unnamed server"
    assert report.server.name == ""
    assert report.summary.startswith("This server scores ")
    assert title(report) == "unnamed server"
    assert "unnamed server\n" in render_text([report])
