"""Lines that are the opposite of an order, however much they are worded like one.

"Never use it without asking the user" is made of the words of an order to do just that; what keeps ``.env`` out of a
repository names a secret; a tool for tokens prints the marks of chat templates. ``rules/screen.yaml`` says how such
lines are known, and what else in them stands against it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct

PASSAGES = 32
"""Passages of which it is remembered what they are about: their lines are asked for one after the other."""


class PardonDoc(Model, frozen=True):
    """One sort of such lines. All parts are over a normalised line or its passage; what is left empty holds of any."""

    unless: str
    """A pattern over the concepts of lines that are not meant."""
    said: str = ""
    """A pattern over the concepts of those that are."""
    text: str = ""
    """A pattern over the passage that they are from."""
    line: str = ""
    """A pattern over the line itself."""
    names: list[str] = []
    """Concepts, one of which they hold. Without any, lines are pardoned for their wording alone."""


class Pardon(Struct, frozen=True, eq=False):
    """The same, ready for use."""

    names: frozenset[str]
    text: Any
    line: Any
    said: Any
    unless: Any

    def holds(self, concepts: Collection[str], line: str, passage: str) -> bool:
        """Whether a line of these concepts, from that passage, is of the sort."""
        if (self.names and self.names.isdisjoint(concepts)) or self.line.search(line) is None:
            return False
        said = " ".join(concepts)
        return _about(self.text, passage) and self.said.search(said) is not None and self.unless.search(said) is None


class Pardons(Struct, frozen=True, eq=False):
    """All sorts of such lines."""

    described: Sequence[Pardon]
    worded: Sequence[Pardon]
    names: frozenset[str]
    """What lines that are described have one of: most have none."""

    @classmethod
    def of(cls, documents: Iterable[PardonDoc]) -> Pardons:
        """Make patterns of documents. They are compiled when first searched with."""
        made = [
            Pardon(frozenset(one.names), *map(_pattern, (one.text, one.line, one.said, one.unless)))
            for one in documents
        ]
        described = [one for one in made if one.names]
        names = frozenset(name for one in described for name in one.names)
        return cls(described, [one for one in made if not one.names], names)

    def describes(self, concepts: Collection[str], line: str, passage: str) -> bool:
        """Whether a line is to be read as one that describes something."""
        return not self.names.isdisjoint(concepts) and any(one.holds(concepts, line, passage) for one in self.described)

    def words(self, concepts: Collection[str], line: str, passage: str) -> bool:
        """Whether the wording of a line is not to be held against it."""
        return any(one.holds(concepts, line, passage) for one in self.worded)


def _pattern(written: str) -> Any:
    """A pattern that may be written over several lines."""
    return pattern(written.replace("\n", ""))


@lru_cache(maxsize=PASSAGES)
def _about(text: Any, passage: str) -> bool:
    return text.search(passage) is not None
