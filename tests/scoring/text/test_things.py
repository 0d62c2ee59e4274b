"""Words that could be verbs and are things, by the words beside them."""

import pytest

from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.text.grammar import Grammar


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return default_ruleset().lexicon.grammar()


@pytest.mark.parametrize(
    ("words", "lead", "head"),
    [
        ("ferry broadcast regions", "list regions", ""),
        ("ferry order get", "get an order", "get"),
        ("schedule", "get the schedule", ""),
        ("draft sailings", "list draft sailings of a ferry", ""),
        ("book cabin", "find a cabin of a ferry", "book cabin"),
        ("ferry cabin book", "find a cabin and book it", "book"),
        ("ferry link share", "get a link to share", "share"),
        ("ferry order delete", "get rid of an order", "delete"),
        ("ferry schedule", "delete the schedule", "schedule"),
    ],
)
def test_a_verb_is_a_thing_in_the_name_of_what_is_looked_at(grammar: Grammar, words: str, lead: str, head: str) -> None:
    assert grammar.head(words, lead) == head


@pytest.mark.parametrize(
    ("words", "sentence", "head"),
    [
        ("ferry schedule", "sailings of a ferry by date", ""),
        ("ferry schedule", "summer schedule", ""),
        ("ferry draft", "draft results", ""),
        ("schedule ferry", "sailings of a ferry", "schedule ferry"),
        ("ferry schedule", "schedule of a ferry", "schedule"),
        ("ferry link", "shorten the link of a ferry", "link"),
        ("ferry transfer", "money from one purse to another", "transfer"),
        ("ferry update", "new sailings for a ferry", "update"),
    ],
)
def test_a_verb_is_a_thing_where_only_things_are_told_of(
    grammar: Grammar, words: str, sentence: str, head: str
) -> None:
    assert grammar.head(words, sentence=sentence) == head


@pytest.mark.parametrize(
    ("words", "lead", "head"),
    [
        ("list purge", "purges a list", "purge"),
        ("scan plan stop", "stop all scans", "stop"),
        ("view counter", "resets the view counter", ""),
        ("report withdrawal", "withdraws a report", ""),
        ("list ferries", "adds a ferry to a list", "list ferries"),
        ("report sales", "creates a report", "report sales"),
        ("search berths", "submits a search", "search berths"),
        ("check stock", "sends an order", "check stock"),
        ("get list", "purges a list", "get list"),
        ("order list", "purges an order", "list"),
    ],
)
def test_a_look_is_a_thing_in_the_name_of_what_is_done_to_it(
    grammar: Grammar, words: str, lead: str, head: str
) -> None:
    assert grammar.worked_on(grammar.head(words), words, lead, lead) == head


def test_a_deed_of_no_list_is_known_by_the_name_that_holds_it(grammar: Grammar) -> None:
    assert grammar.worked_on("check cashing", "check cashing", "", "cashes a cheque") == ""
    assert grammar.worked_on("check drawer", "check drawer", "", "cashes a cheque") == "check drawer"


@pytest.mark.parametrize(
    ("sentence", "after", "heading"),
    [
        ("schedule changes", "every sailing of a week", True),
        ("schedule changes", "sends a letter to the crew", False),
        ("post a message", "each message is kept", False),
        ("message", "one for each sailing", False),
    ],
)
def test_a_thing_told_more_of_by_the_next_sentence_is_a_heading(
    grammar: Grammar, sentence: str, after: str, heading: bool
) -> None:
    assert grammar.is_heading(sentence, after) is heading
