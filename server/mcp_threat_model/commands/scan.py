"""`mcp-threat-model scan`: targets in, one document out, and an exit code that a pipeline can act on."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mcp_threat_model.commands.delivery import deliver
from mcp_threat_model.commands.given import options_of, policy_of, targets_of
from mcp_threat_model.render import renderer
from mcp_threat_model.target import FileTarget, HttpTarget, StdinTarget, StdioTarget, Target
from mcp_threat_model.terminal import check_output, is_terminal, say
from mcp_threat_scoring.neutralise import SafeText, as_address, as_kept
from mcp_threat_scoring.report import Report
from mcp_threat_scoring.report_set import FleetOut

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
    if arguments.output:
        check_output(arguments.output)
    outcomes = run_scan(targets, options, allow_launch=arguments.allow_launch)
    whole = together(targets, outcomes) if arguments.all_clients else None
    return deliver(
        outcomes,
        arguments.format,
        output=arguments.output,
        fail_at=arguments.fail_at,
        fleet=whole,
        targets=targets,
        policy=policy,
    )


def run_scan(targets: Sequence[Target], options: ScanOptions, *, allow_launch: bool) -> list[Outcome]:
    """Run the scan, with progress on a terminal's standard error."""
    from mcp_threat_model.reading import refuse_launch
    from mcp_threat_model.scan import scan, scan_saved

    saved = [target for target in targets if isinstance(target, FileTarget | StdinTarget)]
    if len(saved) == len(targets):
        return scan_saved(saved, options)
    import anyio

    async def consent(target: StdioTarget) -> None:
        if not allow_launch:
            await refuse_launch(target)

    def progress(target: Target, line: str) -> None:
        say(f"{as_kept(target.label)}: {line}")

    watched = is_terminal(sys.stderr)

    async def work() -> list[Outcome]:
        return await scan(targets, options, consent=consent, progress=progress if watched else None)

    return anyio.run(work)


def together(targets: Sequence[Target], outcomes: Sequence[Outcome]) -> FleetOut | None:
    """What the servers that could be read make possible in one client; nothing for fewer than two."""
    from mcp_threat_scoring.analyze import knowledge
    from mcp_threat_scoring.fleet.chains import Member, fleet, private_domains

    members = [
        Member(_called(target), outcome.result, outcome.manifest)
        for target, outcome in zip(targets, outcomes, strict=True)
        if isinstance(outcome.result, Report) and outcome.manifest is not None
    ]
    return fleet(members, private_domains(knowledge().ruleset)) if len(members) > 1 else None


def _called(target: Target) -> SafeText:
    return as_address(target.label) if isinstance(target, HttpTarget) else as_kept(target.label)
