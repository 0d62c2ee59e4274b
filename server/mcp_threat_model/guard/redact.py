"""Addresses without the secrets that people put into them, and whether they hold one."""

from __future__ import annotations

from urllib.parse import quote, unquote

from mcp_threat_model.guard.hidden import hidden_address, hidden_anywhere, is_key_name, mask
from mcp_threat_model.guard.looks import is_generated
from mcp_threat_model.guard.secret import MIN_UNNAMED_SECRET
from mcp_threat_model.guard.url import Endpoint, check_url
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import well_formed


def carries_key(endpoint: Endpoint) -> bool:
    """Whether a path segment or query parameter looks like a credential, by its own looks or by its name."""
    if any(is_generated(part) for part in endpoint.path.split("/")):
        return True
    pairs = [pair.partition("=") for pair in endpoint.query.split("&")]
    return any(value and (is_generated(value) or is_key_name(name)) for name, _, value in pairs)


def keys_in(endpoint: Endpoint) -> tuple[str, ...]:
    """The path segments and query values that look like credentials, as they are written and as they are meant.

    Short ones are left out: they may be any word.
    """
    found = [part for part in endpoint.path.split("/") if is_generated(part)]
    pairs = [pair.partition("=") for pair in endpoint.query.split("&")]
    found += [value for name, _, value in pairs if is_generated(value) or is_key_name(name)]
    return tuple(dict.fromkeys(form for one in found if len(one) >= MIN_UNNAMED_SECRET for form in (one, unquote(one))))


def redact_url(endpoint: Endpoint) -> str:
    """The URL with every query value, and every path segment that looks like a key, replaced by ``…``."""
    address = endpoint.origin + endpoint.path
    pairs = [pair.partition("=") for pair in endpoint.query.split("&") if pair]
    shown = [
        f"{quote(name[:64], safe='%')}=…" if equals and not hidden_anywhere(name) else "…" for name, equals, _ in pairs
    ]
    hidden = (one for one in hidden_address(address) if one.start > len(endpoint.origin))
    return mask(address, hidden, "…") + ("?" + "&".join(shown) if shown else "")


def shown_url(url: str) -> str:
    """An address without the secrets in it, also where it is none that could be reached."""
    try:
        return redact_url(check_url(url, allow_private=True))
    except TargetError:
        return mask(url, hidden_anywhere(well_formed(url))).partition("?")[0]
