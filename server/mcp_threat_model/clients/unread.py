"""A client's configuration that cannot be read, among the targets of a scan: an error, and never passed over."""

from __future__ import annotations

from collections.abc import Iterable

from mcp_threat_model.source.interface import File, Target, Way
from mcp_threat_scoring.errors import TargetError


class UnreadConfig(Target, frozen=True):
    """A file that may configure servers, or an entry of it that names none. Nobody writes it as a target."""

    path: str
    problem: str
    """What is wrong with it, in our words."""

    @classmethod
    def parse(cls, text: str) -> UnreadConfig | None:  # noqa: ARG003  (no text stands for it)
        """Never one."""
        return None

    @property
    def label(self) -> str:
        """The file."""
        return self.path

    def files(self) -> Iterable[File]:
        """The file."""
        return [("a client's configuration,", self.path)]

    def way(self) -> Way:
        """There is none.

        Raises:
            TargetError: `malformed`: what is wrong with the file.
        """
        raise TargetError(
            "malformed",
            f"servers that this configuration of a client holds may have been left out: {self.problem}",
            "Mend the file, or name the servers to read one by one.",
        )
