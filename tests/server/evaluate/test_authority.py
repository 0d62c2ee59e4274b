"""The table of declared authentication: rows by their shape, judged with the declaration's marks and by names alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mcp_threat_model.evaluate.authority import declared
from mcp_threat_model.evaluate.corpus import Corpus
from mcp_threat_model.evaluate.tables import Study, Table
from mcp_threat_scoring.rulebook.ruleset import default_ruleset

KEYED = {"server": "a", "auth": "secret", "secrets": [{"env": "SHOP_API_KEY"}], "env": ["SHOP_URL"], "oauth": []}
FLOW = {"server": "b", "auth": "oauth", "secrets": [], "env": [], "oauth": [{"provider": "b"}]}
OPEN = {"server": "c", "auth": "none declared", "secrets": [], "env": ["TZ"], "oauth": []}
UNMARKED = {"server": "d", "auth": "none declared", "secrets": [], "env": ["SHOP_TOKEN"], "oauth": []}
TOOL = {"server": "e", "name": "get_order", "effect": "read"}


def table(folder: Path, *rows: dict[str, Any]) -> Table:
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return declared(Study(folder, Corpus(), [], default_ruleset()))


def accuracy(shown: Table) -> dict[str, float]:
    return {row[0]: row[3] for row in shown.rows if row[1].startswith("all")}


def test_marks_and_names_agree_where_the_declaration_is_complete(tmp_path: Path) -> None:
    shown = table(tmp_path, KEYED, FLOW, OPEN)
    assert accuracy(shown) == {"secrets marked": 1.0, "names alone": 1.0}
    assert shown.notes == []


def test_a_secret_that_nobody_marked_is_read_from_its_name_and_told(tmp_path: Path) -> None:
    shown = table(tmp_path, KEYED, UNMARKED)
    assert accuracy(shown) == {"secrets marked": 1.0, "names alone": 0.5}
    assert shown.notes == ["names alone, called wrong: d (none, read as secret)"]


def test_a_corpus_without_such_rows_has_an_empty_table(tmp_path: Path) -> None:
    assert table(tmp_path, TOOL).rows == []


def test_a_row_of_the_wrong_shape_breaks_nothing(tmp_path: Path) -> None:
    odd = {"server": 7, "auth": "secret", "secrets": "x", "env": [1, None, "SHOP_KEY"], "oauth": None}
    assert accuracy(table(tmp_path, odd)) == {"secrets marked": 0.0, "names alone": 1.0}
