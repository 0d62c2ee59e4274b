"""What a scan came to goes out: the report, the errors, what the policy says of it, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mcp_threat_model.commands.context import context_of
from mcp_threat_model.commands.reasons import broken, over, worst_of
from mcp_threat_model.exit_codes import EXIT_INTERNAL, EXIT_NONE_READ, EXIT_SEVERITY, EXIT_SOME_READ
from mcp_threat_model.outcome import Outcome, Whole
from mcp_threat_model.render import renderer
from mcp_threat_model.render.interface import Context
from mcp_threat_model.terminal import complain, emit, explain, is_terminal, wants_colour, write_output
from mcp_threat_scoring.report import ErrorOut, Report, gravest, reaches, severity_of

if TYPE_CHECKING:
    from mcp_threat_model.source.interface import Target
    from mcp_threat_scoring.approval.breach import Threshold
    from mcp_threat_scoring.approval.policy import Judgement, Policy

ALONE = Whole()
"""Targets that were not scanned as a set."""


def deliver(
    outcomes: Sequence[Outcome],
    form: str,
    *,
    output: str | None = None,
    fail_at: Threshold | None = None,
    whole: Whole = ALONE,
    targets: Sequence[Target] = (),
    policy: tuple[str, Policy] | None = None,
) -> int:
    """Write the report and the errors; return the exit code. `targets` are needed for the lines of findings.

    Raises:
        OutputError: standard output cannot be written to.
    """
    explained(outcomes)
    if whole.fault:
        explain(whole.fault)
    results: Sequence[Report | ErrorOut] = [outcome.result for outcome in outcomes]
    found = judged(results, policy, fail_at)
    results = by_policy(results, found)
    for result in results:
        if isinstance(result, ErrorOut):
            complain(f"{result.target}: {result.code}: {result.message}{f' {result.hint}' if result.hint else ''}")
        elif result.auth.requirement == "required" and result.coverage["tools"].status == "not_observed":
            complain(f"{result.target.value}: its tools were not read: {result.coverage['tools'].reason}")
    if whole.fleet and whole.fault:
        complain(whole.fleet.summary)
    elif whole.fleet and form == "jsonl":
        complain("jsonl leaves out what the servers make possible together; --format json has it")
    context = context_of(targets, outcomes, results, found, whole.fleet)
    if output is not None:
        try:
            write_output(output, renderer(form)(results, context))
        except OSError as error:
            complain(f"{output} could not be written: {(error.strerror or 'unknown reason').lower()}")
            return EXIT_INTERNAL
    elif form == "text":
        emit(_for_screen(results, context))
    else:
        emit(renderer(form)(results, context), utf8=True)
    if whole.fault:
        return EXIT_INTERNAL
    return _code(outcomes, results, fail_at) if policy is None else _code_by(policy[0], outcomes, found)


def explained(outcomes: Iterable[Outcome]) -> bool:
    """Tell of faults of ours, where they are to be told; whether there is any."""
    faults = [outcome.fault for outcome in outcomes if outcome.fault]
    for fault in faults:
        explain(fault)
    return bool(faults)


def _code(outcomes: Sequence[Outcome], results: Sequence[Report | ErrorOut], fail_at: str | None) -> int:
    """The exit code without a policy, and a line that says why."""
    code = exit_code(outcomes, fail_at)
    if code in EXIT_SEVERITY.values():
        complain(over(results, str(fail_at)))
    return code


def _code_by(policy: str, outcomes: Sequence[Outcome], found: Mapping[int, Judgement]) -> int:
    """The exit code by the policy of that name, and what says why."""
    code = exit_code(outcomes, None)
    worst = gravest(one.worst for one in found.values() if one.worst)
    if worst == "info" or code == EXIT_INTERNAL:  # a fault of ours is told before all else
        return code
    for line in broken(policy, found, len(outcomes)):
        complain(line)
    return EXIT_SEVERITY[worst]


def judged(
    results: Sequence[Report | ErrorOut],
    policy: tuple[str, Policy] | None,
    fail_at: Threshold | None,
    *,
    compared: bool = False,
) -> dict[int, Judgement]:
    """What the policy says of each report, by its place in the list; what is accepted or ran out goes to stderr.

    `compared` says that what changed since a lock is among the findings.
    """
    if policy is None:
        return {}
    from datetime import datetime

    from mcp_threat_scoring.approval.policy import judge, told

    name, rules = policy
    today = datetime.now().astimezone().date().isoformat()
    found = {
        index: judge(rules, result, today, fail_at=fail_at, compared=compared)
        for index, result in enumerate(results)
        if isinstance(result, Report)
    }
    for line in told(rules, name, list(found.values())):
        complain(line)
    return found


def by_policy(results: Sequence[Report | ErrorOut], found: Mapping[int, Judgement]) -> list[Report | ErrorOut]:
    """The results with what the policy found wrong with them beside."""
    return [found[index].report if index in found else result for index, result in enumerate(results)]


def _for_screen(results: Sequence[Report | ErrorOut], context: Context) -> str:
    """Text, coloured for a person; and only the reports for them, who have just read the errors on standard error."""
    if is_terminal(sys.stdout):
        results = [result for result in results if isinstance(result, Report)]
    if not wants_colour(sys.stdout):
        return renderer("text")(results, context)
    from mcp_threat_model.render.terminal import coloured
    from mcp_threat_model.render.text import text_page

    return coloured(text_page(results, context).lines)


def exit_code(outcomes: Sequence[Outcome], fail_at: str | None) -> int:
    """What the outcomes mean to a script: our own faults first, then severity, then what is missing."""
    if any(outcome.fault for outcome in outcomes):
        return EXIT_INTERNAL
    reports = [outcome.result for outcome in outcomes if isinstance(outcome.result, Report)]
    if not reports:
        return EXIT_NONE_READ
    if fail_at:
        worst = gravest(map(worst_of, reports))
        if reaches(worst, severity_of(fail_at)):
            return EXIT_SEVERITY[worst]
    return EXIT_SOME_READ if len(reports) < len(outcomes) else 0
