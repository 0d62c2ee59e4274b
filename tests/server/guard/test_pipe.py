"""One exchange under bounds: whom the user's headers reach, what is counted, how trouble is told."""

from __future__ import annotations

import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpcore
import pytest

from mcp_threat_model.guard.http_client import fetch, guarded_client
from mcp_threat_model.guard.ledger import MAX_NOTES, Ledger, WireBounds
from mcp_threat_model.guard.pipe import Pipe
from mcp_threat_model.guard.url import check_url
from mcp_threat_scoring.errors import TargetError

sys.path.insert(0, str(Path(__file__).parents[2] / "targets"))
from http_target import JSON, Reply, pieces, serve
from tls_certificate import self_signed, server_tls

BOUNDS = WireBounds(body_bytes=1_000, total_bytes=2_500, requests=5, seconds=0.5)


class FakeCore(SimpleNamespace):
    """An HTTP library that sends nothing and remembers everything."""

    def __init__(self) -> None:
        async def nothing() -> AsyncIterator[bytes]:
            yield b"{}"

        class Pool:
            def __init__(self, **_: Any) -> None:
                self.sent: list[Any] = []

            async def handle_async_request(self, request: Any) -> Any:
                core.requests.append(request)
                return SimpleNamespace(status=200, headers=[], stream=nothing(), extensions={})

            async def aclose(self) -> None: ...

        core = self
        super().__init__(
            requests=[],
            AnyIOBackend=object,
            AsyncConnectionPool=Pool,
            Request=SimpleNamespace,
            URL=str,
            TimeoutException=httpcore.TimeoutException,
            ProtocolError=httpcore.ProtocolError,
            NetworkError=httpcore.NetworkError,
        )


def pipe(core: Any, home: str | None = None, **options: Any) -> Pipe:
    endpoint = check_url(home, allow_private=True) if home else None
    headers = {"Authorization": "Bearer SECRET"}
    return Pipe(core, BOUNDS, allow_private=True, ledger=Ledger(), home=endpoint, headers=headers, **options)


async def sent_headers(http: Pipe, core: FakeCore, url: str) -> dict[bytes, bytes]:
    await http.send("POST", url, [(b"Host", b"x"), (b"Authorization", b"someone else's")], b"")
    return dict(core.requests[-1].headers)


@pytest.mark.parametrize(
    ("url", "reached"),
    [
        ("https://example.com/mcp", True),
        ("https://EXAMPLE.com:443/other?x=1", True),
        ("http://example.com/mcp", False),
        ("https://example.com:8443/mcp", False),
        ("https://www.example.com/mcp", False),
        ("https://example.com.evil.test/mcp", False),
    ],
)
async def test_the_users_headers_reach_their_origin_only(url: str, reached: bool) -> None:
    core = FakeCore()
    headers = await sent_headers(pipe(core, "https://example.com/mcp"), core, url)
    assert (headers.get(b"authorization") == b"Bearer SECRET") is reached
    assert headers[b"accept-encoding"] == b"identity"


async def test_without_a_home_they_go_nowhere() -> None:
    core = FakeCore()
    assert b"authorization" not in await sent_headers(pipe(core), core, "https://example.com/")


async def test_a_step_up_to_https_is_followed_without_them() -> None:
    core = FakeCore()
    http = pipe(core, "http://example.com/mcp", stay=True)
    assert b"authorization" not in await sent_headers(http, core, "https://example.com/mcp")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com:8080/mcp", "https://example.com:8443/mcp", "https://www.example.com/", "http://other.test/",
    ],
)  # fmt: skip
async def test_other_origins_are_not_followed(url: str) -> None:
    core = FakeCore()
    http = pipe(core, "http://example.com/mcp", stay=True)
    with pytest.raises(TargetError) as refusal:
        await http.send("POST", url, [], b"")
    assert refusal.value.code == "blocked_address"
    assert core.requests == []


async def test_a_step_down_to_plain_http_is_not_followed() -> None:
    core = FakeCore()
    with pytest.raises(TargetError):
        await pipe(core, "https://example.com/mcp", stay=True).send("POST", "http://example.com/mcp", [], b"")
    assert core.requests == []


async def test_requests_are_counted() -> None:
    core = FakeCore()
    http = pipe(core, "https://example.com/")
    for _ in range(BOUNDS.requests):
        await http.send("GET", "https://example.com/", [], b"")
    with pytest.raises(TargetError, match="more than 5 requests"):
        await http.send("GET", "https://example.com/", [], b"")
    assert len(core.requests) == BOUNDS.requests


def test_a_ledger_does_not_grow_without_end() -> None:
    ledger = Ledger()
    for _ in range(3 * MAX_NOTES):
        ledger.open_note("GET", "")
    assert (len(ledger.notes), ledger.sent) == (MAX_NOTES, 3 * MAX_NOTES)


async def test_bytes_are_counted_per_answer_and_together() -> None:
    ledger = Ledger()
    client = guarded_client(BOUNDS, allow_private=True, ledger=ledger)
    async with serve(lambda r: Reply(200, JSON, b"x" * int(r.path[1:]))) as target, client:
        assert len((await fetch(client, "GET", target.url("/1000"), seconds=1)).body) == 1_000
        with pytest.raises(TargetError, match="larger than 1,000"):
            await fetch(client, "GET", target.url("/1001"), seconds=1)
        await fetch(client, "GET", target.url("/1000"), seconds=1)
        with pytest.raises(TargetError, match="together"):
            await fetch(client, "GET", target.url("/900"), seconds=1)
    assert [problem.code for problem in ledger.problems()] == ["too_large", "too_large"]


async def test_a_body_without_length_is_cut_while_it_comes() -> None:
    ledger = Ledger()
    client = guarded_client(BOUNDS, allow_private=True, ledger=ledger)
    async with serve(lambda _: Reply(200, JSON, pieces(forever=b"x" * 100, every=0))) as target, client:
        with pytest.raises(TargetError) as refusal:
            await fetch(client, "GET", target.url(), seconds=2)
    assert refusal.value.code == "too_large"
    assert ledger.received < 100_000


async def test_informational_answers_without_end_do_not_hold_us() -> None:
    flood = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" * 200_000
    client = guarded_client(BOUNDS, allow_private=True, ledger=Ledger())
    async with serve(lambda _: Reply(raw=True, body=flood)) as target, client:
        with pytest.raises(TargetError):
            await fetch(client, "GET", target.url(), seconds=1)


# -- TLS --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"), "mcp.example")


async def here(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


async def ask(url: str, tls: ssl.SSLContext | None) -> tuple[Ledger, Any]:
    ledger = Ledger()
    async with guarded_client(BOUNDS, allow_private=True, ledger=ledger, resolver=here, tls=tls) as client:
        return ledger, await fetch(client, "GET", url, seconds=2)


async def test_a_certificate_is_checked_against_the_name_though_an_address_is_connected_to(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with serve(lambda _: Reply(200, JSON, b"{}"), tls=server_tls(certificate)) as target:
        ledger, answer = await ask(f"https://mcp.example:{target.port}/", trusting)
        assert (answer.status, ledger.notes[0].tls) == (200, "TLSv1.3")
        with pytest.raises(TargetError, match="TLS") as refusal:
            await ask(f"https://other.example:{target.port}/", trusting)
    assert refusal.value.code == "unreachable"


async def test_an_unknown_certificate_is_refused(certificate: Path) -> None:
    async with serve(lambda _: Reply(200, JSON, b"{}"), tls=server_tls(certificate)) as target:
        with pytest.raises(TargetError, match="TLS"):
            await ask(f"https://mcp.example:{target.port}/", None)
        assert target.requests == []
