"""Which of some patterns match a text for sure, and which have to be tried: one that asks for "delete" or "drop" need
not be, where neither word is there.

The words of all patterns are looked up in one place (:mod:`patterns.sieve`); here those of one view count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from mcp_threat_scoring.patterns.sieve import MAX_WORD, Sieve
from mcp_threat_scoring.structs import Struct, field

MAX_WANTED = 5_000
"""Words remembered for each of some twenty views."""


class Sifting(Struct):
    """What some patterns, by number, ask of the words of a text."""

    always: list[int] = field(default_factory=list)
    """Patterns that ask for no words."""
    sure: dict[int, list[int]] = field(default_factory=dict)
    """Patterns of which a word of one clause is enough (:attr:`Path.enough`), by that clause."""
    paths: dict[int, list[tuple[int, frozenset[int], list[int]]]] = field(default_factory=dict)
    """The other ways to match, by the clause that is looked for first: the pattern, its clauses of whole words and
    beginnings, and those in :attr:`inside`, which are looked for when all others are there."""
    inside: dict[int, list[str]] = field(default_factory=dict)
    """Clauses with words of which the beginning is not known."""


def sifting(sieve: Sieve, patterns: Iterable[tuple[int, str, Callable[[], str]]]) -> Sifting:
    """Look up what patterns ask for: (number, what it is known by, how it is spelled)."""
    made = Sifting()
    for number, name, spelled in patterns:
        paths = sieve.ask(name, spelled)
        inside = sieve.index.inside
        for clauses, enough in paths:
            within = [clause for clause in clauses if clause in inside]
            plain = [clause for clause in clauses if clause not in inside]
            made.inside.update({clause: inside[clause] for clause in within})
            if enough and not within:
                made.sure.setdefault(clauses[0], []).append(number)
            else:
                made.paths.setdefault((plain or within)[0], []).append((number, frozenset(plain), within))
        if not paths:
            made.always.append(number)
    return made


class _Wanted(dict[bytes, tuple[int, ...]]):
    """The clauses that words are in, of those that some patterns ask for: a word is in many, and few of them count."""

    def __init__(self, known: Mapping[bytes, tuple[int, ...]], asked: Sifting) -> None:
        super().__init__()
        self._known = known
        self._clauses = {*asked.sure, *asked.inside}
        self._clauses.update(*[plain for paths in asked.paths.values() for _, plain, _ in paths])

    def __missing__(self, token: bytes) -> tuple[int, ...]:
        found = tuple([clause for clause in self._known[token] if clause in self._clauses])
        if len(self) >= MAX_WANTED:
            self.clear()
        if len(token) <= MAX_WORD:
            self[token] = found
        return found


class Sifter:
    """Some patterns by number, of which a text's words say which match it and which have to be tried."""

    __slots__ = ("_asked", "_first", "_inside_first", "_sieve", "_sure", "_wanted")

    def __init__(self, sieve: Sieve, asked: Sifting) -> None:
        self._sieve = sieve
        self._asked = asked
        self._wanted = _Wanted(sieve.known, asked)
        self._sure = frozenset(asked.sure)
        self._first = frozenset(asked.paths)
        self._inside_first = [[clause] for clause in self._first & asked.inside.keys()]

    def sift(self, text: str) -> tuple[set[int], set[int]]:
        """The patterns that match a text for sure, and others that may."""
        found, low, lower = self._sieve.read(text, self._wanted)
        asked, paths = self._asked, self._asked.paths
        sure: set[int] = set()
        maybe = set(asked.always)
        for clause in self._sure & found:
            (sure if lower else maybe).update(asked.sure[clause])
        for first in self._inside_first:
            self._holds(first, low, found)
        for clause in self._first & found:
            for number, plain, within in paths[clause]:
                if plain <= found and (not within or self._holds(within, low, found)):
                    maybe.add(number)
        return sure, maybe - sure

    def _holds(self, clauses: Sequence[int], low: str, found: set[int]) -> bool:
        """Whether a text in lower case answers all of some clauses that a word may be inside another for."""
        for clause in clauses:
            if clause not in found:
                for word in self._asked.inside[clause]:
                    if word in low:
                        found.add(clause)
                        break
                else:
                    return False
        return True
