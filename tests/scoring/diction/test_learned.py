"""What single words add, on a model of a few."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_threat_scoring.diction.learned import HIGHEST, LOWEST, Diction, DictionDoc, load_diction
from mcp_threat_scoring.errors import RuleError
from mcp_threat_scoring.manifest import Item
from mcp_threat_scoring.rulebook.ruleset import rules_dir
from mcp_threat_scoring.text.views import Subject, tool_subject

MODEL = DictionDoc(
    "a few",
    ["write", "fs.read"],
    [-10, 5],
    {"n:pour": [300, 0], "f:pour": [100, 0], "f:drain": [200, -9_000], "n:shelf": [0, 9_000], "n:look": [-900, 0]},
)


def told(name: str, description: str = "") -> Subject:
    subject = tool_subject(Item("tool", "/tools/0", name, {"name": name, "description": description}, ""))
    Diction(lambda: MODEL).observe(subject)
    return subject


def test_weights_are_added_up_and_held_back_by_the_root_of_their_number() -> None:
    diction = Diction(lambda: MODEL)
    assert diction.odds({"n:pour"}) == [290, 5]
    assert diction.odds({"n:pour", "f:pour", "a:unknown"}) == [-10 + round(400 / 2**0.5), 5]


def test_words_that_nobody_knows_say_nothing() -> None:
    assert Diction(lambda: MODEL).odds({"n:quux"}) == [0, 0]
    assert not any(fact.startswith("diction.") for fact in told("quux").facts)


def test_what_words_say_is_bounded() -> None:
    assert Diction(lambda: MODEL).odds({"n:shelf"})[1] == HIGHEST
    assert Diction(lambda: MODEL).odds({"f:drain"})[1] == LOWEST


def test_the_words_that_weigh_most_are_named() -> None:
    subject = told("pour_it", "Into the drain.")
    assert subject.facts["diction.write"] == round((300 + 200) / 2**0.5) - 10
    assert subject.where("diction.write") == (("/tools/0", "pour/drain"),)
    assert "diction.fs.read" not in subject.facts, "nobody is told that a tool has no such ability"


def test_words_may_speak_against_an_effect() -> None:
    subject = told("look_it")
    assert subject.facts["diction.write"] == LOWEST
    assert subject.where("diction.write") == (("/tools/0", "look"),)


def test_the_shipped_model_is_read_when_it_is_wanted() -> None:
    subject = tool_subject(Item("tool", "/tools/0", "delete_order", {"name": "delete_order"}, ""))
    load_diction(rules_dir()).observe(subject)
    assert int(subject.facts["diction.destructive"]) > 0


def test_a_model_that_cannot_be_read_is_a_fault_of_the_rules(tmp_path: Path) -> None:
    diction = load_diction(tmp_path)
    with pytest.raises(RuleError, match=r"diction\.json"):
        diction.odds({"n:pour"})
