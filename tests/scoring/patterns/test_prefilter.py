"""What patterns ask of a text's words: too little, never too much."""

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_threat_scoring.patterns.clauses import FOREIGN
from mcp_threat_scoring.patterns.prefilter import ways
from mcp_threat_scoring.patterns.sieve import Sieve
from mcp_threat_scoring.patterns.sifter import Sifter, sifting


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [
        (r"\bdelete\b", [[{"delete"}]]),
        (r"\b(?:log|logs)\b", [[{"log", "logs"}]]),
        (r"\blogs?\b", [[{"log", "logs"}]]),
        (r"^api keys?\b", [[{"api"}, {"key", "keys"}]]),
        (r"\bdelet", [[{"delet*"}]]),
        (r"git", [[{"*git*"}]]),
        (r"(?i)Git$", [[{"*git"}]]),
        (r"\b(?:drop|send) .*\btable\b", [[{"drop", "send"}, {"table"}]]),
        (r"\bfile\b|\bset \w+ up\b", [[{"set"}, {"up"}], [{"file"}]]),
        (r"^(?:\w+ ){0,2}url$", [[{"url"}]]),
        (r"\b(?:to )?run(?: it)? now\b", [[{"run"}]]),
        (r"删除", [[{FOREIGN}]]),
        (r"\w+", []),
        (r"\bsend\b|.", []),
        (r"(?P<named>send)", []),
        (r"(unbalanced", []),
        (r"a{2", []),
        ("", []),
    ],
)
def test_a_pattern_asks_for_these_words(pattern, asked):
    assert [set(map(frozenset, way)) for way in asked] == [set(way.clauses) for way in ways(pattern)]


@pytest.mark.parametrize(
    ("pattern", "enough"),
    [
        (r"\b(?:log|logs)\b", True),
        (r"(?m)\blog\b|\bdoc\b", True),
        (r"^log\b", False),
        (r" log ", False),
        (r"\blog", False),
        (r"(?i)\blog\b", True),
        (r"\bapi key\b", False),
    ],
)
def test_a_word_is_enough_where_nothing_else_is_asked(pattern, enough):
    assert all(way.enough for way in ways(pattern)) is enough


PATTERNS = st.recursive(
    st.sampled_from(
        ["delete", "api key", r"\b", r"\w+", ".", "[ _-]", "[sz]", "[^.]", r"\W*", "^", "$", "s?", r"\d{2,3}", "é", "a",
         r"\.", "x{0,1}", "(?:all |the )*", "-", "_id", r"[\w.]*"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=4).map(lambda some: f"(?:{'|'.join(some)})"),
        inner.map(lambda one: f"(?:{one})?"),
        inner.map(lambda one: f"(?:{one}){{1,2}}"),
    ),
    max_leaves=12,
)  # fmt: skip


TEXTS = st.lists(
    st.sampled_from(
        ["delete", "api key", "api", "key", " ", "s", "z", "_id", "x", "-", "12", "é", "the ", "all ", "a", ".", "\n",
         "K", "ſ", "Delete"]
    ),
    max_size=8,
).map("".join)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(PATTERNS, TEXTS)
def test_whatever_a_pattern_matches_holds_the_words_it_asks_for(pattern, text):
    matches = re2.compile(f"(?m){pattern}").search(text) is not None
    sieve = Sieve()
    sure, maybe = Sifter(sieve, sifting(sieve, [(7, pattern, lambda: pattern)])).sift(text)
    if matches:
        assert 7 in sure | maybe
    if sure:
        assert matches


@given(st.text(max_size=60))
def test_no_pattern_is_too_odd(pattern):
    ways(pattern)
