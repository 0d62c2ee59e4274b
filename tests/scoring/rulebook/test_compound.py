"""Tests made of other tests, as both languages of rules have them."""

import pytest

from mcp_threat_scoring.aivss.condition import Conditional
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.rulebook.compound import Compound, leaves
from mcp_threat_scoring.rulebook.rule import TestDoc

SAID = {
    "all": [
        {"signal": "a"},
        {"any": [{"signal": "b"}, {"not": {"all": [{"signal": "c"}, {"signal": "d"}]}}]},
        {"not": {"signal": "e"}},
    ]
}


@pytest.fixture(params=[(TestDoc, "test", {}), (Conditional, "when", {"reason": "why"})], ids=["signal", "scoring"])
def nested(request: pytest.FixtureRequest) -> Model:
    """The same words, read as a test of a signal rule and as a condition of a scoring rule."""
    kind, key, further = request.param
    return getattr(kind.read({key: SAID, **further}), key)


def test_its_leaves_are_what_can_hold_by_itself_in_the_order_it_was_written(nested: Model) -> None:
    assert [one.signal for one in leaves(nested)] == ["a", "b", "c", "d", "e"]


def test_its_parts_are_what_stands_under_its_one_key(nested: Compound) -> None:
    first, either, negated = nested.parts

    assert not isinstance(first, Compound)
    assert len(either.parts) == 2
    assert [one.signal for one in negated.parts] == ["e"]


def test_what_is_not_made_of_others_is_its_own_leaf(nested: Compound) -> None:
    alone = nested.parts[0]

    assert [alone] == list(leaves(alone))
