"""`mcp-threat-model limits`: the least privilege of one server, written as one client's configuration."""

from __future__ import annotations

import argparse

from mcp_threat_model.commands.given import options_of
from mcp_threat_model.commands.lock import told
from mcp_threat_model.commands.scan import run_scan
from mcp_threat_model.exit_codes import EXIT_INTERNAL, EXIT_NONE_READ
from mcp_threat_model.target import parse_target
from mcp_threat_model.terminal import complain, emit, explain
from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.permissions import permissions, written
from mcp_threat_scoring.report import ErrorOut

_DECISIONS = {
    "allow": "allow",
    "allow_with_limits": "allow with these limits",
    "review": "review it first",
    "block": "block it",
}


def run(arguments: argparse.Namespace) -> int:
    """Read the target, judge it, and print the rules; the verdict stands on standard error.

    Raises:
        UsageError: the target is none.
    """
    target = parse_target(arguments.target)
    [outcome] = run_scan([target], options_of(arguments, [target]), allow_launch=arguments.allow_launch)
    report = outcome.result
    if outcome.fault:
        explain(outcome.fault)
    if isinstance(report, ErrorOut):
        complain(told(report))
        return EXIT_INTERNAL if outcome.fault else EXIT_NONE_READ
    if not report.capabilities.tools:
        complain("its tools were not seen, so there is nothing to allow: the limit is not to run it yet")
        return EXIT_NONE_READ
    name = arguments.name or (report.server.name if target.own_name is None else target.own_name)
    if arguments.name is not None and not arguments.name.strip():
        raise UsageError("--as needs the name that the server has in the client's configuration")
    limits = permissions(report, arguments.client, name)
    complain(f"verdict: {_DECISIONS[limits.decision]}; AIVSS {report.aivss.score:.1f} {report.aivss.severity}")
    if arguments.format == "json":
        emit(limits.to_json(indent=2) + "\n", utf8=True)
    else:
        emit(written(limits))
    return 0
