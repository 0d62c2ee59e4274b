"""The policy: what of a report breaks a build, what was accepted and until when, and which servers are allowed.

``mcp-threat-model.yaml`` beside the code it is about, written by people, read strictly::

    version: 1
    fail_at: high                       # for everything that has no threshold of its own
    thresholds:
      score: 8.5                        # AIVSS, as a number or as a severity
      hostile_content: low
      change: never
    servers: [shop, "config:cursor/*"]  # by target, or what its user calls it; any other one is a finding
    accept:
      - rule: auth.none
        server: shop
        reason: only reachable inside the cluster
        until: 2027-03-31

An acceptance that is out of date counts for nothing: the finding is back, and it is said why. Nor does what a server
calls itself count: a stranger could take the name of one that is allowed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from mcp_threat_scoring.approval.breach import Breach, Floors, Threshold
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.neutralise import neutralise_name, neutralise_prose
from mcp_threat_scoring.phrases import joined, quoted
from mcp_threat_scoring.report import FindingOut, Report, Severity, gravest
from mcp_threat_scoring.structs import Meta, Struct

POLICY_NAME = "mcp-threat-model.yaml"
REASON_SHOWN = 500
"""Characters of a reason: as many as it may have."""
TOLD_EACH = 20
"""Acceptances that are told of one kind: those that ran out, and those that do not count."""
_CHANGES = "change."
"""How the rules begin whose findings only a comparison with a lock can have."""
Pattern = Annotated[str, Meta(min_length=1, max_length=300)]
"""A name; ``*`` stands for any characters."""
Day = Annotated[str, Meta(pattern=r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$", examples=["2026-12-31"])]
"""A day as ISO 8601 writes it. As text, days compare as they follow each other, and nobody here reads a clock."""


class Thresholds(Model, frozen=True, kw_only=True):
    """From where on a finding of a kind, or the score, breaks the build. What is not said is left to ``fail_at``."""

    score: Annotated[float, Meta(ge=0, le=10)] | Threshold | None = None
    hostile_content: Threshold | None = None
    contradiction: Threshold | None = None
    weakness: Threshold | None = None
    exposure: Threshold | None = None
    change: Threshold | None = None


class Acceptance(Model, frozen=True, kw_only=True):
    """A finding that somebody looked at and lives with for a while."""

    rule: Pattern
    server: Pattern | None = None
    tool: Pattern | None = None
    reason: Annotated[str, Meta(min_length=5, max_length=500)]
    until: Annotated[Day, Meta(description="The last day on which it counts.")]

    def covers(self, report: Report, finding: FindingOut) -> bool:
        """Whether it speaks of this finding, whatever the date."""
        if not fnmatchcase(finding.rule_id, self.rule):
            return False
        if self.tool is not None and not (finding.tool is not None and fnmatchcase(finding.tool, self.tool)):
            return False
        return self.speaks_of(report)

    def speaks_of(self, report: Report) -> bool:
        """Whether it speaks of this server."""
        return self.server is None or _is_called(report, self.server)

    def is_claimed(self, report: Report) -> bool:
        """Whether the server has only said itself that it is the one that is spoken of."""
        return self.server is not None and not _is_called(report, self.server) and _claims(report, self.server)


class Policy(Model, frozen=True, kw_only=True):
    """The whole file."""

    version: Literal[1]
    fail_at: Threshold | None = None
    thresholds: Thresholds = Thresholds()
    servers: tuple[Pattern, ...] | None = None
    accept: tuple[Acceptance, ...] = ()


class Judgement(Struct, frozen=True):
    """What a policy says of one report."""

    report: Report
    """With a finding more if the server is none of those that are allowed."""
    accepted: Mapping[str, str]
    """Fingerprints of accepted findings, and why they were."""
    breaking: tuple[Breach, ...]
    """What breaks the build: the score, then the kinds of findings in their order."""
    expired: tuple[Acceptance, ...]
    used: frozenset[int]
    """Indices of the acceptances that spoke of something here."""
    idle: frozenset[int]
    """Indices of those that could have spoken of something here, and had nothing to speak of."""
    unseen: frozenset[int] = frozenset()
    """Indices of those that speak of this server, and of a check that could not be made of it, or only in part."""
    claimed: frozenset[int] = frozenset()
    """Indices of those that would speak of this server if what it calls itself counted."""

    @property
    def worst(self) -> Severity | None:
        """The gravest thing that breaks the build; None when nothing does."""
        return gravest(one.severity for one in self.breaking) if self.breaking else None


def _is_called(report: Report, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in report.target.names if name)


def _claims(report: Report, pattern: str) -> bool:
    return bool(report.server.name) and fnmatchcase(report.server.name, pattern)


def _unchecked(report: Report, pattern: str) -> bool:
    """Whether a check of that name could not be made: what it would have found is not known to be settled."""
    partial = {part for part, seen in report.coverage.items() if seen.status == "partial"}
    return any(
        fnmatchcase(check.id, pattern) and (check.result == "not_observed" or not partial.isdisjoint(check.surfaces))
        for check in report.checks
    )


def _stranger(report: Report, servers: Sequence[Pattern]) -> FindingOut:
    who = report.target.value
    claimed = any(_claims(report, name) for name in servers)
    proof = f" It calls itself {quoted(report.server.name)}, which any server can." if claimed else ""
    return FindingOut(
        rule_id="policy.server_not_allowed",
        kind="exposure",
        title="The policy does not allow this server",
        severity="high",
        confidence="high",
        tool=None,
        pointer="",
        excerpt=who,
        explanation=f"{quoted(who)} is none of the servers that the policy names.{proof}",
        remediation="Remove the server, or have it approved and add its target to `servers` of the policy.",
        references=["MCP09:2025"],
        fingerprint=hashlib.sha256(f"policy.server_not_allowed\0{who}".encode()).hexdigest()[:32],
    )


def judge(
    policy: Policy,
    report: Report,
    today: str,
    *,
    fail_at: Threshold | None = None,
    compared: bool = False,
) -> Judgement:
    """Hold one report against a policy.

    `today` is a day like ``2026-11-21``. `fail_at` is what the caller asked for; it stands in for the policy's own, and
    counts beside its thresholds. `compared` is True where the findings are what changed since a lock as well: then the
    caller asked about the changes, which come first.
    """
    if policy.servers is not None and not any(_is_called(report, name) for name in policy.servers):
        findings = (_stranger(report, policy.servers), *report.findings)
        report = report.changed({"findings": sorted(findings, key=lambda finding: finding.kind != "change")})
    accepted: dict[str, str] = {}
    expired: dict[Acceptance, None] = {}
    used: set[int] = set()
    open_: list[FindingOut] = []
    for finding in report.findings:
        covering = [(index, one) for index, one in enumerate(policy.accept) if one.covers(report, finding)]
        used.update(index for index, _ in covering)
        valid = next((one for _, one in covering if one.until >= today), None)
        if valid is not None:
            accepted[finding.fingerprint] = f"{neutralise_prose(valid.reason, REASON_SHOWN)} (until {valid.until})"
            continue
        expired.update(dict.fromkeys(one for _, one in covering))
        open_.append(finding)
    breaking = Floors(policy, fail_at, compared).over(report, open_)
    idle = frozenset(
        index
        for index, one in enumerate(policy.accept)
        if index not in used and (compared or not one.rule.startswith(_CHANGES)) and one.speaks_of(report)
    )
    claimed = frozenset(index for index, one in enumerate(policy.accept) if one.is_claimed(report))
    unseen = frozenset(
        index
        for index, one in enumerate(policy.accept)
        if index not in used and one.speaks_of(report) and _unchecked(report, one.rule)
    )
    return Judgement(report, accepted, breaking, tuple(expired), frozenset(used), idle, unseen, claimed)


def told(policy: Policy, name: str, judgements: Sequence[Judgement]) -> list[str]:
    """What a person should know of the policy's part in the result: one sentence each, none when it changed nothing."""
    accepted = sum(len(judgement.accepted) for judgement in judgements)
    expired = list(dict.fromkeys(one for judgement in judgements for one in judgement.expired))
    used = frozenset[int]().union(*(judgement.used for judgement in judgements))
    unseen = frozenset[int]().union(*(judgement.unseen for judgement in judgements))
    spare = frozenset[int]().union(*(judgement.idle for judgement in judgements)) - used - unseen
    idle = list(dict.fromkeys(neutralise_name(policy.accept[index].rule) for index in sorted(spare)))
    unproven = {(one.report.target.value, policy.accept[at].server or "") for one in judgements for at in one.claimed}
    lines = (
        [f"policy {name}: {accepted} accepted finding{'' if accepted == 1 else 's'} not counted"] if accepted else []
    )
    lines += [
        f"policy {name}: the acceptance of {neutralise_name(one.rule)} ran out on {one.until}; the finding counts again"
        for one in expired[:TOLD_EACH]
    ]
    if len(expired) > TOLD_EACH:
        lines.append(f"policy {name}: {len(expired) - TOLD_EACH} more acceptances ran out")
    lines += [
        f"policy {name}: what is accepted for {neutralise_name(server)} is not for {target}, which only calls itself "
        "that; write its target there"
        for target, server in sorted(unproven)[:TOLD_EACH]
    ]
    if idle:
        lines.append(f"policy {name}: nothing was found that {joined(idle[:5])} would accept; remove what is settled")
    return lines
