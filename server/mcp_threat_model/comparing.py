"""What was approved beside what is there now."""

from __future__ import annotations

from mcp_threat_model import __version__
from mcp_threat_model.outcome import Outcome, failure
from mcp_threat_scoring.approval.change import changes
from mcp_threat_scoring.approval.compared import NOT_COMPARED, NOT_LOCKED, Alike, not_locked
from mcp_threat_scoring.approval.lock import LockedServer
from mcp_threat_scoring.approval.notice import changed_in
from mcp_threat_scoring.approval.pin import locked
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import as_asked
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
    """The report of now, in whose findings what changed since stands first; an error stays one."""
    if isinstance(outcome.result, ErrorOut) or outcome.manifest is None:
        return outcome.result
    now = locked(outcome.manifest, outcome.result, __version__)
    other = outcome.result.aivss.other_profile
    if then.profile != now.profile and then.profile == other.profile:  # a score is compared with one of its own kind
        now = now.changed({"profile": other.profile, "score": other.score, "severity": other.severity})
    return outcome.result.changed({"findings": [*changes(then, now, outcome.result), *outcome.result.findings]})


def unapproved(lock: str, outcome: Outcome, *, alike: Alike) -> Report | ErrorOut:
    """The report of a server that is not in that lock, which is the first thing that is wrong with it."""
    change = not_locked(lock, alike=alike).finding()
    if isinstance(outcome.result, ErrorOut):
        said = f"{outcome.result.message} {change.title}: it is not in {as_asked(lock)}."
        return outcome.result.changed({"message": said})
    return outcome.result.changed({"findings": [change, *outcome.result.findings]})


def is_unapproved(result: Report) -> bool:
    """Whether it is not in the lock."""
    return any(one.rule_id == f"change.{NOT_LOCKED}" for one in result.findings)


def in_part(result: Report) -> bool:
    """Whether nothing changed as far as it was compared, and the lock did not hold everything."""
    changed = changed_in(result)
    return bool(changed) and all(one.rule_id == f"change.{NOT_COMPARED}" for one in changed)


def unseen(result: Report) -> str:
    """What is to be said where nothing changed because there was nothing to compare: its tools were never seen.

    Tools that were seen when it was locked, and are not now, are a change already.
    """
    if changed_in(result) or result.coverage["tools"].status != "not_observed":
        return ""
    return "Unchanged as far as could be seen: its tools were seen neither when it was locked nor now."
