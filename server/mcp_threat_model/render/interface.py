"""The axis of the ways out: reports become text. A renderer returns a string and touches nothing.

Each format is a file beside this one and a row of the table in `__init__.py`, which the command line offers too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from mcp_threat_scoring.report import ErrorOut, FindingOut, Report
from mcp_threat_scoring.report_set import FleetOut
from mcp_threat_scoring.structs import Struct


class Context(Struct, frozen=True):
    """What is known beside the reports themselves; each format shows as much of it as it has a place for."""

    fleet: FleetOut | None = None
    """What the servers make possible together."""
    line: Callable[[Report, str], int | None] = lambda _report, _pointer: None
    """The line of a JSON Pointer in the scanned file, counted from 1, where that is known."""
    uri: Callable[[Report], str | None] = lambda _report: None
    """The scanned file, relative to the working directory; None where it is for the target itself to say."""
    accepted: Callable[[Report, FindingOut], str | None] = lambda _report, _finding: None
    """Why the policy accepts a finding, if it does."""


NOTHING_MORE: Final = Context()


class Renderer(Protocol):
    """Turns reports (and the targets that could not be read) into one document."""

    def __call__(self, results: Sequence[Report | ErrorOut], context: Context = NOTHING_MORE) -> str:
        """Render all results, in the order of the targets."""
        ...
