"""Names into words, descriptions into sentences, and the verb that each turns on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.text.prose import MAX_TEXT, NO_GRAMMAR, Grammar, read_prose, shared_prefix, split_words


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return default_ruleset().lexicon.grammar()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("getOrCreate_user-v2", "get or create user v2"),
        ("HTTPServerStart", "http server start"),
        ("listS3Buckets", "list s3 buckets"),
        ("slack.chat/post", "slack chat post"),
        ("DELETE", "delete"),
        ("创建订单", "创建订单"),
        ("__", ""),
    ],
)
def test_a_name_is_split_into_words(name: str, words: str) -> None:
    assert split_words(name) == words


@given(st.text(max_size=200))
def test_splitting_never_fails_and_is_stable(name: str) -> None:
    words = split_words(name)
    assert split_words(words) == words


@pytest.mark.parametrize(
    ("words", "head"),
    [
        ("asana create task", "create task"),
        ("board item delete", "delete"),
        ("comment delete", "delete"),
        ("pdf extract text", "extract text"),
        ("router add firewall filter", "add firewall filter"),
        ("my comment update", "update"),
        ("comment on issue", "comment on issue"),
        ("list merge requests", "list merge requests"),
        ("list deleted users", "list deleted users"),
        ("pull request list", "list"),
        ("mark all as read", "mark all as read"),
        ("set auto delete", "set auto delete"),
        ("batch update tags", "update tags"),
        ("order status", ""),
        ("log", ""),
        ("target widget", ""),
        ("deleting rows", "deleting rows"),
    ],
)
def test_a_name_turns_on_its_verb(grammar: Grammar, words: str, head: str) -> None:
    assert grammar.head(words) == head


@pytest.mark.parametrize(
    ("sentence", "lead"),
    [
        ("this tool allows you to create an order", "create an order"),
        ("permanently delete a document", "delete a document"),
        ("deletes a record", "deletes a record"),
        ("creating a backup", "creating a backup"),
        ("purpose: retrieves objects", "retrieves objects"),
        ("replies of a message", ""),
        ("the messages in a mailbox", ""),
        ("the manager who may delete things", ""),
        ("create/update a flag", "create/update a flag"),
        ("", ""),
    ],
)
def test_a_sentence_leads_with_what_is_done(grammar: Grammar, sentence: str, lead: str) -> None:
    assert grammar.lead(sentence) == lead


@pytest.mark.parametrize(
    ("clause", "verbs"),
    [
        ("list, create or delete branches", ["create", "delete"]),
        ("get and then update the status", ["update"]),
        ("view history by author, file or commit", []),
        ("list branches", []),
    ],
)
def test_a_clause_may_go_on_with_further_verbs(grammar: Grammar, clause: str, verbs: list[str]) -> None:
    assert grammar.further(clause) == verbs


def test_what_is_not_done_is_set_apart() -> None:
    prose = read_prose("Checks the plan. It does not delete anything, and works without a network.")
    assert prose.sentences == ["checks the plan", "it does , and works"]
    assert prose.negated == ["not delete anything", "without a network"]


def test_a_note_is_no_negation() -> None:
    prose = read_prose("Keeps a note about something. Not only that, it also deletes.")
    assert prose.sentences[0] == "keeps a note about something"
    assert "deletes" in prose.sentences[1]
    assert prose.negated == []


def test_argument_sections_are_not_sentences() -> None:
    prose = read_prose("Gets an order.\n\nArgs:\n    order_id: The order to delete later.\nReturns:\n    The order.")
    assert prose.sentences == ["gets an order"]
    assert prose.sections.startswith("args:")


def test_a_description_that_is_only_a_heading_is_kept() -> None:
    assert read_prose("Arguments: none").sentences == ["arguments: none"]


def test_a_long_description_is_cut() -> None:
    prose = read_prose("Reads. " * MAX_TEXT)
    assert sum(map(len, prose.sentences)) < MAX_TEXT


@given(st.text(max_size=500))
def test_any_text_can_be_taken_apart(text: str) -> None:
    prose = read_prose(text)
    assert all(sentence == sentence.strip() or sentence for sentence in prose.sentences)


def test_a_shared_prefix_is_found() -> None:
    assert shared_prefix(["kong list routes", "kong get route", "kong delete route"]) == "kong "
    assert shared_prefix(["kong list", "kong"]) == ""
    assert shared_prefix(["a b", "a b", "a b"], NO_GRAMMAR) == "a "


def test_a_verb_that_all_names_share_says_something(grammar: Grammar) -> None:
    assert shared_prefix(["get user", "get order", "get price"], grammar) == ""
