"""`mcp-threat-model threats`: the MAESTRO threat catalogue, as people read it."""

from __future__ import annotations

import argparse
import sys

from mcp_threat_model.render.layout import plain
from mcp_threat_model.render.threats import catalogue_page
from mcp_threat_model.terminal import emit, wants_colour
from mcp_threat_scoring.maestro.catalogue import load_catalogue


def run(arguments: argparse.Namespace) -> int:
    """Print it, or one layer of it.

    Raises:
        RuleError: a rule file is damaged.
    """
    page = catalogue_page(load_catalogue(), arguments.layer)
    if wants_colour(sys.stdout):
        from mcp_threat_model.render.terminal import coloured

        emit(coloured(page.lines))
    else:
        emit(plain(page.lines))
    return 0
