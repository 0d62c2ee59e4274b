"""Which words a text must hold for a pattern to match it: what lets most patterns of most texts go unasked.

The idea is that of RE2's ``FilteredRE2`` and of Russ Cox, "Regular Expression Matching with a Trigram Index" (2012),
with whole words for atoms. A pattern is read once, and what it asks of a text is described by *clauses*: of each, a
matching text holds at least one word. The description asks for too little rather than too much: what is not understood
asks for nothing, and its pattern is then tried on every text.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from mcp_threat_scoring.patterns.clauses import GAP, Clause, clauses_of
from mcp_threat_scoring.patterns.reader import NOTHING, NotUnderstoodError, Reader

MOST_NESTED = 3
"""Groups within groups whose alternatives are told apart."""
_LIST_OF_WORDS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_|(?:)")
"""What a pattern is spelled in, besides ``\\b``, that asks for a word and nothing else."""


class Way(NamedTuple):
    """One way for a text to match a pattern: of each clause it holds a word."""

    clauses: tuple[Clause, ...]
    enough: bool = False
    """Whether a word of the (only) clause is all that it takes."""


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
        reader = Reader(branch)
        part = reader.alternatives(NOTHING)
        if reader.at < len(branch):
            return Way(())
    except (NotUnderstoodError, IndexError, RecursionError):
        return Way(())
    if part.strings is None:
        return Way(part.clauses)
    words = all(map(_one_word, part.strings)) and _LIST_OF_WORDS.issuperset(branch.replace(r"\b", ""))
    return Way(clauses_of(part.strings), enough=words)


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


def _one_word(string: str) -> bool:
    return len(string) > 2 and string[0] == string[-1] == GAP and GAP not in string[1:-1]
