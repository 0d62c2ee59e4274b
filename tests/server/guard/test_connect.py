"""The guard at connect time: below redirects, pools and both HTTP libraries, on the address that was resolved."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpcore
import httpcore2
import pytest

from mcp_threat_model.guard.connect import Contacts, GuardedBackend, system_resolver
from mcp_threat_scoring.errors import TargetError

sys.path.insert(0, str(Path(__file__).parents[2] / "targets"))
from http_target import canary

STACKS = pytest.mark.parametrize("core", [httpcore, httpcore2], ids=["httpcore", "httpcore2"])


class Names:
    """A resolver whose answers are turned by the test; the last answer repeats."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def pool(core: Any, resolver: Any, *, allow_private: bool, contacts: Contacts | None = None) -> Any:
    backend = GuardedBackend(core.AnyIOBackend(), allow_private=allow_private, contacts=contacts, resolver=resolver)
    return core.AsyncConnectionPool(network_backend=backend)


@STACKS
async def test_a_name_with_one_private_address_among_public_ones_is_refused(core: Any) -> None:
    contacts = Contacts()
    async with (
        canary() as trap,
        pool(core, Names(["93.184.216.34", "127.0.0.1"]), allow_private=False, contacts=contacts) as http,
    ):
        with pytest.raises(TargetError) as refusal:
            await http.request("GET", f"http://rebind.example:{trap.port}/")
        assert refusal.value.code == "blocked_address"
        assert contacts.refused == [refusal.value]
        assert trap.connections == 0


@STACKS
async def test_a_literal_needs_no_resolver_and_is_judged_too(core: Any) -> None:
    names = Names(["8.8.8.8"])
    async with canary() as trap, pool(core, names, allow_private=False) as http:
        for host in ("127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"):
            with pytest.raises(TargetError):
                await http.request("GET", f"http://{host}:{trap.port}/")
        assert (trap.connections, names.asked) == (0, [])


@STACKS
async def test_the_address_that_was_judged_is_the_one_connected_to(core: Any) -> None:
    """A rebinding name answers once for the check; a second question, to connect, is never asked."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    contacts = Contacts()
    async with canary() as server, pool(core, names, allow_private=True, contacts=contacts) as http:
        response = await http.request("GET", f"http://rebind.example:{server.port}/")
        assert response.status == 200
        assert server.requests[0].headers["host"] == f"rebind.example:{server.port}"
    assert names.asked == ["rebind.example"]
    assert contacts.connected == {"127.0.0.1": "loopback"}
    assert contacts.scope == "loopback"


@STACKS
async def test_a_second_connection_is_judged_anew(core: Any) -> None:
    names = Names(["127.0.0.1"], ["224.0.0.1"])
    async with canary() as server, pool(core, names, allow_private=True) as http:
        await http.request("GET", f"http://rebind.example:{server.port}/", headers={"connection": "close"})
        with pytest.raises(TargetError):
            await http.request("GET", f"http://rebind.example:{server.port}/")


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async with canary() as server, pool(httpcore, Names(["127.0.0.2", "127.0.0.1"]), allow_private=True) as http:
        response = await http.request("GET", f"http://two.example:{server.port}/")
        assert response.status == 200


async def test_a_name_without_addresses_and_one_with_too_many() -> None:
    async with pool(httpcore, Names([]), allow_private=True) as http:
        with pytest.raises(OSError, match="no address"):
            await http.request("GET", "http://none.example/")
    async with pool(httpcore, Names([f"8.8.{n}.8" for n in range(100)]), allow_private=True) as http:
        with pytest.raises(TargetError, match="100 addresses"):
            await http.request("GET", "http://many.example/")


async def test_a_resolver_that_never_answers_is_not_waited_for() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(3600)
        return []

    backend = GuardedBackend(httpcore.AnyIOBackend(), allow_private=True, resolver=never)
    with pytest.raises(TimeoutError):
        await backend.connect_tcp("slow.example", 80, timeout=0.05)


async def test_local_sockets_are_refused() -> None:
    backend = GuardedBackend(httpcore.AnyIOBackend(), allow_private=True)
    with pytest.raises(TargetError):
        await backend.connect_unix_socket("/run/docker.sock")


async def test_the_system_resolver() -> None:
    assert set(await system_resolver("localhost", 80)) <= {"127.0.0.1", "::1"}
    with pytest.raises(OSError):
        await system_resolver("a" * 70 + ".invalid", 80)
