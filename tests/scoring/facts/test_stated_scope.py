"""Scopes that tools name themselves are found where vendors put them, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_threat_scoring.auth_scope import authority
from mcp_threat_scoring.facts.stated_scope import MAX_STATED, stated_scopes
from mcp_threat_scoring.intake import build_manifest, read_items
from mcp_threat_scoring.manifest import AuthFacts
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.rulebook.ruleset import default_ruleset


def stated(**tool: Any) -> list[tuple[str, str, str]]:
    items, _ = read_items("tool", [{"name": "x", **tool}], "/tools")
    return [(fact.name, fact.source, pointer) for fact, pointer in stated_scopes(items)]


class TestMembers:
    @pytest.mark.parametrize(
        ("tool", "place"),
        [
            ({"requiredScopes": ["a:read", "a:write"]}, "/requiredScopes"),
            ({"_meta": {"required_scopes": ["a:read", "a:write"]}}, "/_meta/required_scopes"),
            ({"annotations": {"scopes": "a:read a:write"}}, "/annotations/scopes"),
            ({"securitySchemes": [{"type": "oauth2", "scopes": ["a:read", "a:write"]}]}, "/securitySchemes"),
            ({"_meta": {"securitySchemes": {"o": {"scopes": ["a:read", "a:write"]}}}}, "/_meta/securitySchemes"),
        ],
    )
    def test_where_vendors_put_them(self, tool: dict[str, Any], place: str) -> None:
        assert stated(**tool) == [("a:read", "tool", f"/tools/0{place}"), ("a:write", "tool", f"/tools/0{place}")]

    @pytest.mark.parametrize(
        "tool",
        [
            {},
            {"scopes": 7},
            {"scopes": [None, {}, ""]},
            {"securitySchemes": "oauth2"},
            {"securitySchemes": [7, None, {"type": "noauth"}]},
            {"_meta": []},
            {"inputSchema": {"properties": {"scopes": {"type": "array"}}}},
        ],
    )
    def test_anything_else_names_none(self, tool: dict[str, Any]) -> None:
        assert stated(**tool) == []


class TestDescriptions:
    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("List mail. Required scopes: Mail.Read, Mail.ReadWrite.", ["Mail.Read", "Mail.ReadWrite"]),
            ("Requires the OAuth scope: orders:read", ["orders:read"]),
            (
                "Required IAM permissions: data:ExecuteStatement, data:Describe*x",
                ["data:ExecuteStatement", "data:Describe*x"],
            ),
            ("Required permissions: ask an administrator first.", []),
            ("Requires write permission on the mailbox.", []),
            ("The scope of the report: all.", []),
        ],
    )
    def test_only_names_after_the_words_for_them(self, text: str, names: list[str]) -> None:
        assert [name for name, _, _ in stated(description=text)] == names

    def test_a_lone_surrogate_breaks_nothing(self) -> None:
        assert stated(description="Required scopes: a:read \ud800", scopes=["\ud800"])


def test_there_is_a_bound() -> None:
    items, _ = read_items("tool", [{"name": f"t{n}", "scopes": [f"s{n}:read"]} for n in range(1_000)], "/tools")
    assert len(stated_scopes(items)) == MAX_STATED


def test_they_are_part_of_the_authority() -> None:
    tool = {"name": "delete_order", "description": "Delete an order. Required scopes: shop:admin."}
    manifest = build_manifest(target_kind="manifest", target_value="", coverage={}, tools=[tool])
    out = authority(paint(manifest, default_ruleset()), AuthFacts())
    assert [(scope.name, scope.breadth, scope.source) for scope in out.scopes] == [("shop:admin", "admin", "text")]
    assert out.breadth == "admin"
