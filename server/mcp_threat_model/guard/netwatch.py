"""A network of its own for a target that may use none: nothing gets out, and what it asks for is heard.

Linux only, used by :mod:`supervisor`, standard library only. The supervisor moves into a new network namespace, in
which every IPv4 address is this one machine: connections are refused at once, a resolver of ours says of every name
that it does not exist, and one packet socket hears both. The sandbox then shares this network instead of having none.
IPv6 has no route here, so attempts over it fail unheard; names are heard whatever they are asked for.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # linux/sched.h
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40  # linux/sockios.h, linux/if.h
RTM_NEWROUTE, NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE = 24, 0x1, 0x4, 0x400  # linux/rtnetlink.h, linux/netlink.h
RT_TABLE_LOCAL, RTPROT_STATIC, RT_SCOPE_HOST, RTN_LOCAL, RTA_OIF = 255, 4, 254, 2, 4
ETH_P_IP = 0x0800  # linux/if_ether.h
IP_PKTINFO = 8  # linux/in.h
NXDOMAIN = 0x8183  # RFC 1035, 4.1.1: a response, recursion available, RCODE 3
MAX_HEARD = 50
PER_TURN = 200
"""Packets looked at in one turn: a flood may cost us a little time, never all of it."""


def _unshare() -> bool:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) == 0:
        return True
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123  pathlib doubles the start-up time
            file.write(text)
    return True


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP | IFF_RUNNING))


def _everything_is_here() -> None:
    """Route 0.0.0.0/0 to ourselves, which `ip route add local default dev lo` would do."""
    route = struct.pack("=8BI", socket.AF_INET, 0, 0, 0, RT_TABLE_LOCAL, RTPROT_STATIC, RT_SCOPE_HOST, RTN_LOCAL, 0)
    route += struct.pack("=HHI", 8, RTA_OIF, socket.if_nametoindex("lo"))
    flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ACK
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.settimeout(1)
        netlink.send(struct.pack("=IHHII", 16 + len(route), RTM_NEWROUTE, flags, 1, 0) + route)
        (error,) = struct.unpack_from("=i", netlink.recv(4096), 16)
        if error:
            raise OSError(-error, os.strerror(-error))


def open_watch() -> NetWatch | None:
    """Move this process into a network of its own and listen there; None where that is not possible.

    After a failure half-way the process may already be in a network without anything: still nothing gets out.
    """
    try:
        if not _unshare():
            return None
        _loopback_up()
        _everything_is_here()
        return NetWatch()
    except (OSError, struct.error):
        return None


class NetWatch:
    """The resolver and the ear."""

    def __init__(self) -> None:
        self.resolver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.resolver.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        self.resolver.bind(("0.0.0.0", 53))  # noqa: S104  in a network that nobody else is in
        self.ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
        self.ear.bind(("lo", ETH_P_IP))
        for one in (self.resolver, self.ear):
            one.setblocking(False)
        self._heard: set[str] = set()

    def _new(self, word: str) -> bool:
        if word in self._heard or len(self._heard) >= MAX_HEARD:
            return False
        self._heard.add(word)
        return True

    def names(self) -> list[str]:
        """Answer waiting questions; names that were not asked for before."""
        found = []
        with contextlib.suppress(BlockingIOError):
            for _ in range(PER_TURN):
                query, extra, _, peer = self.resolver.recvmsg(2048, 256)
                name, end = read_name(query)
                if not end:
                    continue
                answer = query[:2] + struct.pack("!HHHHH", NXDOMAIN, 1, 0, 0, 0) + query[12 : end + 4]
                with contextlib.suppress(OSError):  # from the address that was asked, or it would not be believed
                    self.resolver.sendmsg([answer], extra, 0, peer)
                if name and self._new(name):
                    found.append(name)
        return found

    def attempts(self) -> list[str]:
        """Addresses beyond this machine that it tried to reach and had not tried before, as ``1.2.3.4:443``."""
        found = []
        with contextlib.suppress(BlockingIOError):
            for _ in range(PER_TURN):
                place = destination(self.ear.recv(128))
                if place and self._new(place):
                    found.append(place)
        return found


def read_name(query: bytes) -> tuple[str, int]:
    """The name in a DNS question (RFC 1035, 4.1) and where it ends; no name for an odd one, 0 for no question."""
    labels, at = [], 12
    while at < len(query) and query[at]:
        length = query[at]
        if length > 63 or at - 12 > 253:
            return "", 0
        labels.append(query[at + 1 : at + 1 + length])
        at += 1 + length
    if at + 5 > len(query):
        return "", 0
    name = b".".join(labels).decode("ascii", errors="replace").lower()
    return (name if name.isprintable() and "." in name else ""), at + 1


def destination(packet: bytes) -> str:
    """Where an IPv4 packet that opens something goes: a TCP SYN, or a UDP datagram that is no DNS question."""
    if len(packet) < 20 or packet[0] >> 4 != 4 or packet[16] in (0, 127):
        return ""
    body = packet[(packet[0] & 15) * 4 :]
    opens = packet[9] == socket.IPPROTO_TCP and len(body) > 13 and body[13] & 0x12 == 0x02
    datagram = packet[9] == socket.IPPROTO_UDP and len(body) >= 4
    if not opens and not datagram:
        return ""
    (port,) = struct.unpack_from("!H", body, 2)
    if datagram and port == 53:
        return ""
    return f"{socket.inet_ntoa(packet[16:20])}:{port}"
