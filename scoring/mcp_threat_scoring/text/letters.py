"""Which letters look like which: words in plain Latin ones, whatever alphabet and accents they are dressed in.

Letters of other scripts are left alone in honest words. No honest word mixes them with Latin ones, and one that
consists of look-alikes only is a disguise where nothing else of the text is written in its script.

Sources: Unicode 15 (UAX 15 NFKC, UTS 39 confusables: only those that look like Latin lower-case letters).
"""

from __future__ import annotations

import unicodedata

from mcp_threat_scoring.patterns.pattern import pattern

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
    "”": '"', "„": '"', "«": '"', "»": '"', "…": "...", "\u00a0": " ",
    "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "−": "-",
}  # fmt: skip
_WORD = pattern(r"[\pL\pN]+")
_TWIN_SCRIPTS = pattern(r"[\p{Cyrillic}\p{Greek}\p{Armenian}]")


def fold(text: str) -> str:
    """Lower case and plain Latin letters, for words of our own vocabulary. Lengths may change."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    return "".join(fold_char(char) for char in unicodedata.normalize("NFC", lowered))


def fold_char(char: str) -> str:
    """The same of one letter; more than one may stand for it. One that is no Latin letter in disguise is kept."""
    if char in _STYLES:
        return _STYLES[char]
    plain = unicodedata.normalize("NFKC", char).lower()
    if plain.isascii():
        return plain
    apart = unicodedata.normalize("NFD", plain)
    base = apart[0]
    return _STYLES.get(base, base) if ("a" <= base <= "z" or base in _STYLES) else plain


def twin_words(text: str) -> tuple[str, list[int]]:
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
