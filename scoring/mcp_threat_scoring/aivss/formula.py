"""The AIVSS formula, nothing else: numbers in, every term out.

AIVSS v0.8, section 3::

    AARS  = (10 - CVSS_Base) x (Factor_Sum / 10) x Threat_Multiplier
    AIVSS = (CVSS_Base + AARS) x Mitigation_Factor

Two additions of ours, both named in the result:

* **No impact stays no impact.** v0.8 taken literally gives a flaw with CVSS base 0.0 and all factors at 1 a score of
  9.7. A CVSS base of 0.0 means nothing can be harmed, so the score stays 0.0, as the project's later drafts say.
* **The floor.** The mitigation factor also shrinks the CVSS base, so a score can end below it. `below_cvss_base` says
  when it did, and `repaired` is `CVSS_Base + AARS x Mitigation_Factor`, which cannot.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from mcp_threat_scoring.aivss.tables import MAX_SCORE, ProfileTable, severity
from mcp_threat_scoring.report_score import AivssSeverity
from mcp_threat_scoring.structs import Struct

_TENTH = Decimal("0.1")


class Aivss(Struct, frozen=True):
    """A score with its terms.

    `cvss_base`, `factor_sum`, `score` and `repaired` are 0 to 10; `aars` is the uplift, 0 to 10 - `cvss_base`.
    `repaired` is None unless the score ended below its CVSS base.
    """

    cvss_base: float
    factor_sum: float
    threat: float
    mitigation: float
    aars: float
    score: float
    repaired: float | None

    @property
    def severity(self) -> AivssSeverity:
        """The band of the score."""
        return severity(self.score)

    @property
    def below_cvss_base(self) -> bool:
        """Whether the mitigation factor pushed the score under its CVSS base."""
        return self.repaired is not None

    @property
    def formula(self) -> str:
        """The formula with its numbers in it, for a reader who wants to recompute it."""
        if self.cvss_base == 0:
            return "CVSS base 0.0: nothing can be harmed, so AIVSS = 0.0"
        uplift = f"(10 - {self.cvss_base:g}) x {self.factor_sum:g}/10 x {self.threat:g}"
        if self.factor_sum * self.threat > MAX_SCORE:
            uplift += f", at most 10 - {self.cvss_base:g},"
        return (
            f"AARS = {uplift} = {self.aars:g}; "
            f"AIVSS = ({self.cvss_base:g} + {self.aars:g}) x {self.mitigation:g} = {self.score:.1f}"
        )


def factor_sum(values: Iterable[float]) -> float:
    """Sum of the ten factors, 0 to 10, free of binary noise: ten times 0.1 is 1.0, not 0.9999999999999999."""
    return round(math.fsum(values), 9)


def aivss(table: ProfileTable, cvss_base: float, total: float, threat: float, mitigation: float) -> Aivss:
    """Score under one profile. The inputs must already be within the profile's ranges.

    `cvss_base` and `total` (the factor sum) are 0 to 10; `threat` and `mitigation` as the table says. The result never
    falls when an input rises, so bounds over unknown inputs are the scores of the bounds.
    """
    if cvss_base == 0:
        return Aivss(cvss_base, total, threat, mitigation, 0.0, 0.0, None)
    compute = _graded if table.id == "graded" else _owasp
    aars, score, repaired = compute(cvss_base, total, threat, mitigation)
    below = score < cvss_base
    return Aivss(cvss_base, total, threat, mitigation, aars, score, repaired if below else None)


def unrounded(cvss_base: float, total: float, threat: float, mitigation: float) -> float:
    """The score before it is rounded, 0 to 10: for differences that are smaller than a tenth."""
    if cvss_base == 0:
        return 0.0
    return (cvss_base + (MAX_SCORE - cvss_base) * min(1.0, total * threat / MAX_SCORE)) * mitigation


def _graded(base: float, total: float, threat: float, mitigation: float) -> tuple[float, float, float]:
    """Floats and Python's `round()`, to agree with the public listings to the printed digit.

    With base 8.5, sum 5.0 and both multipliers 1 the raw score is 9.25. `round(9.25, 1)` goes to the even neighbour,
    9.2, and 9.2 is what the listing prints; half-up would give 9.3. The same for an uplift of 0.625, printed 0.62.
    The uplift is rounded to two places for display only.

    A threat multiplier over 1 may not lift the uplift over what is left to 10 (sum 10, multiplier 1.1): the listings
    never get there, and without the cap a lower CVSS base could score higher than a higher one.
    """
    uplift = (MAX_SCORE - base) * (total / 10) * threat
    if total * threat > MAX_SCORE:
        uplift = MAX_SCORE - base
    return round(uplift, 2), round((base + uplift) * mitigation, 1), round(base + uplift * mitigation, 1)


def _owasp(base: float, total: float, threat: float, mitigation: float) -> tuple[float, float, float]:
    """Exact decimals, rounded half up once, at the end (AIVSS v0.8, section 3.5.1).

    8.64 becomes 8.6 and 8.65 becomes 8.7. Floats cannot do that: 8.65 is stored as 8.6500000000000004, but 2.675 as
    2.6749999999999998. `Decimal(repr(x))` is the number as it was written. The uplift is an intermediate value and
    stays unrounded; nothing caps it, because within the published levels it cannot pass 10 - base.
    """
    exact_base, exact_mitigation = Decimal(repr(base)), Decimal(repr(mitigation))
    uplift = (10 - exact_base) * (Decimal(repr(total)) / 10) * Decimal(repr(threat))
    return (
        float(uplift),
        round_half_up((exact_base + uplift) * exact_mitigation),
        round_half_up(exact_base + uplift * exact_mitigation),
    )


def round_half_up(value: Decimal) -> float:
    """One decimal place, halves away from zero: 8.64 is 8.6, 8.65 is 8.7, 9.25 is 9.3."""
    return float(value.quantize(_TENTH, rounding=ROUND_HALF_UP))
