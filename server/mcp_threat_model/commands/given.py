"""What the words of several commands say: which targets, how they may be read, under which rules and which policy.

Apart from :mod:`delivery`, which imports what a server does not need to start.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcp_threat_model.commands.apart import keep_apart
from mcp_threat_model.grammar import POLICY_FILE
from mcp_threat_model.source.interface import Saved, Target
from mcp_threat_model.target import parse_target
from mcp_threat_model.terminal import complain
from mcp_threat_scoring.errors import TargetError, UsageError

if TYPE_CHECKING:
    from mcp_threat_model.audit import AuditLog
    from mcp_threat_model.reading import ScanOptions
    from mcp_threat_scoring.approval.policy import Policy

_MAX_SECONDS: Final = 86_400.0
_MAX_JOBS: Final = 64


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


def options_of(arguments: argparse.Namespace, targets: Sequence[Target]) -> ScanOptions:
    """How these targets may be read, from the options that all reading commands share.

    Raises:
        UsageError: a value is out of range, or no header or variable; or one of the files read would be written over.
    """
    keep_apart(arguments, targets)
    from mcp_threat_model.guard.limits import DEFAULT_LIMITS
    from mcp_threat_model.reading import DEFAULT_JOBS, ScanOptions

    limits = DEFAULT_LIMITS
    if arguments.timeout is not None:
        if not (math.isfinite(arguments.timeout) and 0 < arguments.timeout <= _MAX_SECONDS):
            raise UsageError(
                f"--timeout {arguments.timeout:g}: it must be more than 0 and at most {_MAX_SECONDS:g} seconds"
            )
        limits = limits.with_total(arguments.timeout)
    jobs = DEFAULT_JOBS if arguments.jobs is None else arguments.jobs
    if not 1 <= jobs <= _MAX_JOBS:
        raise UsageError(f"--jobs {jobs} is not between 1 and {_MAX_JOBS}")
    options = ScanOptions(
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
    _warn_of_idle_options(arguments, targets)
    return options


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


def rules_of(arguments: argparse.Namespace) -> tuple[Path, ...]:
    """The user's own rules, looked over and loaded.

    Raises:
        UsageError: they cannot be used.
    """
    if not arguments.rules:
        return ()
    from mcp_threat_model.user_rules import check_rules

    return check_rules(arguments.rules)


def audit_of(arguments: argparse.Namespace) -> AuditLog | None:
    """The log, where one was asked for.

    Raises:
        UsageError: it cannot be written.
    """
    if arguments.audit_log is None:
        return None
    from mcp_threat_model.audit import AuditLog

    return AuditLog(arguments.audit_log)


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


def _way_of(target: Target) -> Target:
    """What is read in the end: for a configured server, its command or its address."""
    try:
        return target.way().target
    except TargetError:  # the scan says why
        return target


def _warn_of_idle_options(arguments: argparse.Namespace, targets: Sequence[Target]) -> None:
    """An option that no target can feel is probably a mistake; say so."""
    started = arguments.env or arguments.allow_launch or arguments.allow_network or arguments.sandbox != "auto"
    if started or arguments.header or arguments.allow_private_network:
        ways = [_way_of(target) for target in targets]
        http = any(way.reached for way in ways)
        stdio = any(way.command for way in ways)
    else:
        http = stdio = True
    bare = arguments.sandbox == "off"
    saved = all(isinstance(target, Saved) for target in targets)
    unreached, unstarted = "no target is reached over HTTP", "no target is started"
    idle = (
        ("--header", arguments.header and not http, unreached),
        ("--allow-private-network", arguments.allow_private_network and not http, unreached),
        ("--env", arguments.env and not stdio, unstarted),
        ("--allow-launch", arguments.allow_launch and not stdio, unstarted),
        ("--allow-network", arguments.allow_network and not stdio, unstarted),
        ("--allow-network", arguments.allow_network and stdio and bare, "--sandbox off leaves the network open"),
        ("--sandbox", arguments.sandbox != "auto" and not stdio, unstarted),
        ("--jobs", arguments.jobs and len(targets) < 2, "there are no two targets"),
        ("--jobs", arguments.jobs and len(targets) > 1 and saved, "saved descriptions are read one after the other"),
    )
    for option, wasted, reason in idle:
        if wasted:
            complain(f"warning: {option} has no effect, because {reason}")
