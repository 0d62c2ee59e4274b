"""What the tools about a user's own clients answer, as data; :mod:`client_texts` says the same in words.

Everything in here is already safe to show: it comes from reports, findings and neutralised names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from mcp_threat_model.guard.hidden import without_keys
from mcp_threat_model.serving.advice import AUDIT, for_client
from mcp_threat_model.serving.pieces import PAGE_BYTES, cut, size
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.neutralise import as_kept, neutralise, neutralise_name
from mcp_threat_scoring.permissions import Permissions
from mcp_threat_scoring.report import Decision, ErrorOut, FindingOut, Report, VerdictOut, gravity
from mcp_threat_scoring.report_page import PageOut
from mcp_threat_scoring.report_score import AivssSeverity
from mcp_threat_scoring.report_set import FleetOut
from mcp_threat_scoring.structs import Meta

if TYPE_CHECKING:
    from mcp_threat_model.clients.discover import Installed
    from mcp_threat_model.clients.hygiene import Checked
    from mcp_threat_model.outcome import Outcome

SERVERS_SHOWN = 60
FINDINGS_SHOWN = 25
PATHS_SHOWN = 10
NAMES_KEPT = 100
PATH_SHOWN = 300


class ConfiguredOut(Model, frozen=True, kw_only=True):
    """One configured server. Of the values it is given, names only."""

    target: str
    client: str
    scope: str
    path: str
    transport: Literal["stdio", "http"]
    reached: Annotated[str, Meta(description="The command or address, without secrets.")]
    given: Annotated[list[str], Meta(description="Names of the variables and headers it gets.")]
    disabled: bool
    findings: list[FindingOut]


class JudgedOut(Model, frozen=True, kw_only=True):
    """What a scan said of one server, or why it said nothing."""

    target: str
    score: float | None = None
    severity: AivssSeverity | None = None
    decision: Decision | None = None
    summary: str = ""
    error: ErrorOut | None = None


class AuditAnswer(Model, frozen=True, kw_only=True):
    """`audit_clients`."""

    servers: list[ConfiguredOut]
    servers_total: int
    broken: Annotated[list[str], Meta(description="Configuration files that could not be read, and why.")]
    scanned: list[JudgedOut]
    fleet: FleetOut | None


class InstallAnswer(Model, frozen=True, kw_only=True):
    """`check_install`."""

    verdict: VerdictOut
    server: str
    score: float
    severity: AivssSeverity
    summary: str
    findings: list[FindingOut]
    not_observed: list[str]
    limits: Annotated[
        Permissions | None,
        Meta(
            description="Null when no tool was seen: then there is nothing to allow. Null as well on pages after the "
            "first, and where it is longer than a client can carry: then the text names the command that prints it."
        ),
    ]
    page: PageOut


class ChangedOut(Model, frozen=True, kw_only=True):
    """One locked server, compared."""

    target: str
    status: Literal["unchanged", "changed", "not_checked"]
    changes: list[FindingOut]
    error: ErrorOut | None = None
    note: Annotated[str, Meta(description="What could not be compared, where nothing that could be has changed.")] = ""


class ChangesAnswer(Model, frozen=True, kw_only=True):
    """`check_changes`."""

    lock: str
    servers: list[ChangedOut]


def _gravest(findings: Iterable[FindingOut]) -> list[FindingOut]:
    return sorted(findings, key=lambda finding: gravity(finding.severity))


def configured(checked: Checked) -> ConfiguredOut:
    """One entry as data."""
    entry = checked.entry
    return ConfiguredOut(
        target=f"config:{entry.client}/{checked.name}",
        client=entry.client,
        scope=entry.scope,
        path=neutralise(entry.path, PATH_SHOWN),
        transport="http" if entry.url else "stdio",
        reached=checked.reached,
        given=list(map(str, map(neutralise_name, map(without_keys, (*entry.env, *entry.headers)))))[:NAMES_KEPT],
        disabled=entry.disabled,
        findings=_gravest(checked.findings)[:FINDINGS_SHOWN],
    )


def judged(label: str, outcome: Outcome) -> JudgedOut:
    """One scan's result in a line."""
    shown = neutralise(as_kept(label), PATH_SHOWN)
    if isinstance(outcome.result, ErrorOut):
        return JudgedOut(target=shown, error=for_client(outcome.result, AUDIT))
    report = outcome.result
    return JudgedOut(
        target=shown,
        score=report.aivss.score,
        severity=report.aivss.severity,
        decision=report.verdict.decision,
        summary=report.summary,
    )


def audit_answer(
    installed: Installed, checked: Sequence[Checked], scanned: Sequence[JudgedOut], fleet: FleetOut | None
) -> AuditAnswer:
    """Everything about the configured servers, bounded."""
    if fleet is not None:
        bounded = {"paths": fleet.paths[:PATHS_SHOWN], "shadows": fleet.shadows[:PATHS_SHOWN]}
        fleet = fleet.changed(bounded)
    return AuditAnswer(
        servers=[configured(one) for one in checked[:SERVERS_SHOWN]],
        servers_total=len(checked),
        broken=[f"{neutralise(one.path, PATH_SHOWN)}: {neutralise(one.problem, 200)}" for one in installed.broken],
        scanned=list(scanned[:SERVERS_SHOWN]),
        fleet=fleet,
    )


def install_answer(report: Report, limits: Permissions | None, offset: int = 0) -> InstallAnswer:
    """The verdict with what it rests on, a page of it; the configuration on the first page, where it can be carried."""
    carried = limits if offset == 0 and size(limits) <= PAGE_BYTES // 2 else None
    graded = report.changed({"findings": _gravest(report.findings)})
    shown = cut(graded, ("limits", "findings"), offset, size([carried, report.summary, report.verdict.reasons]))
    return InstallAnswer(
        verdict=shown.verdict(report.verdict),
        server=report.server.title or report.server.name,
        score=report.aivss.score,
        severity=report.aivss.severity,
        summary=report.summary,
        findings=shown.findings,
        not_observed=[part for part, seen in report.coverage.items() if seen.status == "not_observed"],
        limits=carried,
        page=shown.page,
    )
