"""Words of which a text must hold one for a pattern to match, told from the strings that a stretch of it may match:
"delete" and "drop" of ``\\b(?:delete|drop)\\b``.

Such strings are written in the characters of words (``\\w`` of RE2: ASCII letters, digits and the underscore) in lower
case, and :data:`GAP` for whatever parts words: another character, a beginning or end, ``\\b``.
"""

from __future__ import annotations

from collections.abc import Iterable

GAP = "\0"
FOREIGN = "\1"
"""A word that stands for any character beyond ASCII."""
Strings = frozenset[str]
OFTEN = 0.5
"""What one of the commonest words counts for, beside 1 for a word that every text holds."""
_EVERYWHERE = frozenset([
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "by", "each", "for", "from", "in", "into", "is", "it",
    "its", "new", "of", "on", "one", "or", "that", "the", "their", "this", "to", "with", "your", "get", "gets", "list",
    "lists", "read", "search", "create", "creates", "delete", "update", "return", "returns", "find",
])  # fmt: skip
"""The commonest words of names and descriptions of tools, in no order of note."""
Clause = frozenset[str]
"""Words of which a text must hold one: ``word``, ``beginning*``, ``*end`` or ``*middle*``."""


def worth(clause: Clause) -> tuple[float, list[str]]:
    """The smaller, the fewer texts are likely to hold a word of a clause; the words themselves break ties."""
    rare = sum(OFTEN if word in _EVERYWHERE else 3.0 ** -len(word.strip("*")) for word in clause)
    return rare + len(clause) / 100, sorted(clause)


def clauses_of(strings: Strings) -> tuple[Clause, ...]:
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
            f"{'*' if at == 0 else ''}{piece}{'*' if at == last else ''}" for at, piece in enumerate(pieces) if piece
        ]
        if not words:
            return None
        found.add(max(words, key=lambda word: (word[0] != "*", len(word), word)))
    return frozenset(found)
