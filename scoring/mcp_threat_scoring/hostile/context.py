"""What is around a line: the parameter it describes, its place among the item's lines, and what only it speaks of.

"Send the conversation" means one thing in a tool for sending conversations and another in one for the weather. So a
line is noticed with three more sorts of feature beside its own words (:mod:`hostile.wording`):

* ``=note`` a word of the name of the parameter that the line describes, ``=#secret`` a sense of it;
* ``>schema 1`` which one it is of the item's lines for the same purpose, ``>schema last`` or ``>schema amid``;
* ``!secret`` a sense that no other line of the item has, ``!3`` and ``!3 schema`` how many of those there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mcp_threat_scoring.hostile.senses import Senses
from mcp_threat_scoring.manifest import well_formed
from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.prose import split_words

LONGEST_NAME = 60
NAME_WORDS = 4
"""Words of a parameter's name that are looked at."""
LATE = 3
"""Places from which on lines are alike."""
MANY = 6
"""Senses from which on it does not matter how many more there are."""


class Said(Struct, frozen=True):
    """A line of an item: its text, what it is for, and where it stands."""

    text: str
    role: str
    pointer: str


class Surroundings:
    """The lines of one item, for what is around each of them."""

    def __init__(self, lines: Sequence[Said], senses: Senses) -> None:
        self._senses = senses
        self._counts: Counter[str] = Counter()
        self._places: dict[tuple[str, str], int] = {}
        self._roles: Counter[str] = Counter()
        for line in lines:
            key = (line.text, line.role)
            if key not in self._places:
                self._places[key] = self._roles[line.role]
                self._roles[line.role] += 1
                self._counts.update(self._said(line.text))

    def _said(self, text: str) -> set[str]:
        return {sense for _, said in self._senses.line(text) for sense in said}

    def of(self, line: Said) -> frozenset[str]:
        """What is noticed around one of the lines."""
        found = self._named(line.pointer)
        place, role = self._places[line.text, line.role], line.role
        found.add(f">{role} {min(place, LATE)}")
        found.add(f">{role} last" if place == self._roles[role] - 1 else f">{role} amid")
        if len(self._places) > 1:
            new = [sense for sense in self._said(line.text) if self._counts[sense] == 1]
            found.update([f"!{sense}" for sense in new])
            number = min(len(new), MANY)
            found.update((f"!{number}", f"!{number} {role}"))
        return frozenset(found)

    def _named(self, pointer: str) -> set[str]:
        _, parameters, inside = pointer.rpartition("/properties/")
        found: set[str] = set()
        if parameters:
            name = well_formed(inside.partition("/")[0][:LONGEST_NAME])
            for word, said in self._senses.line(split_words(name))[:NAME_WORDS]:
                found.add(f"={word}")
                found.update([f"=#{sense}" for sense in said])
        return found
