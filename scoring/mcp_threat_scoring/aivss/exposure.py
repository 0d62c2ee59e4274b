"""From what a server can do to CVSS base vectors: named ways of abusing it, each with its metrics and reasons.

AIVSS scores one vulnerability; a server can go wrong in several ways. Every scenario of ``rules/exposure.yaml`` that
the evidence supports gets a CVSS v3.1 and a v4.0 base vector from the same choices. The headline is the worst one,
never a mean (AIVSS v0.8, section 3: scores of different findings are not averaged).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mcp_threat_scoring.aivss.atoms import Atoms, Holds, compiled
from mcp_threat_scoring.aivss.cvss_base import BASE_METRICS, CvssBase, cvss_base
from mcp_threat_scoring.aivss.explanation import Clues, clues, explained
from mcp_threat_scoring.aivss.exposure_rules import Choice, ExposureDoc, Scenario, Unknown
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.tables import CvssVersion
from mcp_threat_scoring.aivss.witness import shown
from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.phrases import sentence
from mcp_threat_scoring.report_score import MetricOut
from mcp_threat_scoring.rulebook.documents import load_document
from mcp_threat_scoring.structs import Struct


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
    doc = load_document(ExposureDoc, root / "exposure.yaml", "exposure.yaml", problems)
    if doc is None:
        raise RuleError(problems)
    return ExposureModel(doc, atoms)
