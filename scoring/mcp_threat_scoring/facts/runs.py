"""Where a client runs a server: what decides which servers are ever in one session."""

from __future__ import annotations

from mcp_threat_scoring.structs import Struct


class Runs(Struct, frozen=True):
    """In every project, or in one alone."""

    only: str = ""
    """The one project; empty for a server that is not bound to one."""
    but: frozenset[str] = frozenset()
    """Projects in which another server has its name, and runs in its place."""
    name: str = ""
    """What the client calls it, where it says so: of several servers of one name a session has one."""

    def meets(self, other: Runs) -> bool:
        """Whether the two can be in one session."""
        if self.name and self.name == other.name:
            return False
        if self.only and other.only:
            return self.only == other.only
        return self.only not in other.but and other.only not in self.but


EVERYWHERE = Runs()
