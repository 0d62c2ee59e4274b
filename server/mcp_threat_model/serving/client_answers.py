"""What the tools about a user's own clients answer: short texts that stand alone, and the same as data.

Everything in here is already safe to show: it comes from reports, findings and neutralised names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from mcp_threat_model.render.brief import MAX_CHARS, beyond, fit, place
from mcp_threat_model.serving.advice import AUDIT, for_client
from mcp_threat_model.serving.paging import PAGE_BYTES, cut, size
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.neutralise import as_kept, neutralise, neutralise_name
from mcp_threat_scoring.permissions import Permissions
from mcp_threat_scoring.phrases import capital, counted, number
from mcp_threat_scoring.report import SEVERITIES, Decision, ErrorOut, FindingOut, Report, VerdictOut
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
DECISIONS: dict[Decision, str] = {
    "allow": "ALLOW",
    "allow_with_limits": "ALLOW WITH LIMITS",
    "review": "REVIEW FIRST",
    "block": "BLOCK",
}


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


class ChangesAnswer(Model, frozen=True, kw_only=True):
    """`check_changes`."""

    lock: str
    servers: list[ChangedOut]


def _gravest(findings: Iterable[FindingOut]) -> list[FindingOut]:
    return sorted(findings, key=lambda finding: -SEVERITIES.index(finding.severity))


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
        given=list(map(str, map(neutralise_name, (*entry.env, *entry.headers))))[:NAMES_KEPT],
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


def audit_text(answer: AuditAnswer) -> str:
    """The audit for a reader who sees nothing else: what is wrong first, then every server."""
    lines = [
        f"# {_configured_here(answer)}",
        *(f"- Could not be read: {problem}" for problem in answer.broken),
    ]
    if answer.fleet is not None:
        lines += ["", "## Together", answer.fleet.summary]
        lines += [f"- **{path.severity}**: {path.explanation} {path.remediation}" for path in answer.fleet.paths[1:5]]
        lines += [f"- **{shadow.severity}**: {shadow.explanation}" for shadow in answer.fleet.shadows[:5]]
    if answer.scanned:
        lines += ["", "## Each of them", *map(_judged_line, answer.scanned)]
    if answer.servers:
        lines += ["", "## Configuration"]
    for server in sorted(answer.servers, key=lambda one: not one.findings):
        state = ", switched off" if server.disabled else ""
        lines.append(f"- `{server.target}` ({server.scope}{state}): {server.reached}")
        lines += [
            f"  - **{finding.severity}**: {finding.title}. {finding.remediation}" for finding in server.findings[:4]
        ]
    if not answer.scanned and answer.servers:
        lines += ["", "Nothing was started. To threat-model them and the set as a whole, call this with `scan: true`."]
    return fit(lines)


def _configured_here(answer: AuditAnswer) -> str:
    total = answer.servers_total
    if not total:
        return "No MCP server is configured here"
    wrong = sum(bool(server.findings) for server in answer.servers)
    told = capital(counted(total, "MCP server")) + (" is" if total == 1 else " are") + " configured here"
    if not wrong:
        return f"{told}; nothing is wrong with how"
    which = "it is" if total == 1 else f"{number(wrong)} of them {'is' if wrong == 1 else 'are'}"
    return f"{told}; something is wrong with how {which}"


def _judged_line(one: JudgedOut) -> str:
    if one.error is not None:
        return f"- `{one.target}`: not scanned ({one.error.code}): {one.error.message} {one.error.hint}".rstrip()
    decision = DECISIONS[one.decision] if one.decision else ""
    return f"- `{one.target}`: {decision}, AIVSS {one.score:.1f} {one.severity}"


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


def install_text(answer: InstallAnswer, limits: Permissions | None, command: str) -> str:
    """The verdict first, then why, then what to write into the client's configuration.

    A configuration is told whole or not at all; `command` prints one that is too long to stand here.
    """
    lines = [
        f"# {DECISIONS[answer.verdict.decision]}: {answer.server or 'this server'} "
        f"(AIVSS {answer.score:.1f} {answer.severity})",
        *(f"- {reason}" for reason in answer.verdict.reasons),
        "",
        answer.summary,
    ]
    if answer.page.offset:
        return fit([*lines, *beyond(answer.page), *([""] if answer.findings else []), *_found(answer.findings)])
    lines += _found(answer.findings[:6])
    if answer.not_observed:
        parts = ", ".join(part.replace("_", " ") for part in answer.not_observed)
        lines += ["", f"Not seen, so not judged: {parts}."]
    if limits is None:
        return fit(lines)
    notes = ["", *(f"- {note}" for note in limits.notes)]
    files: list[str] = []
    for file in limits.files:
        files += ["", f"Into `{file.path}`:", f"```{file.language}\n{file.text}```"]
    room = MAX_CHARS - len("\n".join([*lines, *notes])) - 1
    if files and len("\n".join(files)) > room:
        paths = " and ".join(f"`{file.path}`" for file in limits.files)
        where = "it is in the structured content under `limits.files`, and " if answer.limits else ""
        files = ["", f"The configuration, for {paths}, is too long to stand here; {where}`{command}` prints it."]
    return fit([*lines, *files, *notes])


def _found(findings: Iterable[FindingOut]) -> list[str]:
    return [f"- **{one.severity}**: {one.title} {place(one)}. {one.remediation}" for one in findings]


def changes_text(answer: ChangesAnswer) -> str:
    """What changed, gravest first; what could not be compared is said before what is unchanged."""
    changed = [one for one in answer.servers if one.status == "changed"]
    blind = [one for one in answer.servers if one.status == "not_checked"]
    calm = [one.target for one in answer.servers if one.status == "unchanged"]
    lines = [
        f"# {len(changed)} of {len(answer.servers)} approved servers changed since `{answer.lock}` was written"
        + (f"; {len(blind)} could not be checked, or only in part" if blind else "")
    ]
    for one in changed:
        lines += ["", f"## `{one.target}`"]
        lines += [f"- **{c.severity}**: {c.title}. {c.explanation} {c.remediation}" for c in one.changes]
    for one in blind:
        told = [f"{one.error.message} {one.error.hint}"] if one.error else []
        told += [f"{c.title}. {c.explanation} {c.remediation}" for c in one.changes]
        lines += ["", " ".join([f"Not checked{' in full' if one.changes else ''}: `{one.target}`.", *told]).rstrip()]
    if calm:
        lines += ["", "Unchanged: " + ", ".join(f"`{target}`" for target in calm) + "."]
    return fit(lines)
