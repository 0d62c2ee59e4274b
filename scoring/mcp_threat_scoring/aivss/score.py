"""Score a picture under both profiles: scenarios, factors, multipliers, range and levers brought together.

The headline uses what was seen. Its range is exact over what was not: the formula never falls when an input rises, so
the lower bound is the score with every unknown at its best, the upper one with every unknown at its worst.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from mcp_threat_scoring.aivss.condition import Atoms
from mcp_threat_scoring.aivss.exposure import Exposure, ExposureModel, exposure_model
from mcp_threat_scoring.aivss.factors import FactorModel, factor_model
from mcp_threat_scoring.aivss.formula import Aivss, aivss, factor_sum, unrounded
from mcp_threat_scoring.aivss.levers import Change, Levers
from mcp_threat_scoring.aivss.levers import best as best_levers
from mcp_threat_scoring.aivss.multipliers import MultiplierModel, multiplier_model
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.spread import Spread
from mcp_threat_scoring.aivss.tables import PROFILES, ProfileTable
from mcp_threat_scoring.aivss.world import World
from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.report_score import AivssProfileOut, CvssOut, ProfileId, RangeOut, ScenarioOut, ServerAivssOut
from mcp_threat_scoring.structs import Struct


class Models(Struct, frozen=True, eq=False):
    """The compiled scoring rules."""

    atoms: Atoms
    exposure: ExposureModel
    factors: FactorModel
    multipliers: MultiplierModel
    levers: Levers


@lru_cache(maxsize=4)
def models(root: Path) -> Models:
    """Load the scoring rules under a folder, once per process.

    Raises:
        RuleError: a file is missing or wrong.
    """
    atoms = Atoms()
    exposure = exposure_model(root, atoms)
    return Models(
        atoms, exposure, factor_model(root, atoms), multiplier_model(root, atoms), Levers(exposure.doc.levers, atoms)
    )


def score(picture: Picture, profile: ProfileId, *, advise: bool = True) -> ServerAivssOut:
    """The AIVSS of a server: `profile` in the headline, the other profile beside it; with what would lower it, unless
    it is not to be used at all."""
    rules = models(picture.ruleset.root)
    world = World(picture, rules.atoms)
    scene = Scene(world, world.all)
    spread = Spread(rules.exposure, rules.factors, scene)
    changes = rules.levers.changes(scene) if advise else []
    tried = [(change, rules.exposure.exposures(change.scene)) for change in changes]
    parts: dict[str, Any] = {table.id: _profile(table, rules, scene, spread, tried) for table in PROFILES.values()}
    other: ProfileId = "owasp-0.8" if profile == "graded" else "graded"
    return ServerAivssOut(**parts[profile], other_profile=AivssProfileOut(**parts[other]))


def worst_of(table: ProfileTable, exposures: Sequence[Exposure]) -> Exposure:
    """The exposure with the highest base; of equals, the one that stands first in the rules."""
    return max(exposures, key=lambda exposure: exposure.bases[table.cvss_version].score)


def _rescored(table: ProfileTable, rules: Models, scene: Scene, exposures: Sequence[Exposure]) -> float:
    base = worst_of(table, exposures).bases[table.cvss_version].score
    total = factor_sum(rules.factors.values(table.id, scene).values())
    threat = rules.multipliers.threat(table, scene).value
    return aivss(table, base, total, threat, rules.multipliers.mitigation(table, scene).value).score


def _profile(
    table: ProfileTable,
    rules: Models,
    scene: Scene,
    spread: Spread,
    changes: Sequence[tuple[Change, Sequence[Exposure]]],
) -> dict[str, Any]:
    best, worst = spread.best(), spread.worst()
    version = table.cvss_version
    headline = worst_of(table, spread.exposures(scene))
    base = headline.bases[version]
    bounds = rules.factors.bounds(table.id, scene, best, worst)
    total = factor_sum(one.value for one in bounds.values())
    threat = rules.multipliers.threat(table, scene)
    mitigation = rules.multipliers.mitigation(table, scene)

    def scored(cvss: float, factors: float, held: float = mitigation.value) -> Aivss:
        return aivss(table, cvss, factors, threat.value, held)

    def exactly(exposures: Sequence[Exposure], factors: float) -> float:
        cvss = worst_of(table, exposures).bases[version].score
        return unrounded(cvss, factors, threat.value, mitigation.value)

    def bound(at: Scene, factors: float, held: float = mitigation.value) -> float:
        return scored(worst_of(table, spread.exposures(at)).bases[version].score, factors, held).score

    result = scored(base.score, total)
    low = bound(best, factor_sum(one.low for one in bounds.values()))
    high = bound(
        worst, factor_sum(one.high for one in bounds.values()), rules.multipliers.mitigation(table, worst).value
    )
    return {
        "profile": table.id,
        "score": result.score,
        "severity": result.severity,
        "range": RangeOut(low=low, high=high, spanned_by=spread.reasons(table, exactly) if low < high else []),
        "cvss": CvssOut(
            version=version,
            vector=base.vector,
            base_score=base.score,
            scenario=headline.title,
            metrics=headline.metrics(version, scene),
        ),
        "factor_sum": result.factor_sum,
        "aars": result.aars,
        "threat_multiplier": threat.value,
        "threat_multiplier_reason": threat.reason,
        "mitigation_factor": mitigation.value,
        "mitigation_reason": mitigation.reason,
        "factors": rules.factors.told(table, scene, bounds),
        "formula": result.formula,
        "below_cvss_base": result.below_cvss_base,
        "repaired_score": result.repaired,
        "levers": best_levers(
            result.score, [(change, _rescored(table, rules, change.scene, found)) for change, found in changes]
        ),
        "scenarios": _scenarios(table, spread.exposures(scene), lambda cvss: scored(cvss, total).score),
    }


def _scenarios(
    table: ProfileTable, exposures: Sequence[Exposure], scored: Callable[[float], float]
) -> list[ScenarioOut]:
    found: list[ScenarioOut] = []
    for exposure in exposures:
        base = exposure.bases[table.cvss_version]
        found.append(
            ScenarioOut(
                id=exposure.id,
                title=exposure.title,
                vector=base.vector,
                base_score=base.score,
                score=scored(base.score),
            )
        )
    return sorted(found, key=lambda one: -one.base_score)
