"""The only way for a target's text into a report.

A report is read by a person in a terminal, a browser or a pull request, and by a model. Text from the target is
therefore made inert first: invisible and directional characters become visible names, control characters and escape
sequences become pictures, markup that a renderer would act on is defanged, and the length is bounded.
"""

from __future__ import annotations

import unicodedata
from typing import NewType

SafeText = NewType("SafeText", str)
"""Text that may stand in a report. Only this module makes it from a target's text."""

EXCERPT_LENGTH = 80
NAME_LENGTH = 128


def _visible(char: str) -> str:
    point = ord(char)
    if point < 0x20:
        return " " if char in "\t\n\r" else chr(0x2400 + point)
    if point == 0x7F:
        return "␡"
    category = unicodedata.category(char)
    if category in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp") or 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF:
        return f"⟨U+{point:04X}⟩"
    return char


# Characters that start something in Markdown, HTML or a terminal get a look-alike that does not.
_DEFANG = str.maketrans({"<": "‹", ">": "›", "`": "ˋ", "[": "［", "]": "］", "|": "¦"})


def neutralise(text: object, limit: int = EXCERPT_LENGTH) -> SafeText:
    """Make any value of the target's safe to show, in at most about `limit` characters."""
    value = text if isinstance(text, str) else repr(text)
    head = value[: limit + 1]
    if head.isascii() and head.isprintable():
        shown = head
    else:
        shown = "".join(_visible(char) for char in head)
    shown = " ".join(shown.split()) if "  " in shown else shown.strip()
    shown = shown.translate(_DEFANG).replace("://", "[:]//")
    if len(value) > limit or len(shown) > limit * 2:
        shown = shown[: limit * 2 - 1 if len(value) <= limit else limit].rstrip() + "…"
    return SafeText(shown)


def neutralise_name(text: object) -> SafeText:
    """A tool's, server's or parameter's name: longer limit, same treatment."""
    return neutralise(text, NAME_LENGTH)


def trusted(text: str) -> SafeText:
    """Mark words of our own (rule titles, explanations) as safe. Never call it on a target's text."""
    return SafeText(text)
