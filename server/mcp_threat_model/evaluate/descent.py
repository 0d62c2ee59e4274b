"""A linear support vector machine in plain Python: dual coordinate descent.

Hsieh, Chang, Lin, Keerthi and Sundararajan, "A dual coordinate descent method for large-scale linear SVM" (ICML 2008),
for the squared hinge loss: it converges in a few passes, needs no step size, and a row that is on the right side of its
margin costs one sum. Rows are taken in an order shuffled from a fixed seed: the same rows give the same weights.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence

PASSES = 12
ENOUGH = 0.05
"""The largest violation at which the descent ends."""
SEED = 7


def fit_lines(
    rows: Sequence[array[int]],
    scales: Sequence[float],
    truths: Sequence[bool],
    size: int,
    costs: Sequence[float],
    rates: Sequence[float] | None = None,
) -> list[float]:
    """Weights of `size` features, the last one being the bias.

    Args:
        rows: the features of each line.
        scales: the value that each of them has there.
        truths: whether it is on the side of orders.
        size: number of features, with the bias.
        costs: of each row, what it weighs on the wrong side against the size of the weights.
        rates: how freely each weight may grow, 1 being usual: as if its feature were counted that many times over.
    """
    weights = [0.0] * size
    bias = size - 1
    softened = [0.5 / cost for cost in costs]
    alphas = [0.0] * len(rows)
    squares = [1.0] * size if rates is None else [rate * rate for rate in rates]
    norms = [
        s * s * sum(map(squares.__getitem__, row)) + 1.0 + soft
        for row, s, soft in zip(rows, scales, softened, strict=True)
    ]
    active = list(range(len(rows)))
    shuffler = random.Random(SEED)  # noqa: S311 - an order, not a secret
    for number in range(PASSES):
        shuffler.shuffle(active)
        worst = 0.0
        kept: list[int] = []
        for index in active:
            row, scale, sign = rows[index], scales[index], 1.0 if truths[index] else -1.0
            alpha = alphas[index]
            score = scale * sum(map(weights.__getitem__, row)) + weights[bias]
            slope = sign * score - 1.0 + softened[index] * alpha
            if alpha == 0.0 and slope >= 0.0:
                if slope < 1.0 or number < 2:
                    kept.append(index)
                continue
            kept.append(index)
            worst = max(worst, abs(slope))
            changed = max(0.0, alpha - slope / norms[index])
            step = (changed - alpha) * sign
            if step:
                alphas[index] = changed
                inner = step * scale
                for feature in row:
                    weights[feature] += inner * squares[feature]
                weights[bias] += step
        active = kept
        if worst < ENOUGH or number == PASSES // 2:
            if len(active) == len(rows) and worst < ENOUGH:
                break
            active = list(range(len(rows)))
    return weights
