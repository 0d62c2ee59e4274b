"""Which tests of one fact hold of a value."""

from __future__ import annotations

from mcp_threat_scoring.matching.fact_tests import LONGEST, MEMO, FactTests
from mcp_threat_scoring.rulebook.rule import FactTest


def test_a_truth_value_is_no_number() -> None:
    tests = FactTests([(1, FactTest(fact="told", equals=True)), (2, FactTest(fact="told", equals=1))])

    assert tests[(True,)] == (1,)
    assert tests[1] == (2,)
    assert tests[(False,)] == tests[0] == ()


def test_numbers_are_held_against_bounds() -> None:
    tests = FactTests([(1, FactTest(fact="size", at_least=3)), (2, FactTest(fact="size", at_most=3))])

    assert [tests[size] for size in (2, 3, 4)] == [(2,), (1, 2), (1,)]
    assert tests["3"] == ()


def test_values_are_not_remembered_without_bound() -> None:
    tests = FactTests([(1, FactTest(fact="size", at_least=0))])
    for size in range(2 * MEMO):
        assert tests[size] == (1,)
    assert tests["x" * (LONGEST + 1)] == ()

    assert len(tests) == MEMO
