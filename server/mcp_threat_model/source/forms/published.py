"""``registry:NAME``, ``npm:NAME``, ``pypi:NAME``: published servers, which cannot be read yet without running them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mcp_threat_model.source.interface import Readable, ReadOptions, Say, Source
from mcp_threat_scoring.errors import TargetError, UsageError

_EXAMPLES: Final[Mapping[str, str]] = {
    "npm": "@modelcontextprotocol/server-filesystem",
    "pypi": "mcp-server-git",
}


class RegistryTarget(Readable, frozen=True):
    """A server published in an MCP registry."""

    name: str

    @classmethod
    def parse(cls, text: str) -> RegistryTarget | None:
        """The name as the registry writes it.

        Raises:
            UsageError: there is none.
        """
        if not text.startswith("registry:"):
            return None
        name = text.removeprefix("registry:").strip()
        if not name:
            raise UsageError("'registry:' needs a name, e.g. registry:io.github.owner/server")
        return cls(name)

    @property
    def label(self) -> str:
        """The form as it was given."""
        return f"registry:{self.name}"

    def source(self, options: ReadOptions, say: Say) -> Source:  # noqa: ARG002
        """None yet.

        Raises:
            TargetError: `unsupported`, always.
        """
        raise TargetError(
            "unsupported", "a registry cannot be asked yet", "Save the server's server.json and scan that file."
        )


class PackageTarget(Readable, frozen=True):
    """A server published as a package; `name` may carry a version as the registry writes it."""

    registry: str
    name: str

    @classmethod
    def parse(cls, text: str) -> PackageTarget | None:
        """The name as the registry writes it.

        Raises:
            UsageError: there is none.
        """
        registry, colon, rest = text.partition(":")
        if not colon or registry not in _EXAMPLES:
            return None
        name = rest.strip()
        if not name:
            raise UsageError(f"'{registry}:' needs a package, e.g. {registry}:{_EXAMPLES[registry]}")
        return cls(registry, name)

    @property
    def label(self) -> str:
        """The form as it was given."""
        return f"{self.registry}:{self.name}"

    def source(self, options: ReadOptions, say: Say) -> Source:  # noqa: ARG002
        """None yet.

        Raises:
            TargetError: `unsupported`, always.
        """
        raise TargetError(
            "unsupported",
            f"{self.registry} packages cannot be read yet without running them",
            "Save the server's server.json or manifest.json, or its tools/list result, and scan that file.",
        )
