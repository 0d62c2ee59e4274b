"""Names of tools that only look like what they are: like another one of the list, or like plain Latin letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from mcp_threat_scoring.manifest import Item
from mcp_threat_scoring.text.normalise import normalise

LONGEST = 200
"""Letters looked at of one name."""
_WITHOUT_MARKS = frozenset("øłđßæœıþðŋ")
"""Latin letters that are no plain one with a mark."""


def skeleton(name: str) -> str:
    """What a name looks like: look-alike letters put into Latin, separators left out."""
    return "".join(char for char in normalise(name[:LONGEST]).text if char.isalnum())


def dressed(name: str) -> bool:
    """Whether a name of plain Latin letters has some that only look it: full-width or small capitals, letters of other
    scripts, hyphens of print, characters that no screen shows. Titles of several words may be printed as they like."""
    if name.isascii() or len(name.split()) > 1:
        return False
    name = name[:LONGEST]
    return normalise(name).text.isascii() and not all(char.isascii() or _accented(char) for char in name)


def _accented(char: str) -> bool:
    apart = unicodedata.normalize("NFD", char.lower())
    return unicodedata.combining(char) > 0 or apart[0].isascii() or char.lower() in _WITHOUT_MARKS


def odd_names(items: Sequence[Item]) -> Mapping[str, tuple[str, ...]]:
    """Facts about names that are not what they look like, by the pointers of their items."""
    foreign = [item for item in items if not item.name.isascii()]
    if not foreign:
        return {}
    alike = Counter(skeleton(item.name) for item in items)
    found: dict[str, tuple[str, ...]] = {}
    for item in foreign:
        facts = [("name.twin", alike[skeleton(item.name)] > 1), ("name.dressed", dressed(item.name))]
        if any(holds for _, holds in facts):
            found[item.pointer] = tuple(fact for fact, holds in facts if holds)
    return found
