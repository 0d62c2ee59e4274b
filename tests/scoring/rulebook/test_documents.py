"""Rule files are read strictly; whatever is wrong is one sentence with its place, and never a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_threat_scoring.errors import RuleError
from mcp_threat_scoring.rulebook.documents import split_document
from mcp_threat_scoring.rulebook.ruleset import load_rules

GOOD = """\
id: shouts
title: The name is shouted
over: tools
match: {field: name, regex: '^[A-Z]+$'}
---
cases:
  - {name: loud, item: {name: GET}, fires: true}
  - {name: quiet, item: {name: get}, fires: false}
"""


def load(tmp_path: Path, text: str, name: str = "shouts.yaml"):
    (tmp_path / name).write_text(text)
    return load_rules(extra=[tmp_path])


def test_a_users_rule_joins_the_shipped_ones(tmp_path):
    assert load(tmp_path, GOOD).rule("shouts") is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("title:", "titel:"), "shouts.yaml:2"),
        (GOOD.replace("over: tools", "over: tools\nover: server"), "given twice"),
        (GOOD.replace("id: shouts", "id: whispers"), "is not the file's name"),
        (GOOD.replace("regex:", "regexp:"), "shouts.yaml:4"),
        (GOOD.replace("{field: name, regex: '^[A-Z]+$'}", "oops"), "shouts.yaml:4"),
        (GOOD.replace("over: tools", "over: tools\nsuggests: {flying: 1.0}"), "unknown question 'flying'"),
        ("", "empty"),
        ("id: [", "did not find expected"),
        ("a: " + "[" * 60_000, "nested more than"),
        ("- " * 60_000, "nested more than"),
        ("a: &x [1]\nb: *x", "aliases are not allowed"),
        ("#" * 2_000_000, "larger than"),
    ],
)
def test_a_bad_rule_is_a_sentence_with_its_place(tmp_path, text, says):
    with pytest.raises(RuleError) as caught:
        load(tmp_path, text)

    assert says in str(caught.value)


def test_all_problems_of_all_files_are_reported_at_once(tmp_path):
    (tmp_path / "one.yaml").write_text("id: two")
    (tmp_path / "three.yaml").write_text("{")
    with pytest.raises(RuleError) as caught:
        load_rules(extra=[tmp_path])

    assert {"one.yaml", "three.yaml"} <= {problem.path for problem in caught.value.problems}


def test_cases_are_cut_off_before_parsing():
    head, cases = split_document(GOOD)

    assert "cases" not in head
    assert cases.startswith("cases:")
