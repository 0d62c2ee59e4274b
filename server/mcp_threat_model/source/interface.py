"""One way in: a target becomes a manifest, or a :class:`TargetError` that says why not."""

from __future__ import annotations

from typing import Protocol

from mcp_threat_scoring.manifest import Manifest


class Source(Protocol):
    """Reads one target. Implementations live beside this file, one each."""

    async def read(self) -> Manifest:
        """Collect what can be seen of the target, within its bounds.

        Raises:
            TargetError: nothing of the target could be read; it says what happened and what to do.
        """
        ...
