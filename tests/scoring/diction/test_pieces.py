"""Which words of a tool are noticed, and where."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.diction.pieces import FIRST, pieces, words_of
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED
from mcp_threat_scoring.text.views import tool_subject


def noticed(**tool: Any) -> set[str]:
    manifest = build_manifest(target_kind="manifest", target_value="t", tools=[tool], coverage={"tools": OBSERVED})
    return pieces(tool_subject(manifest.tools[0]))


def test_words_are_marked_with_their_place() -> None:
    found = noticed(
        name="pourBatch",
        description="Pours a batch away. Nobody is asked.",
        inputSchema={"properties": {"batch_id": {}, "mode": {"enum": ["slowly", "at once"]}}},
    )
    assert {"n:pour", "n:batch", "n:pour batch", "b:pour", "z:batch"} <= found
    assert {"f:batch", "o:pour", "d:nobody", "p:batch id", "a:batch", "e:at once"} <= found
    assert "f:nobody" not in found


def test_a_tool_without_words_is_noticed_for_nothing() -> None:
    assert noticed(name="7") == set()


def test_scripts_without_spaces_are_read_two_letters_at_a_time() -> None:
    assert words_of("删除文件 now", 9) == ["删除", "除文", "文件", "now"]


def test_accents_do_not_matter() -> None:
    assert words_of("löscht einträge", 9) == words_of("loscht eintrage", 9)


def test_a_long_text_is_read_to_a_bound() -> None:
    assert len(words_of("word " * 1_000_000, FIRST)) == FIRST
    assert len(words_of("除" * 1_000_000, FIRST)) == FIRST


@given(st.text(), st.text())
def test_any_text_can_be_read(name: str, description: str) -> None:
    assert all(piece[1] == ":" for piece in noticed(name=f"a{name}", description=description))
