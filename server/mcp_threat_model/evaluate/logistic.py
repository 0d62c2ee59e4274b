"""Logistic regression as the maximum a posteriori under a Gaussian prior, by Newton's method.

Sparse rows, plain floats in a fixed order: the same rows give the same weights to the last digit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import exp
from operator import mul

from mcp_threat_scoring.structs import Struct

STEPS = 30
ENOUGH = 1e-6
"""The longest step of a weight at which it is found."""


class Row(Struct, frozen=True):
    """One example: the features that are on, the truth, and what it counts for."""

    on: tuple[int, ...]
    truth: bool
    weight: float
    group: int


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solve a symmetric positive definite system by Cholesky factors."""
    size = len(right)
    lower: list[list[float]] = []
    for i, line in enumerate(matrix):
        row: list[float] = []
        for j in range(i):
            row.append((line[j] - sum(map(mul, row, lower[j]))) / lower[j][j])
        row.append((line[i] - sum(map(mul, row, row))) ** 0.5)
        lower.append(row)
    forward: list[float] = []
    for i, row in enumerate(lower):
        forward.append((right[i] - sum(map(mul, row, forward))) / row[i])
    columns = [[lower[k][i] for k in range(i + 1, size)] for i in range(size)]
    found = [0.0] * size
    for i in reversed(range(size)):
        found[i] = (forward[i] - sum(map(mul, columns[i], found[i + 1 :]))) / lower[i][i]
    return found


def fit_question(rows: Sequence[Row], prior: Sequence[float], spreads: Sequence[float]) -> list[float]:
    """The most probable weights. The last feature is the bias and on in every row."""
    size = len(prior)
    weights = list(prior)
    merged: defaultdict[tuple[tuple[int, ...], bool], float] = defaultdict(float)
    for row in rows:
        merged[(row.on, row.truth)] += row.weight
    examples = sorted(merged.items())
    for _ in range(STEPS):
        gradient = [(p - w) / s**2 for w, p, s in zip(weights, prior, spreads, strict=True)]
        curve = [[0.0] * size for _ in range(size)]
        for index, spread in enumerate(spreads):
            curve[index][index] = 1.0 / spread**2
        for (on, truth), count in examples:
            features = (*on, size - 1)
            score = sum(weights[i] for i in features)
            chance = 1.0 / (1.0 + exp(-max(-35.0, min(35.0, score))))
            slope, bend = count * (truth - chance), count * chance * (1.0 - chance)
            for i in features:
                gradient[i] += slope
                line = curve[i]
                for j in features:
                    line[j] += bend
        step = _solve(curve, gradient)
        longest = max(abs(one) for one in step)
        scale = min(1.0, 2.0 / longest) if longest else 1.0
        weights = [w + scale * s for w, s in zip(weights, step, strict=True)]
        if longest < ENOUGH:
            break
    return weights
