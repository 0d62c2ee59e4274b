"""Score a picture under both profiles: scenarios, factors, multipliers, range and levers brought together.

The headline uses what was seen. Its range is exact over what was not: the formula never falls when an input rises, so
the lower bound is the score with every unknown at its best, the upper one with every unknown at its worst.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from mcp_threat_scoring.aivss.atoms import Atoms
from mcp_threat_scoring.aivss.bounds import bounds, lower, upper
from mcp_threat_scoring.aivss.exposure import Exposure, ExposureModel, exposure_model
from mcp_threat_scoring.aivss.factor_words import told
from mcp_threat_scoring.aivss.factors import MOST, FactorModel, factor_model
from mcp_threat_scoring.aivss.formula import Aivss, aivss, unrounded
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
    it is not to be used at all.

    Raises:
        RuleError: a file of the scoring rules is missing or wrong.
    """
    rules = models(picture.ruleset.root)
    world = World(picture, rules.atoms)
    scene = Scene(world, world.all)
    spread = Spread(rules.exposure, scene)
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
    total = sum(rules.factors.of[table.id].at(scene).values) / MOST
    threat = rules.multipliers.threat(table, scene).value
    return aivss(table, base, total, threat, rules.multipliers.held_by(table, scene)).score


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
    factors = rules.factors.of[table.id]
    lowest, highest = lower(factors, scene), upper(factors, scene)
    bound = bounds(lowest, highest, best, worst)
    total = sum([one.value for one in bound]) / MOST
    threat = rules.multipliers.threat(table, scene)
    mitigation = rules.multipliers.mitigation(table, scene)

    def scored(cvss: float, factor_sum: float, held: float = mitigation.value) -> Aivss:
        return aivss(table, cvss, factor_sum, threat.value, held)

    def exactly(cvss: float, factor_sum: float) -> float:
        return unrounded(cvss, factor_sum, threat.value, mitigation.value)

    result = scored(base.score, total)
    base_low, base_high = spread.base(best, version), spread.base(worst, version)
    low = scored(base_low, sum([one.low for one in bound]) / MOST).score
    held = rules.multipliers.held_by(table, worst)
    high = scored(base_high, sum([one.high for one in bound]) / MOST, held).score
    return {
        "profile": table.id,
        "score": result.score,
        "severity": result.severity,
        "range": RangeOut(
            low=low,
            high=high,
            spanned_by=spread.reasons(version, factors, lowest, highest, exactly) if low < high else [],
        ),
        "cvss": CvssOut(
            version=version,
            vector=base.vector,
            base_score=base.score,
            base_low=base_low,
            base_high=base_high,
            scenario=headline.title,
            metrics=headline.metrics(version, scene),
        ),
        "factor_sum": result.factor_sum,
        "aars": result.aars,
        "threat_multiplier": threat.value,
        "threat_multiplier_reason": threat.reason,
        "mitigation_factor": mitigation.value,
        "mitigation_reason": mitigation.reason,
        "mitigation_high": held,
        "factors": told(table, factors, scene, bound),
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
