"""Lines of styled text: what the plain and the coloured output have in common.

A style is a meaning ("bad", "dim"), not a colour; the plain output drops it.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

Style = Literal["plain", "strong", "heading", "dim", "good", "fair", "poor", "bad"]

SEVERITY_STYLE: Final[dict[str, Style]] = {
    "none": "good",
    "info": "dim",
    "low": "good",
    "medium": "fair",
    "high": "poor",
    "critical": "bad",
}
"""How grave a thing is shown, whatever it is."""
LONGEST: Final = 20
"""Entries of the longest lists (tools, findings) before they are cut."""


class Span(NamedTuple):
    """A run of text with one style."""

    text: str
    style: Style = "plain"


Line = tuple[Span, ...]


def columns(text: str) -> int:
    """How many terminal columns a text takes: East Asian wide characters take two (Unicode TR 11)."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def clip(text: str, width: int) -> str:
    """At most `width` columns of a text, ended by … when something is missing."""
    if columns(text) <= width:
        return text
    kept, used = [], 1
    for char in text:
        used += _columns(char)
        if used > width:
            break
        kept.append(char)
    return "".join(kept).rstrip() + "…"


def pad(text: str, width: int) -> str:
    """Exactly `width` columns: clipped or filled."""
    text = clip(text, width)
    return text + " " * (width - columns(text))


class Page:
    """Collects lines, none wider than `width` columns."""

    def __init__(self, width: int = 80) -> None:
        self.width = width
        self.lines: list[Line] = []

    def add(self, *spans: Span | str) -> None:
        """One line as it is; the caller keeps it narrow."""
        self.lines.append(tuple(Span(span) if isinstance(span, str) else span for span in spans))

    def blank(self) -> None:
        """One empty line, never two in a row."""
        if self.lines and self.lines[-1]:
            self.lines.append(())

    def heading(self, text: str, note: str = "") -> None:
        """A blank line and a section's title."""
        self.blank()
        self.add(Span(text.upper(), "heading"), Span(f"  {note}" if note else "", "dim"))

    def flow(self, text: str, *, first: Sequence[Span] = (), indent: int = 0, style: Style = "plain") -> None:
        """A paragraph that starts after `first` and continues `indent` columns in."""
        lead = sum(columns(span.text) for span in first)
        pieces = _wrap(text, self.width - lead, self.width - indent) or [""]
        self.lines.append((*first, Span(pieces[0], style)))
        for piece in pieces[1:]:
            self.lines.append((Span(" " * indent), Span(piece, style)))


def _wrap(text: str, first: int, rest: int) -> list[str]:
    if not text.isascii():  # textwrap counts characters; give wide ones the room they take
        wide = columns(text) - len(text)
        if wide > 0:
            text = "".join(char + "\0" * (_columns(char) - 1) for char in text)
    wrapper = textwrap.TextWrapper(
        width=rest, initial_indent="\1" * max(0, rest - first), break_on_hyphens=False, drop_whitespace=True
    )
    return [line.replace("\0", "").lstrip("\1") for line in wrapper.wrap(text)]


def plain(lines: Sequence[Line]) -> str:
    """The lines without any styling, one text that ends with a line feed."""
    return "".join(_no_command("".join(span.text for span in line).rstrip()) + "\n" for line in lines)


def _no_command(line: str) -> str:
    """A line that begins with two colons is a command to GitHub Actions, also where a long word was cut in two."""
    return line.replace("::", "∶∶", 1) if line.lstrip().startswith("::") else line
