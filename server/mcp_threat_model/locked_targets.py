"""The servers that a lock file names, as targets, and how they are shown.

Whoever proposes a change to the file chose these words, and not the caller: a label that is more than an address, a
command or a path is shown as the target's own text is.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from mcp_threat_model.guard.secret import REDACTED
from mcp_threat_model.lock_file import shown
from mcp_threat_model.source.interface import Target
from mcp_threat_model.target import parse_target
from mcp_threat_scoring.approval.lock import Lock, LockedServer
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
        (name, None if _in_part(name, server) else _target(name, path))
        for name, server in lock.servers.items()
        if only in (None, name)
    ]


class Entries:
    """The servers of a lock file, found by what is meant and not by how it is written.

    A name in the file means what it means beside the file, and one that is given means what it means here. So the same
    words may be another server, and other words the same.
    """

    def __init__(self, lock: Lock, path: str) -> None:
        self._lock, self._path = lock, path
        self._folder = _folder(path)
        self._held: dict[str, tuple[Target, frozenset[str]] | None] = {}

    def of(self, target: Target) -> tuple[str, Target] | None:
        """What the lock calls a target that is given here, and how to read it as it was locked; None if not in it."""
        name = self._lock.name_of(shown(target))
        if name is not None and self.means_here(target):
            return name, target.beside(self._folder)
        meant = target.meanings()
        for other in self._lock.servers:
            if other != name and (held := self._meant_by(other)) and type(held[0]) is type(target) and meant & held[1]:
                return other, held[0]
        return None

    def means_here(self, target: Target) -> bool:
        """Whether the target's words mean the same beside the lock file as here."""
        return not self._folder or bool(target.meanings() & target.beside(self._folder).meanings())

    def to_lock(self, target: Target) -> Target:
        """The target as it is to be written into the file: by its name there, if it has one.

        Raises:
            UsageError: what would be written means another server beside the file.
        """
        if (entry := self.of(target)) is not None:
            return entry[1]
        if not self.means_here(target):
            raise UsageError(
                f"{shown(target).text} means another server beside {as_asked(self._path)} than here; lock it by its "
                "whole path (a project's server with “ (in PROJECT)” behind its name), or into a file that lies here"
            )
        return target

    def _meant_by(self, name: str) -> tuple[Target, frozenset[str]] | None:
        """An entry's target and its meanings; None where the file does not hold the whole, or no target."""
        if name not in self._held:
            self._held[name] = None
            if not _in_part(name, self._lock.servers[name]):
                with contextlib.suppress(UsageError):  # nobody can name what is no target
                    target = _target(name, self._path)
                    self._held[name] = target, target.meanings()
        return self._held[name]


def _in_part(name: str, server: LockedServer) -> bool:
    """Whether the file does not hold the whole of the server's target."""
    return bool(server.target_sha256) or any(mark in name for mark in _LEFT_OUT)


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
    kept = as_kept(label)
    if isinstance(result, Report):
        return result.changed({"target": result.target.changed({"value": kept})})
    if kept == label:
        return result
    return result.changed({"target": kept, "message": _NOT_READ, "hint": _SEE_WHY})


def nothing_approved(path: str) -> str:
    """What to do about a lock without servers."""
    return f"{as_asked(path)} approves no server yet; approve one with mcp-threat-model lock --add TARGET"
