"""What a command writes is none of the files it reads, by whatever name: said before anything is read or written.

A report over the description it is about, or a lock over its own targets, would end what was scanned without a word.
"""

from __future__ import annotations

import argparse
import os
import stat
from collections.abc import Iterator, Sequence

from mcp_threat_model.grammar import POLICY_FILE
from mcp_threat_model.source.interface import File, Target
from mcp_threat_model.terminal import STANDARD
from mcp_threat_scoring.errors import UsageError


def keep_apart(arguments: argparse.Namespace, targets: Sequence[Target]) -> None:
    """Refuse to write over what is read, and to write two things into one file.

    Raises:
        UsageError: a file of the one kind is one of the other.
    """
    written = list(_written(arguments))
    read = dict.fromkeys(_read(arguments, targets)) if written else ()  # many servers stand in the same configurations
    taken: list[tuple[str, str]] = []
    for option, path, would in written:
        clashes = [f"{one} {other}" for one, other in taken if _same(path, other) or _whole(path) == _whole(other)]
        clashes += [f"{what} {other}" if isinstance(other, str) else what for what, other in read if _same(path, other)]
        clashes += [f"a rule of --rules {folder}" for folder in arguments.rules if _rule_in(path, folder)]
        if clashes:
            raise UsageError(f"{option} {path} {would} {clashes[0]}; name another file")
        taken.append((option, path))


def _written(arguments: argparse.Namespace) -> Iterator[tuple[str, str, str]]:
    """Each option that names a file to write, that file, and what would become of another's."""
    lock = arguments.lock if arguments.command == "lock" else None
    for option, path, would in (
        ("--output", getattr(arguments, "output", None), "would overwrite"),
        ("--lock", lock, "would overwrite"),
        ("--audit-log", arguments.audit_log, "would be written into"),
    ):
        if path is not None and (option, path) != ("--output", STANDARD):
            yield option, path, would


def _read(arguments: argparse.Namespace, targets: Sequence[Target]) -> Iterator[File]:
    for target in targets:
        yield from target.files()
    if arguments.command == "check":
        yield "the lock file", arguments.lock
    if not getattr(arguments, "no_policy", True):
        yield "the policy", arguments.policy or POLICY_FILE


def _same(path: str, other: str | int) -> bool:
    """Whether both are one file; devices and pipes keep nothing that could be lost."""
    try:
        one, two = os.stat(path), os.stat(other)  # noqa: PTH116  (a descriptor has no Path)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(one.st_mode) and os.path.samestat(one, two)


def _rule_in(path: str, folder: str) -> bool:
    """Whether it is one of the rule files of a folder."""
    whole = _whole(path)
    return os.path.isfile(whole) and whole.endswith(".yaml") and whole.startswith(_whole(folder) + os.sep)  # noqa: PTH113


def _whole(path: str) -> str:
    return os.path.realpath(path.replace("\0", ""))
