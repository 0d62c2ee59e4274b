"""Addresses without the secrets that people put into them, and whether they hold one."""

from __future__ import annotations

from urllib.parse import quote, unquote

from mcp_threat_model.guard.secret import MIN_UNNAMED_SECRET
from mcp_threat_model.guard.url import Endpoint
from mcp_threat_scoring.patterns.pattern import pattern

_WORD = pattern(r"[A-Za-z0-9]+")
_UUID = pattern(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SECRET_LENGTH = 16
"""Characters: 16 hexadecimal ones are 64 bits, the least that anyone uses as a key."""


def _is_secret(segment: str) -> bool:
    """Whether a path segment looks generated: a UUID, or a long run in which letters and digits are mixed."""
    if _UUID.search(segment):
        return True
    runs = [run for run in _WORD.findall(segment) if len(run) >= _SECRET_LENGTH]
    return any(any(c.isdigit() for c in run) and any(c.isalpha() for c in run) for run in runs)


_KEY_NAMES = pattern(r"(?i)(?:^|[_-])(?:api)?_?-?(?:key|token|secret|auth|password|passwd|sig|signature|jwt|pat)$")


def carries_key(endpoint: Endpoint) -> bool:
    """Whether a path segment or query parameter looks like a credential, by its own looks or by its name."""
    if any(_is_secret(part) for part in endpoint.path.split("/")):
        return True
    pairs = [pair.partition("=") for pair in endpoint.query.split("&")]
    return any(value and (_is_secret(value) or _KEY_NAMES.search(name)) for name, _, value in pairs)


def keys_in(endpoint: Endpoint) -> tuple[str, ...]:
    """The path segments and query values that look like credentials, as they are written and as they are meant.

    Short ones are left out: they may be any word.
    """
    found = [part for part in endpoint.path.split("/") if _is_secret(part)]
    pairs = [pair.partition("=") for pair in endpoint.query.split("&")]
    found += [value for name, _, value in pairs if _is_secret(value) or _KEY_NAMES.search(name)]
    return tuple(dict.fromkeys(form for one in found if len(one) >= MIN_UNNAMED_SECRET for form in (one, unquote(one))))


def redact_url(endpoint: Endpoint) -> str:
    """The URL with every query value, and every path segment that looks like a key, replaced by ``…``."""
    path = "/".join("…" if _is_secret(part) else part for part in endpoint.path.split("/"))
    names = [quote(pair.partition("=")[0][:64], safe="%") for pair in endpoint.query.split("&") if pair]
    return endpoint.origin + path + ("?" + "&".join(f"{name}=…" for name in names) if names else "")
