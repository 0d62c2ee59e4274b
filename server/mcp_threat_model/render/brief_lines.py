"""The lines that the short texts of the MCP tools are made of, and how long such a text may be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from mcp_threat_scoring.phrases import capital
from mcp_threat_scoring.report import FindingOut, Report, ThreatOut, gravity
from mcp_threat_scoring.report_page import PageOut

FINDINGS_SHOWN = 6
NAMES_SHOWN = 10
MAX_CHARS = 5_600
"""Some 1,400 tokens of English."""
_PLACES: Final = (
    ("/initialize/instructions", "the server's instructions"),
    ("/initialize/serverInfo/name", "the server's name"),
    ("/initialize/serverInfo/title", "the server's title"),
    ("/initialize/serverInfo/version", "the server's version"),
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


def titled(finding: FindingOut) -> str:
    """What is wrong, behind where it lies, so that two of the same kind can be told apart; as the start of a sentence.

    The place comes first: behind a title it would read as a part of that.
    """
    where = f"`{finding.tool}`" if finding.tool else _place(finding.pointer)
    return f"{capital(where)}: {finding.title}" if where else finding.title


def _place(pointer: str) -> str:
    if pointer.startswith("/tools/"):
        return f"several tools, the first at `{pointer}`"
    return next((words for start, words in _PLACES if pointer.startswith(start)), f"`{pointer}`" if pointer else "")


def wrong(report: Report) -> list[str]:
    """The gravest findings, each with where it lies and what to do."""
    ranked = sorted(report.findings, key=lambda finding: gravity(finding.severity))
    lines = [
        f"- {titled(finding)} ({finding.severity}, {finding.confidence} confidence). {finding.remediation}"
        for finding in ranked[:FINDINGS_SHOWN]
    ]
    if len(ranked) > FINDINGS_SHOWN:
        lines.append(f"- … and {len(ranked) - FINDINGS_SHOWN} more")
    return lines


def beyond(page: PageOut) -> list[str]:
    """What is said of a page after the last one."""
    said = f"Nothing is left at offset {page.offset}: the last page ends before offset {page.total}."
    return ["", said] if page.offset >= page.total else []
