"""Which words a text must hold for a pattern to match it: what lets most patterns of most texts go unasked.

The idea is that of RE2's ``FilteredRE2`` and of Russ Cox, "Regular Expression Matching with a Trigram Index" (2012),
with whole words for atoms. A pattern is read once, and what it asks of a text is described by *clauses*: of each, a
matching text holds at least one word. The description asks for too little rather than too much: what is not understood
asks for nothing, and its pattern is then tried on every text.

The strings of a pattern are written in the characters of words (``\\w`` of RE2: ASCII letters, digits and the
underscore) in lower case, and :data:`GAP` for whatever parts words: another character, a beginning or end, ``\\b``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

GAP = "\0"
FOREIGN = "\1"
"""A word that stands for any character beyond ASCII."""
MOST = 1_000
"""Strings that a stretch of a pattern is written out to."""
MOST_NESTED = 3
"""Groups within groups whose alternatives are told apart."""
MOST_MEMBERS = 6
"""Members up to which a character class is written out."""
ENOUGH = 1
"""Letters of a word of which neither end is known, below which it is too common to be of use."""
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_PLAIN = _WORD | {" "}
_PARTING = frozenset("WsbAz")
_CONTROLS = frozenset("ntrfv")
_QUANTIFIERS = frozenset("*+?{")
_LIST_OF_WORDS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_|(?:)")
"""What a pattern is spelled in, besides ``\\b``, that asks for a word and nothing else."""

Strings = frozenset[str]
Clause = frozenset[str]
"""Words of which a text must hold one: ``word``, ``beginning*``, ``*end`` or ``*middle*``."""


class Way(NamedTuple):
    """One way for a text to match a pattern: of each clause it holds a word."""

    clauses: tuple[Clause, ...]
    enough: bool = False
    """Whether a word of the (only) clause is all that it takes."""


class _Part(NamedTuple):
    """What is known of a stretch of a pattern: all its strings, or else clauses alone."""

    strings: Strings | None
    clauses: tuple[Clause, ...] = ()
    parted: bool = False
    """Without strings: whether words are parted where it ends."""
    optional: bool = False
    """Without strings: whether it may be left out."""


class _NotUnderstoodError(Exception):
    pass


_ANYTHING = _Part(None)
_NOTHING: Strings = frozenset(("",))
_PARTED: Strings = frozenset((GAP,))


def ways(pattern: str) -> tuple[Way, ...]:
    """All ways to match an RE2 pattern, as far as words in lower case tell; none if a text may match without any."""
    found: list[Way] = []
    lone: set[str] = set()
    alone: set[str] = set()
    for branch in _branches(pattern.removeprefix("(?m)")):
        way = _way(branch)
        if not way.clauses:
            return ()
        if len(way.clauses) > 1:
            found.append(way)
        elif way.enough:
            alone |= way.clauses[0]
        else:
            lone |= way.clauses[0]
    if lone:
        found.append(Way((frozenset(lone),)))
    if alone:
        found.append(Way((frozenset(alone),), enough=True))
    return tuple(found)


def _way(branch: str) -> Way:
    try:
        reader = _Reader(branch)
        part = reader.alternatives(_NOTHING)
        if reader.at < len(branch):
            return Way(())
    except (_NotUnderstoodError, IndexError, RecursionError):
        return Way(())
    if part.strings is None:
        return Way(part.clauses)
    words = all(map(_one_word, part.strings)) and _LIST_OF_WORDS.issuperset(branch.replace(r"\b", ""))
    return Way(_clauses(part.strings), enough=words)


def _branches(pattern: str, depth: int = 0) -> Iterator[str]:
    """The alternatives of a pattern, and those of a group that is all of it but its edges: ``\\b(?:one|two)\\b``."""
    marks = list(_marks(pattern))
    bars = [at for at, char, inside in marks if char == "|" and inside == 0]
    if bars:
        for start, end in pairwise([-1, *bars, len(pattern)]):
            yield from _branches(pattern[start + 1 : end], depth)
        return
    for before in ("", "^", r"\b"):
        if depth < MOST_NESTED and pattern.startswith(f"{before}(?:"):
            start = len(before) + 3
            end = next((at for at, char, inside in marks if char == ")" and inside == 0), -1)
            after = pattern[end + 1 :]
            if end > 0 and after in ("", "$", r"\b"):
                bars = [at for at, char, inside in marks if char == "|" and inside == 1 and at < end]
                for one, two in pairwise([start - 1, *bars, end]):
                    yield from _branches(f"{before}{pattern[one + 1 : two]}{after}", depth + 1)
                return
    yield pattern


def _marks(pattern: str) -> Iterator[tuple[int, str, int]]:
    """Parentheses and bars, with the depth of groups they stand at."""
    depth = at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif char == "[":
            at += 2 if pattern[at + 1 : at + 2] == "^" else 1
            while (at := at + 1) < len(pattern) and pattern[at] != "]":  # one that comes first is a member
                at += pattern[at] == "\\"
        elif char in "()|":
            depth -= char == ")"
            yield at, char, depth
            depth += char == "("
        at += 1


def worth(clause: Clause) -> tuple[float, list[str]]:
    """The smaller, the fewer texts are likely to hold a word of a clause; the words themselves break ties."""
    return sum(3.0 ** -len(word.strip("*")) for word in clause) + len(clause) / 100, sorted(clause)


def _one_word(string: str) -> bool:
    return len(string) > 2 and string[0] == string[-1] == GAP and GAP not in string[1:-1]


def _clauses(strings: Strings) -> tuple[Clause, ...]:
    """Where all strings have as many words, those of each place; else one word of each."""
    pieces = [string.strip(GAP).split(GAP) for string in strings]
    edges = {(string[:1] == GAP, string[-1:] == GAP) for string in strings}
    if edges == {(True, True)} and len({len(one) for one in pieces}) == 1 and len(pieces[0]) > 1:
        return tuple(dict.fromkeys(frozenset(place) for place in zip(*pieces, strict=True) if all(place)))
    clause = _clause(strings)
    return () if clause is None else (clause,)


def _clause(strings: Iterable[str]) -> Clause | None:
    """A word of each string; None if one of them has none that tells much."""
    found: set[str] = set()
    for string in strings:
        pieces = string.split(GAP)
        last = len(pieces) - 1
        words = [
            f"{'*' if at == 0 else ''}{piece}{'*' if at == last else ''}"
            for at, piece in enumerate(pieces)
            if len(piece) >= (1 if at else ENOUGH)
        ]
        if not words:
            return None
        found.add(max(words, key=lambda word: (word[0] != "*", len(word), word)))
    return frozenset(found)


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
        return _PARTED if all(one[-1:] == GAP for one in self.run) else _NOTHING

    def add(self, part: _Part) -> None:
        strings = part.strings
        if strings is None:
            after = part.parted and (not part.optional or self.edge == _PARTED)
            self.flush()
            self.clauses += part.clauses
            self.run = _PARTED if after else _NOTHING
        elif len(strings) * len(self.run) <= MOST or len(self.run) == 1 or len(strings) == 1:
            self.run = frozenset(_joined(one, two) for one in self.run for two in strings)
        else:
            before = self.edge
            if all(one[:1] == GAP for one in strings):
                self.run = frozenset(_joined(one, GAP) for one in self.run)
            self.flush()
            self.run = frozenset(_joined(one, two) for one in before for two in strings)

    def flush(self) -> None:
        self.clauses += _clauses(self.run)
        self.whole = False

    def part(self) -> _Part:
        if self.whole:
            return _Part(self.run)
        parted = self.edge == _PARTED
        self.flush()
        return _Part(None, tuple(dict.fromkeys(self.clauses)), parted)


class _Reader:
    """A pattern, read from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        if text.startswith("(?i)"):  # strings are in lower case anyway
            self.at = 4

    def alternatives(self, before: Strings) -> _Part:
        """Up to the end of a group; `before` is what it comes after."""
        parts = [self.sequence(before)]
        while self.at < len(self.text) and self.text[self.at] == "|":
            self.at += 1
            parts.append(self.sequence(before))
        return _either(parts)

    def sequence(self, before: Strings) -> _Part:
        found = _Sequence(before)
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            plain = self.plain()
            found.add(_Part(frozenset((plain,))) if plain else self.repeated(self.one(found.edge)))
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

    def one(self, before: Strings) -> _Part:
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
            raise _NotUnderstoodError
        return _Part(frozenset((GAP if char in "^$" else _spelled(char),)))

    def group(self, before: Strings) -> _Part:
        if self.text[self.at] == "?":
            if self.text[self.at + 1] != ":":
                raise _NotUnderstoodError
            self.at += 2
        end = self.text.find(")", self.at)
        plain = self.text[self.at : end]
        if end > self.at and plain.isascii() and plain.replace("|", "").replace(" ", "").isalnum():  # a list of words
            self.at = end + 1
            return _Part(frozenset(plain.lower().replace(" ", GAP).split("|")))
        part = self.alternatives(before)
        if self.text[self.at] != ")":
            raise _NotUnderstoodError
        self.at += 1
        return part

    def escape(self) -> _Part:
        char = self.text[self.at]
        self.at += 1
        if char in _PARTING or char in _CONTROLS or char not in _WORD:
            return _Part(_PARTED)
        if char in "wdS":
            return _ANYTHING
        raise _NotUnderstoodError

    def members(self) -> _Part:
        """A character class, written out when few of its members make words."""
        negated = self.text[self.at] == "^"
        self.at += negated
        found: set[str] = set()
        first = True
        while first or self.text[self.at] != "]":
            first = False
            char = self.text[self.at]
            if self.text.startswith("[:", self.at):
                raise _NotUnderstoodError
            self.at += 1
            if char == "\\":
                found |= self.escape().strings or set(_WORD)
            elif self.text[self.at] == "-" and self.text[self.at + 1] != "]":
                found |= {_spelled(chr(code)) for code in range(ord(char), ord(self.text[self.at + 1]) + 1)[:200]}
                self.at += 2
            else:
                found.add(_spelled(char))
        self.at += 1
        return _ANYTHING if negated or len(found) > MOST_MEMBERS else _Part(frozenset(found))

    def repeated(self, part: _Part) -> _Part:
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
                raise _NotUnderstoodError
            least, once, self.at = int(low), (low, high) == ("0", "1"), end + 1
        if self.text.startswith("?", self.at):  # lazy: the same strings
            self.at += 1
        if part.strings is not None and (once or part.strings <= {GAP, ""}):
            return _Part(part.strings | _NOTHING if least == 0 else part.strings)
        inner = _Sequence(_NOTHING)
        inner.add(part)
        inner.whole = False
        found = inner.part()
        return found._replace(clauses=(), optional=True) if least == 0 else found


def _spelled(char: str) -> str:
    if char in _WORD:
        return char.lower()
    return GAP if char.isascii() else GAP + FOREIGN + GAP


def _either(parts: Sequence[_Part]) -> _Part:
    if len(parts) == 1:
        return parts[0]
    if all(part.strings is not None for part in parts):
        return _Part(frozenset[str]().union(*(part.strings for part in parts if part.strings is not None)))
    best: list[Clause] = []
    for part in parts:
        clauses = part.clauses
        if part.strings is not None:
            clauses = _clauses(part.strings)
        if not clauses:
            break
        best.append(min(clauses, key=worth))
    parted = all(
        part.parted if part.strings is None else all(one[-1:] == GAP for one in part.strings) for part in parts
    )
    clauses = (frozenset[str]().union(*best),) if len(best) == len(parts) else ()
    return _Part(None, clauses, parted)
