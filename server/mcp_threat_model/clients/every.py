"""Every configured server as a target, for scans of a whole machine."""

from __future__ import annotations

from mcp_threat_model.clients.discover import discover
from mcp_threat_model.clients.locations import Machine
from mcp_threat_model.source.forms.configured import ConfigTarget


def every_configured(machine: Machine | None = None) -> list[ConfigTarget]:
    """One target per client and name; entries that the client has switched off are left out."""
    found = discover(machine or Machine.here())
    return list(dict.fromkeys(ConfigTarget(one.client, one.name) for one in found.servers if not one.disabled))
