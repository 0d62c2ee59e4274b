"""How an endpoint treats whoever comes, and whether it shows a stranger another list than the user."""

from __future__ import annotations

from typing import Any

from mcp_threat_model.guard.ledger import Ledger
from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.source.authorization.authority import Reception
from mcp_threat_model.source.cuts import bound
from mcp_threat_model.source.http.link import ASKS_CREDENTIALS
from mcp_threat_model.source.session.session import SessionParts
from mcp_threat_model.source.session.wire import Tap
from mcp_threat_scoring.manifest import sha256_of


def differ(shown: dict[str, Any] | None, parts: SessionParts, tap: Tap, limits: Limits) -> bool:
    """Whether a stranger's whole list of tools is another one than the user's; not known, and so no, if one is cut."""
    listed = shown.get("tools") if shown and not shown.get("nextCursor") else None
    if not isinstance(listed, list) or parts.coverage["tools"].status != "observed" or tap.count("list_changed"):
        return False
    theirs = {sha256_of(bound(one, limits)[0]) for one in listed[: limits.items]}
    return theirs != {sha256_of(one) for one in parts.items.get("tools", ())}


def reception_of(ledger: Ledger, handshake: bool, parts: SessionParts | None) -> Reception:
    """How the endpoint treated these requests, read from the ledger."""
    answered = [note for note in ledger.notes if note.status]
    refused = [note for note in answered if note.status in ASKS_CREDENTIALS]
    challenges = next((c for note in refused + answered if (c := note.headers.get("www-authenticate"))), ())
    lists: bool | None = None
    if parts is not None and parts.coverage["tools"].status != "not_observed":
        lists = True
    elif handshake and refused:
        lists = False
    served = [note for note in answered if note.status < 300]
    telling = (served if lists else refused) or served or answered
    return Reception(
        status=telling[0].status if telling else 0,
        challenges=challenges,
        handshake=True if handshake else (False if refused else None),
        lists=lists,
    )
