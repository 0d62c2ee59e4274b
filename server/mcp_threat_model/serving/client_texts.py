"""The texts of the tools about a user's own clients: each stands alone, for whoever reads nothing else.

Everything in here is already safe to show: it comes from reports, findings and neutralised names.
"""

from __future__ import annotations

from collections.abc import Iterable

from mcp_threat_model.render.brief_lines import MAX_CHARS, beyond, fit, listed, titled
from mcp_threat_model.render.wording import DECISIONS
from mcp_threat_model.serving.client_answers import AuditAnswer, ChangedOut, ChangesAnswer, InstallAnswer, JudgedOut
from mcp_threat_scoring.permissions import Permissions
from mcp_threat_scoring.phrases import UNNAMED, capital, counted, number
from mcp_threat_scoring.report import ErrorOut, FindingOut


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
        lines += ["", "## Each of them", *(_judged_line(one) for one in answer.scanned if one.error is None)]
        lines += [
            f"- {listed(targets)}: not scanned ({error.code}): {error.message} {error.hint}".rstrip()
            for targets, error in _failed(answer.scanned)
        ]
        if left := answer.scanned_total - len(answer.scanned):
            lines.append(f"- {capital(number(left))} more, not scanned either and not named here.")
    if answer.servers:
        lines += ["", "## Configuration"]
    for server in sorted(answer.servers, key=lambda one: not one.findings):
        state = ", switched off" if server.disabled else ""
        lines.append(f"- `{server.target}` ({server.scope}{state}): {server.reached}")
        lines += [
            f"  - **{finding.severity}**: {finding.title}. {finding.remediation}" for finding in server.findings[:4]
        ]
    if answer.servers_total > len(answer.servers):
        lines.append(f"- {capital(number(answer.servers_total - len(answer.servers)))} more, not listed here.")
    if not answer.scanned and answer.servers:
        lines += ["", "Nothing was started. To threat-model them and the set as a whole, call this with `scan: true`."]
    return fit(lines)


def _configured_here(answer: AuditAnswer) -> str:
    total = answer.servers_total
    if not total:
        return "No MCP server is configured here"
    wrong = answer.wrong_total
    told = capital(counted(total, "MCP server")) + (" is" if total == 1 else " are") + " configured here"
    if not wrong:
        return f"{told}; nothing is wrong with how"
    which = "it is" if total == 1 else f"{number(wrong)} of them {'is' if wrong == 1 else 'are'}"
    return f"{told}; something is wrong with how {which}"


def _failed(told: Iterable[JudgedOut | ChangedOut]) -> list[tuple[list[str], ErrorOut]]:
    """The servers that were not read, those together of which the same is to be said."""
    alike: dict[tuple[str, str, str], tuple[list[str], ErrorOut]] = {}
    for one in told:
        if one.error is not None:
            said = (one.error.code, one.error.message, one.error.hint)
            alike.setdefault(said, ([], one.error))[0].append(one.target)
    return list(alike.values())


def _judged_line(one: JudgedOut) -> str:
    decision = DECISIONS[one.decision] if one.decision else ""
    return f"- `{one.target}`: {decision}, AIVSS {one.score:.1f} {one.severity}"


def install_text(answer: InstallAnswer, limits: Permissions | None, command: str) -> str:
    """The verdict first, then why, then what to write into the client's configuration.

    A configuration is told whole or not at all; `command` prints one that is too long to stand here.
    """
    lines = [
        f"# {DECISIONS[answer.verdict.decision]}: {answer.server or UNNAMED} "
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
    return [f"- **{one.severity}**: {titled(one)}. {one.remediation}" for one in findings]


def changes_text(answer: ChangesAnswer) -> str:
    """What changed, gravest first; what could not be compared is said before what is unchanged."""
    changed = [one for one in answer.servers if one.status == "changed"]
    blind = [one for one in answer.servers if one.status == "not_checked"]
    calm = [one.target for one in answer.servers if one.status == "unchanged"]
    lines = [
        f"# {len(changed)} of {answer.servers_total:,} approved servers changed since `{answer.lock}` was written"
        + (f"; {answer.unchecked_total:,} could not be checked, or only in part" if answer.unchecked_total else "")
    ]
    for one in changed:
        lines += ["", f"## `{one.target}`"]
        lines += [f"- **{c.severity}**: {c.title}. {c.explanation} {c.remediation}" for c in one.changes]
    for targets, error in _failed(blind):
        lines += ["", f"Not checked: {listed(targets)} ({error.code}): {error.message} {error.hint}".rstrip()]
    if left := answer.servers_total - len(answer.servers):
        lines += ["", f"{capital(number(left))} more were not checked either, and are not named here."]
    for one in (one for one in blind if one.error is None):
        said = [one.note, *(f"{c.title}. {c.explanation} {c.remediation}" for c in one.changes)]
        lines += ["", " ".join([f"Not checked in full: `{one.target}`.", *filter(None, said)]).rstrip()]
    if calm:
        lines += ["", "Unchanged: " + ", ".join(f"`{target}`" for target in calm) + "."]
    return fit(lines)
