"""Every signal rule carries its own proof: examples that make it fire, and examples that must not.

The cases stand in the second document of each file under ``rules/signals``; this module runs them all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcp_threat_scoring.errors import RuleProblem
from mcp_threat_scoring.proof import fault, lacking
from mcp_threat_scoring.rulebook.case import CasesDoc, RuleCase
from mcp_threat_scoring.rulebook.compound import leaves
from mcp_threat_scoring.rulebook.documents import load_cases, load_document, rules_dir
from mcp_threat_scoring.rulebook.rule import SignalDoc, SignalTest
from mcp_threat_scoring.rulebook.ruleset import default_ruleset, signal_files

ROOT = rules_dir()


def documents(path: Path) -> tuple[SignalDoc, CasesDoc | None]:
    problems: list[RuleProblem] = []
    doc = load_document(SignalDoc, path, path.name, problems)
    cases = load_cases(CasesDoc, path, path.name, problems)
    assert not problems, [str(problem) for problem in problems]
    assert doc is not None
    return doc, cases


def cases() -> Iterator[Any]:
    for path in map(Path, signal_files(ROOT)):
        doc, found = documents(path)
        for case in found.cases if found else ():
            yield pytest.param(doc, case, id=f"{doc.id}: {case.name}")


@pytest.mark.parametrize(("doc", "case"), list(cases()))
def test_a_rule_does_what_its_cases_say(doc: SignalDoc, case: RuleCase) -> None:
    assert fault(doc, case, default_ruleset()) == ""


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in map(Path, signal_files(ROOT))])
def test_a_rule_shows_both_when_it_fires_and_when_it_does_not(path: Path) -> None:
    doc, found = documents(path)
    assert found is not None, "no cases"
    assert list(lacking(doc, found)) == []


def test_a_rule_asks_for_signals_that_some_rule_makes() -> None:
    """It would be silent for ever. The name of a file of variants stands for each, in rules over the same things."""
    rules = default_ruleset().rules
    made = {(over, str(rule.id)) for rule in rules for over in ("server", rule.over)}
    made |= {(rule.over, str(rule.doc.id)) for rule in rules}
    asked = {
        (str(rule.id), test.signal)
        for rule in rules
        for test in leaves(rule.test)
        if isinstance(test, SignalTest) and (rule.over, test.signal) not in made
    }

    assert asked == set()


MAX_LINE = 120


def test_no_line_of_a_rule_file_is_too_long_to_be_read() -> None:
    long = [
        f"{path.relative_to(rules_dir())}:{number}"
        for path in sorted(rules_dir().rglob("*.yaml"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > MAX_LINE
    ]

    assert not long, (
        f"{', '.join(long)}: longer than {MAX_LINE} characters. A list or mapping in brackets goes on in the next "
        "line, four blanks further in; long text stands below a key with `>-`, and a long pattern below one with `|-`."
    )


INDEX = "# Families of variants, each with its members:"


def test_an_index_of_variants_names_each_of_them_once() -> None:
    indexed = [path for path in map(Path, signal_files(ROOT)) if path.read_text(encoding="utf-8").startswith(INDEX)]

    assert len(indexed) > 2
    for path in indexed:
        doc, _ = documents(path)
        head = path.read_text(encoding="utf-8").partition("\nid: ")[0]
        families = [" ".join(one.replace("#", " ").split()) for one in re.split(r"\n#   (?=\S)", head)[1:]]
        members = [name for family in families for name in family.rpartition(": ")[2].split(", ")]
        assert sorted(members) == sorted(doc.variants), f"the index at the head of {path.name} is not current"
