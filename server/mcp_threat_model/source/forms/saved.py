"""``path/to/file.json`` and ``-``: a saved description on disk, or on standard input."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from mcp_threat_model.guard.files import beside, real_path
from mcp_threat_model.source.interface import File, ReadOptions, Saved, Say
from mcp_threat_scoring.structs import replace

if TYPE_CHECKING:
    from mcp_threat_model.source.saved.snapshot import SnapshotSource
    from mcp_threat_scoring.manifest import Manifest

_STDIN = 0


class _Description(Saved, frozen=True):
    """What both have in common: how they are read."""

    def source(self, options: ReadOptions, say: Say) -> SnapshotSource:  # noqa: ARG002  (there is nothing to tell)
        """The description, read in a thread."""
        from mcp_threat_model.source.saved.snapshot import SnapshotSource

        return SnapshotSource(self.file, options.limits, self.label)

    def load(self, options: ReadOptions) -> Manifest:
        """The description, read here and now.

        Raises:
            TargetError: `unreachable`, `too_large`, `timeout` or `malformed`, in one sentence.
        """
        from mcp_threat_model.source.saved.snapshot import SnapshotSource

        return SnapshotSource(self.file, options.limits, self.label).load()


class FileTarget(_Description, frozen=True):
    """A saved description on disk."""

    on_this_machine: ClassVar[bool] = True
    path: str
    folder: str = ""

    @classmethod
    def parse(cls, text: str) -> FileTarget | None:
        """Any text at all can be a path, so this form is asked last."""
        return cls(text)

    @property
    def label(self) -> str:
        """The path as it was given."""
        return self.path

    @property
    def file(self) -> str:
        """The path at which it lies."""
        return beside(self.path, self.folder)

    def meanings(self) -> frozenset[str]:
        """The file; one that is nowhere would be in the folder."""
        nowhere = not os.path.exists(self.file)  # noqa: PTH110  (a Path raises where a name is too long)
        return frozenset({real_path(os.path.join(self.folder, self.path) if nowhere else self.file)})  # noqa: PTH118

    def beside(self, folder: str) -> FileTarget:
        """The same, looked for in that folder first."""
        return replace(self, folder=folder)

    def files(self) -> Iterable[File]:
        """The description."""
        return [("the target", self.file)]


class StdinTarget(_Description, frozen=True):
    """A saved description on standard input."""

    takes_stdin: ClassVar[bool] = True

    @classmethod
    def parse(cls, text: str) -> StdinTarget | None:
        """A lone dash."""
        return cls() if text == "-" else None

    @property
    def label(self) -> str:
        """A lone dash, as it was given."""
        return "-"

    @property
    def file(self) -> None:
        """It has none."""
        return

    def files(self) -> Iterable[File]:
        """Whatever file was piped in."""
        return [("standard input", _STDIN)]
