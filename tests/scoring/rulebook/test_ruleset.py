"""A folder of rules is loaded whole, strictly, and with every problem named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mcp_threat_scoring.errors import RuleError
from mcp_threat_scoring.rulebook.documents import rules_dir
from mcp_threat_scoring.rulebook.rule import SignalHead, TextTest, read_test
from mcp_threat_scoring.rulebook.ruleset import default_ruleset, load_rules, signal_files
from mcp_threat_scoring.rulebook.signal_rule import SignalRule
from mcp_threat_scoring.signal import SignalId
from mcp_threat_scoring.structs import Raw


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("lexicon", "abilities", "domains", "weights"):
        shutil.copy(rules_dir() / f"{name}.yaml", tmp_path)
    (tmp_path / "weights.yaml").write_text("source: none\n")
    (tmp_path / "signals").mkdir()
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / "signals" / f"{name}.yaml").write_text(text)


RULE = "id: a\ntitle: A\nover: tools\nmatch: {field: words, regex: x}\nsuggests: {write: 2.0}\n"


def test_a_rule_keeps_its_prior_where_nothing_was_fitted(folder: Path) -> None:
    write(folder, "a", RULE)
    rule = load_rules(folder).rule("a")
    assert rule is not None
    assert rule.weights == rule.prior == {"write": 2.0}


def test_a_fitted_weight_takes_the_place_of_the_prior(folder: Path) -> None:
    write(folder, "a", RULE)
    (folder / "weights.yaml").write_text("source: t\nbias: {write: 0.25}\nweights: {a: {write: 1.5}}\n")
    ruleset = load_rules(folder)
    rule = ruleset.rule("a")
    assert rule is not None
    assert (rule.weights, rule.prior) == ({"write": 1.5}, {"write": 2.0})
    assert ruleset.bias["write"] == 0.25
    assert ruleset.prior_bias["write"] != 0.25


def test_variants_become_rules_of_their_own(folder: Path) -> None:
    one = "  one: {match: {field: words, regex: x}}\n"
    two = "  two: {match: {field: words, regex: y}, suggests: {write: 3.0}}\n"
    write(folder, "a", f"id: a\ntitle: A\nover: tools\nsuggests: {{write: 1.0}}\nvariants:\n{one}{two}")
    rules = {str(rule.id): rule.weights for rule in load_rules(folder).rules if rule.over == "tools"}
    assert (rules["a.one"], rules["a.two"]) == ({"write": 1.0}, {"write": 3.0})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("b", RULE, "not the file's name"),
        ("a", RULE + "colour: red\n", "colour"),
        ("a", RULE.replace("write", "fly"), "unknown question 'fly'"),
        ("a", "id: a\ntitle: A\nover: tools\n", "either match or variants"),
        ("a", RULE + "title: twice\n", "given twice"),
        ("a", "id: [", "a.yaml"),
        ("a", "", "empty"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(folder: Path, name: str, text: str, said: str) -> None:
    write(folder, name, text)
    with pytest.raises(RuleError) as caught:
        load_rules(folder)
    assert said in str(caught.value)
    assert f"signals/{name}.yaml" in str(caught.value)


def test_all_problems_are_reported_at_once(folder: Path) -> None:
    write(folder, "a", "id: [")
    write(folder, "b", "id: b\n")
    with pytest.raises(RuleError) as caught:
        load_rules(folder)
    assert "a.yaml" in str(caught.value)
    assert "b.yaml" in str(caught.value)


def test_rules_of_ones_own_come_after_the_shipped_ones(folder: Path, tmp_path: Path) -> None:
    write(folder, "a", RULE)
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.yaml").write_text(RULE.replace("id: a", "id: mine"))
    assert load_rules(folder, [own]).rule("mine") is not None


def test_an_id_cannot_be_taken_twice(folder: Path, tmp_path: Path) -> None:
    write(folder, "a", RULE)
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.yaml").write_text(RULE)
    with pytest.raises(RuleError, match="taken"):
        load_rules(folder, [own])


def test_every_fitted_weight_belongs_to_a_rule_that_is_there() -> None:
    import yaml

    fitted = yaml.safe_load((rules_dir() / "weights.yaml").read_text())["weights"]
    there = {str(rule.id): rule for rule in default_ruleset().rules}
    assert [name for name in fitted if name not in there] == []
    assert [name for name, answers in fitted.items() if set(answers) - set(there[name].prior)] == []


def test_a_targets_own_hints_cannot_outweigh_a_plain_verb() -> None:
    rules = {str(rule.id): rule for rule in default_ruleset().rules}
    plain = (
        abs(rules["name-verb.destroy"].weights["destructive"]) + rules["summary-verb.destroy"].weights["destructive"]
    )
    denial = -sum(rules[name].weights.get("destructive", 0.0) for name in ("read-only-hint.yes", "destructive-hint.no"))
    assert 0 < denial < plain


def test_the_order_of_files_does_not_depend_on_the_file_system() -> None:
    files = signal_files(rules_dir())
    assert files == sorted(files)
    assert files


def test_two_copies_of_the_shipped_rules_number_words_alike(tmp_path: Path) -> None:
    """What is kept of the one is read by the other: plans name clauses by number."""
    one, two = load_rules(), load_rules()
    assert one.shipped
    assert two.shipped
    assert one.lexicon.sieve is two.lexicon.sieve
    more = load_rules(extra=[tmp_path])
    assert not more.shipped
    assert more.lexicon.sieve is not one.lexicon.sieve


def test_a_test_that_was_kept_is_read_when_it_is_asked_for() -> None:
    kept = Raw(TextTest(field="words", regex="^get").to_json().encode())
    rule = SignalRule(SignalId("x"), SignalHead(id="x", title="x", over="tools"), "x", "tools", kept, {}, {})
    assert rule.test == TextTest(field="words", regex="^get")
    assert rule.test is rule.test, "atoms are told apart by their objects"


def test_a_kept_test_that_is_damaged_is_told_with_what_to_do() -> None:
    with pytest.raises(RuleError, match=r"delete rules/__pycache__"):
        read_test(b'{"field":')
