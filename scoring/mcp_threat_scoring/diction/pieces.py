"""The words of a tool as they are learned from, each marked with where it stands: ``b:refund`` of ``refund_order``.

======  ===============================================================
``n:``  a word of the name, or two that follow each other
``b:``  the word it begins with
``z:``  the word it ends with
``f:``  a word of the first sentence, or two that follow each other
``o:``  the word it opens with
``d:``  a word of any sentence
``p:``  the name of an argument
``a:``  a word of one
``e:``  a value that an argument may have
======  ===============================================================
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from mcp_threat_scoring.text.letters import fold
from mcp_threat_scoring.text.stems import stem
from mcp_threat_scoring.text.views import Subject

NAME = 12
FIRST = 40
SENTENCES = 300
"""Words read of the name, the first sentence, and all of them."""
LONGEST = 16
"""Letters that a word of those has at most, on the whole."""
ARGUMENTS = 40
VALUES = 40
SPACELESS = "\u2e80"
"""From here on, most scripts put no space between words: what follows each other, two letters at a time, stands for
them."""


JOINING = frozenset([
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "but", "by", "can", "each", "for", "from",
    "has", "have", "if", "in", "is", "it", "its", "no", "not", "of", "on", "one", "or", "per", "s", "so",
    "t", "than", "that", "the", "this", "to", "was", "were", "when", "which", "who", "will", "with",
])  # fmt: skip
"""Words that say nothing by themselves; next to others they count."""
_APART = "".join(chr(code) if chr(code).isalpha() else " " for code in range(128))
"""What stands for each letter of ASCII where words are parted: itself, or a blank."""
_stem = lru_cache(maxsize=16_384)(stem)


def _parted(text: str) -> list[str]:
    if text.isascii():
        return text.translate(_APART).split()
    return "".join([char if char.isalpha() else " " for char in text]).split()


def words_of(text: str, most: int) -> list[str]:
    """The stems of the words of a text, in their order; what is not made of letters only parts them."""
    found: list[str] = []
    for word in _parted(text[: most * LONGEST]):
        if word.isascii():
            found.append(_stem(word))
        elif max(word) < SPACELESS:
            found.append(_stem(fold(word)))
        else:
            found += [word[at : at + 2] for at in range(max(1, len(word) - 1))]
        if len(found) >= most:
            return found[:most]
    return found


def _telling(mark: str, words: list[str]) -> list[str]:
    """Words by themselves, without those that only join others."""
    return [f"{mark}{word}" for word in words if word not in JOINING]


def _two(mark: str, words: list[str]) -> Iterable[str]:
    return [f"{mark}{first} {second}" for first, second in pairwise(words)]


def pieces(subject: Subject) -> set[str]:
    """What is noticed about the words of one tool."""
    views = subject.views
    found: set[str] = set()
    if name := words_of(views["words"].text, NAME):
        found.update(_telling("n:", name))
        found.update(_two("n:", name))
        found.update((f"b:{name[0]}", f"z:{name[-1]}"))
    if (summary := views.get("summary")) and (first := words_of(summary.text, FIRST)):
        found.update(_telling("f:", first))
        found.update(_two("f:", first))
        found.add(f"o:{first[0]}")
        found.update(_telling("d:", first))
    if sentences := views.get("sentences"):
        found.update(_telling("d:", words_of(sentences.text, SENTENCES)))
    if args := views.get("args"):
        for line in args.text.split("\n", ARGUMENTS)[:ARGUMENTS]:
            found.add(f"p:{line}")
            found.update([f"a:{_stem(word)}" for word in line.split()])
    if enums := views.get("enums"):
        found.update([f"e:{line}" for line in enums.text.split("\n", VALUES)[:VALUES]])
    return found
