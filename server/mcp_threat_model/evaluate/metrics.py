"""Plain arithmetic of right and wrong: no corpus, no rules."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from mcp_threat_scoring.structs import Struct

BINS = 10


class Counts(Struct):
    """Hits, false alarms, misses and correct silences."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def add(self, *, truth: bool, said: bool) -> None:
        """Count one decision."""
        if truth and said:
            self.tp += 1
        elif said:
            self.fp += 1
        elif truth:
            self.fn += 1
        else:
            self.tn += 1

    @property
    def rows(self) -> int:
        """How many decisions."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def precision(self) -> float:
        """Share of alarms that are true; 1 when there was none."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 1.0

    @property
    def recall(self) -> float:
        """Share of true ones found; 1 when there is none."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of both; 1 when there was nothing to find and nothing found."""
        whole = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / whole if whole else 1.0

    @property
    def accuracy(self) -> float:
        """Share of right decisions."""
        return (self.tp + self.tn) / self.rows if self.rows else 1.0


def count(pairs: Iterable[tuple[bool, bool]]) -> Counts:
    """Counts of (truth, said) pairs."""
    counts = Counts()
    for truth, said in pairs:
        counts.add(truth=truth, said=said)
    return counts


def macro_accuracy(decisions: Iterable[tuple[Hashable, bool]]) -> float:
    """Mean over groups of the share of right decisions: every server counts the same, however many tools it has."""
    groups: dict[Hashable, list[bool]] = {}
    for group, right in decisions:
        groups.setdefault(group, []).append(right)
    shares = [sum(rights) / len(rights) for rights in groups.values()]
    return sum(shares) / len(shares) if shares else 1.0


class Bin(Struct, frozen=True):
    """Predictions between two tenths: how many, what they claimed on average, and how often it was so."""

    low: float
    count: int
    claimed: float
    seen: float


def reliability(predictions: Sequence[tuple[float, bool]]) -> list[Bin]:
    """Ten bins of equal width over the predicted probability; empty ones are left out."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for claimed, truth in predictions:
        bins[min(int(claimed * BINS), BINS - 1)].append((claimed, truth))
    return [
        Bin(index / BINS, len(one), sum(p for p, _ in one) / len(one), sum(t for _, t in one) / len(one))
        for index, one in enumerate(bins)
        if one
    ]


def calibration_error(predictions: Sequence[tuple[float, bool]]) -> float:
    """Expected calibration error: the bins' gaps between claimed and seen, weighted by their size."""
    whole = len(predictions)
    return sum(b.count * abs(b.claimed - b.seen) for b in reliability(predictions)) / whole if whole else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=lambda index: values[index])
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for index in order[start:end]:
            ranks[index] = (start + 1 + end) / 2
        start = end
    return ranks


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """Spearman's rho, -1 to 1: the correlation of the ranks. 0 where either side never varies."""
    first, second = (_ranks([pair[side] for pair in pairs]) for side in (0, 1))
    middle = (len(pairs) + 1) / 2
    spread = sum((rank - middle) ** 2 for rank in first) * sum((rank - middle) ** 2 for rank in second)
    if not spread:
        return 0.0
    return float(sum((a - middle) * (b - middle) for a, b in zip(first, second, strict=True)) / spread**0.5)
