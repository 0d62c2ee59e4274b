"""What a text says once its disguise is taken off, with offsets kept back to the text as sent.

A model reads through look-alike letters, full-width and mathematical alphabets, accents heaped on letters, HTML
entities and characters that no screen shows; a reviewer and a pattern do not. What letters look like is known in
:mod:`text.letters`, what is hidden between them is read in :mod:`text.unseen`. Everything here is one pass over a
bounded text, so the time is linear in it.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from typing import Literal

from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct, field
from mcp_threat_scoring.text.letters import fold_char, twin_words
from mcp_threat_scoring.text.unseen import Hiding, Unseen, flags, reversed_runs

Oddity = Literal[Hiding, "lookalike", "styled", "stacked", "entities"]

_ODD = pattern(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{ad}\x{34f}\x{61c}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180e}"
    r"\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{2800}\x{3164}\x{fe00}-\x{fe0f}\x{feff}\x{ffa0}"
    r"\x{fff9}-\x{fffb}\x{1d400}-\x{1d7ff}\x{e0000}-\x{e01ef}]|[a-zA-Z][\x{300}-\x{36f}]"
)
_MARKED = pattern(r"(?:[a-zA-Z ][\x{300}-\x{36f}]+){4}")
"""Letters one after the other that all bear marks of their own. No language has so many: at most two vowels do."""
_SEQUENCE = pattern(r"\x1b\[[0-9;?]*[a-zA-Z]|\x{9b}[0-9;?]*[a-zA-Z]|\x1b\][0-9]*;|\x1b[()][A-Z0-9]")
"""Control sequences of terminals (ECMA-48), and what introduces the text of an operating system command."""
_ENTITY = pattern(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")


class Normal(Struct):
    """A text as it is meant: lower case, plain letters, nothing invisible."""

    text: str
    raw: str
    offsets: list[int] | None = None
    """Place in `raw` of every character of `text`; None when they are the same."""
    oddities: dict[Oddity, int] = field(default_factory=dict)
    """How often each kind of disguise was found."""
    first_odd: dict[Oddity, int] = field(default_factory=dict)
    """Where in `raw` it was first found."""
    tags: str = ""
    """What the tag characters spell."""
    selectors: str = ""
    """What the variation selectors spell as bytes."""
    bits: str = ""
    """What two kinds of zero-width characters spell as bits."""
    reversed_runs: list[str] = field(default_factory=list)
    """Texts that a right-to-left override shows backwards, turned round."""

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the text as sent of a place in the normalised one."""
        if self.offsets is None or not self.offsets:
            return start, end
        last = len(self.offsets) - 1
        first, final = self.offsets[min(start, last)], self.offsets[min(max(end - 1, start), last)]
        return first, max(first, final) + 1

    def note(self, kind: Oddity, at: int, count: int = 1) -> None:
        """More of that kind of disguise."""
        self.oddities[kind] = self.oddities.get(kind, 0) + count
        self.first_odd.setdefault(kind, at)


def is_odd(text: str) -> bool:
    """Whether a text holds characters that no screen shows, or alphabets used as a disguise. A quick look."""
    return _ODD.search(text) is not None


def _entities(text: str) -> tuple[str, list[int], int, int]:
    """Entities decoded, with the place of every character, how many stood for letters, and where the first did."""
    parts: list[str] = []
    offsets: list[int] = []
    at = count = 0
    first = -1
    for found in _ENTITY.finditer(text):
        from html import unescape  # a table of two thousand names that few texts ask for

        start, end = found.span()
        shown = unescape(text[start:end])
        if shown == text[start:end]:
            continue
        parts += [text[at:start], shown]
        offsets += range(at, start)
        offsets += [start] * len(shown)
        if shown.isalpha():
            count += 1
            first = start if first < 0 else first
        at = end
    parts.append(text[at:])
    offsets += range(at, len(text))
    return "".join(parts), offsets, count, first


class _Reader:
    """One pass over the characters of a text that is not plain."""

    def __init__(self, raw: str) -> None:
        self.out: list[str] = []
        self.offsets: list[int] = []
        self.normal = Normal("", raw)
        self.unseen = Unseen(self.normal.note)

    def put(self, shown: str, at: int) -> None:
        """What stands in the text for the character at that place."""
        self.out.append(shown)
        self.offsets.extend([at] * len(shown))

    def read(self, text: str, places: list[int] | None) -> None:
        """Take in a text; `places` says where each of its characters stands in the text as sent."""
        length = len(text)
        stacked = skip = 0
        sequences = {found.start(): found.end() for found in _SEQUENCE.finditer(text)}
        flagged = flags(text)
        for found in _MARKED.finditer(text):
            self.normal.note("stacked", places[found.start()] if places else found.start())
        for index, char in enumerate(text):
            if index < skip:
                continue
            at = places[index] if places else index
            if index in sequences:  # what a terminal acts on and does not show
                skip = sequences[index]
                self.normal.note("control", at)
                continue
            if index in flagged:
                skip = flagged[index]
                self.put(char, at)
                continue
            if " " <= char <= "~":
                self.out.append(char.lower())
                self.offsets.append(at)
                stacked = 0
                continue
            before = text[index - 1] if index else ""
            if self.unseen.take(char, at, before, text[index + 1] if index + 1 < length else ""):
                continue
            if unicodedata.combining(char) and self.out and self.out[-1].isascii():
                stacked += 1
                if stacked == 3:
                    self.normal.note("stacked", at)
                continue
            stacked = 0
            if 0x1D400 <= ord(char) <= 0x1D7FF or char in "ᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡ":
                self.normal.note("styled", at)
            self.put(fold_char(char), at)


def normalise(raw: str) -> Normal:
    """Take the disguise off one text. Linear in its length; callers bound it."""
    text, places = raw, None
    count, first = 0, -1
    if "&" in raw:
        decoded, offsets, count, first = _entities(raw)
        if decoded != raw:
            text, places = decoded, offsets
    if text.isascii() and not is_odd(text):
        normal = Normal(text.lower(), raw, places)
        if count:
            normal.note("entities", first, count)
        return normal
    reader = _Reader(raw)
    reader.read(text, places)
    normal = reader.normal
    joined = "".join(reader.out)
    normal.text, twins = twin_words(joined)
    normal.offsets = reader.offsets
    for place in twins:
        normal.note("lookalike", reader.offsets[place])
    if count:
        normal.note("entities", first, count)
    normal.tags, normal.selectors, normal.bits = reader.unseen.spelled()
    if "bidi" in normal.oddities:
        normal.reversed_runs = reversed_runs(raw)
    return normal


def line_starts(lines: list[str]) -> list[int]:
    """Where each line begins once they are joined by newlines."""
    starts, at = [], 0
    for line in lines:
        starts.append(at)
        at += len(line) + 1
    return starts


def line_at(starts: list[int], offset: int) -> int:
    """The number of the line that holds that offset."""
    return bisect_right(starts, offset) - 1
