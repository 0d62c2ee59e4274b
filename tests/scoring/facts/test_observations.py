"""Joins inside a schema and comparisons inside a list become facts that say where they were seen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.facts.observations import observe_item, observe_list, skeleton
from mcp_threat_scoring.facts.schema import MAX_EXPANSION, expansion
from mcp_threat_scoring.intake import read_items
from mcp_threat_scoring.manifest import Item
from mcp_threat_scoring.text.views import Subject, tool_subject

KEY = "AKIA" + "Q3EGWRTYUIOPASDF"


def tools(*raw: dict[str, Any]) -> tuple[Item, ...]:
    good, bad = read_items("tool", raw, "/tools")
    assert not bad
    return good


def seen(schema: dict[str, Any], **more: Any) -> Subject:
    (item,) = tools({"name": "x", "inputSchema": schema, **more})
    subject = tool_subject(item)
    observe_item(item, subject)
    return subject


def lines(subject: Subject, view: str) -> list[str]:
    return subject.views[view].text.split("\n") if view in subject.views else []


def of(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


class TestParameters:
    def test_free_text_is_what_no_enum_const_or_pattern_limits(self) -> None:
        subject = seen(
            of(
                {
                    "filePath": {"type": "string"},
                    "either": {"type": ["string", "null"]},
                    "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "many": {"type": "array", "items": {"type": "string"}},
                    "kind": {"type": "string", "enum": ["a"]},
                    "code": {"type": "string", "pattern": "^[a-z]$"},
                    "count": {"type": "integer"},
                }
            )
        )
        assert sorted(lines(subject, "free_params")) == ["either", "file path", "many", "maybe"]

    def test_a_place_leads_to_the_parameter_and_not_into_its_branches(self) -> None:
        subject = seen(of({"a/b": {"anyOf": [{"type": "string"}]}}))
        assert subject.views["free_params"].pointers == ["/tools/0/inputSchema/properties/a~1b"]

    def test_freeform_text_has_no_length_or_format_either(self) -> None:
        subject = seen(
            of(
                {
                    "a": {"type": "string"},
                    "b": {"type": "string", "maxLength": 9},
                    "c": {"type": "string", "format": "uri"},
                }
            )
        )
        assert subject.facts["schema.freeform"] == 1
        assert subject.places["schema.freeform"] == (("/tools/0/inputSchema/properties/a", "a"),)

    def test_switches_and_headers_are_listed(self) -> None:
        subject = seen(of({"skipChecks": {"type": "boolean"}, "region": {"type": "string", "x-mcp-header": "Region"}}))
        assert lines(subject, "flags") == ["skip checks"]
        assert lines(subject, "header_params") == ["region"]

    def test_what_is_given_is_a_value_that_cannot_be_left_out(self) -> None:
        kinds: dict[str, dict[str, Any]] = {
            "fanSpeed": {"type": "integer"},
            "on": {"type": ["boolean", "null"]},
            "mode": {"enum": ["quiet", "loud"]},
            "only": {"enum": ["quiet"]},
            "text": {"type": "string"},
            "odd": {"type": {"number": 1}},
        }
        needed = {**of(kinds), "required": [*kinds, "missing", 7]}
        assert lines(seen(needed), "given") == ["number fan speed", "switch on", "choice mode"]
        assert lines(seen(of(kinds)), "given") == []

    def test_what_is_given_inside_another_argument_is_no_argument_of_its_own(self) -> None:
        inner = {**of({"level": {"type": "number"}}), "required": ["level"]}
        assert lines(seen(of({"lamp": inner})), "given") == []

    def test_what_has_but_one_value_is_no_switch(self) -> None:
        subject = seen(of({"confirm": {"type": "boolean", "const": True}, "quiet": {"type": "boolean"}}))
        assert lines(subject, "flags") == ["quiet"]

    @pytest.mark.parametrize(
        ("schema", "open_", "closed"),
        [
            (of({"o": {"type": "object"}}), 1, False),
            (of({"o": {"type": "object", "additionalProperties": False}}), None, False),
            (of({"o": {"type": "object", "additionalProperties": {"type": "string"}}}), None, False),
            (of({"o": {"type": "object", "properties": {"a": {}}}}), None, False),
            ({"type": "object", "additionalProperties": False}, None, True),
        ],
    )
    def test_objects_that_take_anything(self, schema: dict[str, Any], open_: int | None, closed: bool) -> None:
        subject = seen(schema)
        assert (subject.facts.get("schema.open"), subject.facts["schema.closed"]) == (open_, closed)

    @pytest.mark.parametrize(
        ("name", "paged"), [("limit", True), ("pageSize", True), ("next_token", True), ("id", False)]
    )
    def test_paging(self, name: str, paged: bool) -> None:
        assert seen(of({name: {"type": "string"}})).facts["params.paged"] is paged

    def test_a_parameter_without_a_word_is_counted(self) -> None:
        subject = seen(of({"a": {"type": "string"}, "b": {"type": "string", "description": "Which one."}}))
        assert subject.facts["schema.undescribed"] == 1

    def test_weight_grows_with_what_the_model_must_read(self) -> None:
        light, heavy = (
            seen(of({"a": {"type": "string"}})),
            seen(of({"a": {"type": "string", "description": "x" * 500}})),
        )
        assert int(heavy.facts["tool.weight"]) - int(light.facts["tool.weight"]) >= 500


class TestSecrets:
    @pytest.mark.parametrize(
        "parameter", [{"default": KEY}, {"const": KEY}, {"example": KEY}, {"examples": ["x", KEY]}, {"enum": [KEY]}]
    )
    def test_a_credential_as_a_value_is_found_and_not_shown(self, parameter: dict[str, Any]) -> None:
        subject = seen(of({"k": {"type": "string", **parameter}}))
        ((pointer, words),) = subject.places["schema.secrets"]
        assert pointer.startswith("/tools/0/inputSchema/properties/k/")
        assert KEY not in words
        assert words.startswith("AKIA")

    def test_a_placeholder_is_none(self) -> None:
        assert "schema.secrets" not in seen(of({"k": {"type": "string", "default": "AKIAIOSFODNN7EXAMPLE"}})).facts


class TestReferences:
    def test_every_keyword_is_looked_through(self) -> None:
        subject = seen(
            {
                "type": "object",
                "properties": {"a": {"items": {"$ref": "https://a.example/1"}}},
                "if": {"properties": {"b": {"$dynamicRef": "https://a.example/2"}}},
                "patternProperties": {"^x": {"not": {"$ref": "https://a.example/3"}}},
                "prefixItems": [{"contains": {"$ref": "https://a.example/4"}}],
            }
        )
        assert sorted(lines(subject, "refs")) == [f"https://a.example/{number}" for number in (1, 2, 3, 4)]

    def test_the_meta_schemas_are_no_reference_to_follow(self) -> None:
        assert lines(seen({"$ref": "https://json-schema.org/draft/2020-12/schema"}), "refs") == []

    def test_expansion_counts_what_references_bring_in(self) -> None:
        doubling = {
            f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]} for n in range(30)
        }
        schema = {"properties": {"a": {"$ref": "#/$defs/d0"}}, "$defs": {**doubling, "d30": {"type": "string"}}}
        assert expansion(schema) == MAX_EXPANSION

    def test_a_schema_that_refers_to_itself_is_finite_and_small(self) -> None:
        schema = {"$ref": "#/$defs/node", "$defs": {"node": {"properties": {"next": {"$ref": "#/$defs/node"}}}}}
        assert expansion(schema) < 20

    def test_a_long_chain_of_references_is_followed(self) -> None:
        chain = {f"c{n}": {"$ref": f"#/$defs/c{n + 1}"} for n in range(2_000)}
        assert expansion({"$ref": "#/$defs/c0", "$defs": {**chain, "c2000": {"type": "string"}}}) > 2_000

    @pytest.mark.parametrize(
        ("pattern", "slow"),
        [("^(a+)+$", True), (r"(\w*)*", True), ("(?:[a-z]+)*x", True), ("^[a-z]+(-[a-z]+)*$", False), ("^a+$", False)],
    )
    def test_repetition_inside_repetition(self, pattern: str, slow: bool) -> None:
        assert ("schema.slow_pattern" in seen(of({"a": {"type": "string", "pattern": pattern}})).facts) is slow


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("\ud800" * 20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["properties", "type", "$ref", "$defs", "items", "anyOf", "enum", "default", "pattern", "a"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=30,
)


@given(
    st.dictionaries(
        st.sampled_from(["properties", "$defs", "allOf", "items", "x-mcp-header", "$ref"]), JSON, max_size=4
    )
)
def test_no_schema_is_too_odd(schema: dict[str, Any]) -> None:
    seen(schema)


class TestResources:
    @pytest.mark.parametrize(("kind", "key"), [("resource", "uri"), ("resource_template", "uriTemplate")])
    def test_the_address_is_a_view(self, kind: Any, key: str) -> None:
        (item,), _ = read_items(kind, [{"name": "r", key: "ui://app"}], "/resources")
        subject = tool_subject(item)
        observe_item(item, subject)
        assert lines(subject, "uri") == ["ui://app"]
        assert subject.views["uri"].pointers == [f"/resources/0/{key}"]


def named(*names: str) -> tuple[Item, ...]:
    return tools(*({"name": name} for name in names))


class TestNames:
    @pytest.mark.parametrize(
        ("left", "right"), [("getUser", "get_user"), ("get-user", "GET.USER"), ("read", "re\u0430d"), ("ﬁle", "file")]
    )
    def test_the_same_to_a_hurried_reader(self, left: str, right: str) -> None:
        assert skeleton(left) == skeleton(right)

    @pytest.mark.parametrize(("left", "right"), [("get_user", "get_users"), ("read", "road"), ("v1", "v2")])
    def test_a_letter_apart(self, left: str, right: str) -> None:
        assert skeleton(left) != skeleton(right)


class TestList:
    def test_twice_the_same_name(self) -> None:
        facts, places = observe_list(named("a", "b", "a"))
        assert facts["tools.duplicate"] == 1
        assert places["tools.duplicate"] == (("/tools/2/name", "a"),)
        assert "tools.lookalike" not in facts

    def test_names_that_differ_in_case_or_punctuation(self) -> None:
        facts, places = observe_list(named("getUser", "get_user", "other"))
        assert [pointer for pointer, _ in places["tools.lookalike"]] == ["/tools/0/name", "/tools/1/name"]
        assert "tools.duplicate" not in facts

    @pytest.mark.parametrize(
        ("name", "mixed"),
        [
            ("re\u0430d_file", True),
            ("\u0447\u0438\u0442\u0430\u0442\u044c", False),
            ("get_\u0438\u043c\u044f", False),
            ("lire_été", False),
        ],
    )
    def test_scripts_mixed_within_a_word(self, name: str, mixed: bool) -> None:
        assert ("tools.mixed_script" in observe_list(named(name))[0]) is mixed

    def test_the_same_text_under_two_names(self) -> None:
        text = "Look up an order of the shop by its order number."
        facts, _ = observe_list(tools({"name": "a", "description": text}, {"name": "b", "description": text.upper()}))
        assert facts["tools.same_text"] == 2

    def test_namespaces_of_upstream_servers(self) -> None:
        facts, _ = observe_list(named("git__a", "git__b", "mail__a", "mail__b", "crm__a", "crm__b"))
        assert facts["tools.upstreams"] == 3
        assert "tools.upstreams" not in observe_list(named("a", "b", "git__c"))[0]

    @pytest.mark.parametrize(
        ("hints", "alike"),
        [
            ([{"readOnlyHint": True}] * 4, True),
            ([{"readOnlyHint": True}] * 3, False),
            ([{"readOnlyHint": True}] * 3 + [{"readOnlyHint": False}], False),
            ([{"readOnlyHint": True}] * 3 + [{}], False),
            ([{"title": "t"}] * 4, False),
        ],
    )
    def test_one_stamp_for_every_tool(self, hints: list[dict[str, Any]], alike: bool) -> None:
        raw = [{"name": f"t{n}", "annotations": one} for n, one in enumerate(hints)]
        assert observe_list(tools(*raw))[0]["hints.alike"] is alike

    def test_an_empty_list_says_nothing(self) -> None:
        assert observe_list(()) == ({"hints.alike": False}, {})

    def test_a_thousand_alike_keep_a_count_and_a_few_places(self) -> None:
        facts, places = observe_list(named(*["a"] * 1_000))
        assert facts["tools.duplicate"] == 999
        assert len(places["tools.duplicate"]) == 20
