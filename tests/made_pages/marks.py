"""The part of a page that is made: what stands between two marks."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def filled(text: str, name: str, block: str) -> str:
    """The text with what stands between the marks of that name exchanged.

    Raises:
        ValueError: it has no such marks.
    """
    before, mark, rest = text.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not (mark and end):
        raise ValueError(f"there is no place for {name}")
    return f"{before}{mark}{block}\n{end}{after}"
