"""Every MCP server configured on a machine, and every file that could not be read. Nothing is started."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mcp_threat_model.clients.entry import Configured, named_inside
from mcp_threat_model.clients.locations import CLIENTS, Client, Machine, Scope
from mcp_threat_model.clients.parse import BrokenConfigError, read_config
from mcp_threat_model.json_value import mapping
from mcp_threat_model.source.saved.client_entry import ENTRY_KEYS
from mcp_threat_scoring.structs import Struct, replace

MAX_SERVERS = 500
"""Servers of one file. The largest real one seen has some forty."""


_NEAREST: Mapping[Scope, int] = {"managed": 0, "project": 1, "user": 2}


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
        """The entries that a name means here, nearest scope first: the project's own wins over the user's.

        An entry of another project is meant only where the project is named with it.
        """
        held = [one for one in self.servers if one.client == client]
        found = [one for one in held if one.called == name]
        found = found or [one for one in held if one.project and named_inside(one.name, one.project) == name]
        return sorted(found, key=lambda one: _NEAREST[one.scope])

    def elsewhere(self, client: str, name: str) -> list[Configured]:
        """The entries of that name which the name alone does not mean."""
        return [one for one in self.servers if one.client == client and one.name == name and one.inside]


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
    usable = _told_apart(usable)
    by_client: defaultdict[str, list[Configured]] = defaultdict(list)
    for one in usable:
        by_client[one.client].append(one)
    counted = [
        replace(one, neighbours=sum(one.runs.meets(other.runs) for other in by_client[one.client])) for one in usable
    ]
    return Installed(tuple(counted), tuple(files), tuple(broken))


def _told_apart(entries: Sequence[Configured]) -> list[Configured]:
    """The entries, with its file for one that has the name, and not the content, of one that is nearer."""
    named: defaultdict[tuple[str, str], list[Configured]] = defaultdict(list)
    for one in sorted(entries, key=lambda one: _NEAREST[one.scope]):
        named[one.client, one.name].append(one)
    told: list[Configured] = []
    for one in entries:
        alike = named[one.client, one.name]
        others = frozenset(other.project for other in alike if other.raw != one.raw and not other.disabled)
        meant = next((other for other in alike if not other.inside), one)
        inside = one.inside or ("" if meant.raw == one.raw else one.path)
        told.append(replace(one, inside=inside, replaced=frozenset() if one.project else others - {""}))
    return told


def _entries(client: Client, scope: Scope, path: Path, value: Any, machine: Machine) -> Iterator[Configured]:
    document = mapping(value)
    here = str(machine.project or "")
    # A client's own key first; then the portable ones, which most clients read as well.
    for key in dict.fromkeys((client.key, *ENTRY_KEYS)):
        held = document.get(key)
        if isinstance(held, dict):
            for name, entry in held.items():
                bound = here if scope == "project" else ""
                yield Configured(client.id, scope, str(path), name, mapping(entry), bound)
            break
    if client.id == "claude-code":
        for project, settings in mapping(document.get("projects")).items():
            own = bool(here) and _same_place(project, here)
            for name, entry in mapping(mapping(settings).get("mcpServers")).items():
                bound, inside = (here, "") if own else (project, project)
                yield Configured(client.id, "project", str(path), name, mapping(entry), bound, inside=inside)


def _same_place(one: str, other: str) -> bool:
    try:
        return Path(one) == Path(other) or os.path.realpath(one) == os.path.realpath(other)
    except ValueError:  # what is no path at all, such as one with a null
        return False
