"""Which IP addresses may be reached: one pure policy. URLs are in :mod:`url`, connecting in :mod:`connect`.

IPv4 is a list of what is *not* public, IPv6 a list of what *is*: only one eighth of IPv6 is allocated, so whatever is
not known to be public there is not. Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries (2025-10), RFC 6890.
The lists are ours, not :attr:`ipaddress.IPv4Address.is_global`, because that answer differs between Python releases.
"""

from __future__ import annotations

import ipaddress
from typing import Literal

from mcp_threat_scoring.errors import TargetError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Scope = Literal["loopback", "private", "public"]

ALLOW_HINT = "If you trust it, repeat the command with --allow-private-network."


class AddressRefusedError(TargetError):
    """``blocked_address``, because of the IP address itself and not of how the URL is written."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__("blocked_address", message, hint)


def _v4(*networks: str) -> tuple[ipaddress.IPv4Network, ...]:
    return tuple(ipaddress.IPv4Network(network) for network in networks)


def _v6(*networks: str) -> tuple[ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.IPv6Network(network) for network in networks)


_LOOPBACK_V4 = _v4(
    "127.0.0.0/8", "0.0.0.0/32"
)  # connecting to 0.0.0.0 or :: reaches the own machine on Linux and macOS
_LOOPBACK_V6 = _v6("::1/128", "::/128")
_NOT_PUBLIC_V4 = _v4(
    "0.0.0.0/8",  # "this network"
    "10.0.0.0/8",
    "100.64.0.0/10",  # carrier-grade NAT; also cloud-internal services
    "127.0.0.0/8",
    "169.254.0.0/16",  # link-local, instance metadata
    "172.16.0.0/12",
    "192.0.0.0/24",  # IETF protocol assignments
    "192.0.2.0/24",  # documentation
    "192.88.99.0/24",  # 6to4 relay, retired
    "192.168.0.0/16",
    "198.18.0.0/15",  # benchmarking
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, broadcast
)
_PUBLIC_V6 = _v6("2000::/3")
_NOT_PUBLIC_V6 = _v6(
    "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, ORCHID
    "2001:db8::/32",  # documentation
    "2002::/16",  # 6to4
    "3fff::/20",  # documentation
)
_NAT64 = ipaddress.IPv6Network(
    "64:ff9b::/96"
)  # RFC 6052 well-known prefix: a public address only if the embedded one is
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215: for use inside one network

INSTANCE_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google Cloud, OpenStack, Oracle, DigitalOcean
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # Google Cloud
        "169.254.170.2",  # AWS ECS task credentials
        "169.254.170.23",  # AWS EKS pod identity
        "fd00:ec2::23",  # AWS EKS pod identity
        "100.100.100.200",  # Alibaba Cloud
        "192.0.0.192",  # Oracle Cloud, first generation
        "168.63.129.16",  # Azure host channel: numerically public, reachable only from inside
    )
)
"""Addresses that hand out a machine's credentials to whoever asks from inside it."""


def embedded_ipv4(address: IPAddress) -> tuple[ipaddress.IPv4Address, ...]:
    """IPv4 addresses that an IPv6 address stands for.

    Covers v4-mapped and v4-compatible (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380: server and
    client) and ISATAP (RFC 5214). A network's own NAT64 prefix cannot be recognised from the outside.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    low = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _NAT64 or address in _NAT64_LOCAL:
        return (low,)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    if address.teredo is not None:
        return address.teredo
    if int(address) >> 32 & 0xFDFFFFFF == 0x00005EFE:  # the universal bit may be set: 0200:5efe
        return (low,)
    if 1 < int(address) < 2**32:
        return (low,)
    return ()


def scope_of(address: IPAddress) -> Scope:
    """Where an address lies. Special-purpose and unallocated addresses count as private."""
    hidden = embedded_ipv4(address)
    if isinstance(address, ipaddress.IPv4Address):
        if any(address in network for network in _LOOPBACK_V4):
            return "loopback"
        return "private" if any(address in network for network in _NOT_PUBLIC_V4) else "public"
    if any(address in network for network in _LOOPBACK_V6):
        return "loopback"
    if any(scope_of(inner) == "loopback" for inner in hidden):
        return "loopback"
    if hidden and (address.ipv4_mapped is not None or address in _NAT64):
        return scope_of(hidden[0])
    public = any(address in network for network in _PUBLIC_V6) and not any(address in n for n in _NOT_PUBLIC_V6)
    return "public" if public and all(scope_of(inner) == "public" for inner in hidden) else "private"


def _is_metadata(address: IPAddress) -> bool:
    return address in INSTANCE_METADATA or any(inner in INSTANCE_METADATA for inner in embedded_ipv4(address))


def check_address(address: IPAddress, *, allow_private: bool, named_by_target: bool = False) -> Scope:
    """Return the scope of an address that may be connected to.

    `allow_private` is the user's consent to reach loopback, private, link-local and special-purpose addresses. It never
    covers multicast or broadcast, which no server answers on, nor a machine's own credential service when it was the
    *target* that named it (`named_by_target`): no authorization server lives there, so asking is only ever an attack.

    Raises:
        AddressRefusedError: it may not.
    """
    scope = scope_of(address)
    inner = (address, *embedded_ipv4(address))
    if any(one.is_multicast or str(one) == "255.255.255.255" for one in inner):
        raise AddressRefusedError(f"{address} is not the address of one machine, so it is never connected to")
    if _is_metadata(address) and named_by_target:
        raise AddressRefusedError(f"the target pointed at {address}, where machines keep their credentials")
    if _is_metadata(address) and not allow_private:
        raise AddressRefusedError(
            f"{address} is a machine's credential service, and not reached by default", ALLOW_HINT
        )
    if scope != "public" and not allow_private:
        kind = "on this machine" if scope == "loopback" else "private or reserved"
        raise AddressRefusedError(f"{address} is {kind}, and only public addresses are reached by default", ALLOW_HINT)
    return scope
