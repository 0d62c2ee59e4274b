"""Characters that no screen shows, and what they spell to a model that reads them all the same.

Many do honest work in some script, or inside emoji: those are noted only where they have none to do.

Sources: the tag block U+E0000..E007F, variation selectors U+FE00..FE0F and U+E0100..E01EF, bidirectional controls of
UAX 9, emoji tag sequences of UTS 51.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from mcp_threat_scoring.patterns.pattern import pattern

Hiding = Literal["invisible", "tags", "selectors", "bidi", "control"]

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = frozenset("\u200c\u200d\u200e\u200f\u061c")
"""Needed by honest Arabic, Persian, Hindi, Hebrew and by emoji; odd only between Latin letters."""
_INVISIBLE = frozenset(
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u206a\u206b\u206c"
    "\u206d\u206e\u206f\u3164\ufeff\uffa0\u2800\ufff9\ufffa\ufffb"
)
_OVERRIDE = pattern(r"\x{202e}([^\x{202c}\x{202e}]{4,400})")
_FLAG = pattern(r"\x{1f3f4}[\x{e0030}-\x{e0039}\x{e0061}-\x{e007a}]{3,6}\x{e007f}")
"""The flag of a part of a country, which a screen shows (emoji tag sequences)."""
_USUAL_FLAGS = frozenset(["gbeng", "gbsct", "gbwls"])
"""Those recommended for interchange; the letters of others may spell anything."""
FEW_FLAGS = 2
"""Different ones of those others that say no more than that they are flags."""


class Unseen:
    """What one text hides, collected on the way through it; `note` is told the kind and the place of each find."""

    def __init__(self, note: Callable[[Hiding, int], None]) -> None:
        self._note = note
        self._tags: list[str] = []
        self._selectors: list[int] = []
        self._bits: list[str] = []

    def take(self, char: str, at: int, before: str, after: str) -> bool:
        """Whether the character is one that no screen shows; it is noted and left out."""
        point = ord(char)
        if 0xE0000 <= point <= 0xE007F:
            if 0xE0020 <= point <= 0xE007E:
                self._tags.append(chr(point - 0xE0000))
            if point != 0xE007F:
                self._note("tags", at)
            return True
        if 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF:
            self._selectors.append(point - 0xFE00 if point <= 0xFE0F else point - 0xE0100 + 16)
            if point >= 0xE0100 or 0xFE00 <= ord(before or "x") <= 0xFE0F or (before or "x").isalnum():
                self._note("selectors", at)
            return True
        if char in _BIDI:
            self._note("bidi", at)
            return True
        if char in _INVISIBLE or char in _JOINERS:
            if char in "\u200b\u200c\u200d\u2060":
                self._bits.append("1" if char in "\u200c\u2060" else "0")
            plain = (before.isascii() and (before.isalnum() or not after)) or (after.isascii() and after.isalnum())
            if (char in _INVISIBLE and char not in "\ufeff\u00ad") or plain:
                self._note("invisible", at)
            return True
        if point < 0x20 or 0x7F <= point < 0xA0:
            if char in "\t\n\r":
                return False
            if point != 0x7F and point < 0x80:
                self._note("control", at)
            return True
        return False

    def spelled(self) -> tuple[str, str, str]:
        """What the tag characters spell, the variation selectors as bytes, and the zero-width characters as bits."""
        return "".join(self._tags), _spelled(bytes(self._selectors)), _from_bits("".join(self._bits))


def flags(text: str) -> dict[int, int]:
    """Where flags begin and end that are nothing but flags."""
    found = [
        (*one.span(), "".join(chr(ord(char) - 0xE0000) for char in one.group(0)[1:-1])) for one in _FLAG.finditer(text)
    ]
    unusual = {letters for _, _, letters in found} - _USUAL_FLAGS
    return {start: end for start, end, letters in found if letters in _USUAL_FLAGS or len(unusual) <= FEW_FLAGS}


def reversed_runs(raw: str) -> list[str]:
    """Texts that a right-to-left override shows backwards, turned round."""
    return [found.group(1)[::-1] for found in _OVERRIDE.finditer(raw)]


def _spelled(data: bytes) -> str:
    """The text in some bytes, when it is one."""
    if len(data) < 4:
        return ""
    text = data.decode("utf-8", "replace")
    plain = sum(char.isalnum() or char in " .,:;/-_'" for char in text)
    return text if plain >= 0.8 * len(text) else ""


def _from_bits(bits: str) -> str:
    """The text that two kinds of zero-width character spell, eight to a letter, either way round."""
    if len(bits) < 32:
        return ""
    for one in (bits, bits.translate(str.maketrans("01", "10"))):
        text = _spelled(bytes(int(one[at : at + 8], 2) for at in range(0, len(one) - 7, 8)))
        if text:
            return text
    return ""
