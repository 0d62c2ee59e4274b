"""One server of an installed client's configuration, looked up, and how the client itself would read it.

The configured variables and headers go to that server and nowhere else; references such as ``${VAR}`` stay as they are
written, so that nothing of this process's own environment is handed over.
"""

from __future__ import annotations

from pathlib import Path

from mcp_threat_model.clients.discover import discover
from mcp_threat_model.clients.entry import Configured
from mcp_threat_model.clients.locations import CLIENTS, Machine
from mcp_threat_model.guard.headers import SENT_ANYWAY, check_headers
from mcp_threat_model.source.forms.address import HttpTarget
from mcp_threat_model.source.forms.program import StdioTarget
from mcp_threat_model.source.interface import Way
from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import neutralise, neutralise_name
from mcp_threat_scoring.structs import replace

NAMES_TOLD = 12
"""Servers that are named where another was asked for."""


class ConfiguredWay(Way, frozen=True, kw_only=True):
    """How to read a configured server."""

    entry: Configured

    def marked(self, manifest: Manifest) -> Manifest:
        """The manifest of the running server, with what the configuration alone knows."""
        declared = self.entry.manifest().launch
        launch = replace(
            manifest.launch,
            argv=manifest.launch.argv or declared.argv,
            hidden=manifest.launch.hidden or declared.hidden,
            header_names=declared.header_names,
            facts={**manifest.launch.facts, **declared.facts},
            declared=declared.declared,
        )
        label = f"config:{self.entry.client}/{self.entry.name}"
        return replace(manifest, target_kind="config", target_value=label, launch=launch)


def resolve(client_id: str, name: str, folder: str = "") -> ConfiguredWay:
    """Look a configured server up: in the project in `folder`, if one is given, before that of the working directory.

    Raises:
        TargetError: `unsupported` (no such client), `unreachable` (the client has no server of that name) or
            `malformed` (a header that HTTP does not allow).
    """
    client = next((one for one in CLIENTS if one.id == client_id), None)
    if client is None:
        known = ", ".join(one.id for one in CLIENTS)
        raise TargetError("unsupported", f"there is no client {neutralise_name(client_id)}", f"Known are: {known}.")
    for project in (Path(folder), None) if folder else (None,):
        installed = discover(Machine.here(project), [client])
        found = installed.find(client_id, name)
        if found:
            break
    if not found:
        names = [neutralise_name(one.name) for one in installed.servers]
        told = f"It has: {', '.join(names[:NAMES_TOLD])}." if names else "It has none; see mcp-threat-model clients."
        if installed.broken:
            told = f"{installed.broken[0].path}: {neutralise(installed.broken[0].problem)}."
        raise TargetError("unreachable", f"{client.title} has no server called {neutralise_name(name)}", told)
    entry = found[0]
    try:
        own = {name: given for name, given in entry.headers.items() if name.strip().lower() not in SENT_ANYWAY}
        headers = check_headers(own)
    except UsageError as error:
        place = f"in {neutralise(entry.path)}"
        raise TargetError("malformed", f"its configuration cannot be used: {error}", f"Correct it {place}.") from None
    target = HttpTarget(entry.url) if entry.url else StdioTarget(entry.argv, folder)
    return ConfiguredWay(target, entry.env, headers, entry=entry)
