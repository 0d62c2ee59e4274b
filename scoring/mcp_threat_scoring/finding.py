"""Findings: what is wrong with a server, from the signals of rules that say how to tell it.

What a server *can* do is never a finding. A rule that has a ``finding:`` block becomes one finding for every item it
fired on, or one for the whole server when the block says ``once``.

The explanation of a rule may hold ``{tool}`` or ``{tools}`` (names in back quotes; "the server" where no tool is
meant), ``{s}`` (the ending of a verb that agrees with them), ``{excerpt}`` (the words it fired on, quoted) and
``{count}``. Only these are replaced, in one pass, so that a name that looks like a place-holder stays a name.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from mcp_threat_scoring.manifest import canonical_json
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.phrases import item_of, listed, quoted
from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.report import FindingOut, gravity
from mcp_threat_scoring.rulebook.rule import BLANKS, FindingDoc
from mcp_threat_scoring.rulebook.signal_rule import SignalRule
from mcp_threat_scoring.signal import Evidence, Signal

MAX_PER_RULE = 50
"""Findings of one rule that are told one by one; the rest is told in one more, so that nothing is lost."""
_PLACE = pattern(r"\{(" + "|".join(BLANKS) + r")\}")
_CONFIDENCE = {"low": 2, "medium": 1, "high": 0}


def _fill(text: str, values: Mapping[str, str]) -> str:
    parts: list[str] = []
    at = 0
    for found in _PLACE.finditer(text):
        parts += [text[at : found.start()], values[found.group(1)]]
        at = found.end()
    return "".join([*parts, text[at:]])


def fingerprint(rule_id: str, tool: str, excerpt: str, again: int = 0) -> str:
    """Stable over runs, over the order of the list, and over what else it holds. Hex, 32 digits.

    `again` counts findings that are alike in everything else, so that each has its own.
    """
    return hashlib.sha256(canonical_json([rule_id, tool, excerpt, again]).encode()).hexdigest()[:32]


def _names(signals: Sequence[Signal], names: Mapping[str, str]) -> list[str]:
    """The tools that signals are about, or that their evidence lies in, in manifest order."""
    found: dict[str, None] = {}
    for signal in signals:
        places = [signal.subject] if signal.subject else [item_of(one.pointer) for one in signal.evidence]
        found.update((names[place], None) for place in places if place in names)
    return list(found)


def _one(rule: SignalRule, doc: FindingDoc, signals: Sequence[Signal], names: Mapping[str, str]) -> FindingOut:
    first: Evidence | None = next((one for signal in signals for one in signal.evidence), None)
    tools = _names(signals, names)
    subject = signals[0].subject
    shown = listed([quoted(name) for name in tools]) or (f"the item at {subject}" if subject else "the server")
    excerpt = first.excerpt if first else ""
    values = {
        "tool": shown,
        "tools": shown,
        "s": "s" if len(tools) < 2 else "",
        "excerpt": f"“{excerpt}”" if excerpt else "as its description says",
        "count": str(len(signals)),
    }
    return FindingOut(
        rule_id=rule.id,
        kind=doc.kind,
        title=rule.title,
        severity=doc.severity,
        confidence=doc.confidence,
        tool=tools[0] if len(tools) == 1 else None,
        pointer=first.pointer if first else subject,
        excerpt=excerpt,
        explanation=_fill(doc.explanation, values),
        remediation=doc.remediation,
        references=list(rule.doc.references),
    )


def _of_rule(rule: SignalRule, doc: FindingDoc, signals: list[Signal], names: Mapping[str, str]) -> list[FindingOut]:
    if doc.once:
        merged = _one(rule, doc, signals, names)
        return [merged.changed({"fingerprint": fingerprint(rule.id, "", "")})]
    alone, rest = signals, []
    if len(signals) > MAX_PER_RULE:
        alone, rest = signals[: MAX_PER_RULE - 1], signals[MAX_PER_RULE - 1 :]
    found = [_one(rule, doc, [signal], names) for signal in alone]
    if rest:
        found.append(_one(rule, doc, rest, names))
    seen: defaultdict[tuple[str, str], int] = defaultdict(int)
    told: list[FindingOut] = []
    for finding in found:
        key = (finding.tool or "", finding.excerpt)
        told.append(finding.changed({"fingerprint": fingerprint(rule.id, *key, seen[key])}))
        seen[key] += 1
    return told


def findings(picture: Picture) -> list[FindingOut]:
    """Everything that is wrong, worst first; alike in that, the surer first, then by rule and place in the manifest."""
    names = {tool.pointer: str(tool.name) for tool in picture.tools}
    found: list[FindingOut] = []
    for rule, doc in picture.ruleset.reporting:
        if rule.id in picture.signals:
            found += _of_rule(rule, doc, picture.signals.of(rule.id), names)
    return by_severity(found)


def by_severity(found: Sequence[FindingOut]) -> list[FindingOut]:
    """Worst first; alike in that, the surer first, then by rule; what is alike in all keeps its order."""
    return sorted(found, key=lambda one: (gravity(one.severity), _CONFIDENCE[one.confidence], one.rule_id))
