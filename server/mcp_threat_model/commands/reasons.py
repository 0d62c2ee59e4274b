"""Why an exit code is what it is, in one line.

A score stands in no list of findings, and a log may show nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from mcp_threat_model.render.wording import many, title
from mcp_threat_scoring.approval.notice import changed_in
from mcp_threat_scoring.report import ErrorOut, Report, Severity, gravest, reaches, severity_of

if TYPE_CHECKING:
    from mcp_threat_scoring.approval.policy import Judgement

TOLD: Final = 5
"""Servers named on standard error as the reason of an exit code."""


def worst_of(report: Report) -> Severity:
    """The highest severity of the score and of the findings."""
    return gravest((worst_found(report), severity_of(report.aivss.severity)))


def worst_found(report: Report) -> Severity:
    """The highest severity of the findings alone; where there is none, the lowest there is."""
    return gravest(finding.severity for finding in report.findings)


def worst_change(report: Report) -> Severity:
    """The highest severity of what changed since it was locked; where nothing did, the lowest there is."""
    return gravest(finding.severity for finding in changed_in(report))


def over(results: Sequence[Report | ErrorOut], fail_at: str) -> str:
    """The servers whose score or findings are at or over ``--fail-at``."""
    return f"at or over --fail-at {fail_at}: " + _first(
        f"{title(report)}: {report.aivss.score:.1f} {report.aivss.severity}, worst {worst}"
        for report in results
        if isinstance(report, Report) and reaches(worst := worst_of(report), severity_of(fail_at))
    )


def changed(results: Sequence[Report | ErrorOut], fail_at: str) -> str:
    """The servers whose changes are at or over ``--fail-at``."""
    return f"at or over --fail-at {fail_at}: " + _first(
        f"{title(report)}: {many(len(changed_in(report)), 'change')}, worst {worst}"
        for report in results
        if isinstance(report, Report) and reaches(worst := worst_change(report), severity_of(fail_at))
    )


def broken(name: str, judgements: Mapping[int, Judgement]) -> str:
    """What breaks the build by the policy of that name, server by server."""
    return f"over the policy {name}: " + _first(
        f"{title(one.report)}: {', '.join(breach.told for breach in one.breaking)}"
        for one in judgements.values()
        if one.worst not in (None, "info")
    )


def _first(told: Iterable[str]) -> str:
    every = list(told)
    return "; ".join(every[:TOLD]) + (f" and {len(every) - TOLD} more" if len(every) > TOLD else "")
