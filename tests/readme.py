"""Writes what the README shows of the program from the program itself: `make docs`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def shown(*arguments: str) -> str:
    """What a command prints on a terminal of eighty columns."""
    return subprocess.run(
        [sys.executable, "-m", "mcp_threat_model", *arguments],
        capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "80"},
    ).stdout  # fmt: skip


def help_block() -> str:
    """The program's own help."""
    return shown("--help").rstrip()


def demo_block() -> str:
    """The beginning of the demo's report, down to its formula, without this machine's paths."""
    report = shown("demo").split("\nAGENTIC FACTORS")[0].rstrip()
    return report.replace(sys.executable, "python").replace(f"{ROOT}/", "")


def replaced(text: str, name: str, block: str) -> str:
    """The text with the block between the marks of that name exchanged."""
    before, mark, rest = text.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not (mark and end):
        raise ValueError(f"the README has no place for {name}")
    return f"{before}{mark}```text\n{block}\n```\n{end}{after}"


def main() -> None:
    """Write it."""
    text = replaced(README.read_text(), "help", help_block())
    README.write_text(replaced(text, "demo", demo_block()))


if __name__ == "__main__":
    main()
