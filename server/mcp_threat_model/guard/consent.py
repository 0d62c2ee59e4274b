"""Nothing is started without somebody's consent to exactly that.

The question shows the exact command, the names of the environment variables, the sandbox and the network, and what
kinds of command do that do not say so: `npx` and its like fetch code and run it.
"""

from __future__ import annotations

import shlex
from pathlib import PurePath
from typing import Protocol

from mcp_threat_model.guard.launch import LaunchRequest
from mcp_threat_scoring.neutralise import neutralise

FETCHES = {
    "npx": "npm", "bunx": "npm", "pnpx": "npm", "uvx": "PyPI", "pipx": "PyPI", "dnx": "NuGet", "jbang": "the network",
}  # fmt: skip
FETCHES_WITH = {
    "npm": {"exec": "npm", "x": "npm"}, "pnpm": {"dlx": "npm", "exec": "npm"}, "yarn": {"dlx": "npm"},
    "bun": {"x": "npm"}, "uv": {"tool": "PyPI", "run": "PyPI"}, "go": {"run": "the network"},
    "deno": {"run": "the network"},
}  # fmt: skip
"""The same behind a subcommand."""
CONTAINERS = frozenset({"docker", "podman", "nerdctl", "finch", "container"})
SHELLS = frozenset(
    {"sh", "bash", "zsh", "dash", "fish", "ksh", "cmd", "cmd.exe", "powershell", "pwsh", "env", "sudo", "ssh"}
)
COMMAND_LENGTH = 2000


class Consent(Protocol):
    """Asks whoever may decide. Implementations: a command-line flag, a question to the connected client."""

    async def ask(self, launch: LaunchRequest) -> bool:
        """Whether exactly this may be started."""
        ...


def what_it_does(launch: LaunchRequest) -> str:
    """One sentence on what this command does beside running a program; empty when there is nothing to add."""
    words = launch.asked
    name = PurePath(words[0]).name.removesuffix(".cmd").removesuffix(".exe")
    if name in FETCHES:
        return f"“{name}” fetches a package from {FETCHES[name]} and runs its code, whatever the package holds today."
    subcommand = next((word for word in words[1:] if not word.startswith("-")), "")
    origin = FETCHES_WITH.get(name, {}).get(subcommand)
    if origin:
        return f"“{name} {subcommand}” may fetch packages from {origin}, and runs their code, whatever they hold today."
    if name in CONTAINERS:
        return f"“{name}” may fetch an image and runs it; the container is its own sandbox, with the rights given here."
    if name in SHELLS:
        return f"“{neutralise(name)}” starts whatever its arguments say, perhaps with other rights."
    return ""


def describe(launch: LaunchRequest) -> str:
    """The question's text: several lines, safe to show to a person or a model.

    The command is shown whole, because consent is given to all of it; only one of more than 2,000 characters is cut.
    """
    command = neutralise(shlex.join(launch.command), COMMAND_LENGTH)
    names = ", ".join(neutralise(name) for name in launch.env_names) or "none"
    return "\n".join(
        [
            f"Start this program: {command}",
            *_doing(launch),
            f"Environment variables given to it: {names} (beside PATH and the language; nothing else of yours)",
            *_around(launch),
        ]
    )


def described_around(launch: LaunchRequest) -> list[str]:
    """The same without the command and what it is given, for one that may hold secrets and is shown without them."""
    return [*_doing(launch), *_around(launch)]


def _doing(launch: LaunchRequest) -> list[str]:
    doing = what_it_does(launch)
    return [f"What it does: {doing}"] if doing else []


def _around(launch: LaunchRequest) -> list[str]:
    """The sandbox, and what of this machine is in it."""
    lines = [f"Sandbox: {launch.sandbox.describe()}"]
    if launch.sandbox.empty:
        lines.append("There for it, but empty: " + ", ".join(neutralise(str(path)) for path in launch.sandbox.empty))
    if launch.sandbox.readable:
        lines.append("It can read: " + ", ".join(neutralise(str(path)) for path in launch.sandbox.readable))
    return lines
