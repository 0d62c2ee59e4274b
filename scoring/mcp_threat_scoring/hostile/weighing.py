"""How much a line weighs, and how much the lines of an item weigh together: one at the threshold adds 5.0 log-odds to
the item's, and a second one 1.5."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import log

USUAL = 60.0
"""Features of an ordinary line: there the sum of the weights is the score."""
FEWEST = 60
LENGTH = 0.35
"""How far long lines are held back: at 0 weights are simply added, at 1 they are averaged."""
DECISIVE = 5.0
"""Log-odds that a line at the threshold adds: with nothing else known, its item is then as likely hostile as not."""
MOST = 9.0
"""Log-odds that one line may add."""
MUCH = 0.05
"""How much higher a line has to score for each time that its item is e times as long: of many lines, one is sooner far
off by chance. From :data:`LITTLE` letters, where most attacks are, to :data:`PLENTY`, so that padding hides little."""
LITTLE = 200
PLENTY = 6_000
TELLING = 8
"""Lines of an item that may speak against it."""
DIMINISH = 0.3
"""What each further of them counts for, of what the one before did."""


def weight_of(scores: Iterable[float], threshold: float, slope: float) -> float:
    """What lines of these scores add to the log-odds of their item: the highest whole, each further one less."""
    single = sorted((DECISIVE + slope * (score - threshold) for score in scores), reverse=True)
    return sum(min(MOST, odds) * DIMINISH**rank for rank, odds in enumerate(single[:TELLING]) if odds > 0.0)


def allowance(size: int) -> float:
    """How much higher than in a short item a line has to score in one of `size` letters."""
    return MUCH * log(min(max(size, LITTLE), PLENTY) / LITTLE)


def weigh(weights: Mapping[str, float], noticed: Collection[str]) -> float:
    """The weights of what is noticed, added up in a fixed order, for a line of ordinary length."""
    known = sorted([weights[one] for one in noticed if one in weights])
    return sum(known) * scale_of(noticed)


def scale_of(noticed: Collection[str]) -> float:
    """The value of each thing noticed about a line: less where there is much to notice."""
    return float((USUAL / max(len(noticed), FEWEST)) ** LENGTH)
