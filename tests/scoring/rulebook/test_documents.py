"""Rule files are read strictly; whatever is wrong is one sentence with its place, and never a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.rulebook.documents import MAX_FAULTS, split_document, validate
from mcp_threat_scoring.rulebook.rule import TextTest
from mcp_threat_scoring.rulebook.ruleset import load_rules
from mcp_threat_scoring.rulebook.strict_yaml import Lines, parse_yaml

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


def test_a_pattern_may_be_parted_into_lines(tmp_path):
    block = GOOD.replace(" {field: name, regex: '^[A-Z]+$'}", "\n  field: name\n  regex: |-\n    ^(?:GET|\n    PUT)$")

    rule = load(tmp_path, block).rule("shouts")

    assert rule is not None
    assert rule.test == TextTest(field="name", regex="^(?:GET|PUT)$")


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
        ("a: !!map [b]", "this is no mapping"),
        ("a: !!timestamp {b: c}", "expected a scalar node"),
        ("a: 1" + ":10" * 300_000, "a number of more than 40 characters"),
        ("%YAML 1.1\n---\na: 1", "directives are not allowed"),
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


@pytest.mark.parametrize(
    "opening", ["", "---\n", "--- \n", "# ours\n---\n", "\n# ours\n\n--- # the rule\n", "# ours\n"]
)
@pytest.mark.parametrize("between", ["---", "---  ", "--- # its cases"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_documents_are_told_apart_as_yaml_does_it_and_keep_their_lines(opening, between, ending):
    text = (opening + GOOD.replace("\n---\n", f"\n{between}\n")).replace("\n", ending)
    head, cases = split_document(text)

    rule, tests = yaml.safe_load_all(text)
    assert (yaml.safe_load(head), yaml.safe_load(cases)) == (rule, tests)
    assert head.splitlines()[text.splitlines().index("id: shouts")] == "id: shouts"
    assert text.splitlines()[head.count("\n") + 2] == "cases:"


@pytest.mark.parametrize("opening", ["# ours\n---\n", "--- \n"])
def test_a_rule_with_an_opening_line_is_used(tmp_path, opening):
    assert load(tmp_path, opening + GOOD).rule("shouts") is not None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("\n", "the file is empty"),
        ("# ours\n", "the file is empty but for comments"),
        ("---\n---\ncases: []\n", "the file holds cases, and no rule above them"),
        ("# ours\n---\ncases: []\n", "the file holds cases, and no rule above them"),
        ("--- {}\n--- {}\n", "shouts.yaml:2: another document begins here"),
    ],
)
def test_a_file_without_a_rule_says_why(tmp_path, text, says):
    with pytest.raises(RuleError) as caught:
        load(tmp_path, text)

    assert says in str(caught.value)


class Row(Model, frozen=True):
    a: int = 0


class Table(Model, frozen=True):
    version: int = 0
    rows: tuple[Row, ...] = ()


def problems_of(text: str) -> list[RuleProblem]:
    found: list[RuleProblem] = []
    assert validate(Table, parse_yaml(text, "t.yaml", found), text, "t.yaml", found) is None
    return found


@pytest.mark.parametrize("count", [1, 50, 800])
def test_a_file_is_parsed_once_however_much_is_wrong_with_it(count, monkeypatch):
    composed = []
    compose = yaml.compose
    monkeypatch.setattr(yaml, "compose", lambda *given, **more: composed.append(1) or compose(*given, **more))

    found = problems_of("version: 1\n" + "".join(f"key{number}: 1\n" for number in range(count)))

    assert len(composed) == 1
    assert [problem.line for problem in found] == [*range(2, count + 2)]


def test_the_keys_of_a_mapping_are_gone_through_once(monkeypatch):
    asked = []
    values = Lines._values
    monkeypatch.setattr(Lines, "_values", lambda self, node: asked.append(id(node)) or values(self, node))
    text = "".join(f"key{number}: 1\n" for number in range(100))
    lines = Lines(text)

    assert [lines.of((f"key{number}",)) for number in range(100)] == [*range(1, 101)]
    assert len(asked) == 100
    assert len(lines._inside) == 1


def test_the_first_dozen_is_told_and_how_many_more_there_are():
    found = problems_of("".join(f"key{number}: 1\n" for number in range(30)))
    lines = str(RuleError(found)).splitlines()

    assert len(lines) == 13
    assert lines[0] == "t.yaml:1: key0: no such key is known here"
    assert lines[-1] == "(and 18 more)"


def test_what_is_not_kept_is_counted():
    found = problems_of("".join(f"key{number}: 1\n" for number in range(MAX_FAULTS + 500)))

    assert len(found) == MAX_FAULTS
    assert str(RuleError(found)).endswith(f"(and {MAX_FAULTS + 500 - 12:,} more)")


def test_one_problem_is_one_short_line():
    long = "x" * 1_000
    for text in (f"{long}: 1\n", f"rows:\n  - {long}: {long}\n", f"{long}: 1\n{long}: 2\n", f"a: !{long} 1\n"):
        found: list[RuleProblem] = []
        value = parse_yaml(text, "t.yaml", found)
        if not found:
            validate(Table, value, text, "t.yaml", found)
        assert all(len(str(problem)) < 500 for problem in found)
        assert any(why in str(found[0]) for why in ("no such key", "given twice", "constructor"))


def test_a_mapping_in_the_place_of_a_list_is_a_sentence():
    assert [str(one) for one in problems_of("rows: {a: {b: 1}}\n")] == [
        "t.yaml:1: rows: Expected 'array', got 'object'"
    ]
