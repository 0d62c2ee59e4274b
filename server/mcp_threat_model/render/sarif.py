"""SARIF 2.1.0 (OASIS, March 2020) for code scanning: findings as results, with help and stable fingerprints.

Only findings become results: what a server *can* do is no defect. Scores and verdicts stand in each run's properties.
A finding in a scanned file points at its line when the context knows it; otherwise at the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal
from urllib.parse import quote

from mcp_threat_model import __version__
from mcp_threat_model.render.interface import NOTHING_MORE, Context
from mcp_threat_scoring.report import ErrorOut, FindingOut, Report, Severity

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
FINGERPRINT: Final = "mcpThreatModel/v1"
LINE_HASH: Final = "primaryLocationLineHash"
"""The one fingerprint that code scanning compares. Where there is a file, its upload makes it from the line."""
MAX_TAGS: Final = 20
"""Tags of a rule that code scanning accepts; the schema wants them to differ."""

_LEVELS: Final[Mapping[Severity, Literal["error", "warning", "note"]]] = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
_SECURITY_SEVERITY: Final[Mapping[Severity, str]] = {
    "critical": "9.5",
    "high": "8.0",
    "medium": "5.5",
    "low": "3.0",
    "info": "0.0",
}
"""Numbers in the bands that code scanning turns back into critical, high, medium and low."""


def render_sarif(results: Sequence[Report | ErrorOut], context: Context = NOTHING_MORE) -> str:
    """All findings as one SARIF log, with lines and accepted findings where these are known.

    Paths over several servers have no place in a file, so the fleet adds nothing.
    """
    reports = [result for result in results if isinstance(result, Report)]
    errors = [result for result in results if isinstance(result, ErrorOut)]
    rules = _rules(reports)
    index = {rule["id"]: position for position, rule in enumerate(rules)}
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "mcp-threat-model", "semanticVersion": _semantic(), "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(report, finding, index[finding.rule_id], context)
            for report in reports
            for finding in report.findings
        ],
        "invocations": [
            {
                "executionSuccessful": not errors,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": f"{error.target}: {error.code}: {error.message}"}}
                    for error in errors
                ],
            }
        ],
        "properties": {"servers": [_server(report) for report in reports]},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _semantic() -> str:
    """The version as SARIF wants it: SemVer, so a local build's suffix is left out."""
    return __version__.partition("+")[0]


def _rules(reports: Sequence[Report]) -> list[dict[str, Any]]:
    first: dict[str, FindingOut] = {}
    for report in reports:
        for finding in report.findings:
            first.setdefault(finding.rule_id, finding)
    return [_rule(rule_id, first[rule_id]) for rule_id in sorted(first)]


def _rule(rule_id: str, finding: FindingOut) -> dict[str, Any]:
    references = ", ".join(finding.references)
    told = f"{finding.title}.\n\n{finding.remediation}" + (f"\n\nSee: {references}." if references else "")
    return {
        "id": rule_id,
        "name": "".join(part.capitalize() for part in rule_id.replace(".", "_").replace("-", "_").split("_")),
        "shortDescription": {"text": finding.title},
        "fullDescription": {"text": f"{finding.title}. {finding.remediation}"},
        "help": {"text": told, "markdown": told},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "tags": list(dict.fromkeys(("security", "mcp", finding.kind, *finding.references)))[:MAX_TAGS],
            "precision": finding.confidence,
            "security-severity": _SECURITY_SEVERITY[finding.severity],
        },
    }


def _result(report: Report, finding: FindingOut, index: int, context: Context) -> dict[str, Any]:
    told = finding.explanation + (f" Found: {finding.excerpt}" if finding.excerpt else "")
    line = context.line(report, finding.pointer)
    physical: dict[str, Any] = {
        "artifactLocation": {"uri": context.uri(report) or _uri(report)},
        "region": {"startLine": line or 1},
    }
    logical = {"fullyQualifiedName": finding.pointer or "/", "kind": "member"}
    if finding.tool:
        logical["name"] = finding.tool
    result: dict[str, Any] = {
        "ruleId": finding.rule_id,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.title}. {told}"},
        "locations": [{"physicalLocation": physical, "logicalLocations": [logical]}],
        "partialFingerprints": _fingerprints(report, finding),
        "properties": {"confidence": finding.confidence, "kind": finding.kind},
    }
    reason = context.accepted(report, finding)
    if reason is not None:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return result


def _fingerprints(report: Report, finding: FindingOut) -> dict[str, str]:
    own = {FINGERPRINT: finding.fingerprint}
    return own if report.target.origin.is_path else {**own, LINE_HASH: f"{finding.fingerprint[:16]}:1"}


def _uri(report: Report) -> str:
    """Where the finding is: the scanned file, or the target of a server that is in no file.

    Not what the server calls itself: any other can do that too, and would stand in its place.
    """
    value = report.target.value
    if report.target.origin.is_path:
        return quote(value.replace("\\", "/").removeprefix("./"), safe="/:@!$&'()*+,;=-._~")
    return "mcp-servers/" + quote(value, safe="-._~@")


def _server(report: Report) -> dict[str, Any]:
    aivss = report.aivss
    return {
        "target": report.target.value,
        "name": report.server.name,
        "aivss": {"profile": aivss.profile, "score": aivss.score, "severity": aivss.severity},
        "verdict": report.verdict.decision,
        "notObserved": sorted(part for part, seen in report.coverage.items() if seen.status == "not_observed"),
    }
