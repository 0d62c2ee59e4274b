"""The page on the folder says what every file is, and which of them nobody edits."""

from __future__ import annotations

import re
from pathlib import Path

from mcp_threat_model.evaluate import FITTED
from mcp_threat_scoring.rulebook.documents import rules_dir
from mcp_threat_scoring.rulebook.ruleset import signal_files

ROOT = rules_dir()
BY_PEOPLE, _, FITTED_GROUP = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Written by `evaluate")


def named(group: str) -> set[str]:
    """What the first column of a table names."""
    return {name for row in re.findall(r"^\| (`.*?) \|", group, re.MULTILINE) for name in re.findall(r"`(.+?)`", row)}


def test_it_names_every_file_once() -> None:
    held = {path.name for path in ROOT.iterdir() if path.is_file()} - {"README.md"}
    in_folders = {name for name in named(BY_PEOPLE) if "/" in name} | {"L7.yaml", "cross_layer.yaml"}

    assert named(BY_PEOPLE) - in_folders == held - set(FITTED)
    assert named(FITTED_GROUP) == held & set(FITTED)
    assert {name.partition("/")[0] for name in in_folders if "/" in name} == {
        path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "__pycache__"
    }


def test_what_is_fitted_is_told_apart_by_itself() -> None:
    assert set(FITTED) == {path.name for path in ROOT.glob("*.json")} | {path.name for path in ROOT.glob("weights*")}


def test_no_loader_takes_it_for_a_rule() -> None:
    assert [file for file in signal_files(ROOT) if Path(file).suffix != ".yaml"] == []
