"""The published constants of both AIVSS profiles, each with the document it was read in.

Sources, by short name:

* **AIVSS v0.8**: OWASP Agentic AI Vulnerability Scoring System, version 0.8 (March 2026).
* **AIVSS v0.5**: the same project, version 0.5 (July 2025). Its ten factors are the ones the public listings use.
* **Listings**: the public agentic-risk listing pages (2026), which print the v0.8 formula over the v0.5 factors in
  tenths, with multipliers that are not in any OWASP table. Their ranges were read off the pages.
"""

from typing import Final, Literal

from mcp_threat_scoring.report_score import AivssSeverity, ProfileId
from mcp_threat_scoring.structs import Struct

CvssVersion = Literal["3.1", "4.0"]

MAX_SCORE: Final = 10.0
"""Top of every scale here: a CVSS base, a factor sum (ten factors of at most 1) and an AIVSS score."""


class Allowed(Struct, frozen=True):
    """The values one input may take: everything between two ends, or one of a few levels."""

    low: float
    high: float
    levels: tuple[float, ...] = ()

    def admits(self, value: float) -> bool:
        """Whether the value is one of the levels, or, where there are none, within the ends."""
        return value in self.levels if self.levels else self.low <= value <= self.high

    def __str__(self) -> str:
        if self.levels:
            return "one of " + ", ".join(f"{level:g}" for level in self.levels)
        return f"{self.low:.2f} to {self.high:.2f}"


class FactorSpec(Struct, frozen=True):
    """One of the ten factors: its id in documents, and its name for people."""

    id: str
    name: str


class ProfileTable(Struct, frozen=True):
    """Everything that differs between the two profiles, rounding apart."""

    id: ProfileId
    title: str
    cvss_version: CvssVersion
    factors: tuple[FactorSpec, ...]
    factor_values: Allowed
    threat: Allowed
    threat_default: float
    mitigation: Allowed
    mitigation_default: float


GRADED: Final = ProfileTable(
    id="graded",
    title="AIVSS v0.8 formula, factors in tenths, as the public listings compute it",
    cvss_version="3.1",
    # AIVSS v0.5, section 7.2 (the factor set); order and spelling of the listings.
    factors=(
        FactorSpec("autonomy_of_action", "Autonomy of Action"),
        FactorSpec("goal_driven_planning", "Goal-Driven Planning"),
        FactorSpec("self_modification", "Self-Modification"),
        FactorSpec("dynamic_tool_use", "Dynamic Tool Use"),
        FactorSpec("persistent_memory", "Persistent Memory"),
        FactorSpec("contextual_awareness", "Contextual Awareness"),
        FactorSpec("dynamic_identity", "Dynamic Identity"),
        FactorSpec("multi_agent_interactions", "Multi-Agent Interactions"),
        FactorSpec("non_determinism", "Non-Determinism"),
        FactorSpec("opacity_reflexivity", "Opacity & Reflexivity"),
    ),
    factor_values=Allowed(0.0, 1.0),
    threat=Allowed(0.90, 1.10),  # Listings: 0.9, 0.95, 1.0, 1.05 and 1.1 occur.
    threat_default=1.0,  # Listings: the commonest value, printed where nothing is known to raise or lower it.
    mitigation=Allowed(0.50, 1.00),  # Listings: 0.5 to 1.0 in steps of 0.05.
    mitigation_default=1.0,  # AIVSS v0.8, Table 4b: none or weak is the default. The listings agree.
)

OWASP_0_8: Final = ProfileTable(
    id="owasp-0.8",
    title="OWASP AIVSS v0.8",
    cvss_version="4.0",  # AIVSS v0.8, section 3.1.1: a CVSS v4.0 base; a v3.1 score must not be fed in.
    # AIVSS v0.8, section 3 (the ten Agentic Risk Amplification Factors), keys and order of Appendix A.
    factors=(
        FactorSpec("autonomy", "Execution Autonomy"),
        FactorSpec("tools", "External Tool Control Surface"),
        FactorSpec("language", "Natural Language Interface"),
        FactorSpec("context", "Contextual Awareness"),
        FactorSpec("non_determinism", "Behavioral Non-Determinism"),
        FactorSpec("opacity", "Opacity & Reflexivity"),
        FactorSpec("persistence", "Persistent State Retention"),
        FactorSpec("identity", "Dynamic Identity"),
        FactorSpec("multi_agent", "Multi-Agent Interactions"),
        FactorSpec("self_mod", "Self-Modification"),
    ),
    factor_values=Allowed(0.0, 1.0, (0.0, 0.5, 1.0)),  # AIVSS v0.8, section 3: three levels only.
    threat=Allowed(0.50, 1.00, (1.00, 0.97, 0.50)),  # AIVSS v0.8, Table 4a: attacked, proof of concept, unreported.
    threat_default=0.97,  # AIVSS v0.8, Table 4a: proof of concept is the default.
    mitigation=Allowed(0.67, 1.00, (1.00, 0.83, 0.67)),  # AIVSS v0.8, Table 4b: none or weak, partial, strong.
    mitigation_default=1.00,  # AIVSS v0.8, Table 4b.
)

PROFILES: Final[dict[ProfileId, ProfileTable]] = {GRADED.id: GRADED, OWASP_0_8.id: OWASP_0_8}

# AIVSS v0.8, section 3 (severity bands): lowest score of each, highest band first. The document has no band for
# 0.0; CVSS (v3.1 section 5, v4.0 section 6) calls it None, and so do we.
_BANDS: Final[tuple[tuple[float, AivssSeverity], ...]] = (
    (9.0, "Critical"),
    (7.0, "High"),
    (4.0, "Medium"),
    (0.1, "Low"),
    (0.0, "None"),
)


def severity(score: float) -> AivssSeverity:
    """The band of a rounded score between 0.0 and 10.0."""
    return next(name for floor, name in _BANDS if score >= floor)
