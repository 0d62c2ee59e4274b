"""`evaluate`: the same rules as a scan, on labelled tools, compared and counted."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcp_threat_model.evaluate import main
from mcp_threat_model.evaluate.corpus import load_corpus, tool_of
from mcp_threat_model.evaluate.fit import weights_yaml
from mcp_threat_model.evaluate.judged import judge
from mcp_threat_model.evaluate.logistic import Row, fit_question
from mcp_threat_model.evaluate.metrics import calibration_error, count, macro_accuracy, reliability
from mcp_threat_model.evaluate.plot import reliability_svg
from mcp_threat_scoring.rulebook.ruleset import default_ruleset

GET = {"name": "get_order", "description": "Get an order."}
ADD = {"name": "create_order", "description": "Create an order."}
DELETE = {"name": "delete_order", "description": "Delete an order."}


@pytest.fixture
def corpus(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str = "gold.jsonl", *rows: Any) -> Path:
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return tmp_path

    return write


def labelled(tool: dict[str, Any], effect: str, **more: Any) -> dict[str, Any]:
    return {"server": "shop", **tool, "effect": effect, **more}


def run(folder: Path, fmt: str = "json") -> tuple[int, Any, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(folder, fmt, out=out, err=err)
    return code, json.loads(out.getvalue()) if fmt == "json" and code == 0 else out.getvalue(), err.getvalue()


def table(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return next((one["rows"] for one in document["tables"] if one["id"] == name), [])


def test_rows_read_by_hand_are_counted(corpus: Callable[..., Path]) -> None:
    rows = [labelled(GET, "read"), labelled(ADD, "write"), labelled(DELETE, "destructive")]
    code, document, _ = run(corpus("mine.jsonl", *rows))
    [row] = table(document, "read_write")
    assert code == 0
    assert (row["file"], row["tools"], row["f1"], row["server_macro"]) == ("mine", 3, 1.0, 1.0)
    assert [(one["effect"], one["recall"]) for one in table(document, "effects")] == [
        ("read", 1.0), ("write", 1.0), ("destructive", 1.0)
    ]  # fmt: skip


def test_a_wrong_call_is_shown_with_its_evidence(corpus: Callable[..., Path]) -> None:
    _, document, _ = run(corpus("mine.jsonl", labelled(DELETE, "read"), labelled(GET, "read")))
    [wrong] = table(document, "worst")
    assert (wrong["tool"], wrong["is"], wrong["called"]) == ("delete_order", "read", "destructive")
    assert "name-verb.destroy" in wrong["because"]


def test_hints_are_the_truth_and_hidden_from_the_rules(corpus: Callable[..., Path]) -> None:
    honest = {"server": "a", **GET, "annotations": {"readOnlyHint": True}}
    liar = {"server": "b", **DELETE, "annotations": {"readOnlyHint": True}}
    loaded = load_corpus(corpus("vendors.jsonl", honest, liar))
    assert [row.effect for row in loaded.rows] == ["read", "read"]
    judged = judge(loaded.rows, default_ruleset())
    assert [one.profile.effect for one in judged] == ["read", "destructive"]
    assert all(not one.profile.declared for one in judged)


@pytest.mark.parametrize(
    ("hints", "effect"),
    [
        ({"readOnlyHint": True}, "read"),
        ({"readOnlyHint": False}, "write"),
        ({"readOnlyHint": False, "destructiveHint": True}, "destructive"),
        ({"destructiveHint": False}, "write"),
        ({"readOnlyHint": "yes"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_what_hints_claim(corpus: Callable[..., Path], hints: Any, effect: str | None) -> None:
    rows = load_corpus(corpus("v.jsonl", {"server": "a", **GET, "annotations": hints})).rows
    assert [row.effect for row in rows] == ([effect] if effect else [])


def test_http_methods_are_joined_to_captured_tools(corpus: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "shop.json").write_text(json.dumps({"tools": {"tools": [GET, DELETE]}}))
    folder = corpus("methods.jsonl", {"server": "shop", "name": "get_order", "http_method": "GET"},
                    {"server": "shop", "name": "delete_order", "http_method": "delete"},
                    {"server": "shop", "name": "gone", "http_method": "PUT"})  # fmt: skip
    loaded = load_corpus(folder)
    assert [(row.effect, row.tool["description"]) for row in loaded.rows] == [
        ("read", "Get an order."), ("destructive", "Delete an order.")
    ]  # fmt: skip
    assert any("methods: one tool skipped: has no text" in note for note in loaded.notes)


def test_two_opinions_about_destruction_are_left_out_of_that_table(corpus: Callable[..., Path]) -> None:
    torn = labelled(DELETE, "destructive", second_effect="write")
    _, document, _ = run(corpus("m.jsonl", torn, labelled({**DELETE, "name": "remove_order"}, "destructive")))
    assert [row["tools"] for row in table(document, "destructive")] == [1]


def test_ambiguous_rows_stand_apart(corpus: Callable[..., Path]) -> None:
    _, document, _ = run(corpus("m.jsonl", labelled(GET, "read"), labelled(ADD, "read", ambiguous=True)))
    assert [(row["file"], row["accuracy"]) for row in table(document, "read_write")] == [
        ("m", 1.0),
        ("m, ambiguous", 0.0),
    ]


def test_disputed_abilities_count_neither_way(corpus: Callable[..., Path]) -> None:
    run_it = {"name": "run_command", "description": "Run a shell command."}
    rows = [
        labelled(run_it, "destructive", abilities=["none"], abilities_disputed=["process.exec"]),
        labelled({**run_it, "name": "run_shell"}, "destructive", abilities=["process.exec"]),
    ]
    _, document, _ = run(corpus("m.jsonl", *rows))
    found = {row["ability"]: row for row in table(document, "abilities")}
    assert (found["process.exec"]["tools"], found["process.exec"]["precision"]) == (1, 1.0)


def test_what_cannot_be_read_is_said_and_the_rest_is_kept(corpus: Callable[..., Path]) -> None:
    _, document, _ = run(corpus("m.jsonl", "{broken", "[1]", labelled(GET, "read"), {"effect": "read"}, {"name": 7}))
    assert table(document, "read_write")[0]["tools"] == 1
    assert document["notes"] == [
        "m.jsonl: two lines skipped, the first is line 1: it is no JSON object",
        "m.jsonl: one line skipped, the first is line 4: it has a label and no name",
    ]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("{broken", "it is no JSON object"),
        (labelled(GET, "raed"), "its effect is none of read, write and destructive"),
        (labelled({**GET, "description": 7}, "read"), "description is not a string"),
        (labelled({**GET, "inputSchema": [1]}, "read"), "inputSchema is not an object"),
        ({"label": "malicious", "visible_in_metadata": True, "description": "x"}, "it has a label and no name"),
        ({**GET, "label": "malicious", "annotations": 3}, "annotations is not an object"),
    ],
)
def test_a_row_that_is_skipped_is_told_with_its_line(corpus: Callable[..., Path], row: Any, why: str) -> None:
    code, text, said = run(corpus("m.jsonl", labelled(DELETE, "destructive"), row, row), "text")
    assert code == 0
    assert f"mcp-threat-model: m.jsonl: two lines skipped, the first is line 2: {why}" in said.splitlines()
    assert "skipped" not in text


def test_listings_that_are_skipped_are_told_too(corpus: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    (tmp_path / "pages.json").write_text(json.dumps({"listings": [{"server": "a"}]}), encoding="utf-8")
    _, _, said = run(corpus("m.jsonl", labelled(GET, "read")))
    assert "broken.json skipped: it is not JSON" in said
    assert "pages.json: one listing skipped, the first is listing 1: it has no server or no capability_note" in said


def test_the_time_it_took_ends_the_text_and_errors_say_who_speaks(corpus: Callable[..., Path], tmp_path: Path) -> None:
    assert run(tmp_path)[2].startswith("mcp-threat-model: cannot evaluate: no labelled rows")
    folder = corpus("m.jsonl", labelled(GET, "read"))
    _, _, said = run(folder, "text")
    assert re.fullmatch(r"mcp-threat-model: took \d+\.\d seconds\n", said)
    assert run(folder)[2] == ""


@pytest.mark.parametrize("rows", [[], [{"note": "no tool"}], [{"effect": "read"}]])
def test_a_folder_without_labels_is_one_sentence(corpus: Callable[..., Path], rows: list[Any]) -> None:
    code, _, said = run(corpus("m.jsonl", *rows))
    assert code == 2
    assert said.count("\n") == 1


def test_a_missing_folder_holds_nothing(tmp_path: Path) -> None:
    assert run(tmp_path / "gone")[0] == 2


def test_text_and_json_say_the_same(corpus: Callable[..., Path]) -> None:
    folder = corpus("m.jsonl", labelled(GET, "read"), labelled(DELETE, "destructive"))
    _, text, _ = run(folder, "text")
    _, document, _ = run(folder)
    for one in document["tables"]:
        assert one["title"] in text


def test_a_hostile_name_cannot_reach_the_terminal(corpus: Callable[..., Path]) -> None:
    evil = {**DELETE, "name": "delete\x1b[31m_order", "description": "Delete\x1b]0;x\x07 it."}
    _, text, _ = run(corpus("m.jsonl", labelled(evil, "read", server="\x1b[2J")), "text")
    assert "\x1b" not in text


def test_counts() -> None:
    counts = count([(True, True), (True, False), (False, True), (False, False), (True, True)])
    assert (counts.tp, counts.fp, counts.fn, counts.tn) == (2, 1, 1, 1)
    assert counts.precision == pytest.approx(2 / 3)
    assert counts.f1 == pytest.approx(2 / 3)
    assert count([]).f1 == count([]).precision == count([]).accuracy == 1.0


def test_a_small_server_counts_as_much_as_a_large_one() -> None:
    assert macro_accuracy([("big", True)] * 9 + [("small", False)]) == 0.5


def test_calibration() -> None:
    sure = [(0.95, True)] * 19 + [(0.95, False)]
    assert calibration_error(sure) == pytest.approx(0.0)
    assert calibration_error([(1.0, False)]) == 1.0
    assert [(one.low, one.count) for one in reliability([(0.0, False), (1.0, True), (0.05, False)])] == [
        (0.0, 2),
        (0.9, 1),
    ]
    assert calibration_error([]) == 0.0


def test_a_fit_keeps_the_prior_where_it_has_seen_nothing() -> None:
    rows = [Row((0,), True, 1.0, 0)] * 40 + [Row((), False, 1.0, 1)] * 40
    weights = fit_question(rows, prior=[0.0, 1.7, 0.0], spreads=[1.0, 1.0, 2.0])
    assert weights[0] > 1.0
    assert weights[1] == pytest.approx(1.7)


def test_a_fit_moves_less_the_firmer_the_prior() -> None:
    rows = [Row((0,), True, 1.0, 0)] * 10 + [Row((), False, 1.0, 1)] * 10
    loose, firm = (fit_question(rows, [0.0, 0.0], [spread, 2.0])[0] for spread in (2.0, 0.2))
    assert loose > firm > 0


def test_a_fit_says_the_same_twice_whatever_the_order_of_rows() -> None:
    rows = [Row((0,), True, 0.7, 0), Row((0, 1), False, 1.3, 1), Row((), True, 1.0, 2)] * 5
    assert fit_question(rows, [0.5, 0.0, 0.0], [1.0, 1.0, 2.0]) == fit_question(
        rows[::-1], [0.5, 0.0, 0.0], [1.0, 1.0, 2.0]
    )


def test_fitted_weights_are_readable_yaml() -> None:
    import yaml

    text = weights_yaml({"write": 0.125}, {"b.x": {"write": 1.0}, "a": {"db.query": -2.5, "write": 0.0}}, "t", 1.0)
    loaded = yaml.safe_load(text)
    assert loaded["weights"] == {"a": {"db.query": -2.5, "write": 0.0}, "b.x": {"write": 1.0}}
    assert text.index("  a:") < text.index("  b.x:")


def test_the_curve_is_a_picture_that_stands_alone() -> None:
    import xml.etree.ElementTree as ElementTree

    svg = reliability_svg([("hand", "#000000", reliability([(0.1, False), (0.9, True)]))])
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == 2


def test_a_tool_is_what_its_row_says_and_without_its_claims_where_they_are_the_label() -> None:
    listed = {"name": "clock", "description": "", "inputSchema": {}, "annotations": {"readOnlyHint": True}}
    assert tool_of({**listed, "title": None, "server": "hall", "effect": "read"}) == listed
    assert tool_of(listed, claims=False) == {"name": "clock", "description": "", "inputSchema": {}}
