"""Several reports side by side, and what the servers of one client make possible together."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.report import SCHEMA_VERSION, ErrorOut, Report, Severity
from mcp_threat_scoring.structs import UNSET, Meta, UnsetType

Role = Literal["stranger", "private", "out", "power"]


class StepOut(Model, frozen=True, kw_only=True):
    """One stop of a path."""

    server: str
    role: Role
    tools: list[str]
    does: str


class PathOut(Model, frozen=True, kw_only=True):
    """A way from a stranger's text to harm, over several servers or through one alone."""

    kind: Literal["steer", "carry"]
    severity: Severity
    steps: list[StepOut]
    explanation: str
    remediation: str

    @property
    def crosses(self) -> bool:
        """Whether it leads over several servers, so that none of them opens it alone."""
        return len({step.server for step in self.steps}) > 1


class ShadowOut(Model, frozen=True, kw_only=True):
    """Tools of different servers that get in each other's way."""

    kind: Literal["same_name", "lookalike_name", "speaks_of"]
    severity: Severity
    servers: list[str]
    tools: list[str]
    explanation: str
    remediation: str


class FleetOut(Model, frozen=True, kw_only=True):
    """What the servers of one client make possible together."""

    servers: list[str]
    paths: list[PathOut]
    shadows: list[ShadowOut]
    summary: str


class ReportSet(Model, frozen=True, kw_only=True):
    """What `scan --format json` prints."""

    schema_version: Literal["1.0"] = SCHEMA_VERSION
    reports: list[Report]
    errors: list[ErrorOut]
    fleet: (
        Annotated[FleetOut, Meta(description="The set as a whole; only where one was scanned as a set.")] | UnsetType
    ) = UNSET
