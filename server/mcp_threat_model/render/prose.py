"""Sentences taken apart for a renderer: our own words, and the names in them.

Names stand in back quotes, which :mod:`mcp_threat_scoring.neutralise` keeps out of the names themselves. Words that a
Markdown reader or a code forge would act on (``*bold*``, ``@somebody``, ``#12``, an address) are shown like names, as
code, where nothing acts on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_ACTIVE = frozenset("_@*#~$\\^")
_OPENING = "(“‘\"'"
_CLOSING = ".,;:!?)”’…\"'"


class Piece(NamedTuple):
    """A run of text, and whether it is a name."""

    text: str
    code: bool = False


def pieces(text: str) -> Iterator[Piece]:
    """The runs of a sentence, in order. Joined without their marks they are the sentence."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a mark without a partner is no mark
        parts = ["ˋ".join(parts)]
    for index, part in enumerate(parts):
        if index % 2:
            yield Piece(part, code=True)
        elif part:
            yield from _plain(part)


def _plain(text: str) -> Iterator[Piece]:
    held: list[str] = []
    for index, word in enumerate(text.split(" ")):
        held.append(" " if index else "")
        start, end = _core(word)
        if _is_active(word[start:end]):
            held.append(word[:start])
            if before := "".join(held):
                yield Piece(before)
            yield Piece(word[start:end], code=True)
            held = [word[end:]]
        else:
            held.append(word)
    if rest := "".join(held):
        yield Piece(rest)


def _core(word: str) -> tuple[int, int]:
    start, end = 0, len(word)
    while start < end and word[start] in _OPENING:
        start += 1
    while end > start and word[end - 1] in _CLOSING:
        end -= 1
    return start, end


def _is_active(word: str) -> bool:
    return not _ACTIVE.isdisjoint(word) or "://" in word or word[:4].lower() == "www."
