"""Which of many names a text holds, each as a whole word: whatever the names are made of, and however many."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.text.whole_names import WholeNames, parts


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("send_message", "Call `send_message`."),
        ("send_message", "send_message"),
        ("send_message", "é\u2014send_message\u2014é"),
        ("send-message", "(send-message)"),
        ("mail.send", "first mail.send, then"),
        ("mail.send", "the mail.send.now of others"),
        ("orders/list", "/api/orders/list/"),
        ("crm:orders", "crm:crm:orders"),
        ("Send a message", "Use Send a message to"),
        ("/pay", "use /pay now"),
        ("pay (new)", "pay pay (new)"),
    ],
)
def test_a_whole_name_is_found_beside_anything_that_is_no_part_of_a_word(name: str, text: str) -> None:
    assert WholeNames([name]).found_in(text) == {name}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("send_message", "resend_message send_messages send-message Send_Message send_message_"),
        ("mail.send", "gmail.send mail.sender mail..send mail .send mail/send"),
        ("/pay", "shop/pay"),
        ("pay (new)", "pay (new)er"),
        ("send_message", ""),
    ],
)
def test_a_part_of_a_word_or_another_spelling_is_none(name: str, text: str) -> None:
    assert WholeNames([name]).found_in(text) == set()


def test_names_that_overlap_are_all_found() -> None:
    names = ["a.b", "b.c", "a.b.c", "b", "c.d", "a.b.c.x"]

    assert WholeNames(names).found_in("a.b.c.d") == {"a.b", "b.c", "a.b.c", "b", "c.d"}


def test_no_names_are_found_nowhere() -> None:
    assert WholeNames([]).found_in("anything at all") == set()


def test_many_long_names_need_no_room_to_be_compiled_in() -> None:
    names = [f"d_{'x' * 110}_{index:06}" for index in range(20_000)]

    assert WholeNames([*names, "send_payment"]).found_in(f"send_payment {names[-1]}") == {"send_payment", names[-1]}


@given(
    st.sets(st.text("ab_-./: ", min_size=1, max_size=6), max_size=12),
    st.text("ab_-./: é\n", max_size=40),
)
def test_what_is_found_is_what_one_search_for_each_would_find(names: set[str], text: str) -> None:
    def stands(name: str) -> bool:
        return bool(re.search(rf"(?:^|[^A-Za-z0-9_-]){re.escape(name)}(?:\Z|[^A-Za-z0-9_-])", text))

    assert WholeNames(names).found_in(text) == {name for name in names if stands(name)}


@pytest.mark.parametrize(("name", "count"), [("send_message", 1), ("mail.send", 2), ("a//b", 3), ("/pay", 2)])
def test_words_of_a_name_are_counted_with_the_empty_ones(name: str, count: int) -> None:
    assert parts(name) == count
