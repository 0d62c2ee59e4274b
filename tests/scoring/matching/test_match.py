"""One pass over an item's texts and facts, whatever the number of rules."""

from __future__ import annotations

from typing import Any

import pytest
from tests.scoring.matching.made_rule import rule

from mcp_threat_scoring.errors import RuleError
from mcp_threat_scoring.matching.match import Matcher
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.signal_rule import SignalRule
from mcp_threat_scoring.signal import Evidence, SignalId
from mcp_threat_scoring.text.views import Subject, view_of

LEXICON = Lexicon(verbs={"destroy": ["delete", "drop"]})


def subject(facts: dict[str, Any] | None = None, **views: str) -> Subject:
    seen = {
        name: view_of((line, f"/t/{name}/{n}") for n, line in enumerate(text.split("\n")))
        for name, text in views.items()
    }
    return Subject("/t", "tool", seen, facts or {})


def fired(rules: list[SignalRule], seen: Subject) -> list[str]:
    return [str(signal.id) for signal in Matcher(rules, LEXICON).match(seen)]


def test_a_pattern_finds_inflected_words_and_shows_them_where_they_stand() -> None:
    matcher = Matcher([rule("a", {"field": "words", "regex": r"\b{destroy}\b"})], LEXICON)
    [signal] = matcher.match(subject(words="first line\nthen deletes"))
    assert signal.evidence == (Evidence(SignalId("a"), "/t/words/1", signal.evidence[0].excerpt),)
    assert signal.evidence[0].excerpt == "deletes"
    assert signal.first == signal.evidence[0]


def test_evidence_stands_at_the_right_place_behind_letters_of_several_bytes() -> None:
    matcher = Matcher([rule("a", {"field": "words", "regex": "delete"})], LEXICON)
    [signal] = matcher.match(subject(words="αβγ 删除\ndelete"))
    assert (signal.evidence[0].pointer, signal.evidence[0].excerpt) == ("/t/words/1", "delete")


def test_the_name_of_a_file_of_variants_stands_for_each_of_them() -> None:
    rules = [
        rule("none", {"all": [{"field": "words", "regex": "."}, {"not": {"signal": "a"}}]}),
        rule("some", {"signal": "a"}),
        rule("one", {"field": "words", "regex": "x"}, family="a"),
        rule("two", {"field": "words", "regex": "y"}, family="a"),
    ]
    assert fired(rules, subject(words="z")) == ["none"]
    assert fired(rules, subject(words="x")) == ["a.one", "some"]
    assert fired(rules, subject(words="y and x")) == ["a.one", "a.two", "some"]


def test_a_word_of_which_a_pattern_knows_a_part_is_shown_whole() -> None:
    matcher = Matcher([rule("a", {"field": "words", "regex": "elet"})], LEXICON)
    [signal] = matcher.match(subject(words="it deletes"))
    assert signal.evidence[0].excerpt == "deletes"


def test_that_there_is_a_text_is_shown_only_where_nothing_else_was_asked() -> None:
    there = {"field": "words", "regex": "."}
    both = Matcher([rule("a", {"all": [there, {"field": "summary", "regex": "^lost"}]})], LEXICON)
    [signal] = both.match(subject(words="drop", summary="lost for good"))
    assert [one.excerpt for one in signal.evidence] == ["lost"]
    [signal] = Matcher([rule("a", there)], LEXICON).match(subject(words="drop"))
    assert [one.excerpt for one in signal.evidence] == ["drop"]


def test_whole_entries_are_compared_whole() -> None:
    listed = [rule("a", {"field": "args", "has": ["path", "file path"]})]
    assert fired(listed, subject(args="id\npath")) == ["a"]
    assert fired(listed, subject(args="xpath")) == []


@pytest.mark.parametrize(
    ("test", "value", "holds"),
    [
        ({"equals": True}, True, True),
        ({"equals": True}, 1, False),
        ({"equals": True}, "true", False),
        ({"equals": ["a", "b"]}, "b", True),
        ({"at_least": 3}, 3, True),
        ({"at_least": 3}, 2, False),
        ({"at_least": 3}, "9", False),
        ({"at_most": 0}, 0, True),
    ],
)
def test_a_fact_is_compared_by_kind_and_value(test: dict[str, Any], value: Any, holds: bool) -> None:
    assert bool(fired([rule("a", {"fact": "f", **test})], subject({"f": value}))) is holds


def test_an_absent_fact_holds_nothing() -> None:
    assert fired([rule("a", {"fact": "f", "at_most": 0})], subject()) == []


YES, NO = {"field": "words", "regex": "x"}, {"field": "words", "regex": "z"}


@pytest.mark.parametrize(
    ("match", "fires"),
    [
        ({"any": [YES, NO]}, True),
        ({"any": [NO, NO]}, False),
        ({"all": [YES, NO]}, False),
        ({"all": [YES, {"not": NO}]}, True),
        ({"not": NO}, True),
        ({"not": {"any": [NO, YES]}}, False),
        ({"all": [{"any": [NO, {"all": [YES, YES]}]}, {"not": {"not": YES}}]}, True),
    ],
)
def test_tests_combine(match: dict[str, Any], fires: bool) -> None:
    assert bool(fired([rule("a", match)], subject(words="x y"))) is fires


def test_a_rule_that_asks_for_silence_fires_on_an_empty_item() -> None:
    assert fired([rule("a", {"not": NO})], subject()) == ["a"]


def test_a_rule_sees_the_signals_it_mentions_in_whatever_order_they_are_given() -> None:
    rules = [
        rule("reader", {"all": [{"signal": "maker"}, {"not": {"signal": "other"}}]}),
        rule("maker", YES),
        rule("other", NO),
    ]
    assert fired(rules, subject(words="x")) == ["maker", "reader"]
    assert fired(rules, subject(words="x z")) == ["maker", "other"]


def test_what_is_read_through_a_signal_is_shown() -> None:
    matcher = Matcher([rule("reader", {"signal": "maker"}), rule("maker", YES)], LEXICON)
    _, reader = matcher.match(subject(words="x"))
    assert [str(one.rule_id) for one in reader.evidence] == ["maker"]


def test_a_circle_is_an_error() -> None:
    with pytest.raises(RuleError, match="circle"):
        Matcher([rule("a", {"signal": "b"}), rule("b", {"signal": "a"})], LEXICON)


@pytest.mark.parametrize(("pattern", "said"), [("(", "RE2"), (r"(?=x)", "RE2"), ("{nonsense}", "nonsense")])
def test_a_pattern_that_cannot_be_compiled_is_named(pattern: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        Matcher([rule("a", {"field": "words", "regex": pattern})], LEXICON).compile()


def test_evidence_is_made_safe_to_show() -> None:
    matcher = Matcher([rule("a", {"field": "words", "regex": "x.*"})], LEXICON)
    [signal] = matcher.match(subject(words="x <b>\u202e\u001b[31m"))
    assert signal.first is not None
    assert not {"<", "\u202e", "\u001b"} & set(signal.first.excerpt)


def test_evidence_is_bounded() -> None:
    many = {"any": [{"field": "words", "regex": letter} for letter in "abcdefgh"]}
    [signal] = Matcher([rule("a", many)], LEXICON).match(subject(words="abcdefgh"))
    assert len(signal.evidence) == 3


def test_a_judge_answers_what_was_concluded() -> None:
    found = Evidence(SignalId("effect"), "/t/name", signal_text())
    matcher = Matcher([rule("a", {"effect": "destructive"})], LEXICON)
    assert [str(s.id) for s in matcher.match(subject(), lambda _: [found])] == ["a"]
    assert matcher.match(subject(), lambda _: None) == []


def signal_text() -> Any:
    from mcp_threat_scoring.neutralise import trusted

    return trusted("deletes")
