"""200,000 inputs through the manifest parser, the rules and every renderer: `make soak`, or a part with `-k part07`."""

from __future__ import annotations

import random

import pytest
from tests.soak import oracle, trees

PARTS = 20
INPUTS_PER_PART = 10_000

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("part", [pytest.param(part, id=f"part{part:02}") for part in range(PARTS)])
def test_every_input_ends_in_outputs_that_do_nothing(part: int) -> None:
    reports = 0
    for seed in range(part * INPUTS_PER_PART, (part + 1) * INPUTS_PER_PART):
        try:
            result = oracle.read(trees.document(random.Random(seed)))
            oracle.check(result)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        reports += hasattr(result, "aivss")
    print(f"\n{INPUTS_PER_PART:,} inputs, {reports:,} reports, {INPUTS_PER_PART - reports:,} errors")
    assert reports > INPUTS_PER_PART / 2
