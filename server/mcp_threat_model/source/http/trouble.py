"""Why an endpoint could not be read, from what was seen on the wire: one sentence, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal
from urllib.parse import urlsplit

from mcp_threat_model.guard.ledger import Ledger, Note
from mcp_threat_model.guard.mask import Mask
from mcp_threat_model.guard.url import check_scheme
from mcp_threat_model.source.authorization.authority import Authority
from mcp_threat_model.source.authorization.challenge import parse_challenges
from mcp_threat_model.source.http.link import ASKS_CREDENTIALS
from mcp_threat_scoring.errors import LockedError, TargetError
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import SafeText, as_origin, as_server, excerpt, neutralise

ENDPOINT_HINT = "Check the path; MCP endpoints often end in /mcp or /sse."
_NAMED = 5
"""Scopes and servers named in a message."""


def _last(ledger: Ledger, method: str) -> Note | None:
    return next((note for note in reversed(ledger.notes) if note.method == method), None)


def may_be_legacy(ledger: Ledger) -> bool:
    """Whether to try the older transport: MCP 2025-11-25, "Backwards compatibility": a POST answered with 4xx.

    401 and 403 ask for credentials, 429 for patience; none of them says that the transport is wrong.
    """
    last = _last(ledger, "POST")
    return last is not None and 400 <= last.status < 500 and last.status not in (*ASKS_CREDENTIALS, 407, 429)


def refused_stranger(ledger: Ledger) -> bool:
    """Whether the endpoint turned us away for want of (better) credentials."""
    return any(
        note is not None and note.status in ASKS_CREDENTIALS for note in (_last(ledger, "POST"), _last(ledger, "GET"))
    )


def auth_required(ledger: Ledger, authority: Authority, seen: Manifest, *, given: bool) -> LockedError:
    """Say that credentials are needed, and everything that was learnt about which."""
    refused = [note for note in ledger.notes if note.status in ASKS_CREDENTIALS]
    status = refused[-1].status if refused else 401
    asked, _ = parse_challenges(refused[-1].headers.get("www-authenticate", ()) if refused else ())
    auth = authority.auth
    learnt = [f"HTTP {status}"]
    if auth.schemes:
        learnt.append("scheme " + _some(auth.schemes, ledger.mask))
    wanted = [name for challenge in asked for name in challenge.parameters.get("scope", "").split()]
    scopes = tuple(dict.fromkeys([*wanted, *(scope.name for scope in auth.scopes)]))
    if scopes:
        learnt.append("scopes " + _some(scopes, ledger.mask))
    if authority.issuers:
        learnt.append("authorization server " + _some(authority.issuers, ledger.mask, as_server))
    hint = "Pass credentials with --header, for example --header 'Authorization: Bearer TOKEN'."
    what = "it requires authentication"
    if given and status == 403:
        what, hint = "it does not allow this to the credentials given", "Use credentials with the scopes it asks for."
    elif given:
        what, hint = "it did not accept the credentials given", "Check that they are complete, and not expired."
    if authority.coverage.reason:
        hint += f" Not everything could be checked: {neutralise(authority.coverage.reason, 200)}."
    return LockedError(f"{what} ({'; '.join(learnt)})", hint, seen)


def _some(words: Sequence[str], mask: Mask, safe: Callable[[str], SafeText] = as_origin) -> str:
    shown = ", ".join(safe(mask.text(word)) for word in words[:_NAMED])
    return shown + (f" and {len(words) - _NAMED} more" if len(words) > _NAMED else "")


def explain(ledger: Ledger, kind: Literal["http", "sse"], failure: TargetError) -> TargetError:
    """The error to report: the wire knows better than the session what went wrong below it."""
    if ledger.contacts.refused:
        return ledger.contacts.refused[0]
    for problem in ledger.problems():
        if problem.code == "blocked_address":
            return problem
    last = _last(ledger, "POST")
    if last is None or kind == "sse" or failure.code in ("blocked_address", "too_large"):
        return failure
    if last.problem is not None:
        return last.problem
    rpc_code = getattr(failure, "rpc_code", None)
    if rpc_code is not None and rpc_code != last.status:  # the server's own reason says more than a status
        return failure
    return _status_error(last, ledger.mask) or failure


def _status_error(note: Note, mask: Mask) -> TargetError | None:
    if note.status in (0, 202, 204):  # unanswered, or taken without an answer: the session knows what was missing
        return None
    kind = note.header("content-type").partition(";")[0].strip().lower()
    if note.status == 429:
        return TargetError("unreachable", "it asks for fewer requests (HTTP 429)", "Try again later.")
    if note.status >= 500:
        return TargetError("unreachable", f"it failed (HTTP {note.status})", "Try again later.")
    if 300 <= note.status < 400:
        try:
            check_scheme(urlsplit(note.header("location")).scheme or "http")
        except TargetError as refused:
            return refused
        except ValueError:
            pass  # no address at all: it is shown as it is
        place = excerpt(mask.text(note.header("location")) or "nowhere")
        return TargetError(
            "not_mcp", f"it redirects to {place} instead of answering (HTTP {note.status})", ENDPOINT_HINT
        )
    if note.status >= 400:
        return TargetError("not_mcp", f"there is no MCP endpoint at this address (HTTP {note.status})", ENDPOINT_HINT)
    if kind in ("text/html", "application/xhtml+xml"):
        return TargetError("not_mcp", "it is a web page, not an MCP endpoint", ENDPOINT_HINT)
    if kind not in ("application/json", "text/event-stream"):
        said = mask.text(note.header("content-type")).partition(";")[0].strip()
        shown = excerpt(said) if said else "no content type"
        return TargetError("not_mcp", f"it answered with {shown} instead of MCP messages", ENDPOINT_HINT)
    return None
