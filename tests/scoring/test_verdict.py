"""What to do with a server, and why."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.analyze import analyze
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED, Listing, ServerFacts
from mcp_threat_scoring.report import FindingOut
from mcp_threat_scoring.structs import replace
from mcp_threat_scoring.verdict import DENIED_WHOLE, NOTHING_LEFT, verdict


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
    assert told.reasons == [
        "It declares prompts that could not be read, so nobody has judged them: scan the server itself (its address, "
        "or 'stdio:COMMAND' with --allow-launch), or a saved prompts/list result of it."
    ]


def test_a_list_that_nobody_declares_is_not_missed(fake, tool):
    facts = {"coverage.prompts": "not_observed", "coverage.resources": "not_observed"}
    assert verdict(fake([tool("get_weather")], facts=facts), []).decision == "allow"


@pytest.mark.parametrize("part", ["prompts", "resources", "resource_templates", "instructions"])
def test_what_was_read_only_in_part_is_looked_at_first(fake, tool, part):
    told = verdict(fake([tool("get_weather")], facts={f"coverage.{part}": "partial"}), [])

    assert told.decision == "review"
    assert told.reasons == [
        f"Part of its {part.replace('_', ' ')} could not be read, and nobody has judged what is missing: "
        "scan it again, and read yourself what is still missing then."
    ]


@pytest.mark.parametrize(
    ("facts", "not_whole", "then"),
    [
        ({}, (), "scan it again, and read yourself what is still missing then."),
        ({"bad_items.count": 2}, (), "ask its author to mend it, and scan it again."),
        ({"event.repeated_key": 1}, (), "ask its author to mend it, and scan it again."),
        ({"bad_items.count": 2}, ("/tools/0",), "read the rest yourself before you allow it."),
        ({}, ("/prompts/0",), "scan it again, and read yourself what is still missing then."),
    ],
)
def test_what_to_do_about_a_part_follows_from_why_it_was_not_read(fake, tool, facts, not_whole, then):
    picture = fake([tool("get_weather")], facts={"coverage.tools": "partial", **facts})
    told = verdict(replace(picture, not_whole=frozenset(not_whole)), [])

    assert any(reason.startswith("Part of the tool list") and reason.endswith(then) for reason in told.reasons)


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
    assert told.reasons[1] == "What it reads belongs to somebody: keep it apart from servers that send (`get_payslip`)."


def test_a_server_without_tools_is_allowed_and_says_so(fake):
    assert verdict(fake([]), []).reasons == [
        "It offers no tools, so there is nothing to call; scan it again if that changes."
    ]


ANNOUNCED = ServerFacts(name="later", capabilities={"tools": {"listChanged": True}})


def described(**parts):
    return analyze(build_manifest(target_kind="file", target_value="x.json", coverage={"tools": OBSERVED}, **parts))


def test_an_empty_list_that_is_announced_to_change_is_no_list_that_was_seen():
    report = described(server=ANNOUNCED)

    assert report.verdict.decision == "review"
    assert "scan it again when they are there, after the login" in report.verdict.reasons[0]
    assert report.coverage["tools"].status == "not_observed"
    assert (
        report.aivss.range
        == analyze(build_manifest(target_kind="file", target_value="x.json", coverage={}, server=ANNOUNCED)).aivss.range
    )
    assert "it offers no tools yet, and announces that this changes" in report.summary


def test_an_empty_list_that_is_not_announced_to_change_is_all_there_is():
    for server in (ServerFacts(name="later", capabilities={"tools": {"listChanged": False}}), ServerFacts(name="none")):
        assert described(server=server).verdict.decision == "allow"


def test_a_list_that_holds_something_was_seen_though_it_may_change():
    tools = [{"name": "get_time", "description": "Get the time of day.", "annotations": {"readOnlyHint": True}}]

    assert described(server=ANNOUNCED, tools=tools).coverage["tools"].status == "observed"


def test_what_nobody_listed_says_how_to_go_on():
    prose = described(listing=Listing("Weather Buddy", "Reads forecasts."))
    unseen = analyze(build_manifest(target_kind="file", target_value="x.json", coverage={}))

    for report in (prose, unseen):
        assert report.verdict.decision == "review"
        assert report.verdict.reasons[0].endswith(
            "scan the server itself (its address, or 'stdio:COMMAND' with --allow-launch), or a saved tools/list "
            "result of it."
        )


def test_of_what_a_running_server_does_not_serve_its_author_is_asked(fake, tool):
    facts = {"coverage.resources": "not_observed", "capability.resources": True, "event.unserved_capability": 1}

    [reason] = verdict(fake([tool("get_weather")], facts=facts), []).reasons
    assert reason.endswith("nobody has judged them: ask its author why.")


def test_where_nothing_is_left_to_use_a_person_looks_first(fake, tool, destroying):
    for tools in ([destroying()], [destroying(), tool("get\u200b_it")]):
        told = verdict(fake(tools), [])

        assert told.decision == "review"
        assert told.reasons[:2] == [NOTHING_LEFT, "Deny what cannot be undone: `delete_it`."]
    assert verdict(fake([destroying(), tool()]), []).decision == "allow_with_limits"


def test_orders_to_the_model_block(fake, tool):
    told = verdict(fake([tool()]), [finding("hostile_content", "critical", "high", "It gives orders", "get_it")])

    assert told.decision == "block"
    assert told.reasons[0] == "It gives orders (`get_it`)."


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
        assert told.reasons == ["It gives orders (`get_3`).", "Deny what may give orders: `get_3`."]

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
    assert told.reasons == ["It gives orders (`get_it`).", DENIED_WHOLE]


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
