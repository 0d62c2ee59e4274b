"""A server that lets no stranger in still shows how it lets people in: what is wrong with that goes into its error.

Nothing is judged here: the rules that make the findings of a report are held against what was seen.
"""

from __future__ import annotations

from mcp_threat_scoring.auth_scope import asked_scopes, authority
from mcp_threat_scoring.errors import LockedError, TargetError
from mcp_threat_scoring.finding import findings
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.phrases import listed, lowered, number, quoted
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.report import FindingOut
from mcp_threat_scoring.rulebook.ruleset import Ruleset

FAULTS_TOLD = 4


def told(locked: LockedError, ruleset: Ruleset) -> TargetError:
    """The error with everything that was found although nobody was let in, gravest first."""
    picture = paint(locked.seen, ruleset)
    auth = authority(picture, locked.seen.auth)
    message = locked.message
    if auth.breadth in ("broad", "admin"):
        asked = asked_scopes(locked.seen.auth)
        wide = [quoted(neutralise_name(scope.name)) for scope, _, _ in asked if scope.breadth == auth.breadth]
        message += f"; {auth.breadth} scopes: {listed(wide)}"
    faults = [_fault(finding) for finding in findings(picture) if finding.severity != "info"]
    if faults:
        rest = len(faults) - FAULTS_TOLD
        more = [f"and {number(rest)} more"] if rest > 0 else []
        message += f". Seen to be wrong already: {'; '.join([*faults[:FAULTS_TOLD], *more])}"
    return TargetError(locked.code, message, locked.hint)


def _fault(finding: FindingOut) -> str:
    return f"{lowered(finding.title)} ({finding.severity}, {finding.rule_id})"
