"""Findings about hostile text: the technique, who is addressed, what is asked, what would follow, what to do now.

Nothing of the passage stands in them but a few words, broken up (:func:`neutralise.excerpt`).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mcp_threat_scoring.hostile.suspicion import DOUBTFUL, Suspicion, hostile_engine
from mcp_threat_scoring.manifest import canonical_json
from mcp_threat_scoring.neutralise import SafeText, neutralise_name
from mcp_threat_scoring.phrases import quoted
from mcp_threat_scoring.report import SEVERITIES, CheckOut, FindingOut, Level, Severity
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.rulebook.signal_rule import SignalRule
from mcp_threat_scoring.signal import Evidence, Signal, SignalId

TECHNIQUES_TOLD = 4
"""Techniques told of one item, strongest first; more would bury the point."""
SHARE = 0.15
"""Part of an item's positive log-odds below which a technique is not told by itself."""
ENOUGH = 1.0
"""Log-odds below which a technique is not told by itself."""

_SURFACES = ("tools", "prompts", "resources", "resource_templates", "instructions", "server")
_DOUBT: Mapping[Level, str] = {
    "high": "",
    "medium": " The wording may have an innocent reason; read the passage at its source before you trust it.",
    "low": " This is weak evidence on its own: the passage is worth reading before use.",
}
_READ_IT = "Read the passage at its source before use; if it only explains how something works, there is nothing to do."
"""What to do about a passage that is more likely to be innocent: advice for orders would be out of proportion."""


def _where(one: Suspicion, pointer: str, shown: SafeText) -> str:
    """The place in words, which are of one thing: ``the description of `search_web` `` speaks, instructions speak."""
    part = pointer.removeprefix(one.pointer).strip("/").split("/")
    if one.kind in ("server", "listing"):
        return "a passage in the server's instructions" if "instructions" in part else "the server's own text"
    place = {
        "name": "the name", "title": "the title", "description": "the description", "inputSchema": "the input schema",
        "outputSchema": "the output schema", "annotations": "an annotation", "_meta": "the metadata",
    }.get(part[0], "the text")  # fmt: skip
    kind = "" if one.kind == "tool" else f"the {one.kind.replace('_', ' ')} "
    return f"{place} of {kind}{quoted(shown)}"


def _approvable(one: Suspicion) -> str:
    """What an approval of a finding is about: all that the item says, for the next order may begin like the last one.

    A weak hint stays the same while it is weak, whatever is mended around it.
    """
    return "" if one.level == "low" else one.sha256


def _severity(rule_severity: Severity, level: Level) -> Severity:
    """Doubt lowers the severity by a step, so that a gate on severity is not shut by a maybe."""
    return SEVERITIES[max(1, SEVERITIES.index(rule_severity) - (level == "low"))]


def _told(one: Suspicion, weights: Mapping[str, float], rules: Mapping[SignalId, SignalRule]) -> list[list[Signal]]:
    """The signals of an item by technique, strongest technique first."""
    grouped: defaultdict[str, list[Signal]] = defaultdict(list)
    for signal in one.signals:
        if rules[signal.id].doc.technique is not None and weights[str(signal.id)] > 0 and signal.evidence:
            grouped[str(rules[signal.id].doc.id)].append(signal)
    totals = {name: sum(weights[str(signal.id)] for signal in signals) for name, signals in grouped.items()}
    whole = sum(totals.values())
    ranked = sorted(totals, key=lambda name: (-totals[name], name))
    kept = [name for index, name in enumerate(ranked)
            if index == 0 or (totals[name] >= ENOUGH and totals[name] >= SHARE * whole)]  # fmt: skip
    return [sorted(grouped[name], key=lambda signal: -weights[str(signal.id)]) for name in kept[:TECHNIQUES_TOLD]]


def _finding(one: Suspicion, signals: Sequence[Signal], rules: Mapping[SignalId, SignalRule]) -> FindingOut:
    rule = rules[signals[0].id]
    technique = rule.doc.technique
    assert technique is not None  # noqa: S101 - only such rules are grouped
    evidence: Evidence = signals[0].evidence[0]
    shown = neutralise_name(one.name)
    where = _where(one, evidence.pointer, shown)
    said = f"speaks to {technique.addresses} and {technique.asks}. If it is obeyed, {technique.obeyed}."
    if one.level == "low":
        said = f"reads a little like an order, one that {said}"
    explanation = f"{where[0].upper()}{where[1:]} {said}{_DOUBT[one.level]}"
    return FindingOut(
        rule_id=str(rule.doc.id),
        kind="hostile_content",
        title=rule.title,
        severity=_severity(technique.severity, one.level),
        confidence=one.level,
        tool=shown if one.kind == "tool" else None,
        pointer=evidence.pointer,
        excerpt=evidence.excerpt,
        explanation=explanation,
        remediation=_READ_IT if one.level == "low" else technique.remediation,
        references=list(rule.doc.references),
        fingerprint=hashlib.sha256(
            canonical_json([rule.doc.id, shown, one.kind, evidence.excerpt, _approvable(one)]).encode()
        ).hexdigest()[:32],
    )


def _each(found: Iterable[Suspicion], ruleset: Ruleset) -> Iterator[tuple[Suspicion, list[Signal]]]:
    """Every technique that is told, with the item it was found in and its signals."""
    weights = hostile_engine(ruleset).weights
    for one in found:
        if one.log_odds >= DOUBTFUL:
            for signals in _told(one, weights, ruleset.by_id):
                yield one, signals


def hostile_findings(found: Iterable[Suspicion], ruleset: Ruleset) -> list[FindingOut]:
    """Every passage that gives orders: one finding per item and technique, in manifest order, strongest first.

    Raises:
        RuleError: a file that the rules over any text need is missing or wrong.
    """
    return [_finding(one, signals, ruleset.by_id) for one, signals in _each(found, ruleset)]


def hostile_checks(
    found: Iterable[Suspicion], ruleset: Ruleset, facts: Mapping[str, bool | int | str], *, listing: bool
) -> list[CheckOut]:
    """Each technique, the surfaces it was looked for on, and whether it was found.

    Args:
        facts: those of the server, which say what was seen of it.
        listing: whether prose was read in place of tools.
    """
    seen = [surface for surface in _SURFACES
            if facts.get(f"coverage.{surface}", "not_observed") != "not_observed"]  # fmt: skip
    if listing and "server" not in seen:
        seen.append("server")
    known = {ruleset.by_id[signals[0].id].doc.id for _, signals in _each(found, ruleset)}
    return [
        CheckOut(
            id=name,
            title=doc.title,
            result="found" if name in known else "not_found" if seen else "not_observed",
            surfaces=seen,
        )
        for name, doc in ruleset.techniques.items()
    ]
