"""The report: what every output prints and every tool returns. Versioned; a change here is a breaking change.

Every string that came from the target has been through :mod:`neutralise` before it is put in here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from mcp_threat_scoring.errors import ErrorCode

SCHEMA_VERSION: Literal["1.0"] = "1.0"

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "low", "medium", "high", "critical")
AivssSeverity = Literal["None", "Low", "Medium", "High", "Critical"]
Level = Literal["low", "medium", "high"]
Effect = Literal["read", "write", "destructive"]
FindingKind = Literal["hostile_content", "contradiction", "weakness", "exposure", "change"]
ProfileId = Literal["graded", "owasp-0.8"]
Basis = Literal["server", "host_assumed", "listing", "default", "given"]
LayerId = Literal["L1", "L2", "L3", "L4", "L5", "L6", "L7"]
Decision = Literal["allow", "allow_with_limits", "review", "block"]
Role = Literal["stranger", "private", "out", "power"]
Breadth = Literal["none", "narrow", "broad", "admin", "unknown"]


class Frozen(BaseModel):
    """Base of all report parts: immutable, and nothing may be added silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class EvidenceOut(Frozen):
    """Why we say so: the rule, the place in the manifest, the (neutralised) words, and their weight in log-odds."""

    rule_id: str
    pointer: str
    excerpt: str
    weight: float = 0.0


class TargetOut(Frozen):
    """What was asked for."""

    kind: str
    value: str


class ServerOut(Frozen):
    """Who the target says it is."""

    name: str
    version: str
    title: str
    protocol_version: str
    instructions: str
    manifest_sha256: str


class CoverageOut(Frozen):
    """Whether a part was seen, and if not, why not."""

    status: Literal["observed", "partial", "not_observed"]
    reason: str


class ToolOut(Frozen):
    """What one tool can do."""

    name: str
    pointer: str
    effect: Effect
    confidence: Annotated[float, Field(ge=0, le=1)]
    abilities: list[str]
    domains: list[str]
    declared: dict[str, bool | str]
    evidence: list[EvidenceOut]


class CapabilitiesOut(Frozen):
    """What the server can do."""

    write_capable: bool
    abilities: list[str] = Field(default_factory=list, description="Union over the tools, or read from a listing.")
    domains: list[str] = Field(default_factory=list)
    tools: list[ToolOut]


class ScopeOut(Frozen):
    """One OAuth scope, how wide it is, and where it was read."""

    name: str
    breadth: Breadth
    source: str


class AuthOut(Frozen):
    """With what authority the tools act."""

    requirement: Literal["none", "optional", "required", "unknown"]
    schemes: list[str]
    scopes: list[ScopeOut]
    breadth: Breadth
    evidence: list[EvidenceOut]


class FindingOut(Frozen):
    """Something wrong with the server. What it *can* do is never a finding."""

    rule_id: str
    kind: FindingKind
    title: str
    severity: Severity
    confidence: Level
    tool: str | None
    pointer: str
    excerpt: str
    explanation: str
    remediation: str
    references: list[str]
    fingerprint: str = ""


class MetricOut(Frozen):
    """One CVSS base metric with its reason."""

    id: str
    value: str
    reason: str
    evidence: list[EvidenceOut]


class CvssOut(Frozen):
    """The CVSS base of the chosen scenario. A base that was given as a number has no vector."""

    version: Literal["3.1", "4.0"] | None
    vector: str | None
    base_score: float
    scenario: str = ""
    metrics: list[MetricOut]


class RangeOut(Frozen):
    """Exact bounds of the score over everything unknown."""

    low: float
    high: float


class FactorOut(Frozen):
    """One agentic factor."""

    id: str
    name: str
    value: float
    low: float
    high: float
    basis: Basis
    rationale: str
    evidence: list[EvidenceOut]


class LeverOut(Frozen):
    """A change that would lower the score, recomputed."""

    change: str
    score_after: float
    severity_after: AivssSeverity


class ScenarioOut(Frozen):
    """One way the server could be abused, and what it would score."""

    id: str
    title: str
    vector: str
    base_score: float
    score: float


class AivssProfileOut(Frozen):
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
    factors: list[FactorOut]
    formula: str
    below_cvss_base: bool
    repaired_score: float | None = Field(
        default=None, description="CVSS base + AARS x mitigation: the score if mitigation may not go below the base."
    )
    levers: list[LeverOut]
    scenarios: list[ScenarioOut] = Field(default_factory=list)


class AivssOut(AivssProfileOut):
    """The headline profile, with the other one beside it."""

    other_profile: AivssProfileOut


class MitigationOut(Frozen):
    """What to do about a threat, and who can."""

    id: str
    owner: Literal["server", "client", "platform"]
    action: str


class ThreatOut(Frozen):
    """One threat that the evidence supports."""

    id: str
    title: str
    likelihood: Literal["confirmed", "likely", "possible"]
    severity: Severity
    description: str = ""
    tools: list[str] = Field(default_factory=list)
    evidence: list[EvidenceOut]
    mitigations: list[MitigationOut]
    response: list[str] = Field(default_factory=list)
    references: dict[str, list[str]]


class LayerOut(Frozen):
    """One MAESTRO layer."""

    id: LayerId
    name: str
    status: Literal["mapped", "not_certain"]
    summary: str
    ask_next: list[str]
    threats: list[ThreatOut]


class MaestroOut(Frozen):
    """The seven layers and the chains that cross them."""

    layers: list[LayerOut]
    cross_layer: list[ThreatOut]


class LimitsOut(Frozen):
    """Least privilege written out."""

    allow_tools: list[str]
    confirm_tools: list[str]
    deny_tools: list[str]


class VerdictOut(Frozen):
    """What to do."""

    decision: Decision
    reasons: list[str]
    limits: LimitsOut


class CheckOut(Frozen):
    """One check that ran: found, not found, or not observed."""

    id: str
    title: str
    result: Literal["found", "not_found", "not_observed"]
    surfaces: list[str]


class Report(Frozen):
    """The whole answer for one target."""

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    target: TargetOut
    server: ServerOut
    coverage: dict[str, CoverageOut]
    capabilities: CapabilitiesOut
    auth: AuthOut
    findings: list[FindingOut]
    aivss: AivssOut
    maestro: MaestroOut
    summary: str
    verdict: VerdictOut
    checks: list[CheckOut] = Field(default_factory=list)


class StepOut(Frozen):
    """One stop of a path."""

    server: str
    role: Role
    tools: list[str]
    does: str


class PathOut(Frozen):
    """A way from a stranger's text to harm, over several servers."""

    kind: Literal["steer", "carry"]
    severity: Severity
    steps: list[StepOut]
    explanation: str
    remediation: str


class ShadowOut(Frozen):
    """Tools of different servers that get in each other's way."""

    kind: Literal["same_name", "lookalike_name", "speaks_of"]
    severity: Severity
    servers: list[str]
    tools: list[str]
    explanation: str
    remediation: str


class FleetOut(Frozen):
    """What the servers of one client make possible together."""

    servers: list[str]
    paths: list[PathOut]
    shadows: list[ShadowOut]
    summary: str


class ErrorOut(Frozen):
    """A target that could not be read."""

    target: str
    code: ErrorCode
    message: str
    hint: str


class ReportSet(Frozen):
    """What `scan --format json` prints."""

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    reports: list[Report]
    errors: list[ErrorOut]
    fleet: FleetOut | None = Field(default=None, description="The set as a whole; only where one was scanned as a set.")
