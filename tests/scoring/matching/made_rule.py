"""Rules made up for the tests of how rules are matched."""

from __future__ import annotations

from typing import Any

from mcp_threat_scoring.rulebook.rule import SignalDoc
from mcp_threat_scoring.rulebook.signal_rule import SignalRule
from mcp_threat_scoring.signal import SignalId


def rule(name: str, match: dict[str, Any], over: str = "tools", family: str = "") -> SignalRule:
    """A rule of its own, or a variant of a family."""
    doc = SignalDoc.read({"id": family or name, "title": name, "over": over, "match": match})
    assert doc.match is not None
    own = SignalId(f"{family}.{name}" if family else name)
    return SignalRule(id=own, doc=doc, title=name, over=doc.over, asks=doc.match, weights={}, prior={})
