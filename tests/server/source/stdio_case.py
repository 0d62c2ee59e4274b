"""How the stdio tests start a target, and how they look for what it left."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.guard.sandbox import SandboxMode
from mcp_threat_model.source.stdio.program import StdioSource
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import Event, Manifest

TARGETS = Path(__file__).parents[2] / "targets"
QUICK = Limits(total_s=8.0, request_s=1.5, grace_s=0.4, probe_s=0.2)
"""The real bounds, with the patience of a test."""


@dataclass(frozen=True)
class Outcome:
    """What reading one target gave: a manifest or an error."""

    manifest: Manifest | None
    error: TargetError | None
    seconds: float

    @property
    def ok(self) -> Manifest:
        assert self.manifest is not None, f"{self.error.code}: {self.error}" if self.error else "nothing"
        return self.manifest

    @property
    def code(self) -> str:
        return self.error.code if self.error else "read"

    def events(self, code: str) -> list[Event]:
        return [event for event in self.ok.events if event.code == code]

    @property
    def text(self) -> str:
        """Everything that could reach a user."""
        if self.error:
            return f"{self.error.message} {self.error.hint}"
        found = self.ok
        return repr((found, [item.raw for item in found.items()]))


async def read(
    script: str,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    limits: Limits = QUICK,
    sandbox: SandboxMode = "auto",
    allow_network: bool = False,
) -> Outcome:
    """Start one of our targets with this interpreter and read it."""
    argv = [sys.executable, str(TARGETS / script), *arguments]
    source = StdioSource(argv, env=env or {}, limits=limits, sandbox=sandbox, allow_network=allow_network)
    started = time.monotonic()
    try:
        manifest = await source.read()
    except TargetError as error:
        return Outcome(None, error, time.monotonic() - started)
    return Outcome(manifest, None, time.monotonic() - started)


def new_mark() -> str:
    """A word that no other process has on its command line."""
    return f"mark-{uuid.uuid4().hex}"


def processes_with(mark: str) -> list[str]:
    """Command lines of living processes that carry `mark`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            line = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in line:
            found.append(line.replace(b"\0", b" ").decode(errors="replace"))
    return found
