"""What a peer wants to ask the person: whether a form is for a secret, and where a link leads. It is never shown.

Specification: MCP 2025-11-25, "Elicitation": a form must not ask for credentials, and a link must be https. Events
noted: ``elicitation_secret``, ``elicitation_offsite``.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from mcp_threat_model.json_value import mapping, text
from mcp_threat_model.source.authorization.oauth_metadata import is_foreign_domain
from mcp_threat_model.source.session.wire import Tap, quoted
from mcp_threat_scoring.facts.credential import declared_auth

MAX_FIELDS = 200
"""Fields of one form that are looked at."""
_AT_HOME = frozenset({"localhost", "127.0.0.1", "::1"})


def note_elicitation(params: object, tap: Tap) -> None:
    """Note what is wrong with one ``elicitation/create``; `tap.home` is the host that the peer itself is reached at."""
    asked = mapping(params)
    fields = mapping(mapping(asked.get("requestedSchema")).get("properties"))
    named = [name for name in list(fields)[:MAX_FIELDS] if isinstance(name, str)]
    hidden = [name for name in named if mapping(fields[name]).get("format") == "password"]
    for name in dict.fromkeys((*declared_auth(named).secrets, *hidden)):
        tap.note("elicitation_secret", quoted(name))
    if url := text(asked.get("url")):
        _note_link(url, tap)


def _note_link(url: str, tap: Tap) -> None:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        tap.note("elicitation_offsite", "an address that cannot be read")
        return
    if parts.scheme.lower() != "https" and host not in _AT_HOME:
        tap.note("elicitation_offsite", f"{quoted(host)} (not https)")
    elif tap.home and is_foreign_domain(host, tap.home):
        tap.note("elicitation_offsite", f"{quoted(host)} (another domain)")
