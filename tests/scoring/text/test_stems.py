"""Words by their stems."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.text.stems import STEM, stem


@pytest.mark.parametrize("words", [("sends", "send", "sending"), ("copies", "copied"), ("forwarded", "forwards")])
def test_forms_of_a_word_have_one_stem(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


def test_a_stem_is_bounded() -> None:
    assert len(stem("x" * 1_000)) == STEM
