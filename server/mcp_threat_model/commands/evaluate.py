"""`mcp-threat-model evaluate`: accuracy on a labelled corpus."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mcp_threat_scoring.errors import UsageError


def run(arguments: argparse.Namespace) -> int:
    """Measure and print.

    Raises:
        UsageError: there is no such folder.
    """
    folder = Path(arguments.corpus)
    if not os.path.isdir(folder):  # noqa: PTH112  (a Path raises where a name is too long)
        raise UsageError(f"there is no corpus directory {arguments.corpus}")
    from mcp_threat_model.evaluate import main

    return main(folder, arguments.format)
