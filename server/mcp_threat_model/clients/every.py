"""Every configured server as a target, for scans of a whole machine."""

from __future__ import annotations

from mcp_threat_model.clients.discover import Installed, discover
from mcp_threat_model.clients.form import ConfigTarget
from mcp_threat_model.clients.locations import Machine
from mcp_threat_model.clients.unread import UnreadConfig
from mcp_threat_model.source.interface import Target


def every_configured() -> list[Target]:
    """All of this machine, those that are switched off left out. What cannot be read of the configurations is among
    them: nobody knows what it holds."""
    found = discover(Machine.here())
    unread = dict.fromkeys(UnreadConfig(one.path, one.problem) for one in found.broken)
    return [*enabled(found), *unread]


def enabled(found: Installed) -> list[ConfigTarget]:
    """One target for each server of each client and project; entries that the client has switched off are left out."""
    return list(dict.fromkeys(ConfigTarget(one.client, one.called) for one in found.servers if not one.disabled))
