"""What the tool calls of one running server may reach on this machine, and share."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from mcp_threat_model.reading import ScanOptions
from mcp_threat_model.serving.turns import Turns
from mcp_threat_scoring.structs import Struct, field

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context


class Access(Struct, frozen=True):
    """What tool calls may reach on this machine."""

    options: ScanOptions
    files: bool = True
    """Whether a target may name a file, or a server that is configured here: not when callers on other machines could
    read ours."""
    launch: bool = True
    """Whether programs may be started when the person at the client agrees. Over HTTP that is whoever reaches the port,
    any other user of this machine included."""
    turns: Turns = field(default_factory=Turns)


def access_of(context: Context) -> Access:
    """What the server that a call came to may reach."""
    return cast(Access, context.request_context.lifespan_context)
