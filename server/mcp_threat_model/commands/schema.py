"""`mcp-threat-model schema`: the JSON Schema of the JSON report, and of what the calculator prints."""

from __future__ import annotations

import argparse
import json

from mcp_threat_model.render.json import json_schema
from mcp_threat_model.terminal import emit


def run(_: argparse.Namespace) -> int:
    """Print it.

    Raises:
        OutputError: standard output cannot be written to.
    """
    emit(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n", utf8=True)
    return 0
