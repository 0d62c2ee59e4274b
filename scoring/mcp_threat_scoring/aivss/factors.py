"""The ten factors of each profile, from evidence: a value with its reasons, and the bounds of what is not known.

``graded`` adds up tenths: a base for any server of its kind, and a contribution for each thing that was seen.
``owasp-0.8`` decides between its three levels by its own anchors (AIVSS v0.8, section 3), gravest first; it is not the
graded value rounded.

Factors describe an agent; a server is a tool of one. What only the agent decides is judged for one assumed host, which
``rules/factors.yaml`` describes once, and marked `host_assumed`.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

from mcp_threat_scoring.aivss.condition import (
    Atoms,
    Condition,
    Conditional,
    Doc,
    Holds,
    ToolCondition,
    compiled,
    explained,
    parts_of,
    walk,
)
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.tables import OWASP_0_8, PROFILES, ProfileTable
from mcp_threat_scoring.aivss.witness import shown
from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.phrases import sentence
from mcp_threat_scoring.report_score import Basis, FactorOut, ProfileId
from mcp_threat_scoring.rulebook.documents import load_document
from mcp_threat_scoring.signal import Evidence
from mcp_threat_scoring.structs import Meta, Struct

Side = Literal["server", "host_assumed"]


class Contribution(Conditional, frozen=True, kw_only=True):
    """Something seen that moves a graded factor by so much. What tools can do never lowers one."""

    when: Condition
    add: Annotated[float, Meta(ge=-1, le=1)]

    def __post_init__(self) -> None:
        super().__post_init__()
        if abs(self.add * 10 - round(self.add * 10)) > 1e-9:
            raise ValueError("a contribution is a number of tenths")
        if self.add < 0 and any(isinstance(part, ToolCondition) for part in walk(self.when)):
            raise ValueError("what tools can do may not lower a factor")


class Doubt(Conditional, frozen=True, kw_only=True):
    """Something not seen: how far it could move the factor down and up."""

    low: Annotated[float, Meta(ge=-1, le=0)] = 0.0
    high: Annotated[float, Meta(ge=0, le=1)] = 0.0


class GradedFactor(Doc, frozen=True, kw_only=True):
    """A factor in tenths."""

    side: Side
    base: Annotated[float, Meta(ge=0, le=1)]
    reason: str
    adds: tuple[Contribution, ...] = ()
    doubts: tuple[Doubt, ...] = ()


class LevelChoice(Conditional, frozen=True, kw_only=True):
    """One of the three levels, under a condition."""

    value: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not OWASP_0_8.factor_values.admits(self.value):
            raise ValueError(f"a level is {OWASP_0_8.factor_values}")


class LevelFactor(Doc, frozen=True, kw_only=True):
    """A factor at one of three levels; gravest first, the last one without a condition. Doubts move by whole levels."""

    side: Side
    levels: Annotated[list[LevelChoice], Meta(min_length=1)]
    doubts: tuple[Doubt, ...] = ()

    def __post_init__(self) -> None:
        values = [level.value for level in self.levels]
        if values != sorted(values, reverse=True) or self.levels[-1].when is not None:
            raise ValueError("levels stand gravest first, and the last one has no condition")


class FactorsDoc(Doc, frozen=True, kw_only=True):
    """``rules/factors.yaml``."""

    assumed_host: str
    graded: dict[str, GradedFactor]
    owasp: dict[str, LevelFactor]

    def __post_init__(self) -> None:
        for profile, given in (("graded", self.graded), ("owasp-0.8", self.owasp)):
            wanted = [spec.id for spec in PROFILES[profile].factors]  # type: ignore[index]
            if list(given) != wanted:
                raise ValueError(f"{profile} has these factors, in this order: {', '.join(wanted)}")


class _Part(Struct, frozen=True, eq=False):
    rule: Contribution | LevelChoice
    amount: float
    holds: Holds
    inside: tuple[Condition, ...]


class _Doubt(Struct, frozen=True, eq=False):
    rule: Doubt
    holds: Holds


class _Factor(Struct, frozen=True, eq=False):
    side: Side
    base: float
    base_reason: str
    parts: tuple[_Part, ...]
    doubts: tuple[_Doubt, ...]
    adds: bool

    def value(self, answers: int) -> float:
        if self.adds:
            return _tenths(self.base + sum(part.amount for part in self.parts if part.holds(answers)))
        return next(part.amount for part in self.parts if part.holds(answers))

    def down(self, doubts: Sequence[Doubt], settled: Container[str]) -> float:
        lows = [doubt.low for doubt in doubts if doubt.reason not in settled]
        return sum(lows) if self.adds else min(lows, default=0.0)

    def up(self, doubts: Sequence[Doubt], settled: Container[str]) -> float:
        highs = [doubt.high for doubt in doubts if doubt.reason not in settled]
        return sum(highs) if self.adds else max(highs, default=0.0)


class Bounds(Struct, frozen=True):
    """A factor's value, and how low and how high it could be."""

    value: float
    low: float
    high: float


Keys = Collection[str] | None
"""Factors; None: all ten."""


class FactorModel:
    """``rules/factors.yaml``, compiled."""

    def __init__(self, doc: FactorsDoc, atoms: Atoms) -> None:
        self.doc = doc
        self._factors: dict[ProfileId, dict[str, _Factor]] = {
            "graded": {
                key: _Factor(f.side, f.base, f.reason, _parts(f.adds, atoms), _doubts(f.doubts, atoms), adds=True)
                for key, f in doc.graded.items()
            },
            "owasp-0.8": {
                key: _Factor(f.side, 0.0, "", _parts(f.levels, atoms), _doubts(f.doubts, atoms), adds=False)
                for key, f in doc.owasp.items()
            },
        }

    def values(self, profile: ProfileId, scene: Scene) -> dict[str, float]:
        """The ten values for a scene."""
        if profile not in scene.factors:
            scene.factors[profile] = {
                key: factor.value(scene.answers) for key, factor in self._factors[profile].items()
            }
        return scene.factors[profile]

    def doubts(self, profile: ProfileId, *scenes: Scene) -> Mapping[str, Collection[str]]:
        """What is not known of the target, each thing once: the reasons of the doubts that hold in any scene, each with
        the factors that it may move."""
        held = [self._held(profile, scene) for scene in scenes]
        found: dict[str, dict[str, None]] = {}
        for key, factor in self._factors[profile].items():
            for part in factor.doubts:
                if any(part.rule in doubts[key] for doubts in held):
                    found.setdefault(part.rule.reason, {})[key] = None
        return found

    def _held(self, profile: ProfileId, scene: Scene) -> Mapping[str, Sequence[Doubt]]:
        """The doubts that hold in a scene, by factor; asked once, since the range asks for each of them in turn."""
        if profile not in scene.doubts:
            scene.doubts[profile] = {
                key: [part.rule for part in factor.doubts if part.holds(scene.answers)]
                for key, factor in self._factors[profile].items()
            }
        return scene.doubts[profile]

    def lowest(
        self, profile: ProfileId, scene: Scene, best: Scene, settled: Container[str] = (), only: Keys = None
    ) -> dict[str, float]:
        """The least that factors of `scene` can be: every doubt settled for the better but those `settled`."""
        values, lowest, held = self.values(profile, scene), self.values(profile, best), self._held(profile, best)
        factors = self._factors[profile]
        return {
            key: min(values[key], _tenths(lowest[key] + factors[key].down(held[key], settled)))
            for key in (factors if only is None else only)
        }

    def highest(
        self, profile: ProfileId, scene: Scene, worst: Scene, settled: Container[str] = (), only: Keys = None
    ) -> dict[str, float]:
        """The most that factors of `scene` can be: every doubt settled for the worse but those `settled`."""
        values, highest, held = self.values(profile, scene), self.values(profile, worst), self._held(profile, worst)
        factors = self._factors[profile]
        return {
            key: max(values[key], _tenths(highest[key] + factors[key].up(held[key], settled)))
            for key in (factors if only is None else only)
        }

    def bounds(self, profile: ProfileId, scene: Scene, best: Scene, worst: Scene) -> dict[str, Bounds]:
        """The ten values with their bounds: of the same target with every doubt settled for the better or the worse."""
        low, high = self.lowest(profile, scene, best), self.highest(profile, scene, worst)
        return {key: Bounds(value, low[key], high[key]) for key, value in self.values(profile, scene).items()}

    def told(self, table: ProfileTable, scene: Scene, bounds: Mapping[str, Bounds]) -> list[FactorOut]:
        """The ten factors as a report carries them, each with its reasons and evidence."""
        return [
            _told(spec.id, spec.name, self._factors[table.id][spec.id], scene, bounds[spec.id])
            for spec in table.factors
        ]


def _parts(rules: Sequence[Contribution | LevelChoice], atoms: Atoms) -> tuple[_Part, ...]:
    return tuple(
        _Part(
            rule,
            rule.add if isinstance(rule, Contribution) else rule.value,
            compiled(rule.when, atoms),
            parts_of(rule.when),
        )
        for rule in rules
    )


def _doubts(rules: Sequence[Doubt], atoms: Atoms) -> tuple[_Doubt, ...]:
    return tuple(_Doubt(rule, compiled(rule.when, atoms)) for rule in rules)


def _tenths(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 1)


def _told(factor_id: str, name: str, factor: _Factor, scene: Scene, bounds: Bounds) -> FactorOut:
    said: list[str] = []
    evidence: list[Evidence] = []
    if factor.adds:
        chosen = [part for part in factor.parts if part.holds(scene.answers)]
        if factor.base or not chosen:
            said.append(sentence(f"{factor.base:g} because {factor.base_reason}"))
    else:
        chosen = [next(part for part in factor.parts if part.holds(scene.answers))]
    for part in chosen:
        why = explained(part.inside, scene)
        evidence += why.evidence
        reason = part.rule.reason.replace("{tools}", why.names)
        said.append(sentence(f"{part.amount:+g} because {reason}" if factor.adds else reason))
    if bounds.low < bounds.high:
        doubts = [part.rule.reason for part in factor.doubts if part.holds(scene.answers)]
        if doubts:
            said.append(sentence(f"not known: {'; '.join(doubts)}"))
    return FactorOut(
        id=factor_id,
        name=name,
        value=bounds.value,
        low=bounds.low,
        high=bounds.high,
        basis=_basis(factor, scene, evidence),
        rationale=" ".join(said),
        evidence=shown({id(one): one for one in evidence}.values()),
    )


def _basis(factor: _Factor, scene: Scene, evidence: Sequence[Evidence]) -> Basis:
    if factor.side == "host_assumed":
        return "host_assumed"
    if scene.world.facts.get("nothing_known") is True:
        return "default"
    if scene.world.picture.from_listing:
        return "listing"
    return "server" if evidence or scene.world.facts.get("coverage.tools") == "observed" else "default"


def factor_model(root: Path, atoms: Atoms) -> FactorModel:
    """Read and compile ``factors.yaml`` under that folder.

    Raises:
        RuleError: the file is missing or wrong; every problem is named.
    """
    problems: list[RuleProblem] = []
    doc = load_document(FactorsDoc, root / "factors.yaml", "factors.yaml", problems)
    if doc is None:
        raise RuleError(problems)
    return FactorModel(doc, atoms)
