"""Text that is safe inside GitHub-flavoured Markdown: in a sentence, in a table's cell, in a code span, in HTML.

The target's text was made inert when the report was made; here it cannot start a table cell, a code span, a mention, a
link to an issue, or a list either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, NamedTuple

from mcp_threat_model.render.prose import pieces
from mcp_threat_scoring.signal import EvidenceOut

_PLAIN: Final = str.maketrans(
    {"<": "&lt;", ">": "&gt;", "&": "&amp;", "[": "\\[", "]": "\\]", "|": "\\|", "`": "ˋ", "\n": " ", "\r": " "}
)
_CODE: Final = str.maketrans({"`": "ˋ", "|": "¦", "\n": " ", "\r": " "})
_ITEM: Final = frozenset("-+=>")


class Room(NamedTuple):
    """How much of the long lists is written."""

    evidence: int
    tools: int
    names: int
    threats: int


def code(text: str) -> str:
    """A name or quotation, exactly as it is. A bar would end a table's cell even here, so it becomes a broken one."""
    shown = text.translate(_CODE).strip()
    return f"`{shown}`" if shown else "-"


def sentence(text: str) -> str:
    """Words of ours with names in them, for a paragraph, a list item or a cell."""
    told = "".join(code(piece.text) if piece.code else piece.text.translate(_PLAIN) for piece in pieces(text))
    head, _, rest = told.partition(" ")
    if head and (_ITEM.issuperset(head) or (head[:-1].isdigit() and head[-1] in ".)")):
        return f"{head[:-1]}\\{head[-1]} {rest}"
    return told


def html(text: str) -> str:
    """The same for a place where Markdown is not read, such as a summary."""
    line = " ".join(text.split())
    return "".join(f"<code>{escape(one.text)}</code>" if one.code else escape(one.text) for one in pieces(line))


def names(items: Sequence[str], shown: int) -> str:
    """Names as code, and how many are left out."""
    told = ", ".join(code(name) for name in items[:shown])
    return told + (f" and {len(items) - shown} more" if len(items) > shown else "")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table from cells that are safe already; nothing where there is no row."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads), *lines, ""] if lines else []


def details(summary: str, lines: Sequence[str]) -> list[str]:
    """Lines that are folded away under a summary (HTML); Markdown is read inside because of the empty lines."""
    return [f"<details><summary>{summary}</summary>", "", *lines, "", "</details>", ""] if lines else []


def why(evidence: Sequence[EvidenceOut], room: Room) -> str:
    """The first few pieces of evidence as a sentence, each with its place and its weight in log-odds."""
    told = [
        f"{code(one.excerpt or one.rule_id)} at {code(one.pointer or '/')}"
        + (f" ({one.weight:+.2f})" if one.weight else "")
        for one in evidence[: room.evidence]
    ]  # fmt: skip
    return f" Evidence: {'; '.join(told)}." if told else ""
