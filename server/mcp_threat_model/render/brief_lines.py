"""The lines that the short texts of the MCP tools are made of, and how long such a text may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mcp_threat_scoring.report import FindingOut, Report, ThreatOut, gravity
from mcp_threat_scoring.report_page import PageOut

FINDINGS_SHOWN = 6
NAMES_SHOWN = 10
MAX_CHARS = 5_600
"""Some 1,400 tokens of English."""
_PLACES: Final = (
    ("/tools/", "in several tools, the first at"),
    ("/initialize/instructions", "in the server's instructions"),
    ("/initialize/serverInfo/name", "in the server's name"),
    ("/initialize/serverInfo/title", "in the server's title"),
    ("/initialize/serverInfo/version", "in the server's version"),
)
"""What the places of a manifest that are no tool are called."""


def fit(lines: Iterable[str]) -> str:
    """As many whole lines as fit, and a word where some did not."""
    kept: list[str] = []
    size = 0
    for line in lines:
        size += len(line) + 1
        if size > MAX_CHARS:
            kept.append("… cut here; the rest is in the structured content.")
            break
        kept.append(line)
    return "\n".join(kept)


def listed(names: Sequence[str], shown: int = NAMES_SHOWN) -> str:
    """The first `shown` names, and how many more there are."""
    told = ", ".join(f"`{name}`" for name in names[:shown])
    return told + (f" and {len(names) - shown} more" if len(names) > shown else "")


def threat_line(threat: ThreatOut) -> str:
    """A threat, and through which tools it comes."""
    tools = f" through {listed(threat.tools, 4)}" if threat.tools else ""
    return f"- **{threat.id} {threat.title}** ({threat.severity}, {threat.likelihood}){tools}"


def unseen(report: Report) -> list[str]:
    """What was not or only partly seen of the server, and why."""
    parts = [
        f"{name.replace('_', ' ')} ({seen.status.replace('_', ' ')}{': ' + seen.reason if seen.reason else ''})"
        for name, seen in report.coverage.items()
        if seen.status != "observed"
    ]
    return [f"Not or only partly seen: {'; '.join(parts)}."] if parts else []


def place(finding: FindingOut) -> str:
    """Where a finding lies, so that two of the same kind can be told apart."""
    if finding.tool:
        return f"in `{finding.tool}`"
    words = next((words for start, words in _PLACES if finding.pointer.startswith(start)), "at")
    if words.startswith("in the"):
        return words
    return f"{words} `{finding.pointer}`" if finding.pointer else "in the server as a whole"


def wrong(report: Report) -> list[str]:
    """The gravest findings, each with where it lies and what to do."""
    ranked = sorted(report.findings, key=lambda finding: gravity(finding.severity))
    lines = [
        f"- {finding.title} ({finding.severity}, {finding.confidence} confidence) {place(finding)}: "
        f"{finding.remediation}"
        for finding in ranked[:FINDINGS_SHOWN]
    ]
    if len(ranked) > FINDINGS_SHOWN:
        lines.append(f"- … and {len(ranked) - FINDINGS_SHOWN} more")
    return lines


def beyond(page: PageOut) -> list[str]:
    """What is said of a page after the last one."""
    said = f"Nothing is left at offset {page.offset}: the last page ends before offset {page.total}."
    return ["", said] if page.offset >= page.total else []
