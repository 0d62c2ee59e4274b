"""First words of lines, and whole lines, by class: "list orders" opens with a word of the class `look`. A dictionary
answers what would be the largest patterns of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mcp_threat_scoring.patterns.clauses import GAP
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.patterns.reader import NOTHING, NotUnderstoodError, Reader
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.rule import TextTest
from mcp_threat_scoring.structs import Struct, field

_OPENING = pattern(r"^\^([a-z0-9 ?():|{}\[\]_!-]+)(\\b|\$)$")
"""A test that asks for nothing but a line's first word or words, or for the whole line: ``^{delete}\\b``,
``^(?:{create}|{update}|sets? up)\\b``, ``^{delete}$``."""
_CLASS = pattern(r"^\{[a-z][a-z_-]*!?\}$")
MOST = 64
"""Entries that one alternative is written out to (``verif(?:y|ies)`` is two)."""


class Asked(NamedTuple):
    """What a test asks lines to begin with, or to be: words of some classes, or entries written out."""

    classes: tuple[str, ...]
    """Of the lexicon, as patterns name them: ``delete``, or ``delete!`` for verbs that are not inflected."""
    entries: tuple[str, ...]
    whole: bool


class Vocabulary(Struct):
    """Words to the classes they are of, for the classes that somebody asked for."""

    words: dict[str, int] = field(default_factory=dict)
    """By number of :attr:`kinds`: many words are of the same classes."""
    kinds: list[list[str]] = field(default_factory=list)
    phrases: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """Of several words (or with a hyphen), by the first one and by class."""

    def classes(self, word: str) -> Sequence[str]:
        """The classes of one word."""
        number = self.words.get(word)
        return () if number is None else self.kinds[number]


def vocabulary(names: Iterable[str], lexicon: Lexicon) -> tuple[Vocabulary, list[str]]:
    """The words of some classes, and the names of classes that there are not."""
    of_word: dict[str, list[str]] = {}
    made = Vocabulary()
    unknown: list[str] = []
    for name in names:
        try:
            forms = lexicon.forms(name.rstrip("!"), plain=name.endswith("!"))
        except KeyError:
            unknown.append(name)
            continue
        for form in forms:
            if form.isalnum():
                of_word.setdefault(form, []).append(name)
            else:
                made.phrases.setdefault(form.partition(" ")[0], {}).setdefault(name, []).append(form)
    numbers: dict[tuple[str, ...], int] = {}
    for word, classes in of_word.items():
        made.words[word] = numbers.setdefault(tuple(classes), len(numbers))
    made.kinds = [list(kind) for kind in numbers]
    return made, unknown


def _alternatives(text: str) -> list[str] | None:
    """What stands between the bars of a group, or the whole of a text that is none; None if bars stand elsewhere."""
    grouped = text.startswith("(?:") and text.endswith(")")
    found, depth = [""], 0
    for char in text[3:-1] if grouped else text:
        depth += (char == "(") - (char == ")")
        if depth < 0 or (char == "|" and depth == 0 and not grouped):
            return None
        if char == "|" and depth == 0:
            found.append("")
        else:
            found[-1] += char
    return found


def _entries(alternative: str) -> list[str] | None:
    """All that an alternative may be, written out; None if that is too much, or not made of words."""
    if "{" in alternative or "-" in alternative or "!" in alternative:
        return None
    try:
        strings = Reader(alternative).alternatives(NOTHING).strings
    except NotUnderstoodError:
        return None
    if strings is None or len(strings) > MOST:
        return None
    written = sorted(one.replace(GAP, " ") for one in strings)
    plain = all(one.replace(" ", "").isalnum() and one == " ".join(one.split()) for one in written)
    return written if plain else None


def opening_of(test: TextTest) -> Asked | None:
    """What a test asks of the beginning of lines; None if it asks for anything else."""
    if test.has is not None:
        plain = all(entry.replace(" ", "").isalnum() for entry in test.has)
        return Asked((), tuple(test.has), True) if plain else None
    opening = _OPENING.match(test.regex or "")
    alternatives = _alternatives(opening.group(1)) if opening else None
    if not opening or alternatives is None:
        return None
    classes: list[str] = []
    entries: list[str] = []
    for one in alternatives:
        if _CLASS.match(one):
            classes.append(one[1:-1])
        elif (written := _entries(one)) is not None:
            entries += written
        else:
            return None
    return Asked(tuple(classes), tuple(dict.fromkeys(entries)), opening.group(2) == "$")


class _Kinds(dict[int, tuple[int, ...]]):
    """The atoms of words, by the number of the classes that they are of."""

    def __init__(self, kinds: Sequence[Sequence[str]], held: Mapping[str, Sequence[int]]) -> None:
        self._kinds, self._held = kinds, held

    def __missing__(self, number: int) -> tuple[int, ...]:
        held = self._held
        made = self[number] = tuple(atom for name in self._kinds[number] for atom in held.get(name, ()))
        return made


class Openings:
    """The tests of one view that a look at the beginning of its lines answers."""

    __slots__ = ("_asked", "_begin", "_entries", "_first", "_first_of", "_vocabulary", "_whole", "_whole_of")

    def __init__(self, asked: Mapping[int, Asked], words: Vocabulary) -> None:
        self._asked = asked
        self._vocabulary = words
        self._first: dict[str, list[int]] = {}  # classes that lines begin with
        self._whole: dict[str, list[int]] = {}  # … and that they are, whole
        self._entries: dict[str, list[int]] = {}  # whole lines written out
        self._begin: dict[str, list[tuple[str, int]]] = {}  # beginnings written out, by their first word
        for atom, one in asked.items():
            self._add(one, atom)
        self._first_of = _Kinds(words.kinds, self._first)
        self._whole_of = _Kinds(words.kinds, self._whole)

    def __contains__(self, atom: int) -> bool:
        return atom in self._asked

    def _add(self, asked: Asked, atom: int) -> None:
        held = self._whole if asked.whole else self._first
        for name in asked.classes:
            held.setdefault(name, []).append(atom)
        for entry in asked.entries:
            if asked.whole:
                self._entries.setdefault(entry, []).append(atom)
            else:
                self._begin.setdefault(entry.partition(" ")[0], []).append((entry, atom))

    def read(self, text: str) -> list[int]:
        """The atoms of every line's first word, of the phrases that lines begin with, and of whole lines."""
        words, phrases = self._vocabulary.words, self._vocabulary.phrases
        entries, begin, first_of = self._entries, self._begin, self._first_of
        whole_of = self._whole_of if self._whole else None
        found: list[int] = []
        for line in text.split("\n"):
            if line in entries:
                found += entries[line]
            if whole_of is not None and line in words:
                found += whole_of[words[line]]
            word = line.partition(" ")[0]
            if not word.isalnum():
                word = _first(word)
            if word in words:
                found += first_of[words[word]]
            if word in begin:
                found += [atom for entry, atom in begin[word] if _begins(line, entry)]
            if word in phrases:
                found += self._phrased(line, phrases[word])
        return found

    def _phrased(self, line: str, phrases: Mapping[str, Sequence[str]]) -> list[int]:
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
        classes, phrases = self._vocabulary.classes, self._vocabulary.phrases
        at = 0
        for line in text.split("\n"):
            word = _first(line.partition(" ")[0])
            several = phrases.get(word, {})
            if asked.whole:
                if line in asked.entries or any(
                    name in classes(line) or line in several.get(name, ()) for name in asked.classes
                ):
                    return at, at + len(line)
            else:
                ends = [len(form) for name in asked.classes for form in several.get(name, ()) if _begins(line, form)]
                ends += [len(entry) for entry, one in self._begin.get(word, ()) if one == atom and _begins(line, entry)]
                if any(name in asked.classes for name in classes(word)):
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
