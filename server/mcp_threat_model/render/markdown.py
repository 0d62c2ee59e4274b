"""The report in GitHub-flavoured Markdown, for a pull request: headline first, tables, the long parts folded away.

A comment may have 65,536 characters there. A report that would be longer is written again with less evidence, and says
so; what decides something is never left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from mcp_threat_model.render import wording
from mcp_threat_model.render.interface import NOTHING_MORE, Context
from mcp_threat_model.render.markdown_layers import counts, layers, tools
from mcp_threat_model.render.markdown_score import making, score
from mcp_threat_model.render.marks import Room, code, details, names, sentence, table
from mcp_threat_scoring.fleet.chains import mermaid
from mcp_threat_scoring.report import ErrorOut, Report, gravity
from mcp_threat_scoring.report_set import FleetOut

COMMENT: Final = 65_000
"""Characters that fit into one comment, with some to spare."""


_ROOMS: Final = (Room(3, 400, 12, 99), Room(1, 120, 6, 99), Room(0, 60, 4, 6), Room(0, 25, 3, 3))
"""Tried in this order until the report fits."""


def render_markdown(results: Sequence[Report | ErrorOut], context: Context = NOTHING_MORE) -> str:
    """All results as one document: an index where there are several, what they do together, then each."""
    text = ""
    for room in _ROOMS:
        text = "\n".join(_document(results, context, room)).rstrip() + "\n"
        if len(text) <= COMMENT:
            return text
    return text


def _document(results: Sequence[Report | ErrorOut], context: Context, room: Room) -> Iterator[str]:
    fleet = context.fleet
    if len(results) > 1 or fleet:
        yield from _index(results)
    if fleet:
        yield from _fleet(fleet)
    for result in results:
        yield from _error(result) if isinstance(result, ErrorOut) else _report(result, context, room, len(results))
    if not results:
        yield "Nothing was scanned."
    if room != _ROOMS[0]:
        yield "_Shortened to fit into a comment; the JSON report has everything._"


def _index(results: Sequence[Report | ErrorOut]) -> Iterator[str]:
    reports = [result for result in results if isinstance(result, Report)]
    yield f"# MCP threat model: {len(reports)} server{'' if len(reports) == 1 else 's'}\n"
    rows = [
        (
            code(wording.named(one, len(results))), score(one.aivss), wording.DECISIONS[one.verdict.decision].lower(),
            counts(one), str(len(one.findings)),
        )
        if isinstance(one, Report)
        else (code(one.target), f"not read: {one.code.replace('_', ' ')}", "", "", "")
        for one in results
    ]  # fmt: skip
    yield from table(("Server", "AIVSS", "Verdict", "Tools", "Findings"), rows)


def _fleet(fleet: FleetOut) -> Iterator[str]:
    yield f"## All servers together\n\n{sentence(fleet.summary)}\n"
    if fleet.paths:
        yield f"```mermaid\n{mermaid(fleet)}\n```\n"
    yield from table(
        ("Severity", "Way", "What could happen", "What to do"),
        (
            (path.severity, " → ".join(map(code, wording.servers(path))) + ("" if path.crosses else " alone"),
             sentence(path.explanation), sentence(path.remediation))
            for path in fleet.paths
        ),
    )  # fmt: skip
    yield from table(
        ("Severity", "In each other's way", "What to do"),
        ((one.severity, sentence(one.explanation), sentence(one.remediation)) for one in fleet.shadows),
    )


def _error(error: ErrorOut) -> Iterator[str]:
    yield f"## Not read: {code(error.target)}\n"
    hint = f" {sentence(error.hint)}" if error.hint else ""
    yield f"**{error.code.replace('_', ' ')}**: {sentence(error.message)}{hint} Not read is not clean.\n"


def _report(report: Report, context: Context, room: Room, count: int) -> Iterator[str]:
    aivss, other = report.aivss, report.aivss.other_profile
    decision = wording.DECISIONS[report.verdict.decision].lower()
    title = wording.named(report, count) if count > 1 else wording.title(report)  # alone, "Read from" says the target
    yield f"## {code(title)}: AIVSS {aivss.score:.1f} {aivss.severity}, {decision}\n"
    yield f"{sentence(report.summary)}\n"
    mapped = sum(layer.status == "mapped" for layer in report.maestro.layers)
    yield from table(
        ("AIVSS", "Profile " + other.profile, "CVSS base", "Factors", "Tools", "Layers mapped", "Findings"),
        [(
            score(aivss), score(other), f"{aivss.cvss.base_score:.1f}", f"{aivss.factor_sum:.1f} of 10",
            counts(report), f"{mapped} of {len(report.maestro.layers)}", str(len(report.findings)),
        )],
    )  # fmt: skip
    yield from _todo(report, room)
    yield from _findings(report, context)
    yield from making(aivss, room)
    yield from layers(report, room)
    yield from tools(report, room)
    yield from _authority(report)
    yield from _unseen(report)


def _todo(report: Report, room: Room) -> Iterator[str]:
    yield "### What to do first\n"
    yield from (f"- {sentence(reason)}" for reason in report.verdict.reasons)
    limits = report.verdict.limits
    for word, held in (("Deny", limits.deny_tools), ("Confirm", limits.confirm_tools), ("Allow", limits.allow_tools)):
        if held:
            yield f"- **{word}**: {names(held, 4 * room.names)}"
    yield ""
    yield from table(
        ("Change", "AIVSS after"),
        (
            (sentence(lever.change), f"{report.aivss.score:.1f} → **{lever.score_after:.1f} {lever.severity_after}**")
            for lever in report.aivss.levers
        ),
    )


def _findings(report: Report, context: Context) -> Iterator[str]:
    yield "### Findings\n"
    if not report.findings:
        yield "None among what was observed.\n"
    ranked = sorted(report.findings, key=lambda found: gravity(found.severity))
    for found in ranked:
        where = f"{code(found.tool)}: " if found.tool else ""
        yield f"- **{found.severity}** {where}{sentence(found.title)}. {sentence(found.explanation)}"
        quote = f" on {code(found.excerpt)}" if found.excerpt else ""
        yield f"  - {sentence(found.remediation)}"
        if reason := context.accepted(report, found):
            yield f"  - **Accepted by the policy**: {sentence(reason)}"
        yield (
            f"  - {code(found.rule_id)}{quote} at {code(found.pointer or '/')}, {found.confidence} confidence"
            + (f" ({', '.join(map(sentence, found.references))})" if found.references else "")
        )
    yield ""


def _authority(report: Report) -> Iterator[str]:
    auth = report.auth
    yield "### Authority\n"
    schemes = f" ({', '.join(map(sentence, auth.schemes))})" if auth.schemes else ""
    breadth = wording.breadth(auth.breadth)
    yield f"Authentication: {auth.requirement}{schemes}; breadth of what the tools may reach: {breadth}.\n"
    rows = ((code(scope.name), scope.breadth, sentence(scope.source.replace("_", " "))) for scope in auth.scopes)
    yield from table(("Scope", "Breadth", "Read in"), rows)


def _unseen(report: Report) -> Iterator[str]:
    yield "### Not observed\n"
    missing = wording.unseen(report)
    if not missing:
        yield "Every part was observed.\n"
    yield from table(("Part", "Why"), ((sentence(name), sentence(reason)) for name, reason in missing))
    server = report.server
    if server.instructions:
        yield f"What the server tells the model: {code(server.instructions)}\n"
    told = [
        f"- {sentence(check.title)} ({code(check.id)})" for check in report.checks if check.result == "not_observed"
    ]
    yield from details(f"{len(told)} of {len(report.checks)} checks could not be made", told)
    protocol = f" MCP {sentence(server.protocol_version)}." if server.protocol_version else ""
    name = f" It calls itself {code(server.name)}." if server.name else ""
    yield f"Read from {code(report.target.value)}.{name}{protocol} Manifest SHA-256 {code(server.manifest_sha256)}.\n"
