"""One thing that is not as it was approved, how it becomes a finding, and such findings among others."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from mcp_threat_scoring.neutralise import neutralise_again, neutralise_command
from mcp_threat_scoring.phrases import joined, quoted
from mcp_threat_scoring.report import FindingOut, Level, Report, Severity
from mcp_threat_scoring.structs import Struct

NAMES_TOLD = 6
TOOL_SHOWN = 300
"""Characters of a tool's name beside its change: all that a neutralised one can have."""
LOOK_AGAIN = "Read what changed, scan the server again, and lock it anew if you still approve."


class Command(str):
    """The words of a command, which may be more than those of a name."""

    __slots__ = ()


Words = str | Sequence[str]
"""A name or command, or several names, as they stand in the lock or were read from the server."""


class Change(Struct, frozen=True):
    """One thing that is not as it was approved.

    `said` is a sentence of ours with a ``{}`` for each of `words`, which are not ours and come in as they are.
    """

    id: str
    severity: Severity
    title: str
    said: str
    words: tuple[Words, ...] = ()
    remediation: str = LOOK_AGAIN
    tool: str | None = None
    confidence: Level = "high"
    pointer: str = ""
    """Where it stands in the manifest of now, where that is known."""

    def finding(self, place: str = "") -> FindingOut:
        """As a finding of kind ``change``: every word that is not ours is made inert, shortened, and put in quotes.

        `place` is where it stands if it does not say so itself.
        """
        tool = None if self.tool is None else neutralise_again(self.tool, TOOL_SHOWN)
        explanation = self.said.format(*map(told, self.words)) if self.words else self.said
        print_of = f"{self.id}\0{tool or ''}\0{explanation}"
        return FindingOut(
            rule_id=f"change.{self.id}",
            kind="change",
            title=self.title,
            severity=self.severity,
            confidence=self.confidence,
            tool=tool,
            pointer=self.pointer or place,
            excerpt="",
            explanation=explanation,
            remediation=self.remediation,
            references=["MCP03:2025"] if self.tool else [],
            fingerprint=hashlib.sha256(print_of.encode()).hexdigest()[:32],
        )


def changed_in(report: Report) -> list[FindingOut]:
    """What is not as it was approved, of all that is found of a server."""
    return [finding for finding in report.findings if finding.kind == "change"]


def told(words: Words) -> str:
    """A name, or a few of several, as they may stand in a sentence."""
    if isinstance(words, Command):
        return quoted(neutralise_command(words))
    if isinstance(words, str):
        return quoted(neutralise_again(words))
    names = sorted(words)
    shown = [quoted(neutralise_again(name)) for name in names[:NAMES_TOLD]]
    more = len(names) - len(shown)
    return joined([*shown, f"{more} more"] if more else shown)
