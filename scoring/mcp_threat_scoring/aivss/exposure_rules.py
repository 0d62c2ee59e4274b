"""What ``rules/exposure.yaml`` may say of scenarios and what they are made of. Unknown keys are errors.

A scenario is made of *aspects*: how it is reached, how hard it is, what is harmed. An aspect is a list of choices,
gravest first; the first whose condition holds decides its metrics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from mcp_threat_scoring.aivss.condition import Condition, Conditional, check_negations
from mcp_threat_scoring.aivss.cvss_base import BASE_METRICS
from mcp_threat_scoring.aivss.levers import LeverRule
from mcp_threat_scoring.aivss.tables import CvssVersion
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.structs import Meta

# How grave a value is, mildest first; metrics that do not stand here are impacts, N < L < H (both specifications).
_GRAVITY: Final[Mapping[str, str]] = {"AV": "PLAN", "AC": "HL", "AT": "PN", "PR": "HLN", "UI": "RAPN", "S": "UC"}
_IMPACT: Final = "NLH"
_SHARED: Final[Mapping[str, str]] = {"VC": "C", "VI": "I", "VA": "A", "SC": "S", "SI": "S", "SA": "S"}


class Choice(Conditional, frozen=True, kw_only=True):
    """One outcome of an aspect: the metrics it sets in each version, e.g. ``{"3.1": {AV: N}, "4.0": {AV: N}}``."""

    sets: Mapping[CvssVersion, Mapping[str, str]]
    reasons: Mapping[str, str] = {}

    def reason_for(self, metric: str) -> str:
        """The reason of one metric: its own where it has one (those of v4.0 may share C, I and A), else the common."""
        return self.reasons.get(metric) or self.reasons.get(_SHARED.get(metric, ""), self.reason)


class Scenario(Model, frozen=True, kw_only=True):
    """One way of abusing a server."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z-]*$")]
    title: str
    when: Condition | None = None
    aspects: Annotated[list[str], Meta(min_length=1)]

    def __post_init__(self) -> None:
        if self.when is not None:
            check_negations(self.when)


class Unknown(Conditional, frozen=True, kw_only=True):
    """Something that was not seen. While a bound is computed, `worst` (or `best`) holds as an assumption."""

    when: Condition
    worst: tuple[str, ...] = ()
    best: tuple[str, ...] = ()


class ExposureDoc(Model, frozen=True, kw_only=True):
    """``rules/exposure.yaml``."""

    unknowns: list[Unknown]
    aspects: dict[str, Annotated[list[Choice], Meta(min_length=1)]]
    scenarios: Annotated[list[Scenario], Meta(min_length=1)]
    levers: tuple[LeverRule, ...] = ()

    def __post_init__(self) -> None:
        for name, choices in self.aspects.items():
            _check_aspect(name, choices)
        for scenario in self.scenarios:
            _check_scenario(scenario, self.aspects)
        if self.scenarios[-1].when is not None:
            raise ValueError("the last scenario holds for every server and has no condition")


def _check_aspect(name: str, choices: Sequence[Choice]) -> None:
    if choices[-1].when is not None:
        raise ValueError(f"the last choice of {name} must hold always")
    for version in BASE_METRICS:
        before: Mapping[str, str] | None = None
        for choice in choices:
            now = choice.sets[version]
            if before is not None and any(
                metric not in before or _rank(metric, value) > _rank(metric, before[metric])
                for metric, value in now.items()
            ):
                raise ValueError(f"the choices of {name} are not in order, gravest first, under CVSS {version}")
            before = now


def _check_scenario(scenario: Scenario, aspects: Mapping[str, Sequence[Choice]]) -> None:
    for version, wanted in BASE_METRICS.items():
        found: list[str] = []
        for name in scenario.aspects:
            if name not in aspects:
                raise ValueError(f"{scenario.id}: there is no aspect {name!r}")
            found += aspects[name][0].sets[version]
        if sorted(found) != sorted(wanted):
            raise ValueError(f"{scenario.id}: its aspects set {sorted(found)} under CVSS {version}")


def _rank(metric: str, value: str) -> int:
    return _GRAVITY.get(metric, _IMPACT).index(value)
