"""The matcher below the wrapper is asked directly, and answers the same."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.patterns.pattern import first_span, matches, pattern, spans

TEXTS = st.text(alphabet="ab. é中\n", max_size=40)


@pytest.mark.parametrize("made", [pattern, re2.compile], ids=["lazy", "compiled"])
@pytest.mark.parametrize("spelled", ["a+", "a|ab", "(?:a)(b)?", "[^a]+", "a*", "b$", "(?m)^a"])
@given(text=TEXTS)
def test_places_are_those_the_wrapper_finds(made, spelled: str, text: str) -> None:  # type: ignore[no-untyped-def]
    wanted = [found.span() for found in re2.finditer(spelled, text) if found.end() > found.start()]
    assert list(spans(made(spelled), text)) == wanted


@given(TEXTS)
def test_a_first_place_is_counted_in_bytes(text: str) -> None:
    regex = re2.compile("a+")
    found = regex.search(text)
    wanted = (-1, -1) if found is None else tuple(len(text[:at].encode()) for at in found.span())
    assert first_span(regex, text.encode()) == wanted
    assert matches(regex, text.encode()) is (found is not None)


def test_half_of_a_surrogate_pair_ends_no_search() -> None:
    one = pattern("a(.)")
    half = "x\ud800a\ud800 ab"

    assert one.search(half).span() == (2, 4)
    assert [found.span() for found in one.finditer(half)] == [(2, 4), (5, 7)]
    assert one.fullmatch("a\ud800").span() == (0, 2)
    assert one.sub("z", half) == "x?z z"
