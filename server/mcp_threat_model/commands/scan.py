"""`mcp-threat-model scan`: targets in, one document out, and an exit code that a pipeline can act on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mcp_threat_model.commands.delivery import deliver
from mcp_threat_model.commands.given import options_of, policy_of, targets_of
from mcp_threat_model.outcome import Whole, together
from mcp_threat_model.render import renderer
from mcp_threat_model.source.interface import Saved, Target
from mcp_threat_model.terminal import STANDARD, check_output, is_terminal, say
from mcp_threat_scoring.neutralise import as_kept

if TYPE_CHECKING:
    from mcp_threat_model.outcome import Outcome
    from mcp_threat_model.reading import ScanOptions


def run(arguments: argparse.Namespace) -> int:
    """Scan all targets, write the report, and say in the exit code what was found.

    Raises:
        UsageError: the words are off; nothing was read.
    """
    targets = targets_of(arguments)
    renderer(arguments.format)  # an output that cannot be written is said before anything is started
    options = options_of(arguments, targets)
    policy = policy_of(arguments)
    output = None if arguments.output == STANDARD else arguments.output
    if output is not None:
        check_output(output)
    outcomes = run_scan(targets, options, allow_launch=arguments.allow_launch)
    whole = together(targets, outcomes) if arguments.all_clients else Whole()
    return deliver(
        outcomes,
        arguments.format,
        output=output,
        fail_at=arguments.fail_at,
        whole=whole,
        targets=targets,
        policy=policy,
    )


def run_scan(targets: Sequence[Target], options: ScanOptions, *, allow_launch: bool) -> list[Outcome]:
    """Run the scan, with progress on a terminal's standard error.

    Raises:
        UsageError: standard input is named twice.
        RuleError: a rule file is damaged, so that nothing can be analysed.
    """
    from mcp_threat_model.reading import NOT_ASKED, Allowed
    from mcp_threat_model.scan import scan, scan_saved

    saved = [target for target in targets if isinstance(target, Saved)]
    if len(saved) == len(targets):
        return scan_saved(saved, options)
    import anyio

    consent = Allowed() if allow_launch else NOT_ASKED

    def progress(target: Target, line: str) -> None:
        say(f"{as_kept(target.label)}: {line}")

    watched = is_terminal(sys.stderr)

    async def work() -> list[Outcome]:
        return await scan(targets, options, consent=consent, progress=progress if watched else None)

    return anyio.run(work)
