"""The calculator with a server's own report behind it: terms that are not given are taken from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_threat_scoring.report import Report
from mcp_threat_scoring.report_score import AivssProfileOut, ProfileId


def what_if(profile: ProfileId, given: Mapping[str, Any], report: Report | None = None) -> AivssProfileOut:
    """Score the given terms; with a report, those left out are its own.

    Raises:
        FactorError: a term is missing, unknown or out of range.
    """
    from mcp_threat_scoring.aivss.calculator import calculate  # when somebody calculates, not when the server starts

    document: dict[str, Any] = {"profile": profile, **given}
    if report is not None:
        own = report.aivss if report.aivss.profile == profile else report.aivss.other_profile
        factors = {factor.id: factor.value for factor in own.factors}
        document["factors"] = {**factors, **(given.get("factors") or {})}
        document.setdefault("threat_multiplier", own.threat_multiplier)
        document.setdefault("mitigation_factor", own.mitigation_factor)
        if "cvss_base" not in given and "cvss_vector" not in given:
            document["cvss_vector"] = own.cvss.vector
    return calculate(document)
