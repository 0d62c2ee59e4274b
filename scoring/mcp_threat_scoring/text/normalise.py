"""What a text says once its disguise is taken off, with offsets kept back to the text as sent.

A model reads through look-alike letters, full-width and mathematical alphabets, accents heaped on letters, HTML
entities and characters that no screen shows; a reviewer and a pattern do not. Everything here is one pass over a
bounded text, so the time is linear in it.

Sources: Unicode 15 (UAX 15 NFKC, UTS 39 confusables: only those that look like Latin lower-case letters), the tag block
U+E0000..E007F, variation selectors U+FE00..FE0F and U+E0100..E01EF, bidirectional controls of UAX 9.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from typing import Literal

from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct, field

Oddity = Literal["invisible", "tags", "selectors", "bidi", "control", "lookalike", "styled", "stacked", "entities"]

_SCRIPT_TWINS = {
    # Cyrillic
    "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y",
    "х": "x", "і": "i", "ј": "j", "ѕ": "s", "һ": "h", "ԁ": "d",
    "ԛ": "q", "ԝ": "w", "ӏ": "l", "в": "b", "к": "k", "м": "m",
    "н": "h", "т": "t", "г": "r", "п": "n", "ь": "b", "ѵ": "v",
    "ɡ": "g", "ү": "y",
    # Greek
    "α": "a", "ο": "o", "ν": "v", "ι": "i", "κ": "k", "ρ": "p",
    "τ": "t", "υ": "u", "χ": "x", "ε": "e", "η": "n", "ϲ": "c",
    "ϳ": "j", "ω": "w", "γ": "y", "σ": "o",
    # Armenian, Cherokee and others in common use for it
    "օ": "o", "ս": "u", "հ": "h", "ո": "n", "ց": "g", "զ": "q", "Ꭵ": "i", "ⅼ": "l", "ꓐ": "b", "ꓳ": "o",
}  # fmt: skip
_STYLES = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)) | {
    "ı": "i", "ɑ": "a", "ø": "o", "ł": "l", "đ": "d", "ß": "ss",
    "æ": "ae", "œ": "oe", "ƒ": "f", "’": "'", "‘": "'", "“": '"',
    "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "‑": "-", "−": "-", "…": "...", "\u00a0": " ",
}  # fmt: skip
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = frozenset("\u200c\u200d\u200e\u200f\u061c")
"""Needed by honest Arabic, Persian, Hindi, Hebrew and by emoji; odd only between Latin letters."""
_INVISIBLE = frozenset(
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u200b\u2060\u2061\u2062\u2063\u2064\u206a\u206b\u206c"
    "\u206d\u206e\u206f\u3164\ufeff\uffa0\u2800\ufff9\ufffa\ufffb"
)
_ODD = pattern(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{ad}\x{34f}\x{61c}\x{115f}\x{1160}\x{17b4}\x{17b5}\x{180b}-\x{180e}"
    r"\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{2800}\x{3164}\x{fe00}-\x{fe0f}\x{feff}\x{ffa0}"
    r"\x{fff9}-\x{fffb}\x{1d400}-\x{1d7ff}\x{e0000}-\x{e01ef}]"
)
_SEQUENCE = pattern(r"\x1b\[[0-9;?]*[a-zA-Z]|\x{9b}[0-9;?]*[a-zA-Z]|\x1b\][0-9]*;|\x1b[()][A-Z0-9]")
"""Control sequences of terminals (ECMA-48), and what introduces the text of an operating system command."""
_ENTITY = pattern(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")
_WORD = pattern(r"[\pL\pN]+")
_TWIN_SCRIPTS = pattern(r"[\p{Cyrillic}\p{Greek}\p{Armenian}]")


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


def is_odd(text: str) -> bool:
    """Whether a text holds characters that no screen shows, or alphabets used as a disguise. A quick look."""
    return _ODD.search(text) is not None


def fold(text: str) -> str:
    """Lower case and plain Latin letters, for words of our own vocabulary. Lengths may change."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    return "".join(_fold_char(char) for char in unicodedata.normalize("NFC", lowered))


def _fold_char(char: str) -> str:
    if char in _STYLES:
        return _STYLES[char]
    plain = unicodedata.normalize("NFKC", char).lower()
    if plain.isascii():
        return plain
    apart = unicodedata.normalize("NFD", plain)
    base = apart[0]
    return _STYLES.get(base, base) if ("a" <= base <= "z" or base in _STYLES) else plain


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
        self.tags: list[str] = []
        self.selectors: list[int] = []
        self.bits: list[str] = []

    def note(self, kind: Oddity, at: int) -> None:
        """One more of that kind of disguise."""
        self.normal.oddities[kind] = self.normal.oddities.get(kind, 0) + 1
        self.normal.first_odd.setdefault(kind, at)

    def put(self, shown: str, at: int) -> None:
        """What stands in the text for the character at that place."""
        self.out.append(shown)
        self.offsets.extend([at] * len(shown))

    def read(self, text: str, places: list[int] | None) -> None:
        """Take in a text; `places` says where each of its characters stands in the text as sent."""
        length = len(text)
        stacked = skip = 0
        sequences = {found.start(): found.end() for found in _SEQUENCE.finditer(text)}
        for index, char in enumerate(text):
            if index < skip:
                continue
            at = places[index] if places else index
            if index in sequences:  # what a terminal acts on and does not show
                skip = sequences[index]
                self.note("control", at)
                continue
            if " " <= char <= "~":
                self.out.append(char.lower())
                self.offsets.append(at)
                stacked = 0
                continue
            before = text[index - 1] if index else ""
            if self.hidden(char, at, before, text[index + 1] if index + 1 < length else ""):
                continue
            if unicodedata.combining(char) and self.out and self.out[-1].isascii():
                stacked += 1
                if stacked == 3:
                    self.note("stacked", at)
                continue
            stacked = 0
            if 0x1D400 <= ord(char) <= 0x1D7FF or char in "ᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡ":
                self.note("styled", at)
            self.put(_fold_char(char), at)

    def hidden(self, char: str, at: int, before: str, after: str) -> bool:
        """Whether the character is one that no screen shows; it is noted and left out."""
        point = ord(char)
        if 0xE0000 <= point <= 0xE007F:
            if 0xE0020 <= point <= 0xE007E:
                self.tags.append(chr(point - 0xE0000))
            if point != 0xE007F:
                self.note("tags", at)
            return True
        if 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF:
            self.selectors.append(point - 0xFE00 if point <= 0xFE0F else point - 0xE0100 + 16)
            if point >= 0xE0100 or 0xFE00 <= ord(before or "x") <= 0xFE0F or (before or "x").isalnum():
                self.note("selectors", at)
            return True
        if char in _BIDI:
            self.note("bidi", at)
            return True
        if char in _INVISIBLE or char in _JOINERS:
            if char in "\u200b\u200c\u200d\u2060":
                self.bits.append("1" if char in "\u200c\u2060" else "0")
            plain = (before.isascii() and (before.isalnum() or not after)) or (after.isascii() and after.isalnum())
            if (char in _INVISIBLE and char not in "\ufeff\u00ad") or plain:
                self.note("invisible", at)
            return True
        if point < 0x20 or 0x7F <= point < 0xA0:
            if char in "\t\n\r":
                return False
            if point != 0x7F and point < 0x80:
                self.note("control", at)
            return True
        return False


def _twin_words(text: str) -> tuple[str, list[int]]:
    """Words that mix Latin with look-alikes of other scripts (or consist of look-alikes only), put into Latin."""
    letters = set(text)
    if letters.isdisjoint(_SCRIPT_TWINS):
        return text, []
    foreign = any(_TWIN_SCRIPTS.search(char) for char in letters if char not in _SCRIPT_TWINS)
    out = list(text)
    found: list[int] = []
    for word in _WORD.finditer(text):
        start, end = word.span()
        piece = text[start:end]
        twins = [index for index, char in enumerate(piece) if char in _SCRIPT_TWINS]
        if not twins or len(piece) < 3:
            continue
        latin = sum("a" <= char <= "z" for char in piece)
        if latin + len(twins) < len(piece) or (foreign and not latin):
            continue
        found.append(start)
        for index in twins:
            out[start + index] = _SCRIPT_TWINS[piece[index]]
    return "".join(out), found


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
            normal.oddities["entities"], normal.first_odd["entities"] = count, first
        return normal
    reader = _Reader(raw)
    reader.read(text, places)
    normal = reader.normal
    joined = "".join(reader.out)
    normal.text, twins = _twin_words(joined)
    normal.offsets = reader.offsets
    for place in twins:
        reader.note("lookalike", reader.offsets[place])
    if count:
        normal.oddities["entities"], normal.first_odd["entities"] = count, first
    normal.tags = "".join(reader.tags)
    normal.selectors = _spelled(bytes(reader.selectors))
    normal.bits = _from_bits("".join(reader.bits))
    if "bidi" in normal.oddities:
        normal.reversed_runs = [found.group(1)[::-1] for found in _OVERRIDE.finditer(raw)]
    return normal


_OVERRIDE = pattern(r"\x{202e}([^\x{202c}\x{202e}]{4,400})")


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
