"""Every MCP server configured on a machine, and every file that could not be read. Nothing is started."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mcp_threat_model.clients.entry import Configured
from mcp_threat_model.clients.locations import CLIENTS, Client, Machine, Scope
from mcp_threat_model.clients.parse import BrokenConfigError, read_config
from mcp_threat_model.json_value import mapping
from mcp_threat_model.source.saved.client_entry import ENTRY_KEYS
from mcp_threat_scoring.structs import Struct, replace

MAX_SERVERS = 500
"""Servers of one file. The largest real one seen has some forty."""


class BrokenFile(Struct, frozen=True):
    """A configuration file, or one entry of it, that cannot be used. `problem` is our sentence."""

    client: str
    path: str
    problem: str


class Installed(Struct, frozen=True):
    """What was found: servers, files that hold them, files that are broken."""

    servers: tuple[Configured, ...]
    files: tuple[str, ...]
    broken: tuple[BrokenFile, ...]

    def find(self, client: str, name: str) -> list[Configured]:
        """The entries of that name, nearest scope first: the project's own wins over the user's."""
        order = {"managed": 0, "project": 1, "user": 2}
        found = [one for one in self.servers if one.client == client and one.name == name]
        return sorted(found, key=lambda one: order[one.scope])


def discover(machine: Machine, clients: Sequence[Client] = CLIENTS) -> Installed:
    """Read the configuration of every client. A broken file is one reported problem; the others are read."""
    servers: list[Configured] = []
    files: list[str] = []
    broken: list[BrokenFile] = []
    for client in clients:
        seen: set[str] = set()
        for scope, path in client.files(machine):
            # In the home directory, the user's file is the project's too.
            if (real := os.path.realpath(path)) in seen:
                continue
            seen.add(real)
            try:
                value = read_config(path, client.format)
            except FileNotFoundError:
                continue
            except BrokenConfigError as error:
                broken.append(BrokenFile(client.id, str(path), str(error)))
                continue
            files.append(str(path))
            found = list(_entries(client, scope, path, value, machine))
            servers += found[:MAX_SERVERS]
            if len(found) > MAX_SERVERS:
                problem = f"it names {len(found):,} servers; the first {MAX_SERVERS} were read"
                broken.append(BrokenFile(client.id, str(path), problem))
    usable = [one for one in servers if one.usable]
    for one in servers:
        if not one.usable:
            broken.append(BrokenFile(one.client, one.path, "an entry names neither a command nor an address"))
    counted = [replace(one, neighbours=sum(other.client == one.client for other in usable) - 1) for one in usable]
    return Installed(tuple(counted), tuple(files), tuple(broken))


def _entries(client: Client, scope: Scope, path: Path, value: Any, machine: Machine) -> Iterator[Configured]:
    document = mapping(value)
    # A client's own key first; then the portable ones, which most clients read as well.
    for key in dict.fromkeys((client.key, *ENTRY_KEYS)):
        held = document.get(key)
        if isinstance(held, dict):
            for name, entry in held.items():
                yield Configured(client.id, scope, str(path), name, mapping(entry))
            break
    if client.id == "claude-code":
        for project, settings in mapping(document.get("projects")).items():
            for name, entry in mapping(mapping(settings).get("mcpServers")).items():
                own = machine.project is not None and Path(project) == machine.project
                yield Configured(client.id, "project" if own else scope, str(path), name, mapping(entry), project)
