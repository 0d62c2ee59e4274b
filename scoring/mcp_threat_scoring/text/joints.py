"""Letters, numbers and marks that only join words: ``ignoreːallːprevious`` reads like ``ignore_all_previous``.

What joins words in names is a sign, as a rule. To a reader, and to a model, anything does that is not of the words'
own kind: a modifier letter, a Roman numeral, a combining line, a letter of a script without capitals, a digit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from string import digits
from typing import Any
from unicodedata import category, normalize

from mcp_threat_scoring.patterns.pattern import pattern

FEWEST = 3
"""Places in one name that are joined so, from which it is no accident: names that mix two scripts have one or two."""
LETTERS = 3
"""Letters of a word between digits, on average: identifiers in hexadecimal digits have one or two."""
FEWEST_DIGITS = 5
"""Digits from which they may stand between six words."""
_JOINING = frozenset(["Lm", "Lo", "Mn", "Mc", "Me", "Nl", "No", "Nd", "So"])
"""General categories (Unicode Standard, section 4.5) of what has no capitals and joins: `So` is beside the signs."""
_CASED = frozenset(["Lu", "Ll", "Lt"])
_NUMBERED = pattern(r"(?:[A-Za-z]+[0-9]+[_.-]?){5,}[A-Za-z]+")
"""Six words, or more, with digits between them."""


def joints(name: str) -> list[tuple[int, int]]:
    """Where such letters and marks join words of a name that is not all ASCII, digits of ours among them."""
    if name.isascii():
        return []
    found = list(_joints(name))
    if any(map(_says, (name[start:end] for start, end in found))):
        often = Counter(name[start:end] for start, end in found)
        found = [(start, end) for start, end in found if often[name[start:end]] >= FEWEST or not _says(name[start:end])]
    return found if len(found) >= FEWEST else []


def _says(run: str) -> bool:
    """Whether letters without capitals may be a word of their own; one that comes again and again tells nothing."""
    return any(category(char) == "Lo" for char in run)


def _joints(name: str) -> Iterator[tuple[int, int]]:
    start, lettered = -1, False
    for at, char in enumerate(name):
        kind = category(char)
        if kind in _CASED or (kind == "Mn" and lettered and start < 0 and _accent(name[at - 1 : at + 1])):
            if start >= 0 and lettered and not name[start:at].isascii():
                yield start, at
            start, lettered = -1, True
        elif kind in _JOINING:
            start = at if start < 0 else start
        else:
            start, lettered = -1, False


def _accent(pair: str) -> bool:
    """Whether a letter and a mark are one letter of a language."""
    return len(normalize("NFC", pair)) == 1


def unjoined(name: str) -> str:
    """A name with a blank for whatever joins its words and is no sign."""
    for start, end in reversed(joints(name)):
        name = f"{name[:start]} {name[end:]}"
    return name


def unnumbered(name: str) -> str:
    """A name with a blank for the digits between its words, where it is many plain words."""
    if sum(map(name.count, digits)) < FEWEST_DIGITS:
        return name
    words: str = _NUMBERED.sub(_in_words, name)
    return words


def _in_words(run: Any) -> str:
    found = str(run[0])
    words = "".join(char if char.isalpha() else " " for char in found).split()
    return " ".join(words) if sum(map(len, words)) >= LETTERS * len(words) else found
