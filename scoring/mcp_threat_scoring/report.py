"""The report: what every output prints and every tool returns. Versioned; a change here is a breaking change.

Every string that came from the target has been through :mod:`neutralise` before it is put in here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from mcp_threat_scoring.errors import ErrorCode
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.neutralise import SafeText
from mcp_threat_scoring.structs import UNSET, Meta, UnsetType

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


class EvidenceOut(Model, frozen=True):
    """One piece of evidence: the rule's id, the JSON Pointer, the (neutralised) words, and their weight in log-odds."""

    rule_id: str
    pointer: str
    excerpt: SafeText
    weight: float = 0.0


class TargetOut(Model, frozen=True, kw_only=True):
    """What was asked for."""

    kind: str
    value: str


class ServerOut(Model, frozen=True, kw_only=True):
    """Who the target says it is."""

    name: str
    version: str
    title: str
    protocol_version: str
    instructions: str
    manifest_sha256: str


class CoverageOut(Model, frozen=True, kw_only=True):
    """Whether a part was seen, and if not, why not."""

    status: Literal["observed", "partial", "not_observed"]
    reason: str


class ToolOut(Model, frozen=True, kw_only=True):
    """What one tool can do."""

    name: str
    pointer: str
    effect: Effect
    confidence: Annotated[float, Meta(ge=0, le=1)]
    abilities: list[str]
    domains: list[str]
    declared: dict[str, bool | str]
    evidence: list[EvidenceOut]


class CapabilitiesOut(Model, frozen=True, kw_only=True):
    """What the server can do."""

    write_capable: bool
    abilities: Annotated[list[str], Meta(description="Union over the tools, or read from a listing.")] = []
    domains: list[str] = []
    tools: list[ToolOut]


class ScopeOut(Model, frozen=True, kw_only=True):
    """One OAuth scope, how wide it is, and where it was read."""

    name: str
    breadth: Breadth
    source: str


class AuthOut(Model, frozen=True, kw_only=True):
    """With what authority the tools act."""

    requirement: Literal["none", "optional", "required", "unknown"]
    schemes: list[str]
    scopes: list[ScopeOut]
    breadth: Breadth
    evidence: list[EvidenceOut]


class FindingOut(Model, frozen=True, kw_only=True):
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
    scenario: str = ""
    metrics: list[MetricOut]


class RangeOut(Model, frozen=True, kw_only=True):
    """Exact bounds of the score over everything unknown."""

    low: float
    high: float


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
    """The headline profile, with the other one beside it."""

    other_profile: AivssProfileOut


class MitigationOut(Model, frozen=True, kw_only=True):
    """What to do about a threat, and who can."""

    id: str
    owner: Literal["server", "client", "platform"]
    action: str


class ThreatOut(Model, frozen=True, kw_only=True):
    """One threat that the evidence supports."""

    id: str
    title: str
    likelihood: Literal["confirmed", "likely", "possible"]
    severity: Severity
    description: str = ""
    tools: list[str] = []
    evidence: list[EvidenceOut]
    mitigations: list[MitigationOut]
    response: list[str] = []
    references: dict[str, list[str]]


class LayerOut(Model, frozen=True, kw_only=True):
    """One MAESTRO layer."""

    id: LayerId
    name: str
    status: Literal["mapped", "not_certain"]
    summary: str
    ask_next: list[str]
    threats: list[ThreatOut]


class MaestroOut(Model, frozen=True, kw_only=True):
    """The seven layers and the chains that cross them."""

    layers: list[LayerOut]
    cross_layer: list[ThreatOut]


class LimitsOut(Model, frozen=True, kw_only=True):
    """Least privilege written out."""

    allow_tools: list[str]
    confirm_tools: list[str]
    deny_tools: list[str]


class VerdictOut(Model, frozen=True, kw_only=True):
    """What to do."""

    decision: Decision
    reasons: list[str]
    limits: LimitsOut


class CheckOut(Model, frozen=True, kw_only=True):
    """One check that ran: found, not found, or not observed."""

    id: str
    title: str
    result: Literal["found", "not_found", "not_observed"]
    surfaces: list[str]


class Report(Model, frozen=True, kw_only=True):
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
    checks: list[CheckOut] = []


class StepOut(Model, frozen=True, kw_only=True):
    """One stop of a path."""

    server: str
    role: Role
    tools: list[str]
    does: str


class PathOut(Model, frozen=True, kw_only=True):
    """A way from a stranger's text to harm, over several servers."""

    kind: Literal["steer", "carry"]
    severity: Severity
    steps: list[StepOut]
    explanation: str
    remediation: str


class ShadowOut(Model, frozen=True, kw_only=True):
    """Tools of different servers that get in each other's way."""

    kind: Literal["same_name", "lookalike_name", "speaks_of"]
    severity: Severity
    servers: list[str]
    tools: list[str]
    explanation: str
    remediation: str


class FleetOut(Model, frozen=True, kw_only=True):
    """What the servers of one client make possible together."""

    servers: list[str]
    paths: list[PathOut]
    shadows: list[ShadowOut]
    summary: str


class ErrorOut(Model, frozen=True, kw_only=True):
    """A target that could not be read."""

    target: str
    code: ErrorCode
    message: str
    hint: str


class ReportSet(Model, frozen=True, kw_only=True):
    """What `scan --format json` prints."""

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    reports: list[Report]
    errors: list[ErrorOut]
    fleet: (
        Annotated[FleetOut, Meta(description="The set as a whole; only where one was scanned as a set.")] | UnsetType
    ) = UNSET
