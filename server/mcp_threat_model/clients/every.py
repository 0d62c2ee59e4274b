"""Every configured server as a target, for scans of a whole machine."""

from __future__ import annotations

from mcp_threat_model.clients.discover import Installed, discover
from mcp_threat_model.clients.form import ConfigTarget
from mcp_threat_model.clients.locations import Machine


def every_configured() -> list[ConfigTarget]:
    """All of this machine, those that are switched off left out."""
    return enabled(discover(Machine.here()))


def enabled(found: Installed) -> list[ConfigTarget]:
    """One target for each server of each client and project; entries that the client has switched off are left out."""
    return list(dict.fromkeys(ConfigTarget(one.client, one.called) for one in found.servers if not one.disabled))
