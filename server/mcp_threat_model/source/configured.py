"""``config:CLIENT/NAME``: one server of an installed client, looked up, and read the way the client would.

The configured variables and headers go to that server and nowhere else; references such as ``${VAR}`` stay as they are
written, so that nothing of this process's own environment is handed over.
"""

from __future__ import annotations

from collections.abc import Mapping

from mcp_threat_model.clients.discover import discover
from mcp_threat_model.clients.entry import Configured
from mcp_threat_model.clients.locations import CLIENTS, Machine
from mcp_threat_model.target import ConfigTarget, HttpTarget, StdioTarget
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import neutralise, neutralise_name
from mcp_threat_scoring.structs import Struct, replace

NAMES_TOLD = 12


class Resolved(Struct, frozen=True):
    """How to read a configured server."""

    entry: Configured
    target: StdioTarget | HttpTarget
    env: Mapping[str, str]
    headers: Mapping[str, str]

    def marked(self, manifest: Manifest) -> Manifest:
        """The manifest of the running server, with what the configuration alone knows."""
        declared = self.entry.manifest().launch
        launch = replace(
            manifest.launch,
            argv=manifest.launch.argv or declared.argv,
            header_names=declared.header_names,
            facts={**manifest.launch.facts, **declared.facts},
            declared=declared.declared,
        )
        label = f"config:{self.entry.client}/{self.entry.name}"
        return replace(manifest, target_kind="config", target_value=label, launch=launch)


def resolve(target: ConfigTarget, machine: Machine | None = None) -> Resolved:
    """Look a configured server up.

    Raises:
        TargetError: `unsupported` (no such client) or `unreachable` (the client has no server of that name).
    """
    client = next((one for one in CLIENTS if one.id == target.client), None)
    if client is None:
        known = ", ".join(one.id for one in CLIENTS)
        raise TargetError("unsupported", f"there is no client {neutralise_name(target.client)}", f"Known are: {known}.")
    installed = discover(machine or Machine.here(), [client])
    found = installed.find(target.client, target.name)
    if not found:
        names = [neutralise_name(one.name) for one in installed.servers]
        told = f"It has: {', '.join(names[:NAMES_TOLD])}." if names else "It has none; see mcp-threat-model clients."
        if installed.broken:
            told = f"{installed.broken[0].path}: {neutralise(installed.broken[0].problem)}."
        raise TargetError("unreachable", f"{client.title} has no server called {neutralise_name(target.name)}", told)
    entry = found[0]
    way: StdioTarget | HttpTarget = HttpTarget(entry.url) if entry.url else StdioTarget(entry.argv)
    return Resolved(entry, way, entry.env, entry.headers)
