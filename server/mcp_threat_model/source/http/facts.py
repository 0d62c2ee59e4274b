"""What the transport of an HTTP endpoint shows: from the answers that were read anyway, and from two questions more.

``TransportFacts.facts`` is a closed list, which :mod:`rulebook.observed` declares. A name is present only when the
thing was observed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import httpx

from mcp_threat_model import __version__
from mcp_threat_model.guard.http_client import fetch
from mcp_threat_model.guard.ledger import Note
from mcp_threat_model.guard.mask import Mask
from mcp_threat_model.guard.url import DEFAULT_PORT, Endpoint
from mcp_threat_model.source.http.link import ACCEPT, WIRE_ERRORS

FOREIGN_HOST = "origin-check.invalid"
"""A name that can never exist (RFC 2606), so that nobody's real origin is claimed."""
PROBE_SECONDS = 3.0
MODERN = "2026-07-28"
_MIN_SESSION_ID = 16
"""Characters. 128 bits in hexadecimal are 32; half of that is taken as the least that may be called unguessable."""
_ENOUGH = 5
_RATE_HEADERS = frozenset(
    {
        "ratelimit",
        "ratelimit-limit",
        "ratelimit-policy",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-rate-limit-limit",
    }
)

Facts = dict[str, str | bool | int]


def session_ids(notes: Sequence[Note]) -> frozenset[str]:
    """The ids of all sessions that were opened."""
    return frozenset(found for note in notes if (found := note.header("mcp-session-id")))


def passive_facts(endpoint: Endpoint, notes: Sequence[Note], *, credentials: bool, mask: Mask | None = None) -> Facts:
    """What answers that were read for other reasons show. `credentials`: the user's headers went with the questions."""
    mask = mask or Mask()
    answered = [note for note in notes if note.status]
    facts: Facts = {
        "scheme": endpoint.scheme,
        "port": endpoint.port,
        "nonstandard_port": endpoint.port != DEFAULT_PORT[endpoint.scheme],
        "cleartext": endpoint.scheme == "http",
    }
    if not answered:
        return facts
    if any(note.tls for note in answered):
        facts["tls_valid"] = True
    if any(note.status == 429 or note.headers.keys() & _RATE_HEADERS for note in answered):
        facts["rate_limited"] = True
    elif len(answered) >= _ENOUGH:
        facts["rate_limited"] = False
    if any(note.status in (307, 308) for note in answered):
        facts["redirected"] = True
    banners = [note.header(name) for note in answered for name in ("server", "x-powered-by")]
    told = [banner for banner in banners if any(char.isdigit() for char in banner)]
    facts["version_banner"] = bool(told)
    if told:
        facts["banner"] = mask.heard(told[0])[:80]
    ids = session_ids(answered)
    facts["session_id_issued"] = bool(ids)
    if ids:
        facts["weak_session"] = any(len(one) < _MIN_SESSION_ID or one.isdecimal() for one in ids)
    if credentials:
        kept = [
            note.header("cache-control").lower() for note in answered if note.method == "POST" and note.status == 200
        ]
        facts["cache_public"] = any("public" in one.replace(" ", "").split(",") for one in kept)
    return facts


def _hello(era: Literal["handshake", "modern"]) -> tuple[bytes, dict[str, str]]:
    """The smallest question of each era that every server answers, and that changes nothing."""
    client: dict[str, Any] = {"name": "mcp-threat-model", "version": __version__}
    headers = {"accept": ACCEPT, "content-type": "application/json"}
    if era == "modern":
        meta = "io.modelcontextprotocol/"
        params: dict[str, Any] = {
            "_meta": {f"{meta}protocolVersion": MODERN, f"{meta}clientCapabilities": {}, f"{meta}clientInfo": client}
        }
        headers |= {"mcp-protocol-version": MODERN, "mcp-method": "server/discover"}
        method = "server/discover"
    else:
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
        method = "initialize"
    return json.dumps({"jsonrpc": "2.0", "id": "probe", "method": method, "params": params}).encode(), headers


async def _ask(
    client: httpx.AsyncClient, endpoint: Endpoint, kind: Literal["http", "sse"], era: Literal["handshake", "modern"],
    extra: dict[str, str],
) -> tuple[int, httpx.Headers] | None:  # fmt: skip
    """Status and headers of one question; None when it got no answer. A session it opened is ended again."""
    try:
        if kind == "sse":
            async with client.stream("GET", endpoint.url, headers={"accept": "text/event-stream", **extra}) as response:
                return response.status_code, response.headers
        content, headers = _hello(era)
        answer = await fetch(
            client, "POST", endpoint.url, seconds=PROBE_SECONDS, headers={**headers, **extra}, content=content
        )
        if session := answer.headers.get("mcp-session-id"):
            await fetch(client, "DELETE", endpoint.url, seconds=PROBE_SECONDS, headers={"mcp-session-id": session})
    except WIRE_ERRORS:
        return None
    return answer.status, answer.headers


def _refuses(status: int) -> bool | None:
    """403 (the specification's answer) or 421 is a check; being served is none; anything else says nothing."""
    if status in (403, 421):
        return True
    return False if 200 <= status < 300 else None


async def active_facts(
    client: httpx.AsyncClient,
    endpoint: Endpoint,
    *,
    kind: Literal["http", "sse"],
    era: Literal["handshake", "modern"],
    loopback: bool,
    sessions: frozenset[str],
) -> Facts:
    """Ask as a page on a foreign site would and, on this machine, as a rebinding name would. Two questions at most.

    `sessions` are the ids that were seen before: one that comes again is no secret.
    """
    facts: Facts = {}
    origin = f"https://{FOREIGN_HOST}"
    seen = await _ask(client, endpoint, kind, era, {"origin": origin})
    if seen is not None:
        status, headers = seen
        if (checked := _refuses(status)) is not None:
            facts["origin_checked"] = checked
        allowed = headers.get("access-control-allow-origin", "").strip()
        facts["cors_any"] = allowed in ("*", origin)
        if facts["cors_any"]:
            granted = headers.get("access-control-allow-credentials", "").strip().lower() == "true"
            facts["cors_credentials"] = granted and allowed == origin  # no browser sends any where ``*`` stands (Fetch)
        if headers.get("mcp-session-id") in sessions:
            facts["weak_session"] = True
    if loopback:
        seen = await _ask(client, endpoint, kind, era, {"host": f"{FOREIGN_HOST}:{endpoint.port}"})
        if seen is not None and (checked := _refuses(seen[0])) is not None:
            facts["host_checked"] = checked
    return facts
