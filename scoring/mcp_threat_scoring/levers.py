"""What would lower the score most: each change is tried, the whole score computed again, and the best come first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pydantic import model_validator

from mcp_threat_scoring.aivss_tables import severity
from mcp_threat_scoring.condition import Condition, Doc, Holds, ToolCondition, compiled, explained, walk
from mcp_threat_scoring.phrases import capital, number
from mcp_threat_scoring.report import LeverOut
from mcp_threat_scoring.scene import Scene

MAX_LEVERS = 5
Rescore = Callable[[Scene], float]


class LeverRule(Doc):
    """A change that somebody other than the server's author can make: deny some tools, or see to something."""

    change: str
    deny: Condition | None = None
    assume: str | None = None
    when: Condition | None = None

    @model_validator(mode="after")
    def _one_way(self) -> LeverRule:
        if (self.deny is None) == (self.assume is None):
            raise ValueError("a lever either denies tools or assumes something")
        if self.deny is not None and not any(isinstance(part, ToolCondition) for part in walk(self.deny)):
            raise ValueError("deny asks for tools")
        return self


@dataclass(frozen=True, slots=True, eq=False)
class _Lever:
    rule: LeverRule
    holds: Holds


@dataclass(frozen=True, slots=True)
class _Tried:
    score: float
    denied: int
    order: int
    change: str


class Levers:
    """The levers of ``rules/exposure.yaml``, compiled."""

    def __init__(self, rules: Sequence[LeverRule]) -> None:
        self._levers = tuple(_Lever(rule, compiled(rule.when)) for rule in rules)

    def best(self, scene: Scene, score: float, rescore: Rescore) -> list[LeverOut]:
        """The changes that lower `score`, best first; of two that lower it alike, the one that denies fewer tools."""
        tried: list[_Tried] = []
        seen: set[int] = set()
        for order, lever in enumerate(self._levers):
            if not lever.holds(scene):
                continue
            rule = lever.rule
            if rule.deny is None:
                after = rescore(replace(scene, assumed=scene.assumed | {rule.assume or ""}, _fires={}))
                tried.append(_Tried(after, 0, order, rule.change))
                continue
            denied = explained(rule.deny, scene)[1]
            if not denied or denied in seen:
                continue
            seen.add(denied)
            after = rescore(replace(scene, allowed=scene.allowed & ~denied, _fires={}))
            change = rule.change.format(which=_which(denied, scene), tools=scene.world.names(denied))
            tried.append(_Tried(after, denied.bit_count(), order, change.removesuffix(": the server")))
        tried.sort(key=lambda one: (one.score, one.denied, one.order))
        return [
            LeverOut(change=capital(one.change), score_after=one.score, severity_after=severity(one.score))
            for one in tried[:MAX_LEVERS]
            if one.score < score
        ]


def _which(denied: int, scene: Scene) -> str:
    if scene.world.picture.from_listing:
        return "the tools"
    count = denied.bit_count()
    return "the tool" if count == 1 else f"the {number(count)} tools"
