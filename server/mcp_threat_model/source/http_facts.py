"""What the transport of an HTTP endpoint shows: from the answers that were read anyway, and from two questions more.

``TransportFacts.facts`` is a closed list. A name is present only when the thing was observed:

====================== ===== ==========================================================================================
name                   type  meaning
====================== ===== ==========================================================================================
scheme                 str   ``http`` or ``https``
port                   int   the port that was connected to
nonstandard_port       bool  it is not the scheme's own
cleartext              bool  plain http: whoever is on the path can read and change everything
tls_version            str   e.g. ``TLSv1.3``
hsts                   bool  https only: `Strict-Transport-Security` was sent
era                    str   ``handshake`` or ``modern`` (2026-07-28)
origin_checked         bool  a request with a foreign `Origin` was refused (403) rather than served
host_checked           bool  loopback only: a request with a foreign `Host` was refused rather than served
cors_wild              bool  a foreign origin may read answers: `Access-Control-Allow-Origin` is ``*`` or repeats it
cors_credentials       bool  … and may send the user's credentials along
rate_limited           bool  true: limits were announced or enforced. Absent otherwise: silence shows nothing
version_banner         str   `Server` or `X-Powered-By`, where it tells a version (the target's words)
session_id_issued      bool  the server opened a session
session_id_weak        bool  its id is guessable: short, or a plain number
redirected             bool  true: the endpoint sent us on, on its own origin
secret_in_url          bool  true: the address that was given holds a query value or path segment like a key
====================== ===== ==========================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import httpx

from mcp_threat_model import __version__
from mcp_threat_model.guard.http_client import fetch
from mcp_threat_model.guard.pipe import Note
from mcp_threat_model.guard.redact import redact_url
from mcp_threat_model.guard.url import DEFAULT_PORT, Endpoint
from mcp_threat_model.source.http_link import ACCEPT
from mcp_threat_scoring.errors import TargetError

FOREIGN_HOST = "origin-check.invalid"
"""A name that can never exist (RFC 2606), so that nobody's real origin is claimed."""
PROBE_SECONDS = 3.0
MODERN = "2026-07-28"
_MIN_SESSION_ID = 16
"""Characters. 128 bits in hexadecimal are 32; half of that is taken as the least that may be called unguessable."""
_RATE_HEADERS = (
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-policy",
    "x-ratelimit-limit",
    "x-rate-limit-limit",
    "retry-after",
)

Facts = dict[str, str | bool | int]


def passive_facts(endpoint: Endpoint, notes: Sequence[Note]) -> Facts:
    """What the answers that were read for other reasons show."""
    answered = [note for note in notes if note.status]
    facts: Facts = {
        "scheme": endpoint.scheme,
        "port": endpoint.port,
        "nonstandard_port": endpoint.port != DEFAULT_PORT[endpoint.scheme],
        "cleartext": endpoint.scheme == "http",
    }
    if redact_url(endpoint) != endpoint.url:
        facts["secret_in_url"] = True
    versions = [note.tls for note in answered if note.tls]
    if versions:
        facts["tls_version"] = versions[0]
    if endpoint.scheme == "https" and answered:
        facts["hsts"] = any("strict-transport-security" in note.headers for note in answered)
    if any(note.status == 429 or note.headers.keys() & set(_RATE_HEADERS) for note in answered):
        facts["rate_limited"] = True
    if any(note.status in (307, 308) for note in answered):
        facts["redirected"] = True
    banners = [note.header(name) for note in answered for name in ("server", "x-powered-by")]
    told = [banner for banner in banners if any(char.isdigit() for char in banner)]
    if told:
        facts["version_banner"] = told[0][:80]
    issued = [note.header("mcp-session-id") for note in answered]
    ids = [one for one in issued if one]
    if answered:
        facts["session_id_issued"] = bool(ids)
    if ids:
        facts["session_id_weak"] = any(len(one) < _MIN_SESSION_ID or one.isdecimal() for one in ids)
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
    except (TargetError, httpx.HTTPError):
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
) -> Facts:
    """Ask as a page on a foreign site would and, on this machine, as a rebinding name would. Two requests at most."""
    facts: Facts = {}
    origin = f"https://{FOREIGN_HOST}"
    seen = await _ask(client, endpoint, kind, era, {"origin": origin})
    if seen is not None:
        status, headers = seen
        if (checked := _refuses(status)) is not None:
            facts["origin_checked"] = checked
        allowed = headers.get("access-control-allow-origin", "").strip()
        facts["cors_wild"] = allowed in ("*", origin)
        if facts["cors_wild"]:
            facts["cors_credentials"] = headers.get("access-control-allow-credentials", "").strip().lower() == "true"
    if loopback:
        seen = await _ask(client, endpoint, kind, era, {"host": f"{FOREIGN_HOST}:{endpoint.port}"})
        if seen is not None and (checked := _refuses(seen[0])) is not None:
            facts["host_checked"] = checked
    return facts
