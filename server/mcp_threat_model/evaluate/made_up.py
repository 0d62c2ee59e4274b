"""Made-up tools with their labels: ``tests/labelled`` beside the rules, a file for each author, a server on each line.

A row is ``{"server": NAME, "tools": [{"name", "description", "arguments", "effect", "abilities"}]}``; an argument is
its description, or a list of the values it may have. They are told in odder words than real tools and cost nothing to
make, so rules and words learn from them what no corpus has enough of; in tables they never count. A wheel has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcp_threat_model.evaluate.corpus import Labelled, read_rows

LABELLED = Path("tests") / "labelled"


def labelled(folder: Path) -> list[Labelled]:
    """Every tool of the authors' files, none where the folder is not there.

    Raises:
        OSError: a file cannot be read.
    """
    return [
        Labelled(
            path.stem, server["server"], _tool(row), "made up", row["effect"],
            abilities=frozenset(ability for ability in row["abilities"] if ability != "none"),
        )
        for path in sorted(folder.glob("*.jsonl"))
        for server in read_rows(path)
        for row in server["tools"]
    ]  # fmt: skip


def _tool(row: Mapping[str, Any]) -> dict[str, Any]:
    properties = {
        name: {"type": "string", "enum": said} if isinstance(said, list) else {"type": "string", "description": said}
        for name, said in row["arguments"].items()
    }
    return {
        "name": row["name"],
        "description": row["description"],
        "inputSchema": {"type": "object", "properties": properties},
    }
