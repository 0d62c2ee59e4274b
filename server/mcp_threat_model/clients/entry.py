"""One server as a client's configuration has it: how it is started or reached, and what it is given.

Values that may be secrets are kept only to start or reach the server, never shown: they have no representation.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from mcp_threat_model.clients.locations import Scope
from mcp_threat_model.guard.files import real_path
from mcp_threat_model.guard.hidden import expected_by, hidden_anywhere, is_no_secret
from mcp_threat_model.guard.secret import MIN_UNNAMED_SECRET
from mcp_threat_model.json_value import mapping, text
from mcp_threat_model.source.saved.client_entry import URL_KEYS, config_entry
from mcp_threat_model.source.saved.publisher import command_of
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.facts.runs import Runs
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import Manifest, well_formed
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct, replace

_REFERENCE = pattern(r"\$\{[^}]*\}|\$[A-Z_][A-Z0-9_]*|%[A-Z_][A-Z0-9_]*%|\{\{[^}]*\}\}|^<[^>]*>$|^(?i:your[-_ ].*)$")
"""``${VAR}``, ``${input:key}``, ``${workspaceFolder}``, ``$VAR``, ``%VAR%``, ``{{key}}``, ``<key>``: not a value."""


_INSIDE = " (in "


def named_inside(name: str, inside: str) -> str:
    """A server's name with the project or file in which it stands: ``db (in /srv/shop)``."""
    return f"{name}{_INSIDE}{inside})"


def bare_name(called: str) -> str:
    """The name alone, as a client's own configuration has it."""
    name, mark, inside = called.rpartition(_INSIDE)
    return name if mark and inside.endswith(")") and is_place(inside) else called


def is_place(text: str) -> bool:
    """Whether a text begins as the whole path of a file or directory does, on whatever system."""
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()


class Configured(Struct, frozen=True):
    """A server's entry in one client's file."""

    client: str
    scope: Scope
    path: str
    name: str
    raw: Mapping[str, Any]
    project: str = ""
    """The only project in which it runs; empty where it is not bound to one."""
    replaced: frozenset[str] = frozenset()
    """The projects that have another server of its name."""
    inside: str = ""
    """Where the name alone means another entry: the project, or the file, in which this one stands."""
    neighbours: int = 0
    """How many other servers the same client runs beside it."""

    def __repr__(self) -> str:
        """Without `raw`, which may hold secrets."""
        return f"Configured({self.client}/{self.called} in {self.path})"

    @property
    def called(self) -> str:
        """What names it and no other server of the client: its name, or also where it stands."""
        return named_inside(self.name, self.inside) if self.inside else self.name

    @property
    def place(self) -> str:
        """Where it stands, the same from whatever folder it is looked at: the file, in it the project, and its name."""
        project = real_path(self.project) if self.project else ""
        return "\0".join((self.client, real_path(self.path), project, self.name))

    @property
    def runs(self) -> Runs:
        """Where the client runs it."""
        return Runs(self.project, self.replaced, f"{self.client}/{self.name}")

    @property
    def env(self) -> Mapping[str, str]:
        """Environment variables, with their values. Never show them."""
        return {key: value for key, value in mapping(self.raw.get("env")).items() if isinstance(value, str)}

    @property
    def headers(self) -> Mapping[str, str]:
        """HTTP headers, with their values. Never show them."""
        held = mapping(self.raw.get("headers")) or mapping(self.raw.get("http_headers"))
        return {key: value for key, value in held.items() if isinstance(value, str)}

    @property
    def argv(self) -> tuple[str, ...]:
        """The command as it would be started. May hold secrets: never show it."""
        return command_of(self.raw)

    @property
    def url(self) -> str:
        """The address, when it is reached over HTTP."""
        return next((text(self.raw[key]) for key in URL_KEYS if text(self.raw.get(key))), "")

    @property
    def disabled(self) -> bool:
        """Whether the client leaves it out for now."""
        return self.raw.get("disabled") is True or self.raw.get("enabled") is False

    @property
    def auto_approved(self) -> bool:
        """Whether the client lets some of its tools run without asking."""
        named = (self.raw.get(key) for key in ("autoApprove", "alwaysAllow", "auto_approve"))
        return self.raw.get("trust") is True or any(bool(one) for one in named)

    def plain_secrets(self) -> tuple[str, ...]:
        """Names of variables and headers whose secret stands in the file as plain text."""
        held = (*self.env.items(), *self.headers.items())
        return tuple(name for name, value in held if is_plain_secret(name, value))

    def secrets_in_address(self) -> tuple[str, ...]:
        """What the address holds that is surely a secret, by its kind."""
        return tuple(dict.fromkeys(one.name for one in hidden_anywhere(well_formed(self.url)) if one.sure))

    def manifest(self) -> Manifest:
        """What the entry alone says, as a manifest; nothing is started or reached.

        Raises:
            TargetError: `malformed`: it names neither a command nor an address.
        """
        parts = config_entry({"mcpServers": {self.name: dict(self.raw)}})
        facts: dict[str, str | bool | int] = {
            **parts.launch.facts,
            "auto_approve": self.auto_approved,
            "shares_client": self.neighbours > 0,
            "plain_secrets": len(self.plain_secrets()) + len(self.secrets_in_address()) + len(parts.launch.hidden),
        }
        return build_manifest(
            target_kind="config",
            target_value=f"config:{self.client}/{self.called}",
            coverage=parts.coverage,
            server=parts.server,
            transport=parts.transport,
            launch=replace(parts.launch, facts=facts),
        )

    @property
    def usable(self) -> bool:
        """Whether it names a command or an address at all."""
        try:
            self.manifest()
        except TargetError:
            return False
        return True


def is_plain_secret(name: str, value: str) -> bool:
    """Whether a configured value is a secret written out, and not a reference to one."""
    bare = value.removeprefix("Bearer ").removeprefix("bearer ").strip()
    if len(bare) < MIN_UNNAMED_SECRET or _REFERENCE.search(bare):
        return False
    if any(one.sure for one in hidden_anywhere(well_formed(bare))):
        return True
    if bare != value.strip():  # behind `Bearer`
        return not is_no_secret(bare, "secret")
    expected = expected_by(name)
    named = expected in ("secret", "word") and not is_no_secret(bare, expected)
    return named and " " not in bare and not bare.startswith(("/", "~", "./"))
