"""`mcp-threat-model check`: what changed since it was locked, as findings, and an exit code for CI."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_threat_model.commands.delivery import EXIT_NONE_READ, EXIT_SEVERITY, EXIT_SOME_READ, judged
from mcp_threat_model.commands.given import options_of, policy_of, targets_of
from mcp_threat_model.commands.lock import read_lock, told
from mcp_threat_model.commands.scan import run_scan
from mcp_threat_model.render import renderer
from mcp_threat_model.render.layout import SEVERITY_STYLE, Page, Span, plain
from mcp_threat_model.target import FileTarget, Target, parse_target
from mcp_threat_model.terminal import complain, emit, wants_colour
from mcp_threat_scoring.approval.change import changes
from mcp_threat_scoring.approval.lock import Lock, LockedServer, locked, whole_of
from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.report import SEVERITIES, ErrorOut, Report

if TYPE_CHECKING:
    from mcp_threat_model.outcome import Outcome
    from mcp_threat_model.reading import ScanOptions
    from mcp_threat_scoring.approval.policy import Judgement


def run(arguments: argparse.Namespace) -> int:
    """Scan what is locked again and report what changed."""
    lock = read_lock(Path(arguments.lock))
    asked = bool(arguments.targets or arguments.all_clients)
    targets = targets_of(arguments) if asked else [parse_target(label) for label in lock.servers]
    unknown = [target.label for target in targets if target.label not in lock.servers]
    if unknown:
        raise UsageError(f"not in {arguments.lock}: {unknown[0]}; lock it first with mcp-threat-model lock --add")
    policy = policy_of(arguments)
    options = options_of(arguments)
    compared: list[Report | ErrorOut | None] = [None] * len(targets)
    # Only the text says no more of an unchanged server than that; the other formats hold its whole report.
    same = _as_approved(lock, targets, options) if arguments.format == "text" else frozenset()
    left = [index for index in range(len(targets)) if index not in same]
    again = [targets[index] for index in left]
    outcomes = run_scan(again, options, allow_launch=arguments.allow_launch) if again else []
    for index, outcome in zip(left, outcomes, strict=True):
        compared[index] = compare(lock.servers[targets[index].label], outcome)
    told_of = [result for result in compared if result is not None]
    floor = arguments.fail_at or (policy and policy[1].fail_at) or "low"
    found = judged(told_of, policy, floor, scored=False)
    if arguments.format == "sarif":
        from mcp_threat_model.commands.code_scanning import scanned

        emit(scanned(again, outcomes, told_of, found), utf8=True)
    elif arguments.format == "text":
        _show([target.label for target in targets], compared)
    else:
        emit(renderer(arguments.format)(told_of), utf8=True)
    for result in compared:
        if isinstance(result, ErrorOut):
            complain(told(result))
    return _exit_code(compared, floor, found)


def compare(then: LockedServer, outcome: Outcome) -> Report | ErrorOut:
    """The report of now, whose findings are what changed since; an error stays one."""
    if isinstance(outcome.result, ErrorOut) or outcome.manifest is None:
        return outcome.result
    now = locked(outcome.manifest, outcome.result)
    return outcome.result.changed({"findings": changes(then, now, outcome.result)})


def _as_approved(lock: Lock, targets: Sequence[Target], options: ScanOptions) -> frozenset[int]:
    """Saved servers that are to the letter what this version of the program approved: there is nothing to compare."""
    from mcp_threat_model import __version__
    from mcp_threat_model.source.snapshot import SnapshotSource

    same: set[int] = set()
    for index, target in enumerate(targets):
        then = lock.servers[target.label]
        usable = then.whole and then.locked_by == __version__ and then.profile == options.profile and not options.rules
        if not (isinstance(target, FileTarget) and usable):
            continue
        try:
            manifest = SnapshotSource(target.path, options.limits).load()
        except TargetError:
            continue  # the scan says what is wrong with it
        if whole_of(manifest) == then.whole:
            same.add(index)
    return frozenset(same)


def _show(labels: Sequence[str], results: Sequence[Report | ErrorOut | None]) -> None:
    page = Page()
    for label, result in zip(labels, results, strict=True):
        if isinstance(result, ErrorOut):
            page.add(Span("NOT CHECKED ", "bad"), Span(label, "strong"))
            continue
        if result is None or not result.findings:
            page.add(Span("unchanged   ", "good"), Span(label, "strong"))
            continue
        page.add(Span("CHANGED     ", "poor"), Span(label, "strong"))
        for finding in result.findings:
            mark = Span(f"  {finding.severity.upper():<9}", SEVERITY_STYLE[finding.severity])
            page.flow(f"{finding.title}: {finding.explanation}", first=[mark], indent=11)
            if finding.severity in ("high", "critical"):
                page.flow(finding.remediation, first=[Span(" " * 11)], indent=11, style="dim")
    if wants_colour(sys.stdout):
        from mcp_threat_model.render.terminal import coloured

        emit(coloured(page.lines))
    else:
        emit(plain(page.lines))


def _exit_code(results: Sequence[Report | ErrorOut | None], fail_at: str, by_policy: Mapping[int, Judgement]) -> int:
    reports = [result for result in results if isinstance(result, Report)]
    if all(isinstance(result, ErrorOut) for result in results):
        return EXIT_NONE_READ
    worst = max(
        (finding.severity for report in reports for finding in report.findings), key=SEVERITIES.index, default="info"
    )
    if by_policy:
        breaking = max((one.worst for one in by_policy.values() if one.worst), key=SEVERITIES.index, default="info")
        if breaking != "info":
            return EXIT_SEVERITY[breaking]
    elif worst != "info" and SEVERITIES.index(worst) >= [*SEVERITIES].index(fail_at):  # type: ignore[arg-type]
        return EXIT_SEVERITY[worst]
    return EXIT_SOME_READ if any(isinstance(result, ErrorOut) for result in results) else 0
