"""`mcp-threat-model check`: what changed since it was locked, as findings, and an exit code for CI."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_threat_model.commands.context import context_of
from mcp_threat_model.commands.delivery import judged
from mcp_threat_model.commands.given import options_of, policy_of, targets_of
from mcp_threat_model.commands.lock import told
from mcp_threat_model.commands.reasons import broken, changed, worst_found
from mcp_threat_model.commands.scan import run_scan
from mcp_threat_model.comparing import compare, in_part, unread, unseen
from mcp_threat_model.exit_codes import EXIT_NONE_READ, EXIT_SEVERITY, EXIT_SOME_READ
from mcp_threat_model.lock_file import read_lock, shown
from mcp_threat_model.locked_targets import Named, everything_in, named_by_lock, nothing_approved
from mcp_threat_model.render import renderer
from mcp_threat_model.render.layout import SEVERITY_STYLE, Page, Span, plain
from mcp_threat_model.source.interface import Target
from mcp_threat_model.terminal import complain, emit, wants_colour
from mcp_threat_scoring.approval.lock import Lock
from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.neutralise import as_kept
from mcp_threat_scoring.report import ErrorOut, Report, gravest, reaches, severity_of

if TYPE_CHECKING:
    from mcp_threat_model.outcome import Outcome
    from mcp_threat_model.reading import ScanOptions
    from mcp_threat_model.render.interface import Context
    from mcp_threat_scoring.approval.policy import Judgement


def run(arguments: argparse.Namespace) -> int:
    """Scan what is locked again and report what changed.

    Raises:
        UsageError: the words are off, there is no such lock or policy, or the lock does not have a target.
        RuleError: a rule file is damaged.
    """
    lock = read_lock(Path(arguments.lock))
    asked = bool(arguments.targets or arguments.all_clients)
    named = _named(lock, targets_of(arguments), arguments.lock) if asked else everything_in(lock, arguments.lock)
    if not lock.servers:
        complain(nothing_approved(arguments.lock))
    policy = policy_of(arguments)
    options = options_of(arguments, [target for _, target in named if target is not None])
    outcomes = _read(named, options, allow_launch=arguments.allow_launch)
    compared: list[Report | ErrorOut] = []
    for (name, _), outcome in zip(named, outcomes, strict=True):
        now = compare(lock.servers[name], outcome)
        compared.append(now if asked else named_by_lock(now, name))
    floor = arguments.fail_at or (policy and policy[1].fail_at) or "low"
    found = judged(compared, policy, floor, scored=False)
    context = context_of([target for _, target in named], outcomes, compared, found)
    if arguments.format == "text":
        _show([name if asked else as_kept(name) for name, _ in named], compared, context)
    else:
        emit(renderer(arguments.format)(compared, context), utf8=True)
    for result in compared:
        if isinstance(result, ErrorOut):
            complain(told(result))
    return _exit_code(compared, floor, policy and policy[0], found)


def _named(lock: Lock, targets: Sequence[Target], path: str) -> list[Named]:
    """The targets by what the lock calls them.

    Raises:
        UsageError: the lock does not have one of them.
    """
    named: list[Named] = []
    for target in targets:
        known = shown(target)
        name = lock.name_of(known)
        if name is None:
            like = " with these values" if known.text in lock.servers else ""
            raise UsageError(f"not in {path}{like}: {known.text}; lock it first with mcp-threat-model lock --add")
        named.append((name, target))
    return named


def _read(named: Sequence[Named], options: ScanOptions, *, allow_launch: bool) -> list[Outcome]:
    """Read them again, in their order; one whose target is not wholly known is not read, and says what to do."""
    targets = [target for _, target in named if target is not None]
    read = iter(run_scan(targets, options, allow_launch=allow_launch) if targets else [])
    return [next(read) if target is not None else unread(name) for name, target in named]


def _show(labels: Sequence[str], results: Sequence[Report | ErrorOut], context: Context) -> None:
    page = Page()
    for label, result in zip(labels, results, strict=True):
        if isinstance(result, ErrorOut):
            page.add(Span("NOT CHECKED ", "bad"), Span(label, "strong"))
            continue
        if said := unseen(result):
            page.add(Span("IN PART     ", "poor"), Span(label, "strong"))
            page.flow(said, first=[Span("  ")], indent=2)
            continue
        if not result.findings:
            page.add(Span("unchanged   ", "good"), Span(label, "strong"))
            continue
        page.add(Span("IN PART     " if in_part(result) else "CHANGED     ", "poor"), Span(label, "strong"))
        for finding in result.findings:
            mark = Span(f"  {finding.severity.upper():<9}", SEVERITY_STYLE[finding.severity])
            page.flow(f"{finding.title}: {finding.explanation}", first=[mark], indent=11)
            if reason := context.accepted(result, finding):
                page.flow(f"Accepted by the policy: {reason}", first=[Span(" " * 11)], indent=11)
            elif finding.severity in ("high", "critical"):
                page.flow(finding.remediation, first=[Span(" " * 11)], indent=11, style="dim")
    if wants_colour(sys.stdout):
        from mcp_threat_model.render.terminal import coloured

        emit(coloured(page.lines))
    else:
        emit(plain(page.lines))


def _exit_code(
    results: Sequence[Report | ErrorOut], fail_at: str, policy: str | None, found: Mapping[int, Judgement]
) -> int:
    """What the changes mean to a script, and a line that says why; by the policy of that name, where there is one."""
    reports = [result for result in results if isinstance(result, Report)]
    if not reports:
        return EXIT_NONE_READ
    if policy is not None:
        worst = gravest(one.worst for one in found.values() if one.worst)
        fails, why = worst != "info", broken(policy, found)
    else:
        worst = gravest(map(worst_found, reports))
        fails, why = worst != "info" and reaches(worst, severity_of(fail_at)), changed(results, fail_at)
    if fails:
        complain(why)
        return EXIT_SEVERITY[worst]
    return EXIT_SOME_READ if len(reports) < len(results) else 0
