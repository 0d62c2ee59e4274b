"""The one order in which the threats of a report are told: what is told first of them is the gravest."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_scoring.report import SEVERITIES, FindingOut, MaestroOut, ThreatOut

_LIKELIHOODS = ("confirmed", "likely", "possible")


def gravest(maestro: MaestroOut, findings: Sequence[FindingOut]) -> list[ThreatOut]:
    """All threats, gravest first.

    One that is only possible comes after all that something speaks for. Of equally grave ones, what was found to be
    wrong comes before what could be done, the gravest fault first; then the surer one, then the one that more tools
    can cause. What is alike in all that stands by layer; a chain of several threats comes after its links.
    """
    sure = [finding for finding in findings if finding.confidence != "low"]
    threats = [*(threat for layer in maestro.layers for threat in layer.threats), *maestro.cross_layer]
    return sorted(
        threats,
        key=lambda threat: (
            threat.likelihood == "possible",
            -SEVERITIES.index(threat.severity),
            -max((SEVERITIES.index(finding.severity) for finding in sure if _rests_on(threat, finding)), default=-1),
            _LIKELIHOODS.index(threat.likelihood),
            -len(threat.tools),
        ),
    )


def _rests_on(threat: ThreatOut, finding: FindingOut) -> bool:
    """Whether what was found is evidence of the threat: by the same rule, or a part of it, at its place; or it is the
    very passage that the finding quotes."""
    rule, part = finding.rule_id, f"{finding.rule_id}."
    return any(
        ((one.rule_id == rule or one.rule_id.startswith(part)) and one.pointer.startswith(finding.pointer))
        or (finding.excerpt and (one.pointer, one.excerpt) == (finding.pointer, finding.excerpt))
        for one in threat.evidence
    )
