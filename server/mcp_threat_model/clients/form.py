"""``config:CLIENT/NAME``: one server of an installed client's configuration, read the way the client would."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from mcp_threat_model.source.interface import File, Target, Way
from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.structs import replace


class ConfigTarget(Target, frozen=True):
    """One server of an installed client's configuration."""

    on_this_machine: ClassVar[bool] = True
    client: str
    name: str
    folder: str = ""

    @classmethod
    def parse(cls, text: str) -> ConfigTarget | None:
        """A client's id and a server's name; the name may hold further slashes.

        Raises:
            UsageError: one of the two is missing.
        """
        if not text.startswith("config:"):
            return None
        client, _, name = text.removeprefix("config:").strip().partition("/")
        if not (client and name):
            raise UsageError("'config:' needs a client and a server, e.g. config:claude-desktop/github")
        return cls(client, name)

    @property
    def label(self) -> str:
        """The form as it was given."""
        return f"config:{self.client}/{self.name}"

    def meanings(self) -> frozenset[str]:
        """The entries that the name stands for; only the name where there are none."""
        from mcp_threat_model.clients.way import entries

        found = entries(self.client, self.name, self.folder)
        return frozenset(one.place for one in found) or frozenset({self.label})

    @property
    def own_name(self) -> str:
        """The name in the configuration."""
        from mcp_threat_model.clients.entry import bare_name

        return bare_name(self.name)

    @property
    def configured_in(self) -> str:
        """The client."""
        return self.client

    def files(self) -> Iterable[File]:
        """The configurations of all clients: one may include another's."""
        from mcp_threat_model.clients.locations import CLIENTS, Machine

        for project in (Path(self.folder), None) if self.folder else (None,):
            machine = Machine.here(project)
            for client in CLIENTS:
                yield from ((f"the configuration of {client.title},", str(path)) for _, path in client.files(machine))

    def beside(self, folder: str) -> ConfigTarget:
        """The same, looked for in the project in that folder first."""
        return replace(self, folder=folder)

    def way(self) -> Way:
        """Its command or its address, with the variables and headers that the client would give it.

        Raises:
            TargetError: `unsupported` (no such client), `unreachable` (the client has no server of that name) or
                `malformed` (a header that HTTP does not allow).
        """
        from mcp_threat_model.clients.way import resolve

        return resolve(self.client, self.name, self.folder)
