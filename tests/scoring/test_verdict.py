"""What to do with a server, and the least privilege written out."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.report import FindingOut, ThreatOut
from mcp_threat_scoring.verdict import ACTING, DENIED_WHOLE, NOTHING_LEFT, ONLY_READ, verdict


def finding(kind="weakness", severity="high", confidence="high", title="Something is wrong", tool=None):
    return FindingOut(
        rule_id="x.y", kind=kind, title=title, severity=severity, confidence=confidence, tool=tool, pointer="",
        excerpt="", explanation="", remediation="", references=[],
    )  # fmt: skip


def test_what_only_reads_and_was_seen_whole_is_allowed(fake, tool):
    told = verdict(fake([tool("get_weather"), tool("list_cities")]), [])

    assert told.decision == "allow"
    assert told.limits.allow_tools == ["get_weather", "list_cities"]
    assert told.reasons == ["Both tools only read."]


def test_a_declared_list_that_could_not_be_read_is_looked_at_first(fake, tool):
    facts = {"coverage.prompts": "not_observed", "capability.prompts": True}
    told = verdict(fake([tool("get_weather")], facts=facts), [])

    assert told.decision == "review"
    assert told.reasons == ["It declares prompts that could not be read, so nobody has judged them."]


def test_a_list_that_nobody_declares_is_not_missed(fake, tool):
    facts = {"coverage.prompts": "not_observed", "coverage.resources": "not_observed"}
    assert verdict(fake([tool("get_weather")], facts=facts), []).decision == "allow"


@pytest.mark.parametrize("part", ["prompts", "resources", "resource_templates", "instructions"])
def test_what_was_read_only_in_part_is_looked_at_first(fake, tool, part):
    told = verdict(fake([tool("get_weather")], facts={f"coverage.{part}": "partial"}), [])

    assert told.decision == "review"
    assert told.reasons == [
        f"Part of its {part.replace('_', ' ')} could not be read, and nobody has judged what is missing."
    ]


def test_a_tool_of_which_nothing_is_told_is_asked_about(fake, tool):
    told = verdict(fake([tool("get_weather"), tool("zxq", told=False)]), [])

    assert told.decision == "allow_with_limits"
    assert told.limits.confirm_tools == ["zxq"]
    assert told.reasons == ["Ask before each call of what may change things, for all that is told of it: zxq."]


@pytest.mark.parametrize(("write", "decision"), [(0.12, "allow_with_limits"), (0.05, "allow")])
def test_a_reader_that_its_server_declares_to_be_none_is_asked_about_unless_it_is_plain(fake, tool, write, decision):
    assert verdict(fake([tool("check_it", write, read_only=False)]), []).decision == decision


def test_an_ability_tells_of_a_tool_as_well_as_its_effect_does(fake, tool):
    assert verdict(fake([tool("guest_book", told=False, abilities=("untrusted.read",))]), []).decision == "allow"


def test_where_nothing_is_told_of_any_tool_a_person_looks_first(fake, tool):
    told = verdict(fake([tool("a", told=False), tool("zxq", told=False)]), [])

    assert told.decision == "review"
    assert told.reasons[0] == "Too little is told of its tools to say what they do."
    assert told.limits.allow_tools == []


def test_what_reads_somebodys_data_is_to_be_kept_apart(fake, tool):
    told = verdict(fake([tool("get_payslip", signals=("tool.private_data",)), tool("get_time")]), [])

    assert told.decision == "allow"
    assert told.reasons[1] == "What it reads belongs to somebody: keep it apart from servers that send (get_payslip)."


def test_a_server_without_tools_is_allowed_and_says_so(fake):
    assert verdict(fake([]), []).reasons == ["It offers no tools."]


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
        assert told.reasons == [f"Ask before each call of what can {ACTING[ability]}: do_it."]


@pytest.mark.parametrize("ability", sorted(ONLY_READ))
def test_what_reads_of_accounts_and_pages_stays_readable(fake, tool, writing, ability):
    alone = verdict(fake([tool("show_it", abilities=(ability,))]), [])
    told = verdict(fake([tool("show_it", abilities=(ability,)), writing("create_it", abilities=(ability,))]), [])

    assert alone.decision == "allow"
    assert told.limits.allow_tools == ["show_it"]
    assert told.limits.confirm_tools == ["create_it"]
    why = "changes things" if ability == "browser" else f"can {ACTING[ability]}"
    assert told.reasons == [f"Ask before each call of what {why}: create_it."]


def test_a_grave_threat_meets_a_limit(fake, tool, writing):
    def threat(severity="critical", likelihood="likely"):
        return ThreatOut(
            id="MTC-999", title="x", likelihood=likelihood, severity=severity, tools=["get_it"], evidence=[],
            mitigations=[], references={},
        )  # fmt: skip

    told = verdict(fake([tool("get_it"), tool("list_it")]), [], [threat()])

    assert told.decision == "allow_with_limits"
    assert told.limits.confirm_tools == ["get_it"]
    assert told.reasons == ["Ask before each call of what a grave threat goes through: get_it."]
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


def test_where_nothing_is_left_to_use_a_person_looks_first(fake, tool, destroying):
    for tools in ([destroying()], [destroying(), tool("get\u200b_it")]):
        told = verdict(fake(tools), [])

        assert told.decision == "review"
        assert told.reasons[:2] == [NOTHING_LEFT, "Deny what cannot be undone: delete_it."]
    assert verdict(fake([destroying(), tool()]), []).decision == "allow_with_limits"


def test_what_was_not_read_to_its_end_is_denied_whatever_the_beginning_says(fake, tool, writing, destroying):
    tools = [tool(whole=False), writing(whole=False), destroying(whole=False), tool("list_it")]
    told = verdict(fake(tools, facts={"coverage.tools": "partial"}), [])

    assert told.decision == "review"
    assert told.limits.to_plain() == {
        "allow_tools": ["list_it"], "confirm_tools": [], "deny_tools": ["get_it", "create_it", "delete_it"]
    }  # fmt: skip
    assert told.reasons[1:] == [
        "Deny what cannot be undone: delete_it.", "Deny what was not read to its end: get_it and create_it."
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
        "Deny what cannot be undone: delete_a, delete_b, delete_c and three more.",
        "Deny what has a name that no rule can be written for: get⟨U+200B⟩_it.",
        "Ask before each call of what changes things: create_a, create_b, create_c and three more.",
    ]
    assert told.limits.allow_tools == [f"list_{n}" for n in names]


def test_orders_to_the_model_block(fake, tool):
    told = verdict(fake([tool()]), [finding("hostile_content", "critical", "high", "It gives orders", "get_it")])

    assert told.decision == "block"
    assert told.reasons[0] == "It gives orders (get_it)."


class TestOneOfMany:
    """Where very many tools are told of, one passage that is not surely an order is as likely an odd sentence."""

    def orders(self, confidence="medium", place="/tools/3", tool="get_3"):
        made = finding("hostile_content", "high", confidence, "It gives orders", tool)
        return made.changed({"pointer": f"{place}/description"})

    def test_it_is_denied_and_the_others_are_judged_by_what_they_do(self, fake, tool):
        told = verdict(fake([tool(f"get_{n}") for n in range(50)]), [self.orders()])

        assert told.decision == "review"
        assert told.limits.deny_tools == ["get_3"]
        assert len(told.limits.allow_tools) == 49
        assert told.reasons == ["It gives orders (get_3).", "Deny what may give orders: get_3."]

    @pytest.mark.parametrize(
        ("tools", "confidence", "place"),
        [
            (49, "medium", "/tools/3"),
            (50, "high", "/tools/3"),
            (50, "medium", "/initialize"),
            (50, "medium", "/prompts/0"),
        ],
    )
    def test_fewer_tools_a_sure_order_or_one_that_is_of_no_tool_block(self, fake, tool, tools, confidence, place):
        server = fake([tool(f"get_{n}") for n in range(tools)])

        assert verdict(server, [self.orders(confidence, place)]).decision == "block"

    def test_one_that_gives_orders_in_two_ways_blocks(self, fake, tool):
        server = fake([tool(f"get_{n}") for n in range(90)])

        assert verdict(server, [self.orders(), self.orders()]).decision == "block"

    def test_two_of_them_ask_for_twice_as_many(self, fake, tool):
        server = fake([tool(f"get_{n}") for n in range(99)])
        two = [self.orders(), self.orders(place="/tools/4", tool="get_4")]

        assert verdict(server, two).decision == "block"


def test_of_a_server_that_is_blocked_no_tool_is_allowed_or_confirmed(fake, tool, writing, destroying):
    orders = finding("hostile_content", "high", "high", "It gives orders", "get_it")
    tools = [
        tool("get_it"),
        tool("list_it", abilities=("process.exec", "secrets.read")),
        writing("create_it"),
        destroying("delete_it"),
    ]
    told = verdict(fake(tools), [orders])

    assert told.limits.to_plain() == {
        "allow_tools": [], "confirm_tools": [], "deny_tools": ["get_it", "list_it", "create_it", "delete_it"]
    }  # fmt: skip
    assert told.reasons == ["It gives orders (get_it).", DENIED_WHOLE]


def test_however_many_orders_there_are_the_last_reason_says_what_to_do(fake, tool):
    orders = [finding("hostile_content", "high", "high", f"It gives order {n}", "get_it") for n in range(12)]
    told = verdict(fake([tool("get_it")], facts={"coverage.tools": "partial"}), orders)

    assert told.reasons[-1] == DENIED_WHOLE


def test_a_vague_hint_of_orders_does_not_block_but_a_person_looks(fake, tool):
    told = verdict(fake([tool()]), [finding("hostile_content", "medium", "low")])

    assert told.decision == "review"


def test_a_serious_fault_is_reviewed(fake, tool):
    assert verdict(fake([tool()]), [finding()]).decision == "review"


def test_a_small_fault_changes_nothing(fake, tool):
    assert verdict(fake([tool()]), [finding(severity="low")]).decision == "allow"


@pytest.mark.parametrize("status", ["not_observed", "partial"])
def test_what_was_not_seen_is_never_allowed(fake, tool, status):
    tools = [tool()] if status == "partial" else []
    told = verdict(fake(tools, facts={"coverage.tools": status}), [])

    assert told.decision == "review"
    assert any("not" in reason for reason in told.reasons)


def test_a_description_names_no_tool_to_allow(fake, tool):
    told = verdict(fake([tool("manages orders")], from_listing=True), [])

    assert told.decision == "review"
    assert told.limits.allow_tools == []


def test_two_tools_of_one_name_get_the_stricter_limit(fake, tool, destroying):
    for pair in ([tool("orders"), destroying("orders")], [destroying("orders"), tool("orders")]):
        limits = verdict(fake(pair), []).limits

        assert limits.deny_tools == ["orders"]
        assert limits.allow_tools == []


def test_a_name_that_had_to_be_changed_is_denied(fake, tool):
    limits = verdict(fake([tool("get\u200b_it")]), []).limits

    assert limits.allow_tools == []
    assert len(limits.deny_tools) == 1
