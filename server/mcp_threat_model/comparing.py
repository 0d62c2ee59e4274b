"""What was approved beside what is there now."""

from __future__ import annotations

from mcp_threat_model import __version__
from mcp_threat_model.outcome import Outcome, failure
from mcp_threat_scoring.approval.change import changes
from mcp_threat_scoring.approval.compared import NOT_COMPARED
from mcp_threat_scoring.approval.lock import LockedServer
from mcp_threat_scoring.approval.pin import locked
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.report import ErrorOut, Report

_NOT_WHOLE = TargetError(
    "unsupported",
    "the lock leaves out a part of this target that may be a secret, so it was not read",
    "Name the whole target: mcp-threat-model check 'TARGET'.",
)

_NOT_PLANNED = TargetError(
    "consent_required", "it was not in the lock file yet when this comparison began, so it was not read", "Ask again."
)


def unread(name: str) -> Outcome:
    """What becomes of a server of which the lock does not hold the whole target: it is not checked."""
    return failure(name, _NOT_WHOLE)


def unplanned(name: str) -> Outcome:
    """What becomes of a server that came into the lock while a person was asked about the others."""
    return failure(name, _NOT_PLANNED)


def compare(then: LockedServer, outcome: Outcome) -> Report | ErrorOut:
    """The report of now, whose findings are what changed since; an error stays one."""
    if isinstance(outcome.result, ErrorOut) or outcome.manifest is None:
        return outcome.result
    now = locked(outcome.manifest, outcome.result, __version__)
    other = outcome.result.aivss.other_profile
    if then.profile != now.profile and then.profile == other.profile:  # a score is compared with one of its own kind
        now = now.changed({"profile": other.profile, "score": other.score, "severity": other.severity})
    return outcome.result.changed({"findings": changes(then, now, outcome.result)})


def in_part(result: Report) -> bool:
    """Whether nothing changed as far as it was compared, and the lock did not hold everything."""
    return bool(result.findings) and all(one.rule_id == f"change.{NOT_COMPARED}" for one in result.findings)


def unseen(result: Report) -> str:
    """What is to be said where nothing changed because there was nothing to compare: its tools were never seen.

    Tools that were seen when it was locked, and are not now, are a change already.
    """
    if result.findings or result.coverage["tools"].status != "not_observed":
        return ""
    return "Unchanged as far as could be seen: its tools were seen neither when it was locked nor now."
