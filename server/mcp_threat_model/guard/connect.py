"""Connecting: resolve a name once, judge every address it has, and connect to one that was judged.

The HTTP stacks connect through a *network backend*, below redirects, proxies and connection pools, so a check there
cannot be walked around, and a name that answers differently the second time is not asked a second time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from mcp_threat_model.guard import trail
from mcp_threat_model.guard.address import IPAddress, Scope, check_address
from mcp_threat_model.guard.mask import Mask
from mcp_threat_model.guard.url import canonical_host
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.structs import Struct, field

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Name and port to IP addresses in text form. Raises `OSError` when there are none."""

MAX_ADDRESSES = 32
"""A name with more is refused: every one must be judged, and no service needs as many."""
MAX_ATTEMPTS = 3
"""How many addresses are tried in turn."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """Ask the operating system.

    In a daemon thread of its own: the system call cannot be interrupted, and one in asyncio's pool would hold up the
    end of the program for as long as a dead name server takes.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Sequence[str]] = loop.create_future()

    def settle(found: Sequence[str] | OSError) -> None:
        if answer.done():
            return
        if isinstance(found, OSError):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def ask() -> None:
        found: Sequence[str] | OSError
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except UnicodeError:
            found = OSError("not a valid name")
        except OSError as error:
            found = error
        try:
            loop.call_soon_threadsafe(settle, found)
        except RuntimeError:
            return  # the loop has ended; nobody waits for the answer

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    return await answer


class Contacts(Struct):
    """What was connected to, and what was not. Shared by all clients of one scan.

    `refused` keeps the policy's refusals: the SDK turns an exception from below into an error of its own, and the
    reason would be lost.
    """

    connected: dict[str, Scope] = field(default_factory=dict)
    refused: list[TargetError] = field(default_factory=list)

    @property
    def scope(self) -> Scope | None:
        """The nearest place that was connected to: loopback before private before public."""
        return min(self.connected.values(), key=("loopback", "private", "public").index, default=None)


class GuardedBackend:
    """A network backend for `httpcore` and `httpcore2`, which share this interface without sharing a class.

    `inner` is the stack's own backend; it is only ever given IP addresses that passed. `named_by_target` says that the
    URLs of this client come out of responses. `mask` clears the names of hosts that are told to a log.
    """

    def __init__(
        self,
        inner: Any,
        *,
        allow_private: bool,
        named_by_target: bool = False,
        contacts: Contacts | None = None,
        resolver: Resolver = system_resolver,
        mask: Mask | None = None,
    ) -> None:
        self._mask = mask or Mask()
        self._inner = inner
        self._allow_private = allow_private
        self._named_by_target = named_by_target
        self._contacts = contacts if contacts is not None else Contacts()
        self._resolver = resolver

    async def _addresses(self, host: str, port: int) -> list[tuple[IPAddress, Scope]]:
        name, literal = canonical_host(host.strip("[]"))
        texts = [str(literal)] if literal is not None else await self._resolver(name, port)
        if not texts:
            raise OSError("the name has no address")
        if len(texts) > MAX_ADDRESSES:
            raise TargetError("blocked_address", f"its name has {len(texts)} addresses, more than can be judged")
        judged = []
        for text in texts:
            address = ipaddress.ip_address(text.partition("%")[0])
            scope = check_address(address, allow_private=self._allow_private, named_by_target=self._named_by_target)
            judged.append((address, scope))
        return judged

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the stacks' interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> Any:
        """Connect to `host` at an address that passed the policy.

        Raises:
            TargetError: ``blocked_address``: at least one of its addresses may not be reached.
            OSError: it cannot be resolved or connected to, or `timeout` seconds have passed.
        """
        try:
            async with asyncio.timeout(timeout):
                judged = await self._addresses(host, port)
        except TargetError as error:
            self._contacts.refused.append(error)
            trail.note("blocked", host=self._mask.text(host), port=port, reason=error.message)
            raise
        failure: Exception = OSError("no address")
        for address, scope in judged[:MAX_ATTEMPTS]:
            try:
                stream = await self._inner.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except Exception as error:  # the stacks raise classes of their own; the last one is passed on
                failure = error
                continue
            self._contacts.connected[str(address)] = scope
            trail.note("reached", host=self._mask.text(host), address=str(address), port=port, scope=scope)
            return stream
        raise failure

    async def connect_unix_socket(self, *_: Any, **__: Any) -> Any:
        """Refuse: a URL never means a file.

        Raises:
            TargetError: always.
        """
        raise TargetError("blocked_address", "local sockets are not reached")

    async def sleep(self, seconds: float) -> None:
        """Wait between the stack's own retries."""
        await asyncio.sleep(seconds)
