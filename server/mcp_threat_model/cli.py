"""The command line: arguments in, exit code out.

Nothing heavy is imported here, so that `--help` answers at once; each command imports what it needs.

Exit codes: 0 every target reported, nothing at or above `--fail-at` · 1 internal error · 2 usage · 3 no target could
be read · 4 some could not · 11 / 12 / 13 / 14 highest severity low / medium / high / critical, when `--fail-at` is met.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mcp_threat_model.exit_codes import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USAGE
from mcp_threat_model.grammar import build_parser
from mcp_threat_model.terminal import PROGRAM, OutputError, complain, emit, explain, is_terminal
from mcp_threat_scoring.errors import RuleError, ThreatModelError, UsageError

GC_AFTER = 500_000
"""Objects between two looks for cycles, of which loading and analysing make next to none; Python's own 700 costs a
tenth of either. What stays up makes more of them (:data:`commands.serve.GC_AFTER`)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Nobody sees a traceback."""
    # Other packages' pydantic plugins are looked for at import; we use none, and looking takes as long as parsing this.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.set_threshold(GC_AFTER)
    parser = build_parser()
    told: list[int] = []
    try:
        with _ended_gently(told):
            arguments = parser.parse_args(argv)
            return _dispatch(parser, arguments)
    except SystemExit as stop:  # argparse: --help, or words that are off
        return stop.code if isinstance(stop.code, int) else EXIT_USAGE
    except UsageError as error:
        complain(*error.lines)
        return EXIT_USAGE
    except RuleError as error:
        complain("the rules are damaged, so nothing can be analysed:", *map(str, error.problems))
        return EXIT_INTERNAL
    except OutputError as error:
        complain(f"the output could not be written: {error}")
        return EXIT_INTERNAL
    except ThreatModelError as error:
        complain(str(error))
        return EXIT_USAGE
    except KeyboardInterrupt:
        complain("interrupted")
        return 128 + signal.SIGTERM if told else EXIT_INTERRUPTED
    except Exception as error:
        explain(error)
        complain(f"internal error ({type(error).__name__}); please report it")
        return EXIT_INTERNAL


@contextmanager
def _ended_gently(came: list[int]) -> Iterator[None]:
    """Make SIGTERM an interrupt, so that what was started is ended and removed; the signals go into `came`.

    By itself it would end this process at once, and leave the throw-away home of every running target.
    """

    def interrupt(number: int, _: object) -> None:
        came.append(number)
        signal.raise_signal(signal.SIGINT)

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # only the main thread may
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _dispatch(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    if arguments.version:
        from mcp_threat_model import __version__

        emit(f"{PROGRAM} {__version__}\n")
        return 0
    command: str | None = arguments.command
    if command is None:
        if is_terminal(sys.stdin):
            parser.print_help()
            return 0
        arguments = parser.parse_args(["serve"])
        command = "serve"
    module = importlib.import_module(f"mcp_threat_model.commands.{command}")
    code: int = module.run(arguments)
    return code
