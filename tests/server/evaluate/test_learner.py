"""Scores of words become log-odds beside what the rules say."""

from __future__ import annotations

import pytest

from mcp_threat_model.evaluate.learner import calibrated
from mcp_threat_scoring.capability import probability


def test_what_the_rules_say_already_is_not_said_twice() -> None:
    scores, truths = [1.0, 1.0, 1.0, -1.0, -1.0, -1.0], [True, True, False, True, False, False]
    freely, _ = calibrated(scores, [0.0] * 6, truths)
    beside, _ = calibrated(scores, [0.6 * score for score in scores], truths)
    assert beside == pytest.approx(freely - 0.6, abs=0.01)


def test_a_score_becomes_log_odds() -> None:
    scores, truths = [1.0] * 4 + [-1.0] * 4, [True, True, True, False, True, False, False, False]
    factor, constant = calibrated(scores, [0.0] * 8, truths)
    assert probability(factor + constant) == pytest.approx(0.75, abs=0.01)
    assert probability(constant - factor) == pytest.approx(0.25, abs=0.01)
