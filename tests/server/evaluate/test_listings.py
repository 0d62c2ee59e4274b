"""The tables on published listings: ours beside theirs, and beside what a constant would get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_threat_model.evaluate.corpus import Corpus
from mcp_threat_model.evaluate.listings import factors, layers, overall, worst
from mcp_threat_model.evaluate.metrics import rank_correlation
from mcp_threat_model.evaluate.tables import Study, Table
from mcp_threat_scoring.rulebook.ruleset import default_ruleset

READER: dict[str, Any] = {
    "server": "Tide MCP",
    "capability_note": "read-only public data",
    "aivss": 4.0,
    "factor_sum": 1.5,
    "factors": {"autonomy_of_action": 0.1, "opacity_reflexivity": None},
    "maestro": {"L1 Foundation Models": "not certain from listing", "L3 Agent Frameworks": "mapped", "L7 X": None},
}
PAYER: dict[str, Any] = {
    "server": "Till MCP",
    "capability_note": "moves money, refunds",
    "aivss": 8.6,
    "factor_sum": 4.5,
    "factors": {"autonomy_of_action": 0.8},
    "maestro": {"L1 Foundation Models": "mapped", "L3 Agent Frameworks": "mapped"},
}


def study(folder: Path, *rows: Any) -> Study:
    (folder / "pages.json").write_text(json.dumps({"note": "numbers", "listings": list(rows)}), encoding="utf-8")
    return Study(folder, Corpus(), [], default_ruleset())


def column(table: Table, name: str) -> dict[str, Any]:
    return {row[0]: row[table.columns.index(name)] for row in table.rows}


def test_the_sum_of_it_stands_beside_a_constant(tmp_path: Path) -> None:
    table = overall(study(tmp_path, READER, PAYER))
    reached, constant = column(table, "reached"), column(table, "constant")
    assert constant["score, mean absolute error"] == pytest.approx(2.3)
    assert reached["score, mean absolute error"] < 2.3
    assert reached["factor sum, rank correlation"] == pytest.approx(1.0)
    assert column(table, "listings")["layer tag agrees"] == 4
    assert reached["layer tag agrees"] == pytest.approx(0.75)


def test_a_layer_whose_tag_is_not_shown_is_not_counted(tmp_path: Path) -> None:
    table = layers(study(tmp_path, READER, PAYER))
    assert column(table, "shown") == {"L1": 2, "L3": 2}
    assert column(table, "mapped_by_them_only")["L1"] == 1
    assert column(table, "agree")["L3"] == 1.0


def test_a_factor_that_is_not_shown_is_not_counted(tmp_path: Path) -> None:
    table = factors(study(tmp_path, READER, PAYER))
    assert column(table, "listings") == {"autonomy_of_action": 2}
    assert column(table, "theirs_mean")["autonomy_of_action"] == pytest.approx(0.45)


def test_the_farthest_come_first(tmp_path: Path) -> None:
    far = {**READER, "server": "Far MCP", "aivss": 9.9, "factor_sum": 9.0}
    rows = worst(study(tmp_path, READER, far, PAYER)).rows
    assert [row[1] for row in rows] == ["score"] * 3 + ["factor sum"] * 3
    assert rows[0][0] == rows[3][0] == "Far MCP"
    assert rows[0][4] == pytest.approx(rows[0][3] - 9.9)


def test_what_is_no_listing_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"listings": 7}', encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    odd = {"server": "Odd", "capability_note": "data", "aivss": "high", "factors": [1], "maestro": 3}
    table = overall(study(tmp_path, odd, 5, {"server": 1}, {"server": "No prose"}))
    assert table.rows == []


def test_a_hostile_name_is_neutralised(tmp_path: Path) -> None:
    rows = worst(study(tmp_path, {**READER, "server": "Evil\x1b[31m\u202e"})).rows
    assert not {"\x1b", "\u202e"} & set(rows[0][0])


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([(1, 10), (2, 20), (3, 30)], 1.0),
        ([(1, 3), (2, 2), (3, 1)], -1.0),
        ([(1, 5), (2, 5)], 0.0),
        ([(1, 1), (2, 3), (3, 2), (4, 4)], 0.8),
        ([(1, 1), (1, 2), (2, 3)], 0.8660254),
    ],
)
def test_rank_correlation(pairs: list[tuple[float, float]], expected: float) -> None:
    assert rank_correlation(pairs) == pytest.approx(expected)
