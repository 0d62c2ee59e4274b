"""Everything in a manifest that called for a close look, and what that says of the server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mcp_threat_scoring.hostile.names import odd_names
from mcp_threat_scoring.hostile.suspicion import LIKELY, HostileEngine, Suspicion
from mcp_threat_scoring.manifest import Item, Manifest, canonical_json
from mcp_threat_scoring.matching.evidence import MAX_EVIDENCE
from mcp_threat_scoring.rulebook.signal_rule import SignalRule
from mcp_threat_scoring.signal import SignalId

MAX_CLOSE = 4_000_000
"""Characters of JSON that are read closely, of one target: some five seconds of it. No server of the public ones has a
hundredth of that which calls for it; what comes after is counted, and makes its part of the report `partial`."""
Places = dict[str, tuple[tuple[str, str], ...]]


def suspicions(
    manifest: Manifest, engine: HostileEngine, unread: list[str] | None = None, most: int = MAX_CLOSE
) -> tuple[Suspicion, ...]:
    """Everything in a manifest that called for a close look, in its order. Most of it turns out to be harmless.

    At most some `most` characters are read; the pointers of items that are beyond them go into `unread`.
    """
    siblings = frozenset(tool.name.lower() for tool in manifest.tools)
    odd = odd_names(manifest.tools)
    found = [*engine.server(manifest, siblings)]
    for item in manifest.items():
        named = odd.get(item.pointer, ())
        if most <= 0 and (named or engine.calls_for_it(item)):
            if unread is not None:
                unread.append(item.pointer)
            continue
        one = engine.item(item, siblings, named)
        if one is not None:
            found.append(one)
            most -= size_of(item)
    return tuple(found)


def size_of(item: Item) -> int:
    """Characters of an item's JSON."""
    return len(canonical_json(item.raw))


def hostile_facts(
    found: Iterable[Suspicion], rules: Mapping[SignalId, SignalRule]
) -> tuple[dict[str, bool | int | str], Places]:
    """Facts about the server for rules over it, with places.

    ``hostile.TECHNIQUE`` counts items that are more likely hostile than not and show that technique,
    ``hostile.in-schema`` and ``hostile.in-instructions`` those where it stands there.
    """
    facts: dict[str, bool | int | str] = {}
    places: Places = {}
    for one in found:
        if one.log_odds < LIKELY:
            continue
        seen: dict[str, tuple[str, str]] = {}
        for signal in one.signals:
            rule = rules[signal.id]
            if rule.polarity == "control" or not signal.evidence:
                continue
            first = signal.evidence[0]
            seen.setdefault(str(rule.doc.id), (first.pointer, first.excerpt))
            for evidence in signal.evidence:
                if "Schema/" in evidence.pointer:
                    seen.setdefault("hostile.in-schema", (evidence.pointer, evidence.excerpt))
                if evidence.pointer.endswith("/instructions"):
                    seen.setdefault("hostile.in-instructions", (evidence.pointer, evidence.excerpt))
        for name, place in seen.items():
            facts[name] = int(facts.get(name, 0)) + 1
            places[name] = (*places.get(name, ()), place)[:MAX_EVIDENCE]
    return facts, places
