"""``stdio:COMMAND ARG …``: a program to start, which then speaks MCP over its standard input and output."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable

from mcp_threat_model.guard.files import beside, real_place
from mcp_threat_model.source.interface import Command, File, Readable, ReadOptions, Say, Source
from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.structs import replace


class StdioTarget(Readable, frozen=True):
    """A program to start, which then speaks MCP over its standard input and output."""

    argv: tuple[str, ...]
    folder: str = ""

    @classmethod
    def parse(cls, text: str) -> StdioTarget | None:
        """The words behind ``stdio:``, split as a shell would split them.

        Raises:
            UsageError: there are none, or a quotation is left open.
        """
        if not text.startswith("stdio:"):
            return None
        try:
            argv = tuple(shlex.split(text.removeprefix("stdio:")))
        except ValueError as error:
            raise UsageError(f"the command after 'stdio:' cannot be split into words: {str(error).lower()}") from None
        if not argv or not argv[0]:
            raise UsageError("'stdio:' needs a command, e.g. 'stdio:python my_server.py'")
        return cls(argv)

    @property
    def label(self) -> str:
        """The command as it would be typed into a shell, without what may be a secret in it."""
        return f"stdio:{self.command.shown}"

    @property
    def whole(self) -> str:
        """The command with all its values."""
        return f"stdio:{shlex.join(self.argv)}"

    def meanings(self) -> frozenset[str]:
        """The command, with the places of the files that it would be started with."""
        from mcp_threat_model.guard.launch import absolute

        program, *others = self.argv
        words = [beside(program, self.folder) if os.sep in program else program]
        words += [absolute(word, self.folder) for word in others]
        placed = [real_place(word) if os.sep in word and os.path.exists(word) else word for word in words]  # noqa: PTH110
        return frozenset({shlex.join(placed)})

    @property
    def command(self) -> Command:
        """The program itself."""
        return Command(self.argv, self.folder)

    def beside(self, folder: str) -> StdioTarget:
        """The same, whose files are looked for in that folder first."""
        return replace(self, folder=folder)

    def files(self) -> Iterable[File]:
        """Any word of the command may be a file."""
        return [("a file of the target's command,", beside(word, self.folder)) for word in self.argv]

    def source(self, options: ReadOptions, say: Say) -> Source:
        """The program, started and ended."""
        from mcp_threat_model.source.stdio.program import StdioSource

        return StdioSource(
            self.argv,
            env=options.env,
            limits=options.limits,
            sandbox=options.sandbox,
            allow_network=options.allow_network,
            progress=say,
            folder=self.folder,
        )
