"""What the tools about a user's own clients answer, as data; :mod:`client_texts` says the same in words.

Everything in here is already safe to show: it comes from reports, findings and neutralised names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from mcp_threat_model.guard.hidden import without_keys
from mcp_threat_model.serving.advice import AUDIT, Instead, for_client
from mcp_threat_model.serving.pieces import PAGE_BYTES, cut, size
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.neutralise import as_kept, neutralise, neutralise_name
from mcp_threat_scoring.permissions import Permissions
from mcp_threat_scoring.phrases import capital
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
BEYOND_SHOWN = 200
"""Servers named of those that one call does not read; all of them are counted."""
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

    servers: Annotated[list[ConfiguredOut], Meta(description="Those with findings first, where not all are listed.")]
    servers_total: int
    wrong_total: Annotated[int, Meta(description="How many of all have findings.")]
    broken: Annotated[list[str], Meta(description="Configuration files that could not be read, and why.")]
    scanned: list[JudgedOut]
    scanned_total: Annotated[int, Meta(description="How many were to be scanned.")]
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
    servers_total: Annotated[int, Meta(description="How many the lock holds, or were asked about.")]
    unchecked_total: Annotated[int, Meta(description="How many of them were not checked, or only in part.")]


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


def too_many(label: str, total: int, read: int, instead: Instead) -> ErrorOut:
    """Why one of the servers that are more than a call reads was not read."""
    return ErrorOut(
        target=neutralise(as_kept(label), PATH_SHOWN),
        code="unsupported",
        message=f"One call reads {read} servers, and these are {total:,}.",
        hint=f"{capital(instead.fewer)}, or {instead.told()}, which reads all of them.",
    )


def audit_answer(
    installed: Installed,
    checked: Sequence[Checked],
    scanned: Sequence[JudgedOut],
    fleet: FleetOut | None,
    beyond: Sequence[str] = (),
) -> AuditAnswer:
    """Everything about the configured servers, bounded. `beyond` are labels of those that were too many to be read."""
    total = len(scanned) + len(beyond)
    unread = [too_many(label, total, len(scanned), AUDIT) for label in beyond[:BEYOND_SHOWN]]
    wrong = sum(bool(one.findings) for one in checked)
    if len(checked) > SERVERS_SHOWN:
        checked = sorted(checked, key=lambda one: not one.findings)
    if fleet is not None:
        bounded = {"paths": fleet.paths[:PATHS_SHOWN], "shadows": fleet.shadows[:PATHS_SHOWN]}
        fleet = fleet.changed(bounded)
    return AuditAnswer(
        servers=[configured(one) for one in checked[:SERVERS_SHOWN]],
        servers_total=len(checked),
        wrong_total=wrong,
        broken=[f"{neutralise(one.path, PATH_SHOWN)}: {neutralise(one.problem, 200)}" for one in installed.broken],
        scanned=[*scanned, *(JudgedOut(target=error.target, error=error) for error in unread)],
        scanned_total=total,
        fleet=fleet,
    )


def changes_answer(lock: str, compared: Sequence[ChangedOut], beyond: Sequence[str], instead: Instead) -> ChangesAnswer:
    """What was compared, and which of the servers were too many for that; those that are not named are counted."""
    total = len(compared) + len(beyond)
    unread = (too_many(label, total, len(compared), instead) for label in beyond[:BEYOND_SHOWN])
    rows = [ChangedOut(target=one.target, status="not_checked", changes=[], error=one) for one in unread]
    return ChangesAnswer(
        lock=neutralise(lock, PATH_SHOWN),
        servers=[*compared, *rows],
        servers_total=total,
        unchecked_total=sum(one.status == "not_checked" for one in compared) + len(beyond),
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
