"""The least privilege written out: what to do with calls of each tool, and why."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.least_privilege import ACTING, ONLY_READ
from mcp_threat_scoring.report import ThreatOut
from mcp_threat_scoring.verdict import verdict


def test_a_tool_of_which_nothing_is_told_is_asked_about(fake, tool):
    told = verdict(fake([tool("get_weather"), tool("zxq", told=False)]), [])

    assert told.decision == "allow_with_limits"
    assert told.limits.confirm_tools == ["zxq"]
    assert told.reasons == [
        "Ask before each call of what may change something, as nothing says that it does not: `zxq`."
    ]


def test_writes_are_confirmed_and_destruction_is_denied(fake, tool, writing, destroying):
    told = verdict(fake([tool("get_order"), writing("create_order"), destroying("delete_order")]), [])

    assert told.decision == "allow_with_limits"
    assert told.limits.to_plain() == {
        "allow_tools": ["get_order"], "confirm_tools": ["create_order"], "deny_tools": ["delete_order"]
    }  # fmt: skip


@pytest.mark.parametrize("ability", [ability for ability in ACTING if ability not in ONLY_READ])
def test_what_sends_or_carries_out_is_asked_about_though_it_changes_nothing(fake, tool, ability):
    for others in ([], [tool("get_it")]):
        told = verdict(fake([tool("do_it", abilities=(ability,)), *others]), [])

        assert told.decision == "allow_with_limits"
        assert told.limits.confirm_tools == ["do_it"]
        assert told.limits.allow_tools == [other.name for other in others]
        assert told.reasons == [f"Ask before each call of what can {ACTING[ability]}: `do_it`."]


@pytest.mark.parametrize("ability", sorted(ONLY_READ))
def test_what_reads_of_accounts_and_pages_stays_readable(fake, tool, writing, ability):
    alone = verdict(fake([tool("show_it", abilities=(ability,))]), [])
    told = verdict(fake([tool("show_it", abilities=(ability,)), writing("create_it", abilities=(ability,))]), [])

    assert alone.decision == "allow"
    assert told.limits.allow_tools == ["show_it"]
    assert told.limits.confirm_tools == ["create_it"]
    why = "changes things" if ability == "browser" else f"can {ACTING[ability]}"
    assert told.reasons == [f"Ask before each call of what {why}: `create_it`."]


def test_a_grave_threat_meets_a_limit(fake, tool, writing):
    def threat(severity="critical", likelihood="likely"):
        return ThreatOut(
            id="MTC-999", title="x", likelihood=likelihood, severity=severity, tools=["get_it"], evidence=[],
            mitigations=[], references={},
        )  # fmt: skip

    told = verdict(fake([tool("get_it"), tool("list_it")]), [], [threat()])

    assert told.decision == "allow_with_limits"
    assert told.limits.confirm_tools == ["get_it"]
    assert told.reasons == ["Ask before each call of what a grave threat goes through: `get_it`."]
    for other in (threat(severity="high"), threat(likelihood="possible")):
        assert verdict(fake([tool("get_it")]), [], [other]).decision == "allow"
    # Where something acts, it is there that the threat is stopped.
    assert verdict(fake([tool("get_it"), writing()]), [], [threat()]).limits.allow_tools == ["get_it"]


def test_limits_are_never_empty_where_there_are_to_be_some(fake, tool, writing, destroying):
    abilities = [*ACTING, "fs.read", "untrusted.read"]
    for made in (tool, writing, destroying):
        for ability in abilities:
            told = verdict(fake([made("it", abilities=(ability,))]), [])
            limited = bool(told.limits.confirm_tools or told.limits.deny_tools)
            left = bool(told.limits.allow_tools or told.limits.confirm_tools)
            assert (limited and left) is (told.decision == "allow_with_limits")


def test_what_was_not_read_to_its_end_is_denied_whatever_the_beginning_says(fake, tool, writing, destroying):
    tools = [tool(whole=False), writing(whole=False), destroying(whole=False), tool("list_it")]
    told = verdict(fake(tools, facts={"coverage.tools": "partial"}), [])

    assert told.decision == "review"
    assert told.limits.to_plain() == {
        "allow_tools": ["list_it"], "confirm_tools": [], "deny_tools": ["get_it", "create_it", "delete_it"]
    }  # fmt: skip
    assert told.reasons[1:] == [
        "Deny what cannot be undone: `delete_it`.", "Deny what was not read to its end: `get_it` and `create_it`."
    ]  # fmt: skip


def test_the_reasons_count_what_the_effects_are(fake, tool, writing, destroying):
    names = "abcdef"
    tools = [
        *(writing(f"create_{n}") for n in names),
        *(destroying(f"delete_{n}") for n in names),
        *(tool(f"list_{n}", abilities=("identity.admin",)) for n in names),
        tool("get\u200b_it"),
    ]
    told = verdict(fake(tools), [])

    assert told.reasons[:3] == [
        "Deny what cannot be undone: `delete_a`, `delete_b`, `delete_c` and three more.",
        "Deny what has a name that no rule can be written for: `get⟨U+200B⟩_it`.",
        "Ask before each call of what changes things: `create_a`, `create_b`, `create_c` and three more.",
    ]
    assert told.limits.allow_tools == [f"list_{n}" for n in names]


def test_two_tools_of_one_name_get_the_stricter_limit(fake, tool, destroying):
    for pair in ([tool("orders"), destroying("orders")], [destroying("orders"), tool("orders")]):
        limits = verdict(fake(pair), []).limits

        assert limits.deny_tools == ["orders"]
        assert limits.allow_tools == []


def test_a_name_that_had_to_be_changed_is_denied(fake, tool):
    limits = verdict(fake([tool("get\u200b_it")]), []).limits

    assert limits.allow_tools == []
    assert len(limits.deny_tools) == 1
