"""Weights of words learned from some tools, and made into log-odds by what was seen of others.

The factor and the constant are a logistic regression on the score (Platt, "Probabilistic outputs for support vector
machines", 1999), with the rules' own log-odds given.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence, Set

from mcp_threat_model.evaluate.descent import fit_lines
from mcp_threat_scoring.capability import probability

COST = 0.5
"""What a tool weighs on the wrong side, against the size of the weights."""
STEPS = 60
RIDGE = 1e-3
"""Steps of Newton's method, and what keeps factor and constant finite where scores part the tools without a fault."""


class Learner:
    """The tools as rows of numbers, and the weights learned from some of them."""

    def __init__(self, noticed: Sequence[Set[str]], names: Sequence[str]) -> None:
        self.names = names
        place = {name: index for index, name in enumerate(names)}
        self.rows = [array("i", sorted(place[one] for one in tool if one in place)) for tool in noticed]
        self.scales = [max(1, len(row)) ** -0.5 for row in self.rows]

    def weights(self, truths: Sequence[bool], chosen: Sequence[int]) -> list[float]:
        """Weights of all names, the bias last."""
        return fit_lines(
            [self.rows[index] for index in chosen],
            [self.scales[index] for index in chosen],
            [truths[index] for index in chosen],
            len(self.names) + 1,
            [COST] * len(chosen),
        )

    def score(self, weights: Sequence[float], index: int) -> float:
        """What weights say of one tool."""
        total: float = sum([weights[at] for at in self.rows[index]])
        scaled: float = self.scales[index] * total
        return scaled + weights[-1]


def calibrated(scores: Sequence[float], given: Sequence[float], truths: Sequence[bool]) -> tuple[float, float]:
    """The factor and the constant that make scores log-odds beside what is given. Newton's method."""
    factor, constant = 3.0, 1.0
    for _ in range(STEPS):
        pull = [RIDGE * factor, RIDGE * constant]
        curve = [RIDGE, 0.0, RIDGE]
        for score, odds, truth in zip(scores, given, truths, strict=True):
            chance = probability(odds + factor * score + constant)
            bend = chance * (1.0 - chance)
            pull[0] += (chance - truth) * score
            pull[1] += chance - truth
            curve[0] += bend * score * score
            curve[1] += bend * score
            curve[2] += bend
        whole = curve[0] * curve[2] - curve[1] ** 2
        steps = (
            (curve[2] * pull[0] - curve[1] * pull[1]) / whole,
            (curve[0] * pull[1] - curve[1] * pull[0]) / whole,
        )
        scale = min(1.0, 2.0 / max(map(abs, steps))) if any(steps) else 1.0
        factor, constant = factor - scale * steps[0], constant - scale * steps[1]
    return factor, constant
