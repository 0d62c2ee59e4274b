"""The servers that a lock file names, as targets, and how they are shown.

Whoever proposes a change to the file chose these words, and not the caller: a label that is more than an address, a
command or a path is shown as the target's own text is.
"""

from __future__ import annotations

from pathlib import Path

from mcp_threat_model.guard.secret import REDACTED
from mcp_threat_model.source.interface import Target
from mcp_threat_model.target import parse_target
from mcp_threat_scoring.approval.lock import Lock
from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.neutralise import as_asked, as_kept
from mcp_threat_scoring.report import ErrorOut, Report

Named = tuple[str, Target | None]
"""What the lock calls a server, and how to read it; None where only a part of the target is known."""
_LEFT_OUT = (REDACTED, "…")
"""What stands for a secret in a target that was locked before hashes of whole targets were."""
_NOT_READ = "It could not be read."
_SEE_WHY = "Scan it by itself to see why."


def everything_in(lock: Lock, path: str, only: str | None = None) -> list[Named]:
    """The servers of a lock file, or the one that is asked about; without a target where it does not hold the whole.

    Raises:
        UsageError: a label is none that this program would have written there.
    """
    return [
        (name, None if server.target_sha256 or any(mark in name for mark in _LEFT_OUT) else _target(name, path))
        for name, server in lock.servers.items()
        if only in (None, name)
    ]


def _target(label: str, path: str) -> Target:
    try:
        target = parse_target(label)
        if target.label == label:
            return target.beside(_folder(path))
    except UsageError:
        pass  # its sentence is about what a caller wrote
    raise UsageError(f"{as_asked(path)} holds a server that is no target: {as_kept(label)}; lock it anew")


def _folder(lock: str) -> str:
    """The folder of a lock file, for the relative paths in it; empty where it is the one we run in."""
    folder = Path(lock).absolute().parent
    return "" if not folder.is_dir() or folder.samefile(Path.cwd()) else str(folder)


def named_by_lock(result: Report | ErrorOut, label: str) -> Report | ErrorOut:
    """The result of a target that the lock named, without more of an odd label than may be shown."""
    shown = as_kept(label)
    if isinstance(result, Report):
        return result.changed({"target": result.target.changed({"value": shown})})
    if shown == label:
        return result
    return result.changed({"target": shown, "message": _NOT_READ, "hint": _SEE_WHY})


def nothing_approved(path: str) -> str:
    """What to do about a lock without servers."""
    return f"{as_asked(path)} approves no server yet; approve one with mcp-threat-model lock --add TARGET"
