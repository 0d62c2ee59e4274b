"""Made-up tools are rows like others, of a kind of their own."""

from __future__ import annotations

import json
from pathlib import Path

from mcp_threat_model.evaluate.made_up import labelled

KETTLE = {
    "server": "kettle",
    "tools": [
        {"name": "pour", "description": "Pours.", "arguments": {"batch": "which", "how": ["slowly", "fast"]},
         "effect": "destructive", "abilities": ["none"]},
        {"name": "read_log", "description": "Reads.", "arguments": {}, "effect": "read", "abilities": ["fs.read"]},
    ],
}  # fmt: skip


def test_an_author_s_file_becomes_rows(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(json.dumps(KETTLE) + "\n")

    pour, log = labelled(tmp_path)

    assert (pour.file, pour.server, pour.kind, pour.effect) == ("one", "kettle", "made up", "destructive")
    assert pour.tool["inputSchema"]["properties"]["how"] == {"type": "string", "enum": ["slowly", "fast"]}
    assert pour.abilities == frozenset()
    assert log.abilities == {"fs.read"}


def test_a_wheel_has_none(tmp_path: Path) -> None:
    assert labelled(tmp_path / "labelled") == []
