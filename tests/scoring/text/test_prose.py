"""Names into words, and descriptions into sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.text.prose import MAX_TEXT, read_prose, split_words


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


def test_what_is_not_done_is_set_apart() -> None:
    prose = read_prose("Checks the plan. It does not delete anything, and works without a network.")
    assert prose.sentences == ["checks the plan", "it does , and works"]
    assert prose.negated == ["not delete anything", "without a network"]


@pytest.mark.parametrize(
    ("sentence", "kept", "negated"),
    [
        ("Nothing is ever written to the file", [], ["nothing is ever written to the file"]),
        ("Reads a ledger (no file is changed)", ["reads a ledger"], ["no file is changed"]),
        ("Neither the file nor its index gets changed", [], ["neither the file nor its index gets changed"]),
        ("Looks at the plan, writes nothing to disk", ["looks at the plan"], ["writes nothing to disk"]),
        ("No copy is kept, so that it is lost", ["no copy is kept, so that it is lost"], []),
        ("Nothing is left of it", ["nothing is left of it"], []),
        ("Finds no match (or one)", ["finds no match (or one)"], []),
    ],
)
def test_so_is_what_nothing_is_done_to(sentence: str, kept: list[str], negated: list[str]) -> None:
    prose = read_prose(f"{sentence}.")
    assert prose.sentences == kept
    assert prose.negated == negated


def test_so_is_what_is_not_offered_in_a_script_without_spaces() -> None:
    prose = read_prose("管理花园。\n为安全起见，不提供拆除、焚烧，只读。")
    assert prose.sentences == ["管理花园。", "为安全起见，，只读。"]
    assert prose.negated == ["不提供拆除、焚烧"]


def test_a_word_that_ends_like_a_negation_stays_whole() -> None:
    prose = read_prose("Sends a letter whenever a knot comes loose.")
    assert prose.sentences == ["sends a letter whenever a knot comes loose"]
    assert prose.negated == []


def test_a_note_is_no_negation() -> None:
    prose = read_prose("Keeps a note about something. Not only that, it also deletes.")
    assert prose.sentences[0] == "keeps a note about something"
    assert "deletes" in prose.sentences[1]
    assert prose.negated == []


@pytest.mark.parametrize(
    ("sentence", "kept"),
    [
        ("It stays until it is replaced or deleted", "it stays"),
        ("The hold is released after ten minutes", "the hold"),
        ("Batches that are not approved are purged after 30 days", "batches that are"),
        ("Notes can be deleted later in the app", "notes can"),
        ("The draft is lost and a copy is kept later", "the draft is lost and a copy"),
        ("It is deleted after the call", "it is deleted after the call"),
        ("It can be undone later", "it can be undone later"),
        ("Waits until the job ends", "waits until the job ends"),
    ],
)
def test_what_happens_at_another_time_is_left_out_of_later_sentences(sentence: str, kept: str) -> None:
    assert read_prose(f"Sets a text. {sentence}.").sentences == ["sets a text", kept]


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
