"""The ten factors as a report carries them: what each is made of, why, on what evidence, and what is not known."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_scoring.aivss.bounds import Bounds
from mcp_threat_scoring.aivss.explanation import explained
from mcp_threat_scoring.aivss.factors import MOST, Factor, Factors
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.tables import FactorSpec, ProfileTable
from mcp_threat_scoring.aivss.witness import shown
from mcp_threat_scoring.phrases import sentence
from mcp_threat_scoring.report_score import Basis, FactorOut
from mcp_threat_scoring.signal import Evidence


def told(table: ProfileTable, factors: Factors, scene: Scene, bounds: Sequence[Bounds]) -> list[FactorOut]:
    """The ten factors, each with its reasons and evidence."""
    return [
        _told(spec, factor, scene, bound)
        for spec, factor, bound in zip(table.factors, factors.each, bounds, strict=True)
    ]


def _told(spec: FactorSpec, factor: Factor, scene: Scene, bounds: Bounds) -> FactorOut:
    said: list[str] = []
    evidence: list[Evidence] = []
    chosen = factor.chosen(scene.answers)
    if factor.adds and (factor.base or not chosen):
        said.append(sentence(f"{factor.base / MOST:g} because {factor.base_reason}"))
    for part in chosen:
        why = explained(part.clues, scene)
        evidence += why.evidence
        said.append(sentence(part.said.replace("{tools}", why.names)) if part.named else part.said)
    if bounds.low < bounds.high:
        doubts = [doubt.reason for doubt in factor.doubts if doubt.holds(scene.answers)]
        if doubts:
            said.append(sentence(f"not known: {'; '.join(doubts)}"))
    return FactorOut(
        id=spec.id,
        name=spec.name,
        value=bounds.value / MOST,
        low=bounds.low / MOST,
        high=bounds.high / MOST,
        basis=_basis(factor, scene, evidence),
        rationale=" ".join(said),
        evidence=shown({id(one): one for one in evidence}.values()),
    )


def _basis(factor: Factor, scene: Scene, evidence: Sequence[Evidence]) -> Basis:
    if factor.side == "host_assumed":
        return "host_assumed"
    if scene.world.facts.get("nothing_known") is True:
        return "default"
    if scene.world.picture.from_listing:
        return "listing"
    return "server" if evidence or scene.world.facts.get("coverage.tools") == "observed" else "default"
