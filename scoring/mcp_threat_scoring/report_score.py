"""An AIVSS score as a report carries it: every term, so that whoever doubts the number can compute it again."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.signal import EvidenceOut
from mcp_threat_scoring.structs import Meta

ProfileId = Literal["graded", "owasp-0.8"]
AivssSeverity = Literal["None", "Low", "Medium", "High", "Critical"]
Basis = Literal["server", "host_assumed", "listing", "default", "given"]


class MetricOut(Model, frozen=True, kw_only=True):
    """One CVSS base metric with its reason."""

    id: str
    value: str
    reason: str
    evidence: list[EvidenceOut]


class CvssOut(Model, frozen=True, kw_only=True):
    """The CVSS base of the chosen scenario. A base that was given as a number has no vector."""

    version: Literal["3.1", "4.0"] | None
    vector: str | None
    base_score: float
    base_low: Annotated[float, Meta(description="The base with everything unknown at its best.")]
    base_high: Annotated[float, Meta(description="The base with everything unknown at its worst.")]
    scenario: str = ""
    metrics: list[MetricOut]


class RangeOut(Model, frozen=True, kw_only=True):
    """Exact bounds of the score over everything unknown."""

    low: float
    high: float
    spanned_by: Annotated[list[str], Meta(description="What is not known and spans them, the widest first.")] = []


class FactorOut(Model, frozen=True, kw_only=True):
    """One agentic factor."""

    id: str
    name: str
    value: float
    low: float
    high: float
    basis: Basis
    rationale: str
    evidence: list[EvidenceOut]


class LeverOut(Model, frozen=True, kw_only=True):
    """A change that would lower the score, recomputed."""

    change: str
    score_after: float
    severity_after: AivssSeverity


class ScenarioOut(Model, frozen=True, kw_only=True):
    """One way the server could be abused, and what it would score."""

    id: str
    title: str
    vector: str
    base_score: float
    score: float


class AivssProfileOut(Model, frozen=True, kw_only=True):
    """An AIVSS score with every term, under one profile."""

    profile: ProfileId
    score: float
    severity: AivssSeverity
    range: RangeOut
    cvss: CvssOut
    factor_sum: float
    aars: float
    threat_multiplier: float
    threat_multiplier_reason: str = ""
    mitigation_factor: float
    mitigation_reason: str = ""
    mitigation_high: Annotated[
        float, Meta(description="The mitigation factor in the upper bound, where what is only claimed does not count.")
    ]
    factors: list[FactorOut]
    formula: str
    below_cvss_base: bool
    repaired_score: Annotated[
        float | None,
        Meta(description="CVSS base + AARS x mitigation: the score if mitigation may not go below the base."),
    ] = None
    levers: list[LeverOut]
    scenarios: list[ScenarioOut] = []


class AivssOut(AivssProfileOut, frozen=True, kw_only=True):
    """The headline profile, with the other one beside it where a server was scored."""

    other_profile: Annotated[
        AivssProfileOut | None,
        Meta(
            description="Null where all terms were given: the factors of one profile cannot be turned into the other's."
        ),
    ] = None


class ServerAivssOut(AivssOut, frozen=True, kw_only=True):
    """The headline profile of a server, with the other one beside it."""

    other_profile: AivssProfileOut
