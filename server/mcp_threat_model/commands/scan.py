"""`mcp-threat-model scan`: targets in, one document out, and an exit code that a pipeline can act on."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcp_threat_model.commands.given import audit_of, rules_of
from mcp_threat_model.render import renderer
from mcp_threat_model.target import FileTarget, HttpTarget, StdinTarget, StdioTarget, Target, parse_target
from mcp_threat_model.terminal import (
    check_output,
    complain,
    emit,
    explain,
    is_terminal,
    say,
    wants_colour,
    write_output,
)
from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.report import SEVERITIES, ErrorOut, Report
from mcp_threat_scoring.report_set import FleetOut

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_threat_model.outcome import Outcome
    from mcp_threat_model.reading import ScanOptions
    from mcp_threat_scoring.approval.policy import Judgement, Policy

POLICY_FILE: Final = "mcp-threat-model.yaml"
EXIT_INTERNAL: Final = 1
EXIT_NONE_READ: Final = 3
EXIT_SOME_READ: Final = 4
EXIT_SEVERITY: Final = {"low": 11, "medium": 12, "high": 13, "critical": 14}

_MAX_SECONDS: Final = 86_400.0
_MAX_JOBS: Final = 64


def run(arguments: argparse.Namespace) -> int:
    """Scan all targets, write the report, and say in the exit code what was found.

    Raises:
        UsageError: the words are off; nothing was read.
    """
    targets = targets_of(arguments)
    renderer(arguments.format)  # an output that cannot be written is said before anything is started
    options = options_of(arguments)
    policy = policy_of(arguments)
    _warn_of_idle_options(arguments, targets)
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


def policy_of(arguments: argparse.Namespace) -> tuple[str, Policy] | None:
    """The policy that was named, or lies in the working directory, unless there is to be none; it is said when used.

    Raises:
        UsageError: it cannot be read, or what is in it is wrong.
    """
    if arguments.no_policy:
        return None
    if arguments.policy is None and not Path(POLICY_FILE).is_file():
        return None  # nothing is imported for what is not there
    from mcp_threat_model.policy_file import find_policy

    found = find_policy(arguments.policy)
    if found is not None and arguments.policy is None:
        complain(f"using the policy {found[0]} of this directory (--no-policy leaves it out)")
    return found


def judged(
    results: Sequence[Report | ErrorOut], policy: tuple[str, Policy] | None, fail_at: str | None, *, scored: bool = True
) -> dict[int, Judgement]:
    """What the policy says of each report, by its place in the list; what is accepted or ran out goes to stderr."""
    if policy is None:
        return {}
    from datetime import datetime

    from mcp_threat_scoring.approval.policy import judge, told

    name, rules = policy
    today = datetime.now().astimezone().date().isoformat()
    found = {
        index: judge(rules, result, today, fail_at=fail_at, scored=scored)  # type: ignore[arg-type]
        for index, result in enumerate(results)
        if isinstance(result, Report)
    }
    for line in told(rules, name, list(found.values())):
        complain(line)
    return found


def targets_of(arguments: argparse.Namespace) -> list[Target]:
    """The targets named, and with --all-clients every configured server that is not switched off.

    Raises:
        UsageError: there is nothing to read.
    """
    targets = [parse_target(text) for text in arguments.targets]
    if arguments.all_clients:
        from mcp_threat_model.clients.every import every_configured

        targets += every_configured()
        if not targets:
            raise UsageError("no installed client has a server configured; see mcp-threat-model clients")
    elif not targets:
        raise UsageError("name at least one target, or --all-clients")
    return targets


def together(targets: Sequence[Target], outcomes: Sequence[Outcome]) -> FleetOut | None:
    """What the servers that could be read make possible in one client; nothing for fewer than two."""
    from mcp_threat_scoring.analyze import knowledge
    from mcp_threat_scoring.fleet.chains import Member, fleet, private_domains
    from mcp_threat_scoring.neutralise import neutralise_name

    members = [
        Member(neutralise_name(target.label), outcome.result, outcome.manifest)
        for target, outcome in zip(targets, outcomes, strict=True)
        if isinstance(outcome.result, Report) and outcome.manifest is not None
    ]
    return fleet(members, private_domains(knowledge().ruleset)) if len(members) > 1 else None


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
        say(f"{target.label}: {line}")

    watched = is_terminal(sys.stderr)

    async def work() -> list[Outcome]:
        return await scan(targets, options, consent=consent, progress=progress if watched else None)

    return anyio.run(work)


def deliver(
    outcomes: Sequence[Outcome],
    form: str,
    *,
    output: str | None = None,
    fail_at: str | None = None,
    fleet: FleetOut | None = None,
    targets: Sequence[Target] = (),
    policy: tuple[str, Policy] | None = None,
) -> int:
    """Write the report and the errors; return the exit code. `targets` are needed for the lines of SARIF."""
    for fault in (outcome.fault for outcome in outcomes):
        if fault:
            explain(fault)
    found = judged([outcome.result for outcome in outcomes], policy, fail_at)
    results = [found[index].report if index in found else outcome.result for index, outcome in enumerate(outcomes)]
    for result in results:
        if isinstance(result, ErrorOut):
            complain(f"{result.target}: {result.code}: {result.message}{f' {result.hint}' if result.hint else ''}")

    def document() -> str:
        if form != "sarif":
            return renderer(form)(results, fleet=fleet)
        from mcp_threat_model.commands.code_scanning import scanned

        return scanned(targets, outcomes, results, found)

    if output:
        try:
            write_output(output, document())
        except OSError as error:
            complain(f"{output} could not be written: {(error.strerror or 'unknown reason').lower()}")
            return EXIT_INTERNAL
    elif form == "text":
        emit(_for_screen(results, fleet))
    else:
        emit(document(), utf8=True)
    if policy is None:
        return exit_code(outcomes, fail_at)
    worst = max((one.worst for one in found.values() if one.worst), key=SEVERITIES.index, default=None)
    return exit_code(outcomes, None) if worst in (None, "info") else _graver(outcomes, EXIT_SEVERITY[worst])


def _for_screen(results: Sequence[Report | ErrorOut], fleet: FleetOut | None) -> str:
    """Text, coloured for a person; and only the reports for them, who have just read the errors on standard error."""
    if is_terminal(sys.stdout):
        results = [result for result in results if isinstance(result, Report)]
    if not wants_colour(sys.stdout):
        return renderer("text")(results, fleet=fleet)
    from mcp_threat_model.render.terminal import coloured
    from mcp_threat_model.render.text import text_page

    return coloured(text_page(results, fleet=fleet).lines)


def exit_code(outcomes: Sequence[Outcome], fail_at: str | None) -> int:
    """What the outcomes mean to a script: our own faults first, then severity, then what is missing."""
    if any(outcome.fault for outcome in outcomes):
        return EXIT_INTERNAL
    reports = [outcome.result for outcome in outcomes if isinstance(outcome.result, Report)]
    if not reports:
        return EXIT_NONE_READ
    if fail_at:
        worst = max((_worst(report) for report in reports), key=SEVERITIES.index)
        if SEVERITIES.index(worst) >= [*SEVERITIES].index(fail_at):  # type: ignore[arg-type]
            return EXIT_SEVERITY[worst]
    return EXIT_SOME_READ if len(reports) < len(outcomes) else 0


def _graver(outcomes: Sequence[Outcome], code: int) -> int:
    """The code, unless a fault of ours is to be told instead."""
    return EXIT_INTERNAL if any(outcome.fault for outcome in outcomes) else code


def _worst(report: Report) -> str:
    """The highest severity of the score and of the findings."""
    found = [finding.severity for finding in report.findings]
    scored = report.aivss.severity.lower()
    return max((*found, scored if scored in SEVERITIES else "info"), key=[*SEVERITIES].index)


def options_of(arguments: argparse.Namespace) -> ScanOptions:
    """How targets may be read, from the options that all reading commands share.

    Raises:
        UsageError: a value is out of range, or no header or variable.
    """
    from mcp_threat_model.guard.limits import DEFAULT_LIMITS
    from mcp_threat_model.reading import DEFAULT_JOBS, ScanOptions

    limits = DEFAULT_LIMITS
    if arguments.timeout is not None:
        if not (math.isfinite(arguments.timeout) and 0 < arguments.timeout <= _MAX_SECONDS):
            raise UsageError(f"--timeout {arguments.timeout:g} is not between 0 and {_MAX_SECONDS:g} seconds")
        limits = limits.with_total(arguments.timeout)
    jobs = DEFAULT_JOBS if arguments.jobs is None else arguments.jobs
    if not 1 <= jobs <= _MAX_JOBS:
        raise UsageError(f"--jobs {jobs} is not between 1 and {_MAX_JOBS}")
    return ScanOptions(
        profile=arguments.profile,
        sandbox=arguments.sandbox,
        allow_network=arguments.allow_network,
        allow_private_network=arguments.allow_private_network,
        headers=_headers(arguments.header),
        env=dict(_variable(word) for word in arguments.env),
        limits=limits,
        jobs=jobs,
        rules=rules_of(arguments),
        audit=audit_of(arguments),
    )


def _headers(words: Sequence[str]) -> dict[str, str]:
    if not words:
        return {}
    from mcp_threat_model.guard.headers import check_headers

    return check_headers(dict(_header(word) for word in words))


def _header(word: str) -> tuple[str, str]:
    # The value is a secret as often as not, so that no message repeats it.
    name, colon, value = word.partition(":")
    if not colon or not name:
        raise UsageError("--header needs a name and a value, e.g. --header 'Authorization: Bearer TOKEN'")
    return name, value.strip()


def _variable(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or not name or "\0" in word:
        raise UsageError("--env needs a name and a value, e.g. --env API_URL=https://example.com")
    return name, value


def _warn_of_idle_options(arguments: argparse.Namespace, targets: Sequence[Target]) -> None:
    """An option that no target can feel is probably a mistake; say so."""
    http = any(isinstance(target, HttpTarget) for target in targets)
    stdio = any(isinstance(target, StdioTarget) for target in targets)
    idle = (
        ("--header", arguments.header and not http, "is reached over HTTP"),
        ("--allow-private-network", arguments.allow_private_network and not http, "is reached over HTTP"),
        ("--env", arguments.env and not stdio, "is started"),
        ("--allow-launch", arguments.allow_launch and not stdio, "is started"),
        ("--allow-network", arguments.allow_network and not stdio, "is started"),
        ("--sandbox", arguments.sandbox != "auto" and not stdio, "is started"),
    )
    for option, wasted, reason in idle:
        if wasted:
            complain(f"warning: {option} has no effect, because no target {reason}")
