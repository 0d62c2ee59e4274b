"""Where a description of a server came from: the closed set of kinds, and what each of them means for those after it.

A form of TARGET says which kind it is when it is read; nobody behind that compares words. A new kind is a word of
:data:`TargetKind` and a row of :data:`ORIGINS`, where every question is asked that anybody has of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from mcp_threat_scoring.structs import Struct

TargetKind = Literal["http", "stdio", "config", "file", "stdin", "manifest", "listing"]
"""An address, a program, a client's server; a file, what was piped in, and what a call itself said of a server."""


class Origin(Struct, frozen=True):
    """What a kind of target means."""

    way: str = ""
    """How the server was reached, as in "Reached over HTTP."; empty of what was saved, where nobody reached it."""
    is_path: bool = False
    """Whether the target is a path, so that findings have a line in that file."""
    is_configured: bool = False
    """Whether the target is ``config:CLIENT/NAME``, so that its user has given the server a name."""

    @property
    def saved(self) -> bool:
        """Whether it is a description that was kept: what it says does not change by itself."""
        return not self.way


ORIGINS: Final[Mapping[TargetKind, Origin]] = {
    "http": Origin("over HTTP"),
    "stdio": Origin("by starting it as a program"),
    "config": Origin("as a client's configuration says", is_configured=True),
    "file": Origin(is_path=True),
    "stdin": Origin(),
    "manifest": Origin(),
    "listing": Origin(),
}


def own_names(kind: TargetKind, value: str) -> tuple[str, ...]:
    """What its user calls a server: the target, the name in a client's configuration, a file's without its ending.

    Nothing in here is the server's own word, which anybody can say of himself.
    """
    origin = ORIGINS[kind]
    if origin.is_configured:
        return (value, value.partition("/")[2])
    if origin.is_path:
        name = file_name(value)
        return (value, name.rpartition(".")[0] or name)
    return (value,)


def file_name(path: str) -> str:
    """The last part of a path, of any system."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]
