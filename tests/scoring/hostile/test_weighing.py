"""How lines add up."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.hostile.weighing import (
    DECISIVE,
    FEWEST,
    LITTLE,
    MOST,
    PLENTY,
    allowance,
    scale_of,
    weigh,
    weight_of,
)


def test_one_line_at_the_threshold_decides_and_further_ones_count_less() -> None:
    assert weight_of([0.5], 0.5, 10.0) == DECISIVE
    assert DECISIVE < weight_of([0.5, 0.5], 0.5, 10.0) < 2 * DECISIVE
    assert weight_of([-3.0, -3.0], 0.5, 10.0) == 0.0
    assert weight_of([9.0], 0.5, 10.0) == MOST


def test_a_line_of_ordinary_length_is_the_sum_of_what_is_noticed() -> None:
    assert weigh({"a": 1.0, "b": 0.5, "c": -9.0}, {"a", "b", "unknown"}) == 1.5


def test_much_to_notice_makes_less_of_each() -> None:
    few, many = (scale_of([str(number) for number in range(size)]) for size in (FEWEST, 10 * FEWEST))
    assert few == 1.0
    assert 0.3 < many < 0.6


@pytest.mark.parametrize(("size", "more"), [(0, 0.0), (LITTLE, 0.0), (PLENTY, 0.17), (1_000 * PLENTY, 0.17)])
def test_padding_hides_only_so_much(size: int, more: float) -> None:
    assert allowance(size) == pytest.approx(more, abs=0.005)
