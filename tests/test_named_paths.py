"""Pages for contributors name files and folders: each of them is there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from tests.made_pages.marks import ROOT

PAGES = ("CONTRIBUTING.md", "docs/architecture.md", "rules/README.md")
FOLDERS = ("docs", "examples", "rules", "scoring", "server", "tests")
ENDINGS = r"py|md|yaml|json|jsonl|toml|html|css|js|txt"
PATH = re.compile(rf"(?<![\w.…/-])(?:[\w.-]+/)*(?:[\w-]+(?:\.[\w-]+)*\.(?:{ENDINGS})|[\w.-]+/)(?![\w/])")
QUOTED = re.compile(r"`([^`\n]+)`")
PLACEHOLDER = re.compile(r"(?:^|[/-])(?:NAME|GROUP|ID|LANGUAGE|N|CORPUS|FOLDER|DIR|CLIENT)(?:\.|/|$)")
"""A word that stands for what the reader puts there."""
OF_A_USER = ("mcp-threat-model.yaml", "server.json", "manifest.json", "config:CLIENT/")
"""Names of files that are not the project's own."""


@cache
def endings() -> frozenset[str]:
    """What a file or folder of the project may be called: its path, and every end of it."""
    files = [path for path in ROOT.iterdir() if path.is_file()]
    files += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
    names: set[str] = set()
    for path in files + [ROOT / folder for folder in FOLDERS]:
        parts = path.relative_to(ROOT).parts
        slash = "/" if path.is_dir() else ""
        names |= {"/".join(parts[at:]) + slash for at in range(len(parts))}
    return frozenset(names)


def named(text: str) -> list[str]:
    """The paths that a page names in back quotes, but for those with a place to fill."""
    return [
        path
        for quoted in QUOTED.findall(text)
        for path in PATH.findall(quoted)
        if not PLACEHOLDER.search(path) and path not in OF_A_USER
    ]


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_is_there(page: str) -> None:
    missing = sorted(set(named((ROOT / page).read_text(encoding="utf-8"))) - endings())

    assert not missing, f"{page} names {', '.join(missing)}, and there is no such file or folder"


def test_paths_are_found_in_what_a_page_quotes() -> None:
    said = "See `forms/configured.py`, `render/NAME.py`, the folder `http/`, `… cli.py`, `a.b(c)` and `tools-N.jsonl`."

    assert named(said) == ["forms/configured.py", "http/", "cli.py"]


@pytest.mark.parametrize("page", PAGES)
def test_pages_name_many(page: str) -> None:
    assert len(named(Path(ROOT / page).read_text(encoding="utf-8"))) > 10
