"""Probabilities from named, signed weights."""

from __future__ import annotations

import math
from typing import Any

import pytest

from mcp_threat_scoring.capability import EVIDENCE_PER_TOOL, ToolProfile, graded_by, probability, room, scores, unclear
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.signal import Signal, SignalId


def judge(**tool: Any) -> ToolProfile:
    manifest = build_manifest(
        target_kind="manifest", target_value="t", tools=[{"name": "x", **tool}], coverage={"tools": OBSERVED}
    )
    return paint(manifest, default_ruleset()).tools[0]


def schema(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


@pytest.mark.parametrize(("score", "chance"), [(0.0, 0.5), (1e9, 1.0), (-1e9, 0.0), (math.log(3), 0.75)])
def test_log_odds_become_probabilities(score: float, chance: float) -> None:
    assert probability(score) == pytest.approx(chance, abs=1e-9)


@pytest.mark.parametrize(
    ("tool", "effect"),
    [
        ({"name": "get_order", "description": "Get an order by its id."}, "read"),
        ({"name": "create_order", "description": "Create an order."}, "write"),
        ({"name": "delete_order", "description": "Delete an order."}, "destructive"),
        ({"name": "order", "description": "Retrieve an order."}, "read"),
        ({"name": "get_or_create_user", "description": "Returns a user, making one if there is none."}, "write"),
        ({"name": "upsert_record", "description": "Insert or update a record."}, "write"),
        ({"name": "preview_invoice", "description": "Shows what the invoice would be, without creating it."}, "read"),
        ({"name": "list_deleted_items", "description": "Lists what was deleted."}, "read"),
        ({"name": "check_plan", "description": "Checks a plan. Does not delete or change anything."}, "read"),
        ({"name": "branches", "description": "Manage branches.",
          "inputSchema": {"properties": {"action": {"enum": ["list", "create", "delete"]}}}}, "destructive"),
        ({"name": "run_command", "description": "Run a command.", "inputSchema": schema("command")}, "destructive"),
        ({"name": "execute_sql", "description": "Execute SQL.", "inputSchema": schema("sql")}, "destructive"),
        ({"name": "query", "description": "Run a read-only SQL query.", "inputSchema": schema("sql")}, "read"),
        ({"name": "create_refund", "description": "Refund a payment.", "inputSchema": schema("amount")}, "destructive"),
        ({"name": "x", "description": "获取订单的详细信息"}, "read"),
        ({"name": "eliminar_usuario", "description": "Elimina un usuario."}, "destructive"),
    ],
)  # fmt: skip
def test_effects_in_plain_cases(tool: dict[str, Any], effect: str) -> None:
    assert judge(**tool).effect == effect


@pytest.mark.parametrize(
    ("tool", "ability"),
    [
        ({"name": "run_command", "inputSchema": schema("command")}, "process.exec"),
        ({"name": "execute_python", "description": "Execute Python code.", "inputSchema": schema("code")}, "code.eval"),
        ({"name": "read_file", "inputSchema": schema("path")}, "fs.read"),
        ({"name": "write_file", "inputSchema": schema("path", "content")}, "fs.write"),
        ({"name": "fetch_page", "description": "Fetch a web page.", "inputSchema": schema("url")}, "net.fetch"),
        ({"name": "send_email", "description": "Send an e-mail.", "inputSchema": schema("to", "body")}, "net.send"),
        ({"name": "query", "description": "Run SQL on the database.", "inputSchema": schema("sql")}, "db.query"),
        ({"name": "get_secret", "description": "Returns the secret's value."}, "secrets.read"),
        ({"name": "browser_click", "description": "Click an element of the page."}, "browser"),
        ({"name": "transfer_funds", "inputSchema": schema("amount", "to_address")}, "money.move"),
        ({"name": "attach_role_policy", "description": "Attach a policy to a role."}, "identity.admin"),
        ({"name": "add_memory", "description": "Store a memory for later sessions."}, "memory.write"),
        ({"name": "list_messages", "description": "List the messages of a channel."}, "untrusted.read"),
        ({"name": "deploy_app", "description": "Deploy an application."}, "deploy"),
        ({"name": "turn_on_lamp", "description": "Turns a lamp on."}, "device.control"),
    ],
)
def test_every_ability_is_found_in_its_plainest_case(tool: dict[str, Any], ability: str) -> None:
    profile = judge(**tool)
    assert ability in profile.abilities
    assert profile.ability_evidence[ability]


def test_a_tool_that_can_do_nothing_special_has_no_ability() -> None:
    assert dict(judge(name="get_price", description="Get the price of an item.").abilities) == {}


def test_confidence_is_that_of_read_against_write() -> None:
    reads, writes = judge(name="get_order"), judge(name="create_order")
    assert reads.confidence == 1 - reads.write > 0.5
    assert writes.confidence == writes.write > 0.5


def test_destroying_is_writing() -> None:
    profile = judge(name="delete_order")
    assert profile.write >= profile.destructive > 0.5


def test_evidence_is_weighed_and_strongest_first() -> None:
    profile = judge(name="delete_order", description="Permanently delete an order. This cannot be undone.")
    weights = [abs(one.weight) for one in profile.evidence]
    assert weights == sorted(weights, reverse=True)
    assert 0 < len(weights) <= EVIDENCE_PER_TOOL
    assert "/tools/0/name" in {one.pointer for one in profile.evidence[:3]}


def test_a_false_claim_does_not_hide_what_a_tool_does() -> None:
    lie = judge(
        name="delete_order",
        description="Delete an order.",
        annotations={"readOnlyHint": True, "destructiveHint": False},
    )
    assert lie.effect == "destructive"
    assert lie.declared == {"readOnlyHint": True, "destructiveHint": False}


def test_a_claim_settles_what_nothing_else_says() -> None:
    assert judge(name="frobnicate", annotations={"readOnlyHint": True}).write < judge(name="frobnicate").write
    assert judge(name="frobnicate", annotations={"readOnlyHint": False}).write > judge(name="frobnicate").write


def test_a_reader_that_is_declared_to_destroy_is_not_clear() -> None:
    assert unclear("read", 0.99, {"destructiveHint": True})
    assert unclear("read", 0.99, {"destructiveHint": True, "readOnlyHint": False})
    assert not unclear("read", 0.99, {"destructiveHint": True, "readOnlyHint": True})
    assert not unclear("read", 0.99, {"destructiveHint": False})


@pytest.mark.parametrize("name", ["t0", "t20", "job-20", "op2024", "v2beta", "h264", "ec2a", "csv2json", "a_to_b"])
def test_a_small_sign_in_a_name_does_not_tell_what_a_tool_does(name: str) -> None:
    tool = judge(name=name)

    assert (tool.effect, tool.told, tool.confidence, tool.unclear) == ("read", False, 0.5, True)


@pytest.mark.parametrize(
    "tool",
    [
        {"name": "get_order"},
        {"name": "csv2json", "description": "Returns a table as JSON."},
        {"name": "forge", "description": "List the levels of a forge."},
        {"name": "x", "description": "获取订单的详细信息"},
    ],
)
def test_a_verb_does(tool: dict[str, Any]) -> None:
    assert judge(**tool).told
    assert not judge(**tool).unclear


def test_what_is_declared_may_be_of_any_type() -> None:
    assert judge(annotations={"readOnlyHint": "<b>"}).declared == {"readOnlyHint": '"‹b›"'}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("true", '"true"'),
        (1, "1"),
        ("1", '"1"'),
        (None, "null"),
        ([True], "a list"),
        ({"a": 1}, "an object"),
        (False, False),
    ],
)
def test_a_hint_is_told_as_it_was_given(given: object, shown: object) -> None:
    assert judge(annotations={"readOnlyHint": given}).declared == {"readOnlyHint": shown}


def test_a_weight_is_shown_under_the_rule_that_carries_it() -> None:
    profile = judge(name="read_file", description="Read a file.", inputSchema=schema("path"))
    weights = default_ruleset().rule("file-argument.reading")
    assert weights is not None
    shown = {str(one.rule_id): one.weight for one in profile.ability_evidence["fs.read"]}
    assert shown["file-argument.reading"] == round(weights.weights["fs.read"], 2)


def test_words_count_where_the_rules_leave_it_open() -> None:
    assert room("write", 0.0) == room("destructive", 0.0) == 1.0
    assert 0.0 < room("write", -1.0) < 1.0
    assert room("write", 9.0) == room("destructive", -9.0) == 0.0
    assert room("fs.read", 9.0) == 1.0


def test_words_alone_call_nothing_destructive_that_no_rule_does() -> None:
    rules = {rule.id: rule for rule in default_ruleset().rules}
    words, rule = (Signal(SignalId(one), "/t", ()) for one in ("diction.destructive", "says-irreversible.for-good"))
    said, bias = {"diction.destructive": 400}, {"write": 0.0, "destructive": -1.0}
    assert scores([words], rules, bias, said)[0]["destructive"] < 0.0
    alone = scores([rule], rules, bias, said)[0]["destructive"]
    assert scores([words, rule], rules, bias, said)[0]["destructive"] > alone > 0.0


def test_a_graded_rule_takes_its_weight_from_a_fact() -> None:
    rule = default_ruleset().rule("diction.fs.read")
    assert rule is not None
    assert graded_by(rule, {"diction.fs.read": 150, "diction.write": 80}) == {"fs.read": 1.5}
    assert graded_by(rule, {}) == {}


def test_what_words_add_is_told_apart() -> None:
    profile = judge(name="inbox", description="The newest letters that customers wrote to us, with their text.")
    assert profile.graded["untrusted.read"] > 0.5
    assert profile.log_odds["untrusted.read"] >= profile.graded["untrusted.read"] + min(default_ruleset().bias.values())
