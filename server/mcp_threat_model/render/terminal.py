"""The same lines with colour. Imported only when a terminal shows them, because rich is slow to import."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.text import Text

from mcp_threat_model.render.layout import Line, Style

_COLOURS: Final[dict[Style, str]] = {
    "plain": "",
    "strong": "bold",
    "heading": "bold cyan",
    "dim": "dim",
    "good": "green",
    "fair": "yellow",
    "poor": "bold yellow",
    "bad": "bold red",
}


def coloured(lines: Sequence[Line]) -> str:
    """The lines with terminal colours, from the sixteen that every theme has."""
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", highlight=False, width=1_000)
    for line in lines:
        # Text, not markup: nothing a target writes is ever read as a style.
        text = Text.assemble(*((span.text, _COLOURS[span.style]) for span in line))
        text.rstrip()
        console.print(text, soft_wrap=True)
    file = console.file
    assert isinstance(file, io.StringIO)  # noqa: S101 - it is the one made above
    return file.getvalue()
