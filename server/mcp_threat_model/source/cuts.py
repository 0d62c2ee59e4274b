"""What is too long or too deep in one JSON value is cut out, marked with a hash, and counted."""

from __future__ import annotations

import hashlib
from operator import is_
from typing import Any

from mcp_threat_model.guard.limits import Limits
from mcp_threat_scoring.manifest import Shortened
from mcp_threat_scoring.phrases import counted
from mcp_threat_scoring.structs import Struct


class Missing(Struct):
    """How much was cut out of values that are kept."""

    texts: int = 0
    characters: int = 0
    """Of those texts, beyond what is kept of each."""
    branches: int = 0
    """Objects and lists that were nested too deeply."""

    def add(self, other: Missing) -> None:
        """Count what was cut out of another value too."""
        self.texts += other.texts
        self.characters += other.characters
        self.branches += other.branches

    def said(self) -> str:
        """In words, for a part that is only partly seen; empty when nothing is missing."""
        told = []
        if self.texts:
            was, verb = "was" if self.texts == 1 else "were", "is" if self.characters == 1 else "are"
            lost = counted(self.characters, "character")
            told.append(f"{counted(self.texts, 'text')} {was} cut: {lost} {verb} missing")
        if self.branches:
            verb = "is" if self.branches == 1 else "are"
            told.append(f"{counted(self.branches, 'value')} nested too deeply {verb} missing")
        return "; ".join(told)


def bound(value: Any, limits: Limits, missing: Missing | None = None) -> tuple[Any, int]:
    """Cut what is too long or too deep out of one JSON value.

    Each cut leaves a mark with the SHA-256 of what was cut away, so that a later change behind the cut still changes
    the hash of the item. Returns the value (the same object where nothing was cut) and the number of cuts; how much
    they took is added to `missing`.
    """
    tally = Missing() if missing is None else missing
    before = tally.texts + tally.branches
    kept = _bound(value, limits, tally, 0)
    return kept, tally.texts + tally.branches - before


def bound_item(value: object, limits: Limits, missing: Missing) -> tuple[Any, int]:
    """The same for one item of a list; one that was cut says itself from then on how much of it is missing."""
    own = Missing()
    kept, cuts = bound(value, limits, own)
    missing.add(own)
    return (Shortened(kept, own.said()) if cuts and isinstance(kept, dict) else kept), cuts


def _bound(value: Any, limits: Limits, missing: Missing, level: int) -> Any:
    if isinstance(value, str):
        if len(value) <= limits.string_chars:
            return value
        missing.texts += 1
        missing.characters += len(value) - limits.string_chars
        digest = hashlib.sha256(value.encode(errors="surrogatepass")).hexdigest()
        return f"{value[: limits.string_chars]}[cut: {len(value)} characters, SHA-256 {digest}]"
    if not isinstance(value, dict | list):
        return value
    if level >= limits.depth:
        missing.branches += 1
        return {"cut": f"nested deeper than {limits.depth} levels, SHA-256 {_digest_of(value)}"}
    if isinstance(value, dict):
        changed = {
            _bound(key, limits, missing, level): _bound(member, limits, missing, level + 1)
            for key, member in value.items()
        }
        same = all(map(is_, value.keys(), changed.keys())) and all(map(is_, value.values(), changed.values()))
        return value if same and len(changed) == len(value) else changed
    kept = [_bound(member, limits, missing, level + 1) for member in value]
    return value if all(map(is_, value, kept)) else kept


def _digest_of(value: object) -> str:
    try:
        return hashlib.sha256(repr(value).encode(errors="surrogatepass")).hexdigest()
    except RecursionError:
        return "unknown"
