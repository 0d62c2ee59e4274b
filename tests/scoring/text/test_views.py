"""What rules see of an item."""

from typing import Any

import pytest

from mcp_threat_scoring.intake import read_items
from mcp_threat_scoring.manifest import Item
from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.text.grammar import Grammar
from mcp_threat_scoring.text.schema_walk import MAX_DEPTH, MAX_NODES
from mcp_threat_scoring.text.views import Subject, tool_subject, view_of


def item(**raw: Any) -> Item:
    good, bad = read_items("tool", [{"name": "x", **raw}], "/tools")
    assert not bad
    return good[0]


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return default_ruleset().lexicon.grammar()


@pytest.fixture
def seen(grammar: Grammar):
    def look(prefix: str = "", **raw: Any) -> Subject:
        return tool_subject(item(**raw), prefix, grammar)

    return look


def text(subject: Subject, view: str) -> str:
    return subject.views[view].text if view in subject.views else ""


def test_a_name_is_seen_in_words_and_from_its_verb_on(seen) -> None:
    subject = seen("kong ", name="kong_route_delete")
    assert text(subject, "name") == "kong_route_delete"
    assert text(subject, "words") == "route delete"
    assert text(subject, "head") == "delete"


def test_a_verb_in_a_name_gives_way_to_a_plain_look(seen) -> None:
    name = "ferry_order_pin"
    assert text(seen(name=name, description="Get the pin of an order."), "head") == ""
    assert text(seen(name=name, description="Get an order and pin it to the board."), "head") == "pin"
    assert text(seen(name=name, description="Lists orders and marks them."), "head") == "pin"
    assert text(seen(name=name), "head") == "pin"


def test_a_look_in_a_name_is_the_thing_that_the_description_opens_with_changing(seen) -> None:
    assert text(seen(name="list_purge", description="Purges a list and tells its owner."), "head") == "purge"
    assert text(seen(name="check_cashing", description="Cashes a cheque."), "head") == ""
    assert text(seen(name="list_purge"), "head") == "list purge"


def test_a_thing_before_a_dash_leads_nowhere(seen) -> None:
    assert text(seen(description="Schedule changes — every sailing of a week."), "lead") == ""
    assert text(seen(description="Schedule changes — sends a letter."), "lead") == "schedule changes"


def test_a_description_is_seen_by_its_verbs(seen) -> None:
    subject = seen(description="This tool lists, creates or deletes branches. Returns their names. Never moves them.")
    assert text(subject, "lead") == "lists, creates or deletes branches"
    assert text(subject, "further") == "creates\ndeletes"
    assert text(subject, "acts") == "returns their names"
    assert text(subject, "negated") == "never moves them"


def test_what_a_tool_does_besides_is_seen(seen) -> None:
    subject = seen(description="Lists kennels and marks them. Use it often. Also deletes the empty ones.")
    assert text(subject, "besides") == "marks them\ndeletes the empty ones"


def test_a_heading_gives_way_to_the_sentence_behind_it(seen) -> None:
    subject = seen(description="🎯 Purpose:\n1. Retrieves objects.")
    assert text(subject, "lead") == "retrieves objects"


def test_a_long_first_sentence_without_verb_does_not(seen) -> None:
    subject = seen(description="Unified tool for all operations of the shop. Delete nothing by hand.")
    assert text(subject, "lead") == ""


def test_arguments_are_seen_by_name_and_nested_ones_with_them(seen) -> None:
    schema = {"type": "object", "properties": {"userId": {}, "owner": {"properties": {"homePage": {}}}}}
    subject = seen(inputSchema=schema)
    assert text(subject, "args") == "user id\nowner"
    assert text(subject, "params") == "user id\nowner\nhome page"
    assert subject.views["params"].pointer_at(14) == "/tools/0/inputSchema/properties/owner/properties/homePage"


def test_what_is_in_a_wrapper_is_an_argument_too(seen) -> None:
    schema = {"type": "object", "properties": {"userId": {}, "body": {"$ref": "#/$defs/Body"}},
              "$defs": {"Body": {"type": "object", "properties": {"dryRun": {}}}}}  # fmt: skip
    assert text(seen(inputSchema=schema), "args") == "user id\nbody\ndry run"


@pytest.mark.parametrize(
    "schema",
    [
        {"action": {"enum": ["get", "deleteUser"]}},
        {"action": {"oneOf": [{"const": "get"}, {"const": "deleteUser"}]}},
        {"operations": {"type": "array", "items": {"properties": {"type": {"enum": ["get", "deleteUser"]}}}}},
    ],
)
def test_what_can_be_chosen_is_seen(seen, schema: dict[str, Any]) -> None:
    assert text(seen(inputSchema={"properties": schema}), "actions") == "get\ndelete user"


@pytest.mark.parametrize("name", ["aktion", "acción", "ação", "azione", "действие", "操作", "작업"])
def test_an_argument_that_chooses_what_is_done_may_be_named_in_another_language(seen, name: str) -> None:
    assert text(seen(inputSchema={"properties": {name: {"enum": ["löschen"]}}}), "actions") == "löschen"


def test_permitted_values_of_other_arguments_are_no_actions(seen) -> None:
    subject = seen(inputSchema={"properties": {"sort": {"enum": ["created"]}}})
    assert text(subject, "enums") == "created"
    assert "actions" not in subject.views


def test_hints_that_are_no_booleans_are_no_facts(seen) -> None:
    subject = seen(annotations={"readOnlyHint": "true", "destructiveHint": True})
    assert "readOnlyHint" not in subject.facts
    assert subject.facts["destructiveHint"] is True


def test_a_missing_schema_is_not_a_schema_without_arguments(seen) -> None:
    assert "schema.nodes" not in seen().facts
    assert seen(inputSchema={"type": "object"}).facts["schema.nodes"] == 1


def test_a_schema_of_any_width_and_depth_is_bounded(seen) -> None:
    wide = {"properties": {f"p{index}": {"description": "x"} for index in range(MAX_NODES * 2)}}
    assert seen(inputSchema=wide).facts["schema.nodes"] == MAX_NODES * 2 + 1
    assert text(seen(inputSchema=wide), "param_text").count("x") == MAX_NODES - 1
    deep: dict[str, Any] = {"description": "bottom"}
    for _ in range(60):
        deep = {"properties": {"a": deep}}
    subject = seen(inputSchema=deep)
    assert subject.facts["schema.depth"] == MAX_DEPTH
    assert "param_text" not in subject.views


@pytest.mark.parametrize("odd", [None, 3, "text", ["list"], {"properties": 7}, {"properties": {"a": 5}, "enum": "no"}])
def test_a_schema_of_any_shape_is_read(seen, odd: object) -> None:
    seen(inputSchema={"properties": {"a": odd}, "items": odd, "anyOf": odd, "$defs": odd, "enum": odd, "const": odd})


def test_lone_surrogates_do_not_stop_anything(seen) -> None:
    subject = seen(name="a\ud800b", description="Reads \udfff it.", title="\ud800")
    assert text(subject, "lead").startswith("reads")


def test_a_match_is_placed_in_its_segment() -> None:
    view = view_of([("one", "/a"), ("two", "/b")])
    assert view.pointer_at(0) == "/a"
    assert view.pointer_at(4) == "/b"
