"""Where the arguments of a tool are described."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.text.schema_arguments import argument_places

COMMAND = {"type": "object", "properties": {"command": {"type": "string"}}}
DEFINED = {"$defs": {"Run": COMMAND}}


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        (COMMAND, "/properties"),
        ({"allOf": [COMMAND]}, "/allOf/0/properties"),
        ({"anyOf": [{}, COMMAND]}, "/anyOf/1/properties"),
        ({"if": {}, "then": COMMAND}, "/then/properties"),
        ({"dependentSchemas": {"a/b": COMMAND}}, "/dependentSchemas/a~1b/properties"),
        ({"$ref": "#/$defs/Run", **DEFINED}, "/$defs/Run/properties"),
        ({"$ref": "#run", "$defs": {"Run": {"$anchor": "run", **COMMAND}}}, "/$defs/Run/properties"),
        ({"properties": {"only": COMMAND}}, "/properties/only/properties"),
        ({"properties": {"only": {"type": "array", "items": COMMAND}}}, "/properties/only/items/properties"),
        ({"properties": {"id": {}, "request": {"$ref": "#/$defs/Run"}}, **DEFINED}, "/$defs/Run/properties"),
        ({"properties": {"all": {"items": {"$ref": "#/$defs/Run"}}}, **DEFINED}, "/$defs/Run/properties"),
    ],
)
def test_arguments_are_found_wherever_the_schema_describes_them(schema, place) -> None:
    assert place in argument_places(schema, "")


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"id": {}, "owner": COMMAND}},
        {"properties": {"id": {}}, "$defs": {"Run": COMMAND}},
        {"properties": {"id": {}}, "not": COMMAND},
    ],
)
def test_members_of_one_argument_of_several_are_no_arguments(schema) -> None:
    assert argument_places(schema, "") == {"/properties"}


def test_references_in_a_circle_end() -> None:
    circle = {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A", **COMMAND}}}
    assert argument_places(circle, "") == {"/$defs/B/properties"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.sampled_from(["#", "#/", "#/$defs/x", "#x", "string", "/"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "properties",
                        "$ref",
                        "$dynamicRef",
                        "$defs",
                        "definitions",
                        "allOf",
                        "anyOf",
                        "items",
                        "then",
                        "else",
                        "dependentSchemas",
                        "$anchor",
                        "x",
                        "body",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    ).filter(lambda value: isinstance(value, dict))
)
def test_no_schema_raises(schema) -> None:
    assert all(place.endswith("/properties") for place in argument_places(schema, ""))
