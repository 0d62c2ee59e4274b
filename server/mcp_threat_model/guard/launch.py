"""What exactly will be started, decided before anybody is asked: program, arguments, environment, sandbox.

No shell is involved, the environment is built from nothing, and HOME, /tmp and the working directory are throw-away.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from mcp_threat_model.guard.command_line import redact_argv
from mcp_threat_model.guard.files import beside
from mcp_threat_model.guard.sandbox import HOME, Sandbox, SandboxMode, plan_sandbox
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.facts.fetched import Call, calls
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.structs import Struct

PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE")
"""The only variables of ours that a target sees: where programs are, which characters are used.

No HOME, no proxies, no agent sockets, no credentials."""
WITHOUT_NETWORK = {"npm_config_fetch_retries": "0", "PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"}
"""Told to package fetchers where there is no network: else they try again until our deadline."""


class LaunchRequest(Struct, frozen=True):
    """What will be started, complete: whoever consents to this consents to nothing else."""

    asked: tuple[str, ...]
    """As the caller wrote it."""
    command: tuple[str, ...]
    """As it is executed: the program's absolute path, and files of the current directory by their absolute path."""
    env_names: tuple[str, ...]
    sandbox: Sandbox
    calls: tuple[Call, ...] = ()
    """What of it fetches code, and from where, as the command and the values of its variables say."""


def plan_launch(
    argv: Sequence[str], env: Mapping[str, str], sandbox: SandboxMode, allow_network: bool, folder: str = ""
) -> LaunchRequest:
    """Decide what a command line means on this machine. Starts nothing of the target's.

    Files that it names are looked for in `folder`, if there is one, and then in the current directory.

    Raises:
        TargetError: `launch_failed`: the program does not exist, or a sandbox is required and there is none;
            `unsupported`: on Windows.
    """
    if not argv or not argv[0]:
        raise TargetError("launch_failed", "there is no command to start", "Write stdio:COMMAND ARG …")
    if not all(map(_can_be_passed, argv)):
        raise TargetError(
            "launch_failed", "a word of the command holds what no program can be given", "Check the command."
        )
    for name, value in env.items():
        if not name or "=" in name or not (_can_be_passed(name) and _can_be_passed(value)):
            raise TargetError("launch_failed", "an environment variable's name or value cannot be used", "Check --env.")
    if os.name != "posix":
        raise TargetError(
            "unsupported",
            "programs cannot be started on this system yet: nothing here could end all of what they start",
            "Use WSL, or give a saved tools/list result.",
        )
    program = find_program(argv[0], env.get("PATH"), folder)
    command = (program, *(absolute(word, folder) for word in argv[1:]))
    around = plan_sandbox(sandbox, allow_network, program, command[1:])
    if sandbox == "require" and around.kind == "none":
        raise TargetError(
            "launch_failed",
            f"a sandbox is required, but there is none: {around.reason}",
            "Install bubblewrap on Linux, or allow the start without a sandbox (--sandbox auto).",
        )
    return LaunchRequest(tuple(argv), command, tuple(sorted(env)), around, tuple(calls(argv, env)))


def _can_be_passed(word: str) -> bool:
    """Whether a system can hand the text to a program: half of a surrogate pair, for one, has no bytes."""
    try:
        return b"\0" not in os.fsencode(word)
    except UnicodeEncodeError:
        return False


def find_program(name: str, path: str | None = None, folder: str = "") -> str:
    """The absolute path of a program, from PATH unless the name holds a slash: then as :func:`absolute` looks for it.

    Raises:
        TargetError: `launch_failed`: there is none that can be executed.
    """
    found = shutil.which(beside(name, folder) if os.sep in name else name, path=path)
    if found is None:
        kind = "is not an executable file" if os.path.exists(name) else "was not found"  # noqa: PTH110  (a Path raises where a name is too long)
        raise TargetError(
            "launch_failed",
            f"the command “{neutralise_name(redact_argv([name])[0])}” {kind}",
            "Check the spelling, install it, or give its absolute path.",
        )
    return str(Path(found).absolute())


def absolute(word: str, folder: str = "") -> str:
    """A file of the folder, or of the current directory, by its absolute path, because the target runs in another.

    Any other word is left as it is.
    """
    if word.startswith("-") or "://" in word or len(word) > 4096:
        return word
    path = Path(beside(word, folder))
    try:
        named = ("." in word or os.sep in word) and not Path(word).is_absolute() and path.exists()
    except OSError:
        return word
    return str(path.absolute()) if named else word


def environment(given: Mapping[str, str], scratch: Path, box: Sandbox) -> dict[str, str]:
    """The target's whole environment: what :data:`PASSED_ON` names, throw-away directories, and what was given."""
    boxed = box.kind != "none"
    home, temporary = (HOME, "/tmp") if boxed else (str(scratch / "home"), str(scratch / "tmp"))  # noqa: S108
    base = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    base.setdefault("PATH", os.defpath)
    base.setdefault("LANG", "C.UTF-8")
    base |= {"HOME": home, "TMPDIR": temporary, "TERM": "dumb", "NO_COLOR": "1"}
    if boxed and not box.network:
        base |= WITHOUT_NETWORK
    return base | dict(given)
