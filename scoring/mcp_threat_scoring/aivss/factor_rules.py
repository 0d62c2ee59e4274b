"""What ``rules/factors.yaml`` may say of the ten factors of each profile. Unknown keys are errors.

Every number in it is one of tenths.
"""

from __future__ import annotations

from typing import Annotated, Literal

from mcp_threat_scoring.aivss.condition import Condition, Conditional, ToolCondition
from mcp_threat_scoring.aivss.tables import GRADED, OWASP_0_8
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.rulebook.compound import leaves
from mcp_threat_scoring.structs import Meta

Side = Literal["server", "host_assumed"]


def tenths(value: float) -> int:
    """A number of tenths, as whole ones: sums of them need no rounding.

    Raises:
        ValueError: it is something between two tenths.
    """
    whole = round(value * 10)
    if abs(value * 10 - whole) > 1e-9:
        raise ValueError(f"{value:g} is no number of tenths")
    return whole


class Contribution(Conditional, frozen=True, kw_only=True):
    """Something seen that moves a graded factor by so much. What tools can do never lowers one."""

    when: Condition
    add: Annotated[float, Meta(ge=-1, le=1)]

    def __post_init__(self) -> None:
        super().__post_init__()
        tenths(self.add)
        if self.add < 0 and any(isinstance(part, ToolCondition) for part in leaves(self.when)):
            raise ValueError("what tools can do may not lower a factor")


class Doubt(Conditional, frozen=True, kw_only=True):
    """Something not seen: how far it could move the factor down and up."""

    low: Annotated[float, Meta(ge=-1, le=0)] = 0.0
    high: Annotated[float, Meta(ge=0, le=1)] = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        tenths(self.low), tenths(self.high)


class GradedFactor(Model, frozen=True, kw_only=True):
    """A factor in tenths."""

    side: Side
    base: Annotated[float, Meta(ge=0, le=1)]
    reason: str
    adds: tuple[Contribution, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    def __post_init__(self) -> None:
        tenths(self.base)


class LevelChoice(Conditional, frozen=True, kw_only=True):
    """One of the three levels, under a condition."""

    value: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not OWASP_0_8.factor_values.admits(self.value):
            raise ValueError(f"a level is {OWASP_0_8.factor_values}")


class LevelFactor(Model, frozen=True, kw_only=True):
    """A factor at one of three levels; gravest first, the last one without a condition. Doubts move by whole levels."""

    side: Side
    levels: Annotated[list[LevelChoice], Meta(min_length=1)]
    doubts: tuple[Doubt, ...] = ()

    def __post_init__(self) -> None:
        values = [level.value for level in self.levels]
        if values != sorted(values, reverse=True) or self.levels[-1].when is not None:
            raise ValueError("levels stand gravest first, and the last one has no condition")


class FactorsDoc(Model, frozen=True, kw_only=True):
    """``rules/factors.yaml``."""

    assumed_host: str
    graded: dict[str, GradedFactor]
    owasp: dict[str, LevelFactor]

    def __post_init__(self) -> None:
        for table, given in ((GRADED, self.graded), (OWASP_0_8, self.owasp)):
            wanted = [spec.id for spec in table.factors]
            if list(given) != wanted:
                raise ValueError(f"{table.id} has these factors, in this order: {', '.join(wanted)}")
