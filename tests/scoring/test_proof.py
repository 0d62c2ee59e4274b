"""A case says what must come of it, and what it got instead is told."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_threat_scoring.proof import failing, fault, lacking
from mcp_threat_scoring.rulebook.case import CasesDoc, RuleCase
from mcp_threat_scoring.rulebook.documents import load_document, rules_dir
from mcp_threat_scoring.rulebook.rule import SignalDoc
from mcp_threat_scoring.rulebook.ruleset import default_ruleset

DELETE = {"name": "delete_order", "description": "Deletes an order."}
READ = {"name": "get_order", "description": "Returns an order."}


def shipped(name: str) -> SignalDoc:
    doc = load_document(SignalDoc, rules_dir() / "signals" / f"{name}.yaml", name, [])
    assert doc is not None
    return doc


FAMILY, SERVER = shipped("effect/name-verb"), shipped("threat/tool.destructive")


def case(item: dict[str, Any], fires: object) -> RuleCase:
    return RuleCase.read({"name": "one", "item": item, "fires": fires})


@pytest.mark.parametrize(
    ("doc", "item", "fires", "says"),
    [
        (FAMILY, DELETE, True, ""),
        (FAMILY, DELETE, "destroy", ""),
        (FAMILY, DELETE, ["destroy"], ""),
        (FAMILY, DELETE, False, "expected that it does not fire, and destroy fires"),
        (FAMILY, DELETE, "read", "expected that read fires, and only destroy does"),
        (FAMILY, {"name": "order"}, True, "expected that it fires, and nothing does"),
        (SERVER, DELETE, True, ""),
        (SERVER, READ, False, ""),
        (SERVER, READ, "tool.destructive", "expected that tool.destructive fires, and nothing does"),
        (SERVER, {"description": "x"}, False, "this tool has no name"),
        (SERVER, {"name": b"x"}, False, "this tool is nested too deeply or is not plain JSON"),
    ],
)
def test_a_case_holds_or_what_it_got_is_told(doc: SignalDoc, item: dict[str, Any], fires: object, says: str) -> None:
    assert fault(doc, case(item, fires), default_ruleset()) == says


def test_a_case_that_does_not_hold_is_named_with_its_place() -> None:
    cases = CasesDoc(cases=[case(DELETE, True), case(READ, True)])

    [(place, said)] = failing(SERVER, cases, default_ruleset())

    assert place == ("cases", 1)
    assert said == "the case 'one' does not hold: expected that it fires, and nothing does"


@pytest.mark.parametrize(
    ("doc", "fires", "says"),
    [
        (SERVER, [True, False], []),
        (SERVER, [True, True], ["no case in which it does not fire"]),
        (SERVER, [False, False], ["no case in which it fires"]),
        (SERVER, ["tool.destructve", False], ["it has no variants, so none is named 'tool.destructve'; "
                                              "it may be true or false"]),
        (FAMILY, ["destroy", "create"], []),
    ],
)  # fmt: skip
def test_cases_show_both_and_name_what_is_there(doc: SignalDoc, fires: list[object], says: list[str]) -> None:
    cases = CasesDoc(cases=[case(DELETE, one) for one in fires])

    assert [said for _, said in lacking(doc, cases)] == says


@pytest.mark.parametrize("both", [{}, {"item": DELETE, "manifest": {}}])
def test_a_case_has_an_item_or_a_manifest(both: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either item or manifest"):
        RuleCase.read({"name": "one", "fires": False, **both})
