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

    def __init__(self, *, options: Callable[[Command], None], **others: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **others})
        self._options: Callable[[Command], None] | None = options
        self._several = ""

    def _fill(self) -> None:
        options, self._options = self._options, None
        if options is not None:
            options(self)

    def add_several(self, name: str, **options: Any) -> None:
        """A list of words without an option's name, which may stand anywhere among the options, and after ``--``."""
        self.add_argument(name, nargs="*", **options)
        self._several = name

    def format_help(self) -> str:
        """The help of the command, with all its options."""
        self._fill()
        return super().format_help()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse, and refuse what is left over."""
        self._fill()
        words, after = list(args or ()), []
        if self._several and "--" in words:
            cut = words.index("--")
            words, after = words[:cut], words[cut + 1 :]
        found, unknown = super().parse_known_args(words, namespace)
        if self._several:  # argparse fills a list from one place alone, and calls the words of others unknown
            further = [word for word in unknown if not _is_option(word)]
            unknown = [word for word in unknown if _is_option(word)]
            setattr(found, self._several, [*getattr(found, self._several), *further, *after])
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown


def _is_option(word: str) -> bool:
    """As argparse tells it: standard input is none, nor is what has a space in it."""
    return word.startswith("-") and word != "-" and " " not in word


def path_name(word: str) -> str:
    """The name of a file or folder; an empty one is a variable that was not set, and never the working directory.

    Raises:
        ArgumentTypeError: it is empty.
    """
    if not word:
        raise argparse.ArgumentTypeError("it is empty, and has to name a file or folder")
    return word
