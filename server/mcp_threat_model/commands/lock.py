"""`mcp-threat-model lock`: pin what was approved, in a file that is committed beside the client's configuration."""

from __future__ import annotations

import argparse
from pathlib import Path

from mcp_threat_model import __version__
from mcp_threat_model.commands.delivery import explained
from mcp_threat_model.commands.given import options_of, targets_of
from mcp_threat_model.commands.scan import run_scan
from mcp_threat_model.exit_codes import EXIT_INTERNAL, EXIT_NONE_READ, EXIT_SOME_READ
from mcp_threat_model.lock_file import read_lock, shown
from mcp_threat_model.locked_targets import Entries
from mcp_threat_model.render.wording import many
from mcp_threat_model.terminal import check_output, complain, emit, write_output
from mcp_threat_scoring.approval.lock import Lock, LockedServer, Shown, with_pinned
from mcp_threat_scoring.approval.pin import locked
from mcp_threat_scoring.neutralise import as_kept
from mcp_threat_scoring.report import ErrorOut, Report


def run(arguments: argparse.Namespace) -> int:
    """Scan the targets and write down what they are. What cannot be read is not locked, and said.

    Raises:
        UsageError: the words are off, or the lock cannot be read or written.
        RuleError: a rule file is damaged.
    """
    asked = targets_of(arguments)
    options = options_of(arguments, asked)
    check_output(arguments.lock, "--lock")
    path = Path(arguments.lock)
    kept = read_lock(path).servers if arguments.add and path.exists() else {}
    entries = Entries(Lock(servers=kept), arguments.lock)
    targets = [entries.to_lock(target) for target in asked]
    outcomes = run_scan(targets, options, allow_launch=arguments.allow_launch)
    new: list[tuple[Shown, LockedServer]] = []
    for target, outcome in zip(targets, outcomes, strict=True):
        if isinstance(outcome.result, Report) and outcome.manifest is not None:
            new.append((shown(target), locked(outcome.manifest, outcome.result, __version__)))
        elif isinstance(outcome.result, ErrorOut):
            complain(f"not locked: {told(outcome.result)}")
    faulty = explained(outcomes)
    pinned = with_pinned(kept, new)
    if not pinned:
        return EXIT_INTERNAL if faulty else EXIT_NONE_READ
    text = Lock(servers=pinned).to_json(indent=2) + "\n"
    try:
        write_output(str(path), text)
    except OSError as error:
        complain(f"{path} could not be written: {(error.strerror or 'unknown reason').lower()}")
        return EXIT_INTERNAL
    for name, server in pinned.items():
        tools = "tools not listed" if "tools" in server.unseen else many(len(server.tools), "tool")
        emit(
            f"locked  {as_kept(name)}: {tools}, AIVSS {server.score:.1f} {server.severity}, "
            f"{server.verdict.replace('_', ' ')}\n"
        )
    if faulty:
        return EXIT_INTERNAL
    return EXIT_SOME_READ if any(isinstance(outcome.result, ErrorOut) for outcome in outcomes) else 0


def told(error: ErrorOut) -> str:
    """The error in one line."""
    return f"{error.target}: {error.code}: {error.message}{f' {error.hint}' if error.hint else ''}"
