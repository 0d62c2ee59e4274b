"""Why an exit code is what it is, in a line or two.

A score stands in no list of findings, and a log may show nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from mcp_threat_model.render.wording import many, named
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
        f"{named(report, len(results))}: {report.aivss.score:.1f} {report.aivss.severity}, worst {worst}"
        for report in results
        if isinstance(report, Report) and reaches(worst := worst_of(report), severity_of(fail_at))
    )


def changed(results: Sequence[Report | ErrorOut], fail_at: str) -> str:
    """The servers whose changes are at or over ``--fail-at``."""
    return f"at or over --fail-at {fail_at}: " + _first(
        f"{named(report, len(results))}: {many(len(changed_in(report)), 'change')}, worst {worst}"
        for report in results
        if isinstance(report, Report) and reaches(worst := worst_change(report), severity_of(fail_at))
    )


def broken(name: str, judgements: Mapping[int, Judgement], count: int) -> list[str]:
    """What breaks the build, server by server: one line of what the policy of that name asks, one of ``--fail-at``.

    `count` is how many targets there were.
    """
    lines = []
    for asked, lead in ((False, f"over the policy {name}: "), (True, "")):
        told = [
            (one.report, [breach.told for breach in one.breaking if breach.asked is asked])
            for one in judgements.values()
            if one.worst not in (None, "info")
        ]
        if any(breaches for _, breaches in told):
            said = (f"{named(report, count)}: {', '.join(breaches)}" for report, breaches in told if breaches)
            lines.append(lead + _first(said))
    return lines


def _first(told: Iterable[str]) -> str:
    every = list(told)
    return "; ".join(every[:TOLD]) + (f" and {len(every) - TOLD} more" if len(every) > TOLD else "")
