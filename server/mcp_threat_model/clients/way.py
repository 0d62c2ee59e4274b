"""One server of an installed client's configuration, looked up, and how the client itself would read it.

The configured variables and headers go to that server and nowhere else; references such as ``${VAR}`` stay as they are
written, so that nothing of this process's own environment is handed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mcp_threat_model.clients.discover import Installed, discover
from mcp_threat_model.clients.entry import Configured, named_inside
from mcp_threat_model.clients.locations import CLIENTS, Client, Machine, client
from mcp_threat_model.guard.headers import SENT_ANYWAY, check_headers
from mcp_threat_model.source.forms.address import HttpTarget
from mcp_threat_model.source.forms.program import StdioTarget
from mcp_threat_model.source.interface import Way
from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.facts.runs import Runs
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import as_kept, neutralise, neutralise_name
from mcp_threat_scoring.phrases import joined, number
from mcp_threat_scoring.structs import replace

NAMES_TOLD = 12
"""Servers that are named where another was asked for, and projects where one is to be chosen."""


class ConfiguredWay(Way, frozen=True, kw_only=True):
    """How to read a configured server."""

    entry: Configured

    @property
    def runs(self) -> Runs:
        """Where the client runs the entry."""
        return self.entry.runs

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
        label = f"config:{self.entry.client}/{self.entry.called}"
        return replace(manifest, target_kind="config", target_value=label, launch=launch)


def _missing(client: Client, installed: Installed, name: str) -> TargetError:
    """What is there instead of a server of that name."""
    shown = neutralise_name(name)
    if others := installed.elsewhere(client.id, name):
        first = as_kept(others[0].project)
        places = [as_kept(one.project) for one in others[:NAMES_TOLD]]
        more = [f"{number(len(others) - NAMES_TOLD)} more"] if len(others) > NAMES_TOLD else []
        where = f"the project {first}" if len(others) == 1 else f"the projects {joined([*places, *more])}"
        return TargetError(
            "unreachable",
            f"{client.title} has no server called {shown} here, but in {where}",
            f"Name it with its project, as 'config:{client.id}/{named_inside(shown, first)}', or start this in that "
            "directory.",
        )
    names = list(dict.fromkeys(neutralise_name(one.called) for one in installed.servers))
    told = f"It has: {', '.join(names[:NAMES_TOLD])}." if names else "It has none; see mcp-threat-model clients."
    if installed.broken:
        told = f"{installed.broken[0].path}: {neutralise(installed.broken[0].problem)}."
    return TargetError("unreachable", f"{client.title} has no server called {shown}", told)


def _looked_up(client: Client, name: str, folder: str) -> tuple[Installed, list[Configured]]:
    """The entries of that name, in the project in `folder` before that of the working directory, and what is there."""
    for project in (Path(folder), None) if folder else (None,):
        installed = discover(Machine.here(project), [client])
        if found := installed.find(client.id, name):
            break
    return installed, found


def entries(client_id: str, name: str, folder: str = "") -> list[Configured]:
    """The entries that a name stands for, looked up as by :func:`resolve`; none where there is no such client."""
    known = client(client_id)
    found = _looked_up(known, name, folder)[1] if known else []
    return [one for one in found if one.raw == _run(found).raw]


def _run(found: Sequence[Configured]) -> Configured:
    """The one of them that is read: of those of one content, the one that runs most widely."""
    return next((one for one in found if not one.project), found[0])


def resolve(client_id: str, name: str, folder: str = "") -> ConfiguredWay:
    """Look a configured server up: in the project in `folder`, if one is given, before that of the working directory.

    Raises:
        TargetError: `unsupported` (no such client), `unreachable` (the client has no server of that name) or
            `malformed` (a header that HTTP does not allow).
    """
    known = client(client_id)
    if known is None:
        ids = ", ".join(one.id for one in CLIENTS)
        raise TargetError("unsupported", f"there is no client {neutralise_name(client_id)}", f"Known are: {ids}.")
    installed, found = _looked_up(known, name, folder)
    if not found:
        raise _missing(known, installed, name)
    entry = _run(found)
    try:
        own = {name: given for name, given in entry.headers.items() if name.strip().lower() not in SENT_ANYWAY}
        headers = check_headers(own)
    except UsageError as error:
        place = f"in {neutralise(entry.path)}"
        raise TargetError("malformed", f"its configuration cannot be used: {error}", f"Correct it {place}.") from None
    target = HttpTarget(entry.url) if entry.url else StdioTarget(entry.argv, folder)
    return ConfiguredWay(target, entry.env, headers, entry=entry)
