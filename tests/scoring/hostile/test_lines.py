"""Texts are cut into lines so that nothing is lost and no line is so long that an order would be lost in it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.hostile.lines import MAX_SENTENCE, sentences


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def test_sentences_end_where_people_end_them() -> None:
    assert [one.strip() for one in cut("Adds, e.g. one. Or two!\n- a list\n- of things")] == [
        "Adds, e.g. one.", "Or two!", "- a list", "of things"]  # fmt: skip


def test_a_sentence_without_end_is_cut_at_a_blank() -> None:
    lines = cut("word " * 300)
    assert max(map(len, lines)) <= MAX_SENTENCE
    assert all(set(line.split()) <= {"word"} for line in lines)


@given(st.text(alphabet="ab .!?\n-1)。", max_size=3_000))
def test_lines_come_in_their_order_and_are_short(text: str) -> None:
    places = list(sentences(text))
    assert all(0 < end - start <= MAX_SENTENCE for start, end in places)
    assert all(first[1] <= then[0] for first, then in pairwise(places))
    assert {*text} & {*"ab"} <= {*"".join(cut(text))}
