"""`mcp-threat-model check`: what changed since it was locked, as findings, and an exit code for CI."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_threat_model.clients.unread import UnreadConfig
from mcp_threat_model.commands.context import context_of
from mcp_threat_model.commands.delivery import by_policy, explained, judged
from mcp_threat_model.commands.given import options_of, policy_of, targets_of
from mcp_threat_model.commands.lock import told
from mcp_threat_model.commands.reasons import TOLD, broken, changed, worst_change
from mcp_threat_model.commands.scan import run_scan
from mcp_threat_model.comparing import compare, in_part, is_unapproved, unapproved, unread, unseen
from mcp_threat_model.exit_codes import EXIT_INTERNAL, EXIT_NONE_READ, EXIT_SEVERITY, EXIT_SOME_READ
from mcp_threat_model.lock_file import read_lock, shown
from mcp_threat_model.locked_targets import Entries, everything_in, named_by_lock, nothing_approved
from mcp_threat_model.render import renderer
from mcp_threat_model.render.layout import LONGEST, SEVERITY_STYLE, Page, Span, plain
from mcp_threat_model.render.wording import DECISIONS, many
from mcp_threat_model.source.interface import Target
from mcp_threat_model.terminal import complain, emit, wants_colour
from mcp_threat_scoring.approval.compared import Alike
from mcp_threat_scoring.approval.lock import Lock, LockedServer
from mcp_threat_scoring.approval.notice import changed_in
from mcp_threat_scoring.neutralise import as_asked, as_kept
from mcp_threat_scoring.phrases import listed
from mcp_threat_scoring.report import ErrorOut, FindingOut, Report, gravest, reaches, severity_of
from mcp_threat_scoring.structs import Struct

if TYPE_CHECKING:
    from mcp_threat_model.outcome import Outcome
    from mcp_threat_model.reading import ScanOptions
    from mcp_threat_model.render.interface import Context
    from mcp_threat_scoring.approval.policy import Judgement


def run(arguments: argparse.Namespace) -> int:
    """Scan what is locked again and report what changed.

    Raises:
        UsageError: the words are off, or there is no such lock or policy.
        RuleError: a rule file is damaged.
    """
    lock = read_lock(Path(arguments.lock))
    if not lock.servers:
        complain(nothing_approved(arguments.lock))
    asked = bool(arguments.targets or arguments.all_clients)
    subjects = _asked_for(lock, arguments.lock, targets_of(arguments)) if asked else _all_of(lock, arguments.lock)
    if not asked:
        _hint_at_others(lock, arguments.lock, subjects)
    policy = policy_of(arguments)
    options = options_of(arguments, [one.target for one in subjects if one.target is not None])
    outcomes = _read(subjects, options, allow_launch=arguments.allow_launch)
    results = [_held_against(arguments.lock, one, outcome) for one, outcome in zip(subjects, outcomes, strict=True)]
    found = judged(results, policy, arguments.fail_at, compared=True)
    results = by_policy(results, found)
    context = context_of([one.target for one in subjects], outcomes, results, found)
    if arguments.format == "text":
        labels = [one.name if one.asked else as_kept(one.name) for one in subjects]
        _show(labels, results, [_counted(found.get(index)) for index in range(len(results))], context)
    else:
        emit(renderer(arguments.format)(results, context), utf8=True)
    for result in results:
        if isinstance(result, ErrorOut):
            complain(told(result))
    code = _exit_code(results, arguments.fail_at or "low", policy and policy[0], found)
    return EXIT_INTERNAL if explained(outcomes) else code


class _Subject(Struct, frozen=True):
    """What is checked: what the lock calls it, how to read it (None where that is not wholly known), what it was."""

    name: str
    target: Target | None
    then: LockedServer | None
    """As it was approved; None where nobody did."""
    alike: Alike = ""
    """In what the lock has one that is shown the same, where nobody approved this one."""
    asked: bool = False
    """Whether the name is what the caller wrote, and not only the lock's."""


def _all_of(lock: Lock, path: str) -> list[_Subject]:
    return [_Subject(name, target, lock.servers[name]) for name, target in everything_in(lock, path)]


def _asked_for(lock: Lock, path: str, targets: Sequence[Target]) -> list[_Subject]:
    """The targets by what the lock calls them, also those that it does not have."""
    subjects = []
    entries = Entries(lock, path)
    for target in targets:
        called = shown(target).text
        entry = entries.of(target)
        if entry is None:
            alike: Alike = "" if called not in lock.servers else "values" if entries.means_here(target) else "words"
            subjects.append(_Subject(called, target, None, alike, asked=True))
        else:
            name, held = entry
            subjects.append(_Subject(name, held, lock.servers[name], asked=name == called))
    return subjects


def _hint_at_others(lock: Lock, path: str, subjects: Sequence[_Subject]) -> None:
    """Name what the clients in the lock have besides. Nobody named it, and so it is neither started nor reached."""
    clients = {one.target.configured_in for one in subjects if one.target is not None} - {""}
    if not clients:
        return
    from mcp_threat_model.clients.every import every_configured  # only where a client's server is locked

    entries = Entries(lock, path)
    beside = (target for target in every_configured() if target.configured_in in clients)
    names = [as_kept(shown(one).text) for one in beside if entries.of(one) is None]
    if names:
        complain(
            f"configured and not in {as_asked(path)}: {listed(names, shown=TOLD)}; "
            "check --all-clients looks at all of them, lock --add approves of one"
        )


def _read(subjects: Sequence[_Subject], options: ScanOptions, *, allow_launch: bool) -> list[Outcome]:
    """Read them again, in their order; one whose target is not wholly known is not read, and says what to do."""
    targets = [one.target for one in subjects if one.target is not None]
    read = iter(run_scan(targets, options, allow_launch=allow_launch) if targets else [])
    return [next(read) if one.target is not None else unread(one.name) for one in subjects]


def _held_against(lock: str, subject: _Subject, outcome: Outcome) -> Report | ErrorOut:
    if isinstance(subject.target, UnreadConfig):
        return outcome.result  # a file, which nobody could have approved
    if subject.then is None:
        return unapproved(lock, outcome, alike=subject.alike)
    now = compare(subject.then, outcome)
    return now if subject.asked else named_by_lock(now, subject.name)


def _counted(judgement: Judgement | None) -> list[FindingOut]:
    """What is wrong with it beside its changes and counts for the exit code."""
    breaking = judgement.breaking if judgement else ()
    return [finding for breach in breaking for finding in breach.findings if finding.kind != "change"]


def _show(
    labels: Sequence[str],
    results: Sequence[Report | ErrorOut],
    counted: Sequence[Sequence[FindingOut]],
    context: Context,
) -> None:
    """What changed of each, and what else breaks the build; how much more there is, in a sentence."""
    page = Page()
    for label, result, breaking in zip(labels, results, counted, strict=True):
        if isinstance(result, ErrorOut):
            page.add(Span("NOT CHECKED ", "bad"), Span(label, "strong"))
            continue
        differing = changed_in(result)
        if said := unseen(result):
            page.add(Span("IN PART     ", "poor"), Span(label, "strong"))
            page.flow(said, first=[Span("  ")], indent=2)
        elif not differing:
            page.add(Span("unchanged   ", "good"), Span(label, "strong"))
        else:
            page.add(Span(_status(result), "poor"), Span(label, "strong"))
        for finding in (*differing, *breaking[:LONGEST]):
            mark = Span(f"  {finding.severity.upper():<9}", SEVERITY_STYLE[finding.severity])
            page.flow(f"{finding.title}: {finding.explanation}", first=[mark], indent=11)
            if reason := context.accepted(result, finding):
                page.flow(f"Accepted by the policy: {reason}", first=[Span(" " * 11)], indent=11)
            elif finding.severity in ("high", "critical"):
                page.flow(finding.remediation, first=[Span(" " * 11)], indent=11, style="dim")
        if beside := len(result.findings) - len(differing):
            rest = beside - len(breaking[:LONGEST])
            page.flow(_besides(result, beside, rest), first=[Span("  ")], indent=2, style="dim")
    if wants_colour(sys.stdout):
        from mcp_threat_model.render.terminal import coloured

        emit(coloured(page.lines))
    else:
        emit(plain(page.lines))


def _status(result: Report) -> str:
    return "NOT LOCKED  " if is_unapproved(result) else "IN PART     " if in_part(result) else "CHANGED     "


def _besides(result: Report, count: int, rest: int) -> str:
    """That what did not change is not all there is: unchanged is not clean. `rest` is how many are not shown."""
    worst = gravest(finding.severity for finding in result.findings if finding.kind != "change")
    decision = DECISIONS[result.verdict.decision].lower()
    shown = f" The other formats, and scan, show {'them' if rest == count else f'{rest:,} more'}." if rest else ""
    return f"As it is now: {decision}; {many(count, 'finding')}, worst {worst}.{shown}"


def _exit_code(
    results: Sequence[Report | ErrorOut], fail_at: str, policy: str | None, found: Mapping[int, Judgement]
) -> int:
    """What the changes mean to a script, and what says why; by the policy of that name, where there is one."""
    reports = [result for result in results if isinstance(result, Report)]
    if not reports:
        return EXIT_NONE_READ
    if policy is not None:
        worst = gravest(one.worst for one in found.values() if one.worst)
        fails, why = worst != "info", broken(policy, found, len(results))
    else:
        worst = gravest(map(worst_change, reports))
        fails, why = worst != "info" and reaches(worst, severity_of(fail_at)), [changed(results, fail_at)]
    if fails:
        for line in why:
            complain(line)
        return EXIT_SEVERITY[worst]
    return EXIT_SOME_READ if len(reports) < len(results) else 0
