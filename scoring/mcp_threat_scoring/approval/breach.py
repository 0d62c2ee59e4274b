"""What of a report breaks a build: its score and each kind of finding, held against the thresholds that there are.

A policy has one for each, and what the caller asked for by name counts beside it: a file that only lies there must not
soften a word of the command line, so that of two the stricter one holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal

from mcp_threat_scoring.phrases import counted
from mcp_threat_scoring.report import FindingKind, FindingOut, Report, Severity, gravest, gravity, reaches, severity_of
from mcp_threat_scoring.structs import Struct

if TYPE_CHECKING:
    from mcp_threat_scoring.approval.policy import Policy

Threshold = Literal[Severity, "never"]
_NOUNS: Final[Mapping[FindingKind, tuple[str, str]]] = {
    "hostile_content": ("passage of hostile content", "passages of hostile content"),
    "contradiction": ("contradiction", "contradictions"),
    "weakness": ("weakness", "weaknesses"),
    "exposure": ("exposure", "exposures"),
    "change": ("change", "changes"),
}
"""What one finding of a kind is called, and several."""


class Breach(Struct, frozen=True):
    """One thing that breaks the build, and in words, at what threshold."""

    severity: Severity
    told: str


class Floors(Struct, frozen=True):
    """The thresholds of one run.

    `fail_at` is what the caller asked for. `compared` is whether the findings are what changed since a lock as well:
    then the caller asked about the changes, and every one of them counts where nobody says from where on.
    """

    policy: Policy
    fail_at: Threshold | None
    compared: bool

    def over(self, report: Report, open_: Sequence[FindingOut]) -> tuple[Breach, ...]:
        """The score, then the kinds of findings in their order, each told once; `open_` are those not accepted."""
        score = self._score(report)
        return (*([score] if score else ()), *self._findings(open_))

    def _limits(self, what: FindingKind | Literal["score"]) -> list[float | Severity]:
        """All that hold for the score or for a kind of findings; what is at or over one of them breaks the build."""
        change = what == "change"
        asked = self.fail_at if change or not self.compared else None
        own: float | Threshold | None = getattr(self.policy.thresholds, what)
        if own is None:
            own = asked or self.policy.fail_at or ("low" if change and self.compared else None)
        return [limit for limit in dict.fromkeys((own, asked)) if limit is not None and limit != "never"]

    def _score(self, report: Report) -> Breach | None:
        score, severity = report.aivss.score, severity_of(report.aivss.severity)
        for limit in self._limits("score"):
            told = f"the score {score:.1f} {report.aivss.severity} is at or over "
            if isinstance(limit, float | int):
                if score >= limit:
                    return Breach(gravest((severity, "low")), f"{told}{limit:g}")
            elif reaches(severity, limit):
                return Breach(severity, f"{told}{limit}")
        return None

    def _findings(self, open_: Sequence[FindingOut]) -> list[Breach]:
        held: dict[FindingKind, list[Severity]] = {}
        for finding in open_:
            held.setdefault(finding.kind, []).append(finding.severity)
        breaches = []
        for kind, severities in held.items():
            floor = self._mildest(kind)
            over = [] if floor is None else [severity for severity in severities if reaches(severity, floor)]
            if over:
                worst, count = gravest(over), counted(len(over), *_NOUNS[kind])
                told = f"({worst}) is" if len(over) == 1 else f"(worst {worst}) are"
                breaches.append(Breach(worst, f"{count} {told} at or over {floor}"))
        return breaches

    def _mildest(self, kind: FindingKind) -> Severity | None:
        """The stricter of two severities is the milder one: it lets less pass."""
        severities = [limit for limit in self._limits(kind) if not isinstance(limit, float | int)]
        return max(severities, key=gravity, default=None)
