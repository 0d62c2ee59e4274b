"""Rules that ask what was concluded wait for it, and so do the rules that read them."""

from __future__ import annotations

from tests.scoring.matching.made_rule import rule

from mcp_threat_scoring.matching.match import Matcher
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.signal_rule import SignalRule

TEXT = {"field": "words", "regex": "x"}


def late_rules(rules: list[SignalRule]) -> set[str]:
    """The rules that only fire once somebody answers, whatever the text says."""
    matcher = Matcher(rules, Lexicon())
    return {str(rule.id) for rule in matcher.rules[matcher.plan.first_late :]}


def test_a_rule_on_text_and_facts_is_early() -> None:
    assert late_rules([rule("a", TEXT), rule("b", {"all": [TEXT, {"fact": "f", "equals": True}]})]) == set()


def test_asking_for_effect_ability_or_domain_is_late_wherever_it_stands() -> None:
    rules = [
        rule("effect", {"effect": "write"}),
        rule("ability", {"any": [TEXT, {"ability": "fs.read"}]}),
        rule("domain", {"all": [TEXT, {"not": {"domain": "files"}}]}),
    ]
    assert late_rules(rules) == {"effect", "ability", "domain"}


def test_what_reads_a_late_signal_is_late_however_far_off() -> None:
    rules = [
        rule("c", {"signal": "b"}),
        rule("b", {"not": {"signal": "a"}}),
        rule("a", {"effect": "read"}),
        rule("d", TEXT),
    ]
    assert late_rules(rules) == {"a", "b", "c"}
