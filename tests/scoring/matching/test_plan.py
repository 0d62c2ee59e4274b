"""The numbers that rules are gone through by."""

from __future__ import annotations

import pytest
from tests.scoring.matching.made_rule import rule

from mcp_threat_scoring.errors import RuleError
from mcp_threat_scoring.matching.match import Matcher, matcher_over
from mcp_threat_scoring.matching.plan import Plan, make_plan
from mcp_threat_scoring.matching.walk import leaves
from mcp_threat_scoring.model import read_json, to_json
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.structs import replace
from mcp_threat_scoring.text.views import Subject, view_of

LEXICON = Lexicon(verbs={"destroy": ["delete", "wipe out"], "create": ["create"]})


FORCED = {"fact": "forced", "equals": True}
DELETES = {"field": "verb", "regex": "^{destroy}$"}
RULES = [
    rule("reader", {"all": [{"signal": "deletes"}, {"not": FORCED}]}),
    rule("deletes", DELETES),
    rule("either", {"any": [DELETES, FORCED, {"field": "words", "regex": "all of it"}]}),
    rule("sure", {"effect": "destructive"}),
]


def test_a_test_has_one_number_however_many_rules_ask_for_it():
    plan = make_plan(RULES, LEXICON)
    asked = [test for one in plan.order for test in leaves(RULES[one].test)]
    assert len(plan.places) == 5 < len(asked)
    assert [RULES[one].id for one in plan.order] == ["deletes", "reader", "either", "sure"]
    assert plan.first_late == 3


def test_what_looks_at_the_beginning_of_lines_is_looked_up_and_the_rest_is_tried():
    view = make_plan(RULES, LEXICON).views
    assert (len(view["verb"].openings), view["verb"].tried) == (1, [])
    assert (len(view["words"].openings), len(view["words"].tried)) == (0, 1)


def test_what_somebody_else_answers_does_not_hold_the_signals_of_its_own_rules():
    plan = make_plan([*RULES, rule("other", {"signal": "elsewhere"})], LEXICON)
    assert len(plan.judged) == 2
    assert sorted(plan.signals) == ["deletes", "elsewhere"]


@pytest.mark.parametrize("words", ["delete", "wipe out", "deleting", "create", "wipe"])
def test_a_plan_that_was_kept_finds_what_a_new_one_finds(words: str):
    kept = read_json(Plan, to_json(make_plan(RULES, LEXICON)))
    subject = Subject("/t", "tool", {"verb": view_of([(words, "/t/name")])}, {"forced": False})
    found = [str(signal.id) for signal in Matcher(RULES, LEXICON, kept).match(subject)]
    assert found == [str(signal.id) for signal in Matcher(RULES, LEXICON).match(subject)]
    assert found == (["deletes", "reader", "either"] if words in ("delete", "wipe out", "deleting") else [])


def test_a_class_that_is_not_in_the_lexicon_is_named_with_its_rule():
    with pytest.raises(RuleError) as caught:
        make_plan([*RULES, rule("wrong", {"field": "verb", "regex": "^{nowhere!}$"})], LEXICON)
    assert [(one.path, one.message) for one in caught.value.problems] == [
        ("wrong", "the word class 'nowhere' is not in the lexicon")
    ]


@pytest.mark.parametrize("over", ["tools", "prompts", "server", "any"])
def test_the_plan_of_the_shipped_rules_survives_being_kept(over: str):
    rules = default_ruleset()
    made = make_plan([one for one in rules.rules if one.over == over], rules.lexicon)
    assert read_json(Plan, to_json(made)) == made


def test_a_part_of_the_shipped_rules_is_not_gone_through_like_all_of_them():
    rules = default_ruleset()
    some = replace(rules, rules=tuple(one for one in rules.rules if one.over == "server"))
    assert rules.shipped
    assert not some.shipped
    assert matcher_over(some, "any").rules == []


def test_what_patterns_ask_of_a_text_is_looked_up_once_and_kept():
    kept: list[Plan] = []
    plan = make_plan(RULES, LEXICON)
    subject = Subject("/t", "tool", {"words": view_of([("all of it", "/t/name")])}, {})
    for _ in range(2):
        found = Matcher(RULES, LEXICON, plan, kept.append).match(subject)
        assert [str(signal.id) for signal in found] == ["either"]
    assert kept == [plan]
    again = read_json(Plan, to_json(plan))
    assert [str(signal.id) for signal in Matcher(RULES, LEXICON, again, kept.append).match(subject)] == ["either"]
    assert len(kept) == 1
