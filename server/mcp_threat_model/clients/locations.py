"""Where each client keeps its MCP servers, on each operating system. Paths only; nothing is opened here.

Sources: each client's own documentation, read in November 2026. Claude Desktop has no official Linux build; the path
given for Linux is the one its community builds use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Literal

from mcp_threat_scoring.structs import Struct

Platform = Literal["linux", "darwin", "win32"]
Scope = Literal["user", "project", "managed"]
Format = Literal["json", "toml"]
PLATFORMS: tuple[Platform, ...] = ("linux", "darwin", "win32")


class Machine(Struct, frozen=True):
    """The folders that locations are relative to. Tests make one up for each operating system."""

    platform: Platform
    home: Path
    config: Path
    """``$XDG_CONFIG_HOME`` on Linux, ``~/Library/Application Support`` on macOS, ``%APPDATA%`` on Windows."""
    system: Path
    """The root of system-wide files: ``/`` or the system drive."""
    project: Path | None = None

    @classmethod
    def here(cls, project: Path | None = None) -> Machine:
        """This machine, and the project in the current directory unless another one is given."""
        home = Path.home()
        platform: Platform = "win32" if sys.platform == "win32" else "darwin" if sys.platform == "darwin" else "linux"
        fallback = {"linux": ".config", "darwin": "Library/Application Support", "win32": "AppData/Roaming"}[platform]
        named = {"linux": os.environ.get("XDG_CONFIG_HOME"), "win32": os.environ.get("APPDATA")}.get(platform)
        config = Path(named) if named else home / fallback
        return cls(platform, home, config, Path(home.anchor or "/"), project or Path.cwd())


class Client(Struct, frozen=True):
    """One client: where its files lie, and under which key its servers stand in them.

    Templates begin with ``home:``, ``config:`` or ``system:``; what follows is relative to that folder.
    """

    id: str
    title: str
    key: str
    user: Mapping[Platform, tuple[str, ...]]
    project: tuple[str, ...] = ()
    managed: Mapping[Platform, tuple[str, ...]] | None = None
    format: Format = "json"

    def files(self, machine: Machine) -> Iterator[tuple[Scope, Path]]:
        """Every place to look, user's first; whether there is such a file is for the reader to find out."""
        for template in self.user.get(machine.platform, ()):
            yield "user", _place(template, machine)
        if machine.project is not None:
            for relative in self.project:
                yield "project", machine.project.joinpath(*PurePosixPath(relative).parts)
        for template in (self.managed or {}).get(machine.platform, ()):
            yield "managed", _place(template, machine)


def _place(template: str, machine: Machine) -> Path:
    root, _, rest = template.partition(":")
    base = {"home": machine.home, "config": machine.config, "system": machine.system}[root]
    return base.joinpath(*PurePosixPath(rest).parts)


def _everywhere(*templates: str) -> dict[Platform, tuple[str, ...]]:
    return dict.fromkeys(PLATFORMS, templates)


CLIENTS: tuple[Client, ...] = (
    Client(
        "claude-desktop",
        "Claude Desktop",
        "mcpServers",
        _everywhere("config:Claude/claude_desktop_config.json"),
    ),
    Client(
        "claude-code",
        "Claude Code",
        "mcpServers",
        _everywhere("home:.claude.json"),
        project=(".mcp.json",),
        managed={
            "linux": ("system:etc/claude-code/managed-mcp.json",),
            "darwin": ("system:Library/Application Support/ClaudeCode/managed-mcp.json",),
            "win32": ("system:Program Files/ClaudeCode/managed-mcp.json",),
        },
    ),
    Client("cursor", "Cursor", "mcpServers", _everywhere("home:.cursor/mcp.json"), project=(".cursor/mcp.json",)),
    Client(
        "vscode",
        "VS Code",
        "servers",
        _everywhere("config:Code/User/mcp.json", "home:.copilot/mcp-config.json"),
        project=(".vscode/mcp.json",),
    ),
    Client("windsurf", "Windsurf", "mcpServers", _everywhere("home:.codeium/windsurf/mcp_config.json")),
    Client(
        "zed",
        "Zed",
        "context_servers",
        {
            "linux": ("config:zed/settings.json",),
            "darwin": ("home:.config/zed/settings.json",),
            "win32": ("config:Zed/settings.json",),
        },
        project=(".zed/settings.json",),
    ),
    Client(
        "codex",
        "Codex",
        "mcp_servers",
        _everywhere("home:.codex/config.toml"),
        project=(".codex/config.toml",),
        format="toml",
    ),
    Client(
        "gemini",
        "Gemini CLI",
        "mcpServers",
        _everywhere("home:.gemini/settings.json"),
        project=(".gemini/settings.json",),
        managed={
            "linux": ("system:etc/gemini-cli/settings.json",),
            "darwin": ("system:Library/Application Support/GeminiCli/settings.json",),
            "win32": ("system:ProgramData/gemini-cli/settings.json",),
        },
    ),
)


def client(client_id: str) -> Client | None:
    """The client of that id."""
    return next((one for one in CLIENTS if one.id == client_id), None)
