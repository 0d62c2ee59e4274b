"""What breaks a build, what was accepted and until when, and who may be there at all."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.analyze import analyze
from mcp_threat_scoring.approval.notice import Change
from mcp_threat_scoring.approval.policy import Policy, judge, told
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED, ServerFacts
from mcp_threat_scoring.model import ValidationError
from mcp_threat_scoring.report import CoverageOut, TargetOut

TODAY = "2026-11-21"
LYING = [{"name": "delete_order", "description": "Delete an order.", "annotations": {"readOnlyHint": True}}]
REPORT = analyze(
    build_manifest(
        target_kind="file", target_value="servers/shop.json", tools=LYING, server=ServerFacts(name="shop", version="1"),
        coverage={"tools": OBSERVED, "server": OBSERVED},
    )
)  # fmt: skip
LIE = next(finding for finding in REPORT.findings if finding.kind == "contradiction")


def policy(**parts):
    return Policy.read({"version": 1, **parts})


def accept(rule=LIE.rule_id, reason="known and harmless", until="2026-11-21", **more):
    return {"rule": rule, "reason": reason, "until": until, **more}


def everything(**more):
    return {"rule": "*", "reason": "known and harmless", "until": "2027-01-01", **more}


def test_nothing_breaks_without_a_threshold():
    assert judge(policy(), REPORT, TODAY).worst is None


def test_a_threshold_of_one_kind_looks_at_that_kind_alone():
    assert judge(policy(thresholds={"contradiction": "low"}), REPORT, TODAY).worst == LIE.severity
    assert judge(policy(thresholds={"hostile_content": "info"}), REPORT, TODAY).worst is None
    assert judge(policy(thresholds={"contradiction": "critical"}), REPORT, TODAY).worst is None


def test_fail_at_stands_in_for_what_has_no_threshold():
    assert judge(policy(fail_at="low"), REPORT, TODAY).worst is not None
    quiet = dict.fromkeys(("score", "contradiction", "weakness", "exposure", "hostile_content", "change"), "never")
    assert judge(policy(fail_at="low", thresholds=quiet), REPORT, TODAY).worst is None


def test_the_callers_fail_at_stands_in_for_the_policys():
    assert judge(policy(fail_at="critical", thresholds={"score": "never"}), REPORT, TODAY, fail_at="low").worst


@pytest.mark.parametrize(("over", "breaks"), [(-0.1, True), (0.0, True), (0.1, False)])
def test_a_score_threshold_is_a_number(over, breaks):
    limit = round(min(10.0, REPORT.aivss.score + over), 1)
    worst = judge(policy(thresholds={"score": limit}), REPORT, TODAY).worst

    assert (worst == REPORT.aivss.severity.lower()) is breaks


def test_an_accepted_finding_does_not_count():
    judged = judge(policy(thresholds={"contradiction": "low"}, accept=[accept()]), REPORT, TODAY)

    assert judged.worst is None
    assert judged.accepted[LIE.fingerprint] == "known and harmless (until 2026-11-21)"


def test_an_acceptance_that_ran_out_counts_for_nothing_and_is_told():
    judged = judge(policy(thresholds={"contradiction": "low"}, accept=[accept(until="2026-11-20")]), REPORT, TODAY)

    assert judged.worst == LIE.severity
    assert judged.accepted == {}
    rules = policy(accept=[accept(until="2026-11-20")])
    assert any("ran out on 2026-11-20" in line for line in told(rules, "p.yaml", [judge(rules, REPORT, TODAY)]))


@pytest.mark.parametrize(
    ("more", "covered"),
    [
        ({"tool": "delete_order"}, True),
        ({"tool": "delete_*"}, True),
        ({"tool": "get_order"}, False),
        ({"server": "shop"}, True),
        ({"server": "servers/*"}, True),
        ({"server": "other"}, False),
    ],
)
def test_an_acceptance_can_be_for_one_tool_or_server(more, covered):
    judged = judge(policy(accept=[accept(**more)]), REPORT, TODAY)

    assert (LIE.fingerprint in judged.accepted) is covered


def test_a_later_acceptance_holds_where_an_earlier_one_ran_out():
    judged = judge(policy(accept=[accept(until="2020-01-01"), everything()]), REPORT, TODAY)

    assert LIE.fingerprint in judged.accepted


@pytest.mark.parametrize("names", [["shop"], ["sh*p"], ["servers/shop.json"]])
def test_a_server_that_is_named_is_allowed(names):
    assert judge(policy(servers=names), REPORT, TODAY).report is REPORT


@pytest.mark.parametrize(
    ("kind", "value", "known"),
    [
        ("config", "config:cursor/shop", True),
        ("config", "config:shop/other", False),
        ("config", "config:cursor/other/shop", False),
        ("file", "shop.json", True),
        ("file", "C:\\captures\\shop.json", True),
        ("file", "shop", True),
        ("file", "shop/server.json", False),
        ("stdin", "-", False),
        ("http", "https://shop.example.com/shop", False),
        ("stdio", "stdio:shop", False),
    ],
)
def test_a_server_is_known_by_what_its_user_calls_it_and_not_by_what_it_says(kind, value, known):
    report = REPORT.changed({"target": TargetOut(kind=kind, value=value)})
    judged = judge(policy(servers=["shop"], accept=[accept(server="shop")]), report, TODAY)

    assert report.server.name == "shop"
    assert (LIE.fingerprint in judged.accepted) is known
    assert (judged.report is report) is known


def test_a_stranger_that_takes_an_allowed_name_is_told_to_prove_nothing():
    stranger = REPORT.changed({"target": TargetOut(kind="http", value="https://other.test/mcp")})
    rules = policy(servers=["shop"], accept=[accept(server="shop")])
    judged = judge(rules, stranger, TODAY)

    finding = judged.report.findings[0]
    assert finding.rule_id == "policy.server_not_allowed"
    assert finding.explanation.endswith("It calls itself `shop`, which any server can.")
    assert told(rules, "p.yaml", [judged]) == [
        "policy p.yaml: what is accepted for shop is not for https://other.test/mcp, which only calls itself that; "
        "write its target there"
    ]


def test_two_strangers_of_one_name_are_two_findings():
    pair = [REPORT.changed({"target": TargetOut(kind="http", value=f"https://{host}.test/mcp")}) for host in "ab"]
    found = {judge(policy(servers=["other"]), one, TODAY).report.findings[0].fingerprint for one in pair}

    assert len(found) == len(pair)


def test_a_server_that_is_not_named_is_a_finding():
    judged = judge(policy(servers=["other"], thresholds={"exposure": "high"}), REPORT, TODAY)

    assert judged.report.findings[0].rule_id == "policy.server_not_allowed"
    assert judged.worst == "high"


@pytest.mark.parametrize("compared", [False, True])
def test_the_score_and_the_name_count_whether_or_not_it_is_compared_with_a_lock(compared):
    judged = judge(policy(servers=["other"], thresholds={"score": 0.0}), REPORT, TODAY, compared=compared)

    assert judged.report.findings[0].rule_id == "policy.server_not_allowed"
    assert judged.worst == REPORT.aivss.severity.lower()


ADDED = Change("tool_added", "low", "A tool was added", "It only reads.").finding()
CHANGED = REPORT.changed({"findings": [ADDED, *REPORT.findings]})
QUIET = dict.fromkeys(("score", "contradiction", "weakness", "exposure", "hostile_content"), "never")


def test_every_change_counts_where_nobody_says_from_where_on():
    assert judge(policy(), CHANGED, TODAY, compared=True).worst == "low"
    assert judge(policy(thresholds={"change": "never"}), CHANGED, TODAY, compared=True).worst is None
    assert judge(policy(fail_at="never"), CHANGED, TODAY, compared=True).worst is None


def test_changes_stand_first_where_the_server_is_not_allowed():
    judged = judge(policy(servers=["other"]), CHANGED, TODAY, compared=True)

    assert [finding.kind for finding in judged.report.findings[:2]] == ["change", "exposure"]


def test_in_a_comparison_the_caller_asks_about_changes_alone():
    assert judge(policy(thresholds={"change": "never"}), CHANGED, TODAY, compared=True, fail_at="high").worst is None
    [breach] = judge(policy(), CHANGED, TODAY, compared=True, fail_at="low").breaking
    assert breach.told == "one change (low: change.tool_added) is at or over --fail-at low"
    assert breach.asked


@pytest.mark.parametrize("own", ["never", "critical", "low"])
def test_what_the_caller_asked_for_is_not_softened_by_a_threshold(own):
    rules = policy(thresholds={**QUIET, "change": own})
    assert judge(rules, CHANGED, TODAY, compared=True, fail_at="low").worst == "low"

    kinds = policy(thresholds={**QUIET, "contradiction": own})
    [breach] = [one for one in judge(kinds, REPORT, TODAY, fail_at="low").breaking if "contradiction" in one.told]
    limit = "low" if own == "low" else "--fail-at low"
    assert breach.told == f"one contradiction ({LIE.severity}: {LIE.rule_id}) is at or over {limit}"
    assert breach.asked is (own != "low")


def test_what_the_caller_asked_for_does_not_soften_a_threshold_either():
    rules = policy(thresholds={**QUIET, "contradiction": "low"})

    assert judge(rules, REPORT, TODAY, fail_at="critical").worst == LIE.severity


@pytest.mark.parametrize("own", [9.9, "never", "critical"])
def test_nor_is_it_by_a_threshold_of_the_score(own):
    judged = judge(policy(thresholds={"score": own}), REPORT, TODAY, fail_at="low")

    score = f"{REPORT.aivss.score:.1f} {REPORT.aivss.severity}"
    assert judged.breaking[0].told == f"the score {score} is at or over --fail-at low"


def test_an_acceptance_of_nothing_is_said():
    rules = policy(accept=[accept(rule="no.such"), accept()])

    lines = told(rules, "p.yaml", [judge(rules, REPORT, TODAY)])
    assert lines[0] == "policy p.yaml: 1 accepted finding not counted"
    assert "no.such" in lines[1]
    assert LIE.rule_id not in lines[1]


def test_an_acceptance_for_a_server_that_was_not_among_them_is_not_called_settled():
    rules = policy(accept=[accept(rule="no.such", server="till"), accept(rule="none.such", server="sh*")])

    [line] = told(rules, "p.yaml", [judge(rules, REPORT, TODAY)])
    assert "none.such" in line
    assert "no.such" not in line


UNSEEN = next(check.id for check in REPORT.checks if check.result == "not_observed")
CLEAN = next(check.id for check in REPORT.checks if check.result == "not_found" and check.surfaces == ["tools"])


def settled(accepted, *reports):
    rules = policy(accept=accepted)
    return any("settled" in line for line in told(rules, "p.yaml", [judge(rules, one, TODAY) for one in reports]))


def test_what_could_not_be_looked_for_is_not_called_settled():
    assert settled([accept(rule=CLEAN)], REPORT)
    assert not settled([accept(rule=UNSEEN)], REPORT)


def test_nor_is_what_could_not_be_looked_for_in_one_of_several_servers():
    partly = REPORT.changed({"coverage": {**REPORT.coverage, "tools": CoverageOut(status="partial", reason="cut")}})
    partly = partly.changed({"target": TargetOut(kind="file", value="till.json")})

    assert not settled([accept(rule=CLEAN)], REPORT, partly)
    assert settled([accept(rule=CLEAN, server="shop")], REPORT, partly)


def test_only_a_comparison_knows_whether_the_acceptance_of_a_change_is_settled():
    rules = policy(accept=[accept(rule="change.score_rose"), accept()])

    assert not any("settled" in line for line in told(rules, "p.yaml", [judge(rules, REPORT, TODAY)]))
    _, line = told(rules, "p.yaml", [judge(rules, REPORT, TODAY, compared=True)])
    assert "nothing was found that change.score_rose would accept" in line


def test_what_breaks_the_build_is_told_with_its_threshold():
    rules = policy(fail_at="medium", thresholds={"score": 1.5, "contradiction": "low"})

    score, *kinds = judge(rules, REPORT, TODAY).breaking
    assert score.told == f"the score {REPORT.aivss.score:.1f} {REPORT.aivss.severity} is at or over 1.5"
    [kind] = kinds
    assert kind.told == f"one contradiction ({LIE.severity}: {LIE.rule_id}) is at or over low"
    assert kind.findings == (LIE,)
    assert not any(one.asked for one in (score, kind))


def test_the_rules_of_several_are_told_gravest_first_and_the_rest_counted():
    found = [LIE.changed({"rule_id": f"rule.{name}", "severity": "low"}) for name in "abcd"]
    rules = policy(thresholds={**QUIET, "contradiction": "low"})

    [breach] = judge(rules, REPORT.changed({"findings": [*found, LIE]}), TODAY).breaking
    assert breach.told == (
        f"five contradictions (worst {LIE.severity}: {LIE.rule_id}, rule.a, rule.b and two more) are at or over low"
    )


def test_a_change_that_counts_where_nobody_says_from_where_on_is_told_as_the_default_of_the_option():
    [breach] = judge(policy(), CHANGED, TODAY, compared=True).breaking

    assert breach.told.endswith("is at or over --fail-at low")
    assert breach.asked


def test_what_is_accepted_breaks_nothing():
    rules = policy(thresholds={"score": "never", "contradiction": "low"}, accept=[accept()])

    assert judge(rules, REPORT, TODAY).breaking == ()


def test_a_policy_that_accepts_nothing_says_nothing_of_it():
    assert told(policy(), "p.yaml", [judge(policy(), REPORT, TODAY)]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 2},
        {"fail_at": "huge"},
        {"thresholds": {"score": 11}},
        {"thresholds": {"score": True}},
        {"thresholds": {"scores": 1}},
        {"accept": [{"rule": "x", "reason": "long enough"}]},
        {"accept": [{"rule": "x", "until": "2026-01-01"}]},
        {"accept": [{"rule": "x", "reason": "no", "until": "2026-01-01"}]},
        {"accept": [{"rule": "x", "reason": "long enough", "until": "2026-13-01"}]},
        {"accept": [{"rule": "x", "reason": "long enough", "until": "next year"}]},
    ],
)
def test_what_a_policy_cannot_say(wrong):
    with pytest.raises(ValidationError):
        policy(**wrong)
