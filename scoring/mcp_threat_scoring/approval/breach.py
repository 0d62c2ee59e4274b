"""What of a report breaks a build: its score and each kind of finding, held against the thresholds that there are.

A policy has one for each, and what the caller asked for by name counts beside it: a file that only lies there must not
soften a word of the command line, so that of two the stricter one holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal

from mcp_threat_scoring.phrases import counted, listed
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
    asked: bool
    """Whether the threshold is the caller's: then nobody is to look for it in the policy."""
    findings: tuple[FindingOut, ...] = ()
    """Those that are at or over it; none for the score."""


class Limit(Struct, frozen=True):
    """A threshold, and whose it is."""

    value: float | Severity
    asked: bool

    @property
    def told(self) -> str:
        """As whoever set it knows it."""
        value = f"{self.value:g}" if isinstance(self.value, float | int) else self.value
        return f"--fail-at {value}" if self.asked else value


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

    def _limits(self, what: FindingKind | Literal["score"]) -> list[Limit]:
        """All that hold for the score or for a kind of findings; what is at or over one of them breaks the build."""
        change = what == "change"
        asked = self.fail_at if change or not self.compared else None
        own: float | Threshold | None = getattr(self.policy.thresholds, what)
        if own is None and asked is None:
            own = self.policy.fail_at
            if own is None and change and self.compared:
                asked = "low"  # what --fail-at is where nobody gives it
        limits = ((own, False), (asked, True))
        return [Limit(limit, whose) for limit, whose in limits if limit is not None and limit != "never"]

    def _score(self, report: Report) -> Breach | None:
        score, severity = report.aivss.score, severity_of(report.aivss.severity)
        for limit in self._limits("score"):
            told = f"the score {score:.1f} {report.aivss.severity} is at or over {limit.told}"
            if isinstance(limit.value, float | int):
                if score >= limit.value:
                    return Breach(gravest((severity, "low")), told, limit.asked)
            elif reaches(severity, limit.value):
                return Breach(severity, told, limit.asked)
        return None

    def _findings(self, open_: Sequence[FindingOut]) -> list[Breach]:
        held: dict[FindingKind, list[FindingOut]] = {}
        for finding in open_:
            held.setdefault(finding.kind, []).append(finding)
        breaches = []
        for kind, findings in held.items():
            # The stricter of two severities is the milder one: it lets less pass.
            severities = [(one.value, one) for one in self._limits(kind) if not isinstance(one.value, float | int)]
            floor, limit = max(severities, key=lambda pair: gravity(pair[0]), default=(None, None))
            if floor is None or limit is None:
                continue
            over = tuple(finding for finding in findings if reaches(finding.severity, floor))
            if over:
                breaches.append(_breach(kind, over, limit))
        return breaches


def _breach(kind: FindingKind, over: Sequence[FindingOut], limit: Limit) -> Breach:
    """The findings of one kind that are at or over a threshold, with the rules that found the gravest of them."""
    ranked = sorted(over, key=lambda finding: gravity(finding.severity))
    worst, rules = ranked[0].severity, listed(list(dict.fromkeys(finding.rule_id for finding in ranked)))
    told = f"({worst}: {rules}) is" if len(over) == 1 else f"(worst {worst}: {rules}) are"
    count = counted(len(over), *_NOUNS[kind])
    return Breach(worst, f"{count} {told} at or over {limit.told}", limit.asked, tuple(over))
