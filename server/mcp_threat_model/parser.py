"""argparse as this program speaks: help as wide as the terminal, what is wrong in one sentence, nothing left over.

Nothing is imported here that a command needs to do its work.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from mcp_threat_model.exit_codes import EXIT_USAGE
from mcp_threat_model.terminal import complain, emit


class Help(argparse.HelpFormatter):
    """As wide as the terminal; where argparse finds that out itself, it loads three compression libraries for it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


class HelpAsWritten(Help, argparse.RawDescriptionHelpFormatter):
    """The same, with line breaks kept."""


def _columns() -> int:
    with suppress(OSError, ValueError):
        return int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(1).columns or 80
    return 80


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, then how to see the options."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": Help, **options})

    def error(self, message: str) -> NoReturn:
        """End with the usage exit code.

        Raises:
            SystemExit: always.
        """
        complain(f"{message} (see {self.prog} --help)")
        raise SystemExit(EXIT_USAGE)

    def print_help(self, file: object = None) -> None:  # noqa: ARG002
        """The help goes out as everything else does, so that a full disk is told of in one sentence.

        Raises:
            OutputError: standard output cannot be written to.
        """
        emit(self.format_help())


class Command(Parser):
    """The options of one command. One that it does not know is told here, where its own help can be named.

    They are filled in when the command is the one that was asked for: making those of all takes longer than parsing.
    """

    def __init__(self, *, options: Callable[[argparse.ArgumentParser], None], **others: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **others})
        self._options: Callable[[argparse.ArgumentParser], None] | None = options

    def _fill(self) -> None:
        options, self._options = self._options, None
        if options is not None:
            options(self)

    def format_help(self) -> str:
        """The help of the command, with all its options."""
        self._fill()
        return super().format_help()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, and refuse what is left over."""
        self._fill()
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown
