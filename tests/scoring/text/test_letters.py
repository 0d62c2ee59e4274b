"""Letters of any dress, in plain Latin ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.text.letters import fold


@pytest.mark.parametrize(
    ("written", "plain"), [("Größe", "grosse"), ("ＡＬＬ", "all"), ("naïve", "naive"), ("删除", "删除"), ("Ω", "ω")]
)
def test_a_word_is_folded_to_plain_letters(written: str, plain: str) -> None:
    assert fold(written) == plain


@given(st.text(max_size=100))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
