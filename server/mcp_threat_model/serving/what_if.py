"""The calculator with a server's own report behind it: terms that are not given are taken from there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_threat_scoring.report import Report
from mcp_threat_scoring.report_score import AivssOut, AivssProfileOut, ProfileId, ServerAivssOut


def what_if(profile: ProfileId, given: Mapping[str, Any], report: Report | None = None) -> AivssOut:
    """Score the given terms; with a report, those left out are its own, with what is not known of them, and its other
    profile stands beside as it is.

    Raises:
        FactorError: a term is missing, unknown or out of range.
    """
    from mcp_threat_scoring.aivss.calculator import calculate  # when somebody calculates, not when the server starts

    document = {"profile": profile, **given}
    if report is None:
        return calculate(document)
    own, other = _both(report.aivss, profile)
    return calculate(document, own).changed({"other_profile": other})


def _both(aivss: ServerAivssOut, profile: ProfileId) -> tuple[AivssProfileOut, AivssProfileOut]:
    """The score under this profile, and under the other one alone."""
    headline = AivssProfileOut(**{name: getattr(aivss, name) for name in AivssProfileOut.__struct_fields__})
    return (headline, aivss.other_profile) if aivss.profile == profile else (aivss.other_profile, headline)
