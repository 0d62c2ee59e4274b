"""First words of lines, and whole lines, by class: a dictionary answers what would be the largest patterns of all."""

from __future__ import annotations

from typing import NamedTuple

from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.rule import TextTest

_ONE = r"(?:\{[a-z][a-z_-]*!?\}|[a-z0-9]+(?: [a-z0-9]+)*)"
_OPENING = pattern(rf"^\^(?:({_ONE})|\(\?:({_ONE}(?:\|{_ONE})*)\))(\\b|\$)$")
"""A test that asks for nothing but a line's first word or words, or for the whole line: ``^{delete}\\b``,
``^(?:{create}|{update}|set up)\\b``, ``^{delete}$``."""


Class = tuple[str, bool]
"""A word class of the lexicon, and whether its verbs are meant uninflected."""


class Asked(NamedTuple):
    """What a test asks lines to begin with, or to be: words of some classes, or entries written out."""

    classes: tuple[Class, ...]
    entries: tuple[str, ...]
    whole: bool


def opening_of(test: TextTest) -> Asked | None:
    """What a test asks of the beginning of lines; None if it asks for anything else."""
    if test.has is not None:
        plain = all(entry.replace(" ", "").isalnum() for entry in test.has)
        return Asked((), tuple(test.has), True) if plain else None
    opening = _OPENING.match(test.regex or "")
    if not opening:
        return None
    alternatives = (opening.group(1) or opening.group(2)).split("|")
    names = [one[1:-1] for one in alternatives if one[0] == "{"]
    return Asked(
        tuple((name.rstrip("!"), name.endswith("!")) for name in names),
        tuple(one for one in alternatives if one[0] != "{"),
        opening.group(3) == "$",
    )


class Openings:
    """The tests of one view that a look at the beginning of its lines answers."""

    __slots__ = ("_asked", "_begin", "_entries", "_first", "_index", "_whole")

    def __init__(self, lexicon: Lexicon) -> None:
        self._index = lexicon.index
        self._first: dict[Class, list[int]] = {}  # classes that lines begin with
        self._whole: dict[Class, list[int]] = {}  # … and that they are, whole
        self._entries: dict[str, list[int]] = {}  # whole lines written out
        self._begin: dict[str, list[tuple[str, int]]] = {}  # beginnings written out, by their first word
        self._asked: dict[int, Asked] = {}

    def __contains__(self, atom: int) -> bool:
        return atom in self._asked

    def add(self, asked: Asked, atom: int) -> None:
        """Note what an atom asks.

        Raises:
            KeyError: a word class is unknown.
        """
        self._asked[atom] = asked
        held = self._whole if asked.whole else self._first
        for name in asked.classes:
            self._index.add(*name)
            held.setdefault(name, []).append(atom)
        for entry in asked.entries:
            if asked.whole:
                self._entries.setdefault(entry, []).append(atom)
            else:
                self._begin.setdefault(entry.partition(" ")[0], []).append((entry, atom))

    def read(self, text: str) -> list[int]:
        """The atoms of every line's first word, of the phrases that lines begin with, and of whole lines."""
        words, phrases = self._index.words, self._index.phrases
        first, whole, entries, begin = self._first, self._whole, self._entries, self._begin
        found: list[int] = []
        for line in text.split("\n"):
            if line in entries:
                found += entries[line]
            if whole and line in words:
                for name in words[line]:
                    if name in whole:
                        found += whole[name]
            word = line.partition(" ")[0]
            if not word.isalnum():
                word = _first(word)
            if word in words:
                for name in words[word]:
                    if name in first:
                        found += first[name]
            if word in begin:
                found += [atom for entry, atom in begin[word] if _begins(line, entry)]
            if word in phrases:
                found += self._phrased(line, phrases[word])
        return found

    def _phrased(self, line: str, phrases: dict[Class, list[str]]) -> list[int]:
        found: list[int] = []
        for name, forms in phrases.items():
            if name in self._first and any(_begins(line, form) for form in forms):
                found += self._first[name]
            if name in self._whole and line in forms:
                found += self._whole[name]
        return found

    def span(self, text: str, atom: int) -> tuple[int, int]:
        """Where an atom holds first, (-1, -1) if nowhere."""
        asked = self._asked[atom]
        words, phrases = self._index.words, self._index.phrases
        at = 0
        for line in text.split("\n"):
            word = _first(line.partition(" ")[0])
            if asked.whole:
                several = phrases.get(word, {})
                if line in asked.entries or any(
                    name in words.get(line, ()) or line in several.get(name, ()) for name in asked.classes
                ):
                    return at, at + len(line)
            else:
                several = phrases.get(word, {})
                ends = [len(form) for name in asked.classes for form in several.get(name, ()) if _begins(line, form)]
                ends += [len(entry) for entry, one in self._begin.get(word, ()) if one == atom and _begins(line, entry)]
                if any(name in asked.classes for name in words.get(word, ())):
                    ends.append(len(word))
                if ends:
                    return at, at + max(ends)
            at += len(line) + 1
        return -1, -1


def _first(word: str) -> str:
    """The letters and digits that a token begins with; nothing where an underscore goes on, as for ``\\b``."""
    if word.isalnum():
        return word
    end = next((at for at, char in enumerate(word) if not char.isalnum()), len(word))
    return "" if word[end : end + 1] == "_" else word[:end]


def _begins(line: str, form: str) -> bool:
    if not line.startswith(form):
        return False
    after = line[len(form) : len(form) + 1]
    return not after.isalnum() and after != "_"
