"""A name that only looks like plain letters, or like another one of the list, is told; one of any language is not."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.hostile.names import dressed, odd_names
from mcp_threat_scoring.intake import read_items


@pytest.mark.parametrize(
    "name",
    ["r\u0435ad_file", "ｇｉｔ_push", "send_email\u200b", "ɢithub_search", "read\u2010file", "\u0430dmin", "𝐫𝐞𝐚𝐝_file"],
)
def test_a_name_dressed_as_plain_letters_is_told(name: str) -> None:
    assert dressed(name)


@pytest.mark.parametrize(
    "name",
    [
        "read_file",
        "größe_prüfen",
        "café_search",
        "søk",
        "поиск_файлов",
        "検索",
        "ＡＩ検索",
        "🔍_search",
        "Search – the web",
    ],
)
def test_a_name_in_any_language_is_not(name: str) -> None:
    assert not dressed(name)


def test_a_twin_is_told_beside_what_it_looks_like() -> None:
    items, _ = read_items("tool", [{"name": "größe"}, {"name": "read_file"}, {"name": "re\u0430d_file"}], "/tools")
    assert odd_names(items) == {"/tools/2": ("name.twin", "name.dressed")}
    assert odd_names(items[:2]) == {}
