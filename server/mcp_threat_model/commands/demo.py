"""`mcp-threat-model demo`: scan the bundled example server, over real stdio."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mcp_threat_model.commands.delivery import deliver
from mcp_threat_model.commands.scan import run_scan
from mcp_threat_model.reading import ScanOptions
from mcp_threat_model.render import renderer
from mcp_threat_model.source.forms.program import StdioTarget
from mcp_threat_scoring.errors import UsageError


def example_server() -> Path:
    """The shop back office: shipped in the wheel, or the checkout's own `examples/`."""
    here = Path(__file__).resolve().parents[1]
    packaged = here / "examples"
    folder = packaged if packaged.is_dir() else here.parents[1] / "examples"
    return folder / "shop_backoffice.py"


def run(arguments: argparse.Namespace) -> int:
    """Scan it. Consent is given: the program is our own, and this command says that it starts it.

    Raises:
        UsageError: the format cannot be written, or the installation lacks the example.
    """
    renderer(arguments.format)
    server = example_server()
    if not server.is_file():
        raise UsageError("the example server is not part of this installation; install mcp-threat-model again")
    target = StdioTarget((sys.executable, str(server)))
    outcomes = run_scan([target], ScanOptions(), allow_launch=True)
    return deliver(outcomes, arguments.format)
