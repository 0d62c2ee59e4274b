"""Read an RE2 pattern for the strings it may match, or at least for words that they all hold.

What is not understood raises :class:`NotUnderstoodError`; what could be anything is told as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mcp_threat_scoring.patterns.clauses import FOREIGN, GAP, Clause, Strings, clauses_of, worth

MOST = 1_000
"""Strings that a stretch of a pattern is written out to."""
MOST_MEMBERS = 6
"""Members up to which a character class is written out."""
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_PLAIN = _WORD | {" "}
_PARTING = frozenset("WsbAz")
_CONTROLS = frozenset("ntrfv")
_QUANTIFIERS = frozenset("*+?{")


class Part(NamedTuple):
    """What is known of a stretch of a pattern: all its strings, or else clauses alone."""

    strings: Strings | None
    clauses: tuple[Clause, ...] = ()
    parted: bool = False
    """Without strings: whether words are parted where it ends."""
    optional: bool = False
    """Without strings: whether it may be left out."""


class NotUnderstoodError(Exception):
    """A pattern says something that is not understood here."""


_ANYTHING = Part(None)
NOTHING: Strings = frozenset(("",))
_PARTED: Strings = frozenset((GAP,))


def _joined(one: str, two: str) -> str:
    return one + two[1:] if one[-1:] == two[:1] == GAP else one + two


class _Sequence:
    """Parts one after the other: the strings since the last unknown stretch, and the clauses before it."""

    def __init__(self, before: Strings) -> None:
        self.run = before
        self.clauses: list[Clause] = []
        self.whole = True

    @property
    def edge(self) -> Strings:
        """What the next part comes after: a gap, if there is one whatever was read."""
        return _PARTED if all(one[-1:] == GAP for one in self.run) else NOTHING

    def add(self, part: Part) -> None:
        strings = part.strings
        if strings is None:
            after = part.parted and (not part.optional or self.edge == _PARTED)
            self.flush()
            self.clauses += part.clauses
            self.run = _PARTED if after else NOTHING
        elif len(strings) * len(self.run) <= MOST or len(self.run) == 1 or len(strings) == 1:
            self.run = frozenset(_joined(one, two) for one in self.run for two in strings)
        else:
            before = self.edge
            if all(one[:1] == GAP for one in strings):
                self.run = frozenset(_joined(one, GAP) for one in self.run)
            self.flush()
            self.run = frozenset(_joined(one, two) for one in before for two in strings)

    def flush(self) -> None:
        self.clauses += clauses_of(self.run)
        self.whole = False

    def part(self) -> Part:
        if self.whole:
            return Part(self.run)
        parted = self.edge == _PARTED
        self.flush()
        return Part(None, tuple(dict.fromkeys(self.clauses)), parted)


class Reader:
    """A pattern, read from left to right.

    Raises:
        NotUnderstoodError: from every method, where the pattern has something that is not read here.
    """

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        if text.startswith("(?i)"):  # strings are in lower case anyway
            self.at = 4

    def alternatives(self, before: Strings) -> Part:
        """Up to the end of a group; `before` is what it comes after."""
        parts = [self.sequence(before)]
        while self.at < len(self.text) and self.text[self.at] == "|":
            self.at += 1
            parts.append(self.sequence(before))
        return _either(parts)

    def sequence(self, before: Strings) -> Part:
        """Up to the next alternative, or the end of a group."""
        found = _Sequence(before)
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            plain = self.plain()
            found.add(Part(frozenset((plain,))) if plain else self.repeated(self.one(found.edge)))
        return found.part()

    def plain(self) -> str:
        """The letters and blanks up to whatever else follows, but for a last one that is repeated."""
        text, start = self.text, self.at
        end = start
        while end < len(text) and text[end] in _PLAIN:
            end += 1
        if text[end : end + 1] in _QUANTIFIERS:
            end -= 1
        self.at = max(start, end)
        return text[start : self.at].lower().replace(" ", GAP)

    def one(self, before: Strings) -> Part:
        """One piece of a pattern, without its quantifier."""
        char = self.text[self.at]
        self.at += 1
        if char == "(":
            return self.group(before)
        if char == "[":
            return self.members()
        if char == "\\":
            return self.escape()
        if char == ".":
            return _ANYTHING
        if char in _QUANTIFIERS:
            raise NotUnderstoodError
        return Part(frozenset((GAP if char in "^$" else _spelled(char),)))

    def group(self, before: Strings) -> Part:
        """What stands between parentheses; they are read by now."""
        if self.text[self.at] == "?":
            if self.text[self.at + 1] != ":":
                raise NotUnderstoodError
            self.at += 2
        end = self.text.find(")", self.at)
        plain = self.text[self.at : end]
        if end > self.at and plain.isascii() and plain.replace("|", "").replace(" ", "").isalnum():  # a list of words
            self.at = end + 1
            return Part(frozenset(plain.lower().replace(" ", GAP).split("|")))
        part = self.alternatives(before)
        if self.text[self.at] != ")":
            raise NotUnderstoodError
        self.at += 1
        return part

    def escape(self) -> Part:
        """What a backslash stands before."""
        char = self.text[self.at]
        self.at += 1
        if char in _PARTING or char in _CONTROLS or char not in _WORD:
            return Part(_PARTED)
        if char in "wdS":
            return _ANYTHING
        raise NotUnderstoodError

    def members(self) -> Part:
        """A character class, written out when few of its members make words."""
        negated = self.text[self.at] == "^"
        self.at += negated
        found: set[str] = set()
        first = True
        while first or self.text[self.at] != "]":
            first = False
            char = self.text[self.at]
            if self.text.startswith("[:", self.at):
                raise NotUnderstoodError
            self.at += 1
            if char == "\\":
                found |= self.escape().strings or set(_WORD)
            elif self.text[self.at] == "-" and self.text[self.at + 1] != "]":
                found |= {_spelled(chr(code)) for code in range(ord(char), ord(self.text[self.at + 1]) + 1)[:200]}
                self.at += 2
            else:
                found.add(_spelled(char))
        self.at += 1
        return _ANYTHING if negated or len(found) > MOST_MEMBERS else Part(frozenset(found))

    def repeated(self, part: Part) -> Part:
        """A part with the quantifier behind it."""
        if self.text[self.at : self.at + 1] not in _QUANTIFIERS:
            return part
        char = self.text[self.at]
        self.at += 1
        least, once = (0 if char in "*?" else 1), char == "?"
        if char == "{":
            end = self.text.find("}", self.at)
            low, _, high = self.text[self.at : end].partition(",")
            if end < 0 or not low.isdecimal() or not low.isascii():
                raise NotUnderstoodError
            least, once, self.at = int(low), (low, high) == ("0", "1"), end + 1
        if self.text.startswith("?", self.at):  # lazy: the same strings
            self.at += 1
        if part.strings is not None and (once or part.strings <= {GAP, ""}):
            return Part(part.strings | NOTHING if least == 0 else part.strings)
        inner = _Sequence(NOTHING)
        inner.add(part)
        inner.whole = False
        found = inner.part()
        return found._replace(clauses=(), optional=True) if least == 0 else found


def _spelled(char: str) -> str:
    if char in _WORD:
        return char.lower()
    return GAP if char.isascii() else GAP + FOREIGN + GAP


def _either(parts: Sequence[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    if all(part.strings is not None for part in parts):
        return Part(frozenset[str]().union(*(part.strings for part in parts if part.strings is not None)))
    best: list[Clause] = []
    for part in parts:
        clauses = part.clauses
        if part.strings is not None:
            clauses = clauses_of(part.strings)
        if not clauses:
            break
        best.append(min(clauses, key=worth))
    parted = all(
        part.parted if part.strings is None else all(one[-1:] == GAP for one in part.strings) for part in parts
    )
    clauses = (frozenset[str]().union(*best),) if len(best) == len(parts) else ()
    return Part(None, clauses, parted)
