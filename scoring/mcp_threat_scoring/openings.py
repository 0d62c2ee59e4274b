"""First words of lines, and whole lines, by class: a dictionary answers what would be the largest patterns of all."""

from __future__ import annotations

from collections.abc import Iterable

from mcp_threat_scoring.lexicon import Lexicon
from mcp_threat_scoring.pattern import pattern
from mcp_threat_scoring.rule import TextTest

_OPENING = pattern(r"^\^(?:\(\?:)?((?:\{[a-z][a-z_-]*!?\}\|?)+)\)?(\\b|\$)$")
"""A test that asks for nothing but the class of a line's first word, or of the whole line: ``^{delete}\\b``,
``^(?:{create}|{update})\\b``, ``^{delete}$``."""


def forms_of(test: TextTest, lexicon: Lexicon) -> tuple[list[str], bool] | None:
    """The words (or whole lines: then True) that a test asks lines to begin with; None if it asks for anything else.

    Raises:
        KeyError: a word class is unknown.
    """
    if test.has is not None:
        plain = all(entry.replace(" ", "").isalnum() for entry in test.has)
        return (test.has, True) if plain else None
    opening = _OPENING.match(test.regex or "")
    if not opening:
        return None
    names = opening.group(1).replace("{", "").replace("}", "").strip("|").split("|")
    forms = [form for name in names for form in lexicon.forms(name.rstrip("!"), plain=name.endswith("!"))]
    return forms, opening.group(2) == "$"


class Openings:
    """The tests of one view that a look at the beginning of its lines answers."""

    __slots__ = ("_forms", "_lines", "_phrases", "_whole", "_words")

    def __init__(self) -> None:
        self._words: dict[str, list[int]] = {}
        self._lines: dict[str, list[int]] = {}
        self._phrases: dict[str, list[tuple[str, int]]] = {}  # by their first word
        self._forms: dict[int, frozenset[str]] = {}
        self._whole: set[int] = set()

    def __contains__(self, atom: int) -> bool:
        return atom in self._forms

    def add(self, forms: Iterable[str], atom: int, *, whole: bool) -> None:
        """Note the words of a class for an atom: as a line's first, or as the `whole` line."""
        self._forms[atom] = frozenset(forms)
        if whole:
            self._whole.add(atom)
        for form in self._forms[atom]:
            if whole:
                self._lines.setdefault(form, []).append(atom)
            elif form.isalnum():
                self._words.setdefault(form, []).append(atom)
            else:
                self._phrases.setdefault(form.partition(" ")[0], []).append((form, atom))

    def read(self, text: str) -> list[int]:
        """The atoms of every line's first word, of the phrases that lines begin with, and of whole lines."""
        lines, words, phrases = self._lines, self._words, self._phrases
        found: list[int] = []
        for line in text.split("\n"):
            if line in lines:
                found += lines[line]
            word = line.partition(" ")[0]
            if not word.isalnum():
                word = _first(word)
            if word in words:
                found += words[word]
            if word in phrases:
                found += [atom for phrase, atom in phrases[word] if _begins(line, phrase)]
        return found

    def span(self, text: str, atom: int) -> tuple[int, int]:
        """Where an atom holds first, (-1, -1) if nowhere."""
        forms, whole = self._forms[atom], atom in self._whole
        at = 0
        for line in text.split("\n"):
            if whole:
                if line in forms:
                    return at, at + len(line)
            else:
                word = _first(line.partition(" ")[0])
                begins = [len(form) for form, one in self._phrases.get(word, ()) if one == atom and _begins(line, form)]
                if begins or word in forms:
                    return at, at + max((*begins, len(word) if word in forms else 0))
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
