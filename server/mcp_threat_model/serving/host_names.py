"""By which names this server may be addressed, and from which pages.

What is kept out everywhere is a web page that a browser shows to somebody here: it can make the browser send requests
to us, under another name of ours (DNS rebinding), or from another origin. A browser says both truthfully, in Host and
in Origin (MCP 2025-11-25, "Transports", security warning; Fetch standard, section 3.2).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from mcp_threat_scoring.structs import Struct

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it there."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Names(Struct, frozen=True):
    """The names under which this server may be addressed.

    `any_literal` allows every IP address: a server on all interfaces has many, and an address in Host was never looked
    up, so that nobody can have rebound it.
    """

    allowed: frozenset[str]
    any_literal: bool = False

    @classmethod
    def of(cls, host: str, extra: Iterable[str] = ()) -> Names:
        """Those of a server that listens on `host`, and those it was told."""
        told = frozenset(name.strip("[]").lower() for name in extra)
        if is_loopback(host):
            return cls(LOOPBACK_NAMES | {host.strip("[]").lower()} | told)
        try:
            everywhere = ipaddress.ip_address(host.strip("[]")).is_unspecified
        except ValueError:
            everywhere = False
        if everywhere:
            return cls(LOOPBACK_NAMES | {socket.gethostname().lower()} | told, any_literal=True)
        return cls(frozenset({host.strip("[]").lower()}) | told)

    def host(self, header: str | None) -> str | None:
        """The name in a Host header, when it is one of ours; None otherwise."""
        name = _hostname(f"http://{header}") if header else None
        return name if name is not None and self._ours(name) else None

    def origin(self, header: str | None, host: str) -> bool:
        """Whether a request from that origin may be answered: none (no browser), our own, or another local page.

        An address in Origin proves nothing, anybody has one: it has to be the one that was addressed.
        """
        if header is None:
            return True
        name = _hostname(header)
        return name is not None and (name == host or (name in LOOPBACK_NAMES and host in LOOPBACK_NAMES))

    def _ours(self, name: str) -> bool:
        return name in self.allowed or (self.any_literal and _is_literal(name))


def _is_literal(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _hostname(url: str) -> str | None:
    """The host of `http://HOST[:PORT]` with nothing else in it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    plain = parts.scheme in ("http", "https") and not (
        parts.path or parts.query or parts.fragment or "@" in parts.netloc
    )
    return parts.hostname.removesuffix(".").lower() if plain and parts.hostname else None
