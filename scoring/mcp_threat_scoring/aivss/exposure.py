"""From what a server can do to CVSS base vectors: named ways of abusing it, each with its metrics and reasons.

AIVSS scores one vulnerability; a server can go wrong in several ways. Every scenario of ``rules/exposure.yaml`` that
the evidence supports gets a CVSS v3.1 and a v4.0 base vector from the same choices. The headline is the worst one,
never a mean (AIVSS v0.8, section 3: scores of different findings are not averaged).

A scenario is made of *aspects*: how it is reached, how hard it is, what is harmed. An aspect is a list of choices,
gravest first; the first whose condition holds decides its metrics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from mcp_threat_scoring.aivss.atoms import Atoms, Holds, compiled
from mcp_threat_scoring.aivss.condition import Condition, Conditional, check_negations
from mcp_threat_scoring.aivss.cvss_base import BASE_METRICS, CvssBase, cvss_base
from mcp_threat_scoring.aivss.explanation import Clues, clues, explained
from mcp_threat_scoring.aivss.levers import LeverRule
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.tables import CvssVersion
from mcp_threat_scoring.aivss.witness import shown
from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.phrases import sentence
from mcp_threat_scoring.report_score import MetricOut
from mcp_threat_scoring.rulebook.documents import load_document
from mcp_threat_scoring.structs import Meta, Struct

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


class _Choice(Struct, frozen=True, eq=False):
    doc: Choice
    holds: Holds
    clues: Clues


class _Scenario(Struct, frozen=True, eq=False):
    doc: Scenario
    holds: Holds
    aspects: tuple[int, ...]
    """Their places among all of them."""
    open: tuple[int, ...]
    """Those of them that leave a choice."""


class Exposure(Struct, frozen=True, eq=False):
    """One supported scenario: the choices made, and the base each version makes of them."""

    id: str
    title: str
    choices: tuple[_Choice, ...]
    bases: Mapping[CvssVersion, CvssBase]

    def metrics(self, version: CvssVersion, scene: Scene) -> list[MetricOut]:
        """The metrics of one version in their published order, each with its reason and evidence."""
        made: dict[str, MetricOut] = {}
        for choice in self.choices:
            why = explained(choice.clues, scene)
            for metric, value in choice.doc.sets[version].items():
                reason = sentence(choice.doc.reason_for(metric).replace("{tools}", why.names))
                made[metric] = MetricOut(id=metric, value=value, reason=reason, evidence=shown(why.evidence))
        return [made[metric] for metric in BASE_METRICS[version]]


class ExposureModel:
    """``rules/exposure.yaml``, compiled."""

    def __init__(self, doc: ExposureDoc, atoms: Atoms) -> None:
        self.doc = doc
        self._unknowns = tuple((unknown, compiled(unknown.when, atoms)) for unknown in doc.unknowns)
        places = {name: place for place, name in enumerate(doc.aspects)}
        self._aspects = tuple(
            tuple(_Choice(choice, compiled(choice.when, atoms), clues(choice.when, atoms)) for choice in choices)
            for choices in doc.aspects.values()
        )
        self._scenarios = tuple(
            self._scenario(one, [places[name] for name in one.aspects], atoms) for one in doc.scenarios
        )
        self._made: dict[tuple[int, ...], Exposure] = {}

    def unknowns(self, scene: Scene) -> list[Unknown]:
        """What was not seen of this target."""
        return [unknown for unknown, holds in self._unknowns if holds(scene.answers)]

    def exposures(self, scene: Scene) -> list[Exposure]:
        """Every scenario that the evidence supports, in the order of the file. There is always at least one."""
        answers = scene.answers
        held = [place for place, scenario in enumerate(self._scenarios) if scenario.holds(answers)]
        chosen: dict[int, int] = {}
        for aspect in {aspect for place in held for aspect in self._scenarios[place].open}:
            choices = self._aspects[aspect]
            chosen[aspect] = next(place for place, choice in enumerate(choices) if choice.holds(answers))
        return [
            self._exposure(place, tuple([chosen[aspect] for aspect in self._scenarios[place].open])) for place in held
        ]

    def _scenario(self, doc: Scenario, aspects: Sequence[int], atoms: Atoms) -> _Scenario:
        choosing = tuple(aspect for aspect in aspects if len(self._aspects[aspect]) > 1)
        return _Scenario(doc, compiled(doc.when, atoms), tuple(aspects), choosing)

    def _exposure(self, place: int, chosen: tuple[int, ...]) -> Exposure:
        """A scenario with these choices of its open aspects, made once: the rules allow no more than some dozens."""
        key = (place, *chosen)
        if key not in self._made:
            scenario = self._scenarios[place]
            made = dict(zip(scenario.open, chosen, strict=True))
            choices = tuple(self._aspects[aspect][made.get(aspect, 0)] for aspect in scenario.aspects)
            made_of = bases([choice.doc for choice in choices])
            self._made[key] = Exposure(scenario.doc.id, scenario.doc.title, choices, made_of)
        return self._made[key]


def bases(choices: Sequence[Choice]) -> Mapping[CvssVersion, CvssBase]:
    """The base of both versions that these choices make."""
    return {version: cvss_base(_vector(version, choices)) for version in BASE_METRICS}


def _vector(version: CvssVersion, choices: Sequence[Choice]) -> str:
    values: dict[str, str] = {}
    for choice in choices:
        values.update(choice.sets[version])
    return "/".join((f"CVSS:{version}", *(f"{metric}:{values[metric]}" for metric in BASE_METRICS[version])))


def exposure_model(root: Path, atoms: Atoms) -> ExposureModel:
    """Read and compile ``exposure.yaml`` under that folder.

    Raises:
        RuleError: the file is missing or wrong; every problem is named.
    """
    problems: list[RuleProblem] = []
    doc: Any = load_document(ExposureDoc, root / "exposure.yaml", "exposure.yaml", problems)
    if doc is None:
        raise RuleError(problems)
    return ExposureModel(doc, atoms)
