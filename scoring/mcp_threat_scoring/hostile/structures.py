"""What means something in a sentence and is no word of a language: ``https://a.example`` is the concept ``url``, and
accounts, names and quotations have theirs."""

from __future__ import annotations

from collections.abc import Collection

from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct

Found = tuple[tuple[str, ...], int, int]
"""Concepts, with the place of the words for them."""

_URL = r"(?:https?|hxxps?|wss?|ftp)://[^\s\"'`<>)\]]+|\bwww\.[a-z0-9-]+\.[a-z]+"
_EMAIL = r"@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}|(?:\[at\]|\(at\))"
_WALLET = r"\b0x[0-9a-f]{40}\b|\bbc1[a-z0-9]{20,}\b|\b[a-z]{2}[0-9]{2} ?[0-9a-z]{4} ?[0-9a-z]{4} ?[0-9a-z]{4}"
_TICKED = r"[`'\"][a-z][a-z0-9_.-]*[`'\"]"
_SNAKE = r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b|\bmcp__[a-z0-9_-]+|\bthe [a-z][a-z0-9_.-]+ (?:tool|function)\b"
# No counted repeats above that could do without: they make the automaton large, and every match slow.
STRUCTURES = pattern("|".join((_URL, _EMAIL, _WALLET, _TICKED, _SNAKE)))
_CALLS = frozenset({"call", "before", "prefer", "run", "after", "retired"})
_USED = ("tool", "function", "is used", "is called", "is invoked", "is requested", "is run", "gets called", "runs")
"""What stands behind a name with underscores that is said to be used: `when write_file is called`."""


class Known(Struct, frozen=True):
    """Names that mean something around the text that is read."""

    self: str = ""
    siblings: Collection[str] = ()
    params: Collection[str] = ()


NOBODY = Known()


def with_structures(text: str, found: list[Found], places: list[tuple[int, int]], known: Known) -> list[Found]:
    """Put addresses, names and quoted words among the concepts; they go before words inside them."""
    merged: list[Found] = []
    index = 0
    for start, end in places:
        while index < len(found) and found[index][1] < start:
            merged.append(found[index])
            index += 1
        before = merged[-1][0] if merged else ()
        meaning = _structure(text, start, end, known, before[-1] if before else "")
        if meaning:
            merged.append((meaning, start, end))
            while index < len(found) and found[index][1] < end:
                index += 1
    return merged + found[index:]


def _structure(sentence: str, start: int, end: int, known: Known, before: str) -> tuple[str, ...]:
    """What a run stands for that is no word: an address, a name of a tool or parameter, something quoted."""
    found = sentence[start:end]
    if found.startswith(("http", "hxxp", "ws", "ftp", "www.")) and ("://" in found or found.startswith("www.")):
        return ("url",)
    if found[0] in "`'\"":
        inner = found[1:-1]
        role = _named(inner, known)
        if role:
            return (role,)
        follows = sentence[end : end + 14].lstrip()
        if follows.startswith(("tool", "function", "mcp")) or (found[0] == "`" and before in _CALLS):
            return ("foreign",)
        return ("lit",)
    if found[0] == "@" and not (start and sentence[start - 1].isalnum()):
        return ()
    if found[0] == "@" or "at" in found[1:3]:
        return ("email",)
    if found.startswith("the ") and found.endswith((" tool", " function")):
        name = found[4:].rpartition(" ")[0]
        role = _named(name, known)
        return (role,) if role else (("foreign",) if "_" in name or "-" in name else ())
    if "_" in found:
        role = _named(found, known)
        if role:
            return (role,)
        follows = sentence[end : end + 14].lstrip("`'\" ")
        called = before in _CALLS or found.startswith("mcp_")
        return ("foreign",) if called or follows.startswith(_USED) else ()
    return ("wallet",) if len(found) >= 14 else ()


def _named(name: str, known: Known) -> str:
    if name == known.self:
        return "self"
    if name in known.siblings:
        return "own"
    return "param" if name in known.params else ""
