"""Nothing is started without somebody's consent to exactly that.

The question shows the exact command, the names of the environment variables, the sandbox and the network, and what
kinds of command do that do not say so: `npx` and its like fetch code and run it.
"""

from __future__ import annotations

import shlex

from mcp_threat_model.guard.launch import LaunchRequest
from mcp_threat_model.guard.starters import what_it_starts
from mcp_threat_scoring.facts.fetched import Call, program_name
from mcp_threat_scoring.facts.launchers import REGISTRIES, Kind
from mcp_threat_scoring.neutralise import neutralise

COMMAND_LENGTH = 2000


def what_it_does(launch: LaunchRequest) -> str:
    """What this command does beside running a program, in a sentence or some; empty when there is nothing to add."""
    name = program_name(launch.asked[0])
    how = what_it_starts(name)
    said = [f"“{name}” {how}"] if how else []
    return " ".join(dict.fromkeys([*said, *map(_what_is_fetched, launch.calls)]))


def _what_is_fetched(call: Call) -> str:
    called = f"“{' '.join(call.launcher.start)}”"
    if call.launcher.kind == "image":
        container = "the container is its own sandbox, with the rights given here"
        return f"{called} may fetch an image from {REGISTRIES['image']} and runs it; {container}."
    places = " and ".join(dict.fromkeys(_place(call, one.kind) for one in call.fetched))
    places = places or _place(call, call.launcher.kind)
    pinned = bool(call.fetched) and all(one.exact for one in call.fetched)
    if len(call.fetched) == 1:
        today = "" if pinned else ", whatever the package holds today"
        return f"{called} fetches a package from {places} and runs its code{today}."
    may = "fetches" if call.fetched else "may fetch"
    today = "" if pinned else ", whatever they hold today"
    return f"{called} {may} packages from {places}, and runs their code{today}."


def _place(call: Call, kind: Kind) -> str:
    """Where this kind comes from: the usual place, unless the command or its environment names another."""
    if kind != (call.launcher.registry_kind or call.launcher.kind):
        return REGISTRIES[kind]
    named = [neutralise(host) or "another registry" for host in call.registry] or [REGISTRIES[kind]]
    return " or ".join([*named, *(neutralise(host) or "another registry" for host in call.registry_beside)])


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
