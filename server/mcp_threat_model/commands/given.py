"""Options that `scan` and `serve` share. Apart from :mod:`scan`, which imports what a server does not need to start."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_threat_model.audit import AuditLog


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
