"""One way out: reports become text. A renderer returns a string and touches nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mcp_threat_scoring.report import ErrorOut, Report
from mcp_threat_scoring.report_set import FleetOut


class Renderer(Protocol):
    """Turns reports (and the targets that could not be read) into one document."""

    def __call__(self, results: Sequence[Report | ErrorOut], *, fleet: FleetOut | None = None) -> str:
        """Render all results, in the order of the targets, and what they make possible together."""
        ...
