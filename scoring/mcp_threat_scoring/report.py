"""The report: what every output prints and every tool returns. Versioned; a change here is a breaking change.

The score in it stands in :mod:`report_score`, several reports side by side in :mod:`report_set`. Every string that came
from the target has been through :mod:`neutralise` before it is put in here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, get_args

from mcp_threat_scoring.errors import ErrorCode
from mcp_threat_scoring.manifest import Requirement
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.origin import ORIGINS, Origin, TargetKind, file_name, own_names
from mcp_threat_scoring.report_score import ServerAivssOut
from mcp_threat_scoring.signal import EvidenceOut
from mcp_threat_scoring.structs import Meta

SCHEMA_VERSION: Literal["1.0"] = "1.0"

Severity = Literal["info", "low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""Mildest first, as each of the orders here."""


def severity_of(word: str) -> Severity:
    """The severity that a word in any case names; AIVSS calls the band below all others "None", which is ``info``.

    Raises:
        ValueError: it names none.
    """
    low = word.lower()
    words: list[str] = [*SEVERITIES]
    return SEVERITIES[0 if low == "none" else words.index(low)]


def reaches(severity: Severity, floor: Severity) -> bool:
    """Whether a severity is at least that grave."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(floor)


def gravest(severities: Iterable[Severity]) -> Severity:
    """The gravest of several; of none, ``info``."""
    return max(severities, key=SEVERITIES.index, default="info")


def gravity(severity: Severity) -> int:
    """A number to sort by, gravest first."""
    return -SEVERITIES.index(severity)


Level = Literal["low", "medium", "high"]
Effect = Literal["read", "write", "destructive"]
EFFECTS: tuple[Effect, ...] = get_args(Effect)


def implies(effect: Effect, other: Effect) -> bool:
    """Whether what has the one effect has the other: to destroy is to write, and what writes reads as well."""
    return EFFECTS.index(effect) >= EFFECTS.index(other)


FindingKind = Literal["hostile_content", "contradiction", "weakness", "exposure", "change"]
LayerId = Literal["L1", "L2", "L3", "L4", "L5", "L6", "L7"]
LAYERS: tuple[LayerId, ...] = get_args(LayerId)
ThreatLayer = Literal[LayerId, "X"]
"""The layer of a threat; ``X`` for the chains that cross layers."""
Decision = Literal["allow", "allow_with_limits", "review", "block"]
Breadth = Literal["none", "narrow", "broad", "admin", "unknown"]
BREADTHS: tuple[Breadth, ...] = ("none", "unknown", "narrow", "broad", "admin")
"""Narrowest first. What nobody understood counts little, so that it never hides a scope that is wide."""


class TargetOut(Model, frozen=True, kw_only=True):
    """What was asked for."""

    kind: TargetKind
    value: str

    @property
    def origin(self) -> Origin:
        """What its kind means."""
        return ORIGINS[self.kind]

    @property
    def file(self) -> str:
        """The name of the file that was read, without its folder; empty where it was none."""
        return file_name(self.value) if self.origin.is_path else ""

    @property
    def names(self) -> tuple[str, ...]:
        """What its user calls the server; never what the server calls itself."""
        return own_names(self.kind, self.value)


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
    declared: Annotated[
        dict[str, bool | str],
        Meta(description="Its hints as they were given; text is how JSON spells one that is no boolean."),
    ]
    evidence: Annotated[list[EvidenceOut], Meta(description="Of the effect: what weighs most, in log-odds.")]
    ability_evidence: Annotated[dict[str, list[EvidenceOut]], Meta(description="The same of each ability.")] = {}


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

    requirement: Requirement
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
    aivss: ServerAivssOut
    maestro: MaestroOut
    summary: str
    verdict: VerdictOut
    checks: list[CheckOut] = []


class ErrorOut(Model, frozen=True, kw_only=True):
    """A target that could not be read."""

    target: str
    code: ErrorCode
    message: str
    hint: str
