"""Which URLs may be asked for: one spelling per URL, so that what was checked is what is connected to.

A host is written canonically (IDNA, and every number form of IPv4 that some resolver understands) *before* it is judged
and before it is handed to an HTTP client; the two can then not read the same text differently.
"""

from __future__ import annotations

import ipaddress
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from mcp_threat_model.guard.address import ALLOW_HINT, IPAddress, check_address
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.structs import Struct

MAX_URL_LENGTH = 2048
"""Characters. Longer ones are refused by common proxies and servers, and no endpoint needs them."""
DEFAULT_PORT = {"http": 80, "https": 443}
BAD_PORTS = frozenset(
    {
        1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
        109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
        526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
        3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    }
)  # fmt: skip
"""Ports of other protocols, at which an HTTP request could be read as commands. WHATWG Fetch, "port blocking".

Whoever allows private addresses may name them too; a target never may."""

OTHER_SCHEMES = frozenset({"data", "file", "ftp", "gopher", "javascript", "unix", "ws", "wss"})
"""Schemes that are named when they are refused. Any other word in that place is whatever a target wished to say."""

NamedBy = Literal["user", "target"]


class Endpoint(Struct, frozen=True):
    """A checked URL. `url` is canonical and carries no userinfo and no fragment; `address` is set for an IP literal."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    path: str
    query: str
    address: IPAddress | None

    @property
    def origin(self) -> str:
        """Scheme, host and port, in one spelling (RFC 6454)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == DEFAULT_PORT[self.scheme] else f":{self.port}")

    @property
    def url(self) -> str:
        """The whole canonical URL."""
        return self.origin + self.path + (f"?{self.query}" if self.query else "")


def _refused(reason: str, hint: str = "") -> TargetError:
    return TargetError("blocked_address", f"this address is not reached: {reason}", hint)


def _number(text: str) -> int | None:
    """One part of an IPv4 number as resolvers read it: 0x is hexadecimal, a leading 0 octal (WHATWG URL, 3.5)."""
    if not text.isascii() or not text.isalnum():  # int() would also take signs, spaces and underscores
        return None
    try:
        if text[:2] in ("0x", "0X"):
            return int(text[2:] or "0", 16)
        return int(text, 8) if len(text) > 1 and text[0] == "0" else int(text, 10)
    except ValueError:
        return None


def parse_ipv4(host: str) -> ipaddress.IPv4Address | None:
    """Read ``127.1``, ``2130706433``, ``0x7f.1`` or ``0177.0.0.1`` the way resolvers do; None if it is a name.

    Raises:
        TargetError: it ends in a number but is no address; resolvers disagree about those.
    """
    parts = host.split(".")
    last = parts[-1]
    if not (last.isascii() and (last.isdigit() or (last[:2] in ("0x", "0X") and _number(last) is not None))):
        return None
    numbers = [_number(part) for part in parts]
    whole = [number for number in numbers if number is not None]
    if len(whole) != len(parts) or len(parts) > 4 or any(number > 255 for number in whole[:-1]):
        raise _refused("its host is neither a name nor an IP address")
    if whole[-1] >= 256 ** (5 - len(whole)):
        raise _refused("its host is neither a name nor an IP address")
    value = whole[-1] + sum(number << 8 * (3 - place) for place, number in enumerate(whole[:-1]))
    return ipaddress.IPv4Address(value)


def _in_ascii(host: str) -> str:
    import idna  # its tables take longer to load than most names need it

    try:
        return idna.encode(host, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        raise _refused("its host is not a valid name") from None


def canonical_host(host: str) -> tuple[str, IPAddress | None]:
    """The one spelling of a host and, for a literal, its address.

    Raises:
        TargetError: it is empty, no valid name (IDNA 2008 with UTS 46 mapping), or carries a zone or escapes.
    """
    if ":" in host:
        if "%" in host:
            raise _refused("it names a network interface")
        try:
            six = ipaddress.IPv6Address(host)
        except ValueError:
            raise _refused("its host is not an IPv6 address") from None
        return six.compressed, six
    if "%" in host:
        raise _refused("its host is written with escapes")
    # The mapping turns full-width digits and dots into plain ones, so it must come before the number forms.
    name = (host.lower() if host.isascii() else _in_ascii(host)).removesuffix(".")
    if not name or len(name) > 253 or any(not label or len(label) > 63 for label in name.split(".")):
        raise _refused("its host is not a valid name")
    four = parse_ipv4(name)
    if four is not None:
        return str(four), four
    if not all(char.isalnum() or char in "-._" for char in name):
        raise _refused("its host is not a valid name")
    return name, None


def _split(url: str) -> tuple[SplitResult, int | None]:
    if len(url) > MAX_URL_LENGTH:
        raise _refused(f"it is longer than {MAX_URL_LENGTH} characters")
    if any(char <= " " or char in "\x7f\\" for char in url):
        raise _refused("it holds spaces, control characters or backslashes")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("it is not a valid URL") from None
    return parts, port


def check_scheme(scheme: str) -> Literal["http", "https"]:
    """The scheme of a URL, in small letters.

    Raises:
        TargetError: ``blocked_address``.
    """
    match scheme.lower():
        case "https":
            return "https"
        case "http":
            return "http"
        case other:
            shown = other if other in OTHER_SCHEMES else "another kind" if other else "a URL without a scheme"
            raise _refused(f"only http and https are read, not {shown}")


def check_url(url: str, *, allow_private: bool, named_by: NamedBy = "user") -> Endpoint:
    """Check a URL as far as that is possible without a resolver, and return it in canonical form.

    `named_by` "target" is for URLs that came out of a response: those must be https unless `allow_private`, because
    whoever reads the path could otherwise answer in the target's name.

    Raises:
        TargetError: ``blocked_address``.
    """
    parts, port = _split(url)
    scheme = check_scheme(parts.scheme)
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise _refused("it carries a user name or password", "Pass credentials with --header 'Authorization: ...'.")
    if not parts.hostname:
        raise _refused("it names no host")
    if "[" in parts.netloc and ":" not in parts.hostname:
        raise _refused("its host is not an IPv6 address")
    if named_by == "target" and scheme == "http" and not allow_private:
        raise _refused("the target named it with plain http, which anyone on the path can answer", ALLOW_HINT)
    host, address = canonical_host(parts.hostname)
    port = DEFAULT_PORT[scheme] if port is None else port
    if port == 0 or (port in BAD_PORTS and not (allow_private and named_by == "user")):
        raise _refused(f"port {port} is not one for HTTP")
    if address is not None:
        check_address(address, allow_private=allow_private, named_by_target=named_by == "target")
    return Endpoint(scheme, host, port, parts.path or "/", parts.query, address)
