"""A report made by hand, with every kind of part filled, so that renderers are tested apart from the analysis."""

import pytest

from mcp_threat_scoring.report import (
    AuthOut,
    CapabilitiesOut,
    CoverageOut,
    ErrorOut,
    FindingOut,
    LayerOut,
    LimitsOut,
    MaestroOut,
    MitigationOut,
    Report,
    ScopeOut,
    ServerOut,
    TargetOut,
    ThreatOut,
    ToolOut,
    VerdictOut,
)
from mcp_threat_scoring.report_score import AivssProfileOut, CvssOut, FactorOut, LeverOut, RangeOut, ServerAivssOut
from mcp_threat_scoring.signal import EvidenceOut

EVIDENCE = EvidenceOut(rule_id="name-verb-delete", pointer="/tools/1/name", excerpt="delete_customer", weight=3.1)
FACTORS = (
    ("autonomy_of_action", "Autonomy of Action", 0.6),
    ("goal_driven_planning", "Goal-Driven Planning", 0.2),
    ("self_modification", "Self-Modification", 0.0),
    ("dynamic_tool_use", "Dynamic Tool Use", 0.8),
    ("persistent_memory", "Persistent Memory", 0.4),
    ("contextual_awareness", "Contextual Awareness", 0.6),
    ("dynamic_identity", "Dynamic Identity", 0.5),
    ("multi_agent_interactions", "Multi-Agent Interactions", 0.3),
    ("non_determinism", "Non-Determinism", 0.5),
    ("opacity_reflexivity", "Opacity & Reflexivity", 0.5),
)
LAYERS = (
    ("L1", "Foundation Models"),
    ("L2", "Data Operations"),
    ("L3", "Agent Frameworks"),
    ("L4", "Deployment and Infrastructure"),
    ("L5", "Evaluation and Observability"),
    ("L6", "Security and Compliance"),
    ("L7", "Agent Ecosystem"),
)


def _profile(profile: str, score: float) -> dict[str, object]:
    return {
        "profile": profile,
        "score": score,
        "severity": "High",
        "range": RangeOut(low=6.9, high=8.4),
        "cvss": CvssOut(
            version="3.1" if profile == "graded" else "4.0",
            vector="CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H" if profile == "graded" else None,
            base_score=8.5,
            base_low=8.5,
            base_high=8.8,
            scenario="An injected client calls a destructive tool.",
            metrics=[],
        ),
        "factor_sum": 4.4,
        "aars": 0.69,
        "threat_multiplier": 1.05,
        "threat_multiplier_reason": "The tools move money.",
        "mitigation_factor": 0.85,
        "mitigation_reason": "Some tools ask for confirmation.",
        "mitigation_high": 0.85,
        "factors": [
            FactorOut(
                id=identifier,
                name=name,
                value=value,
                low=max(0.0, value - 0.2),
                high=value,
                basis="server",
                rationale="Three tools act on live records without asking first.",
                evidence=[EVIDENCE],
            )
            for identifier, name, value in FACTORS
        ],
        "formula": "AARS = (10 - 8.5) x 4.4/10 x 1.05 = 0.69; AIVSS = (8.5 + 0.69) x 0.85 = 7.8",
        "below_cvss_base": True,
        "repaired_score": 9.1,
        "levers": [LeverOut(change="Deny delete_customer.", score_after=5.9, severity_after="Medium")],
    }


def _tool(index: int, name: str, effect: str, abilities: list[str]) -> ToolOut:
    return ToolOut(
        name=name,
        pointer=f"/tools/{index}",
        effect=effect,  # type: ignore[arg-type]
        confidence=0.97,
        abilities=abilities,
        domains=["commerce"],
        declared={"readOnlyHint": False},
        evidence=[EVIDENCE],
    )


def make_report(**changes: object) -> Report:
    """The sample with some parts replaced."""
    threat = ThreatOut(
        id="L3-T1",
        title="A tool acts on words that a customer wrote",
        likelihood="likely",
        severity="high",
        evidence=[EVIDENCE],
        mitigations=[MitigationOut(id="M1", owner="client", action="Ask a person before a refund.")],
        references={"owasp-mcp": ["MCP06"]},
    )
    report = Report(
        target=TargetOut(kind="stdio", value="stdio:python shop.py"),
        server=ServerOut(
            name="shop-backoffice",
            version="1.2.0",
            title="Shop back office",
            protocol_version="2025-11-25",
            instructions="",
            manifest_sha256="0" * 64,
        ),
        coverage={
            "tools": CoverageOut(status="observed", reason=""),
            "prompts": CoverageOut(status="partial", reason="1 of 3 prompts could not be used"),
            "auth": CoverageOut(status="not_observed", reason="a stdio server has no authorization of its own"),
        },
        capabilities=CapabilitiesOut(
            write_capable=True,
            abilities=["money.move", "db.query"],
            domains=["commerce"],
            tools=[
                _tool(0, "list_orders", "read", ["db.query"]),
                _tool(1, "delete_customer", "destructive", ["db.query", "identity.admin"]),
                _tool(2, "refund_order", "write", ["money.move"]),
            ],
        ),
        auth=AuthOut(
            requirement="unknown",
            schemes=[],
            scopes=[ScopeOut(name="orders:write", breadth="narrow", source="declared")],
            breadth="unknown",
            evidence=[],
        ),
        findings=[
            FindingOut(
                rule_id="annotation-contradiction",
                kind="contradiction",
                title="A tool that deletes says it is read-only",
                severity="medium",
                confidence="high",
                tool="delete_customer",
                pointer="/tools/1/annotations/readOnlyHint",
                excerpt="readOnlyHint: true",
                explanation="Name and description say that records are deleted, the annotation says the opposite.",
                remediation="Correct the annotation.",
                references=["https://example.org/annotations"],
            )
        ],
        aivss=ServerAivssOut(
            **_profile("graded", 7.8),  # type: ignore[arg-type]
            other_profile=AivssProfileOut(**_profile("owasp-0.8", 8.2)),  # type: ignore[arg-type]
        ),
        maestro=MaestroOut(
            layers=[
                LayerOut(
                    id=identifier,  # type: ignore[arg-type]
                    name=name,
                    status="mapped" if identifier == "L3" else "not_certain",
                    summary="What the tools may do is decided by a model."
                    if identifier == "L3"
                    else "Nothing was seen.",
                    ask_next=[] if identifier == "L3" else ["Which model runs the agent?"],
                    threats=[threat] if identifier == "L3" else [],
                )
                for identifier, name in LAYERS
            ],
            cross_layer=[],
        ),
        summary="It can delete customers and refund orders. Words written by customers reach the model.",
        verdict=VerdictOut(
            decision="allow_with_limits",
            reasons=["One tool deletes records."],
            limits=LimitsOut(
                allow_tools=["list_orders"], confirm_tools=["refund_order"], deny_tools=["delete_customer"]
            ),
        ),
    )
    return report.changed(changes)


@pytest.fixture
def sample_report() -> Report:
    """One report with every kind of part."""
    return make_report()


@pytest.fixture
def sample_error() -> ErrorOut:
    """One target that could not be read."""
    return ErrorOut(
        target="https://example.com/mcp",
        code="auth_required",
        message="the server wants a token before it lists its tools",
        hint="Pass one with --header 'Authorization: Bearer …'.",
    )
