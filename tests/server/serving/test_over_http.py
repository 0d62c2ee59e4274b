"""Our own server as a process of its own: who may talk to it, how much, and what is left when it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitResult
from starlette.testclient import TestClient
from tests.server.source.stdio_case import TARGETS, new_mark, processes_with

from mcp_threat_model.audit import AuditLog
from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.mcp_server import build_server
from mcp_threat_model.reading import ScanOptions
from mcp_threat_model.serving.access import Access
from mcp_threat_model.serving.admission import ARRIVING_BYTES, BODY_BYTES, BODY_NODES, SMALL_BYTES, Gate
from mcp_threat_model.serving.host_names import Names
from mcp_threat_model.serving.over_http import application
from mcp_threat_model.serving.turns import Turns

OURS = [sys.executable, "-m", "mcp_threat_model"]
HOSTILE = str(TARGETS / "hostile_stdio.py")
SHOP = {"tools": [{"name": "delete_order", "description": "Delete an order for good."}]}
HELLO = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}  # fmt: skip
UNREADABLE = [r'"\ud800"', "[" * 210 + "]" * 210, "9" * 4_400]
ACCEPT = {"accept": "application/json, text/event-stream"}


async def until(true: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something that other processes do."""
    with anyio.fail_after(seconds):
        while not true():  # noqa: ASYNC110  there is nobody to set an event
            await anyio.sleep(0.02)


def unreadable(value: str, number: int = 5) -> bytes:
    """A call of ours with a manifest that the SDK's parser does not take."""
    manifest = f'{{"tools": [{{"name": "a", "x": {value}}}]}}'
    params = f'{{"name": "score_agent", "arguments": {{"manifest": {manifest}}}}}'
    return f'{{"jsonrpc": "2.0", "id": {number}, "method": "tools/call", "params": {params}}}\n'.encode()


async def yes(context: Any, params: Any) -> ElicitResult:
    return ElicitResult(action="accept", content={"start": True})


class TestNames:
    """Which Host and Origin are right."""

    @pytest.mark.parametrize(
        ("bound", "host", "answered"),
        [
            ("127.0.0.1", "127.0.0.1:8000", True),
            ("127.0.0.1", "localhost:8000", True),
            ("127.0.0.1", "LOCALHOST", True),
            ("127.0.0.1", "[::1]:8000", True),
            ("127.0.0.1", "evil.example:8000", False),
            ("127.0.0.1", "127.0.0.1.evil.example", False),
            ("127.0.0.1", "localhost:8000@evil.example", False),
            ("127.0.0.1", "192.168.1.5:8000", False),
            ("127.0.0.1", "localhost:no", False),
            ("127.0.0.1", "localhost/x", False),
            ("127.0.0.1", "", False),
            ("192.168.1.5", "192.168.1.5:8000", True),
            ("192.168.1.5", "localhost:8000", False),
            ("0.0.0.0", "192.168.1.5:8000", True),
            ("0.0.0.0", "127.0.0.1:8000", True),
            ("0.0.0.0", "[fd00::5]:8000", True),
            ("0.0.0.0", "evil.example:8000", False),
            ("::", "10.0.0.9", True),
            ("::", "evil.example", False),
        ],
    )  # fmt: skip
    def test_a_name_that_somebody_else_gave_us_is_not_ours(self, bound: str, host: str, answered: bool) -> None:
        assert (Names.of(bound).host(host) is not None) is answered

    def test_a_name_that_we_were_told_is_ours(self) -> None:
        assert Names.of("0.0.0.0", ["Scanner.Example"]).host("scanner.example:8000") == "scanner.example"

    @pytest.mark.parametrize(
        ("bound", "host", "origin", "answered"),
        [
            ("127.0.0.1", "localhost", None, True),
            ("127.0.0.1", "localhost", "http://localhost:6274", True),
            ("127.0.0.1", "127.0.0.1", "http://localhost", True),
            ("127.0.0.1", "localhost", "https://evil.example", False),
            ("127.0.0.1", "localhost", "http://localhost.evil.example", False),
            ("127.0.0.1", "localhost", "null", False),
            ("127.0.0.1", "localhost", "", False),
            ("127.0.0.1", "localhost", "file://", False),
            ("0.0.0.0", "192.168.1.5", "http://192.168.1.5:8000", True),
            ("0.0.0.0", "192.168.1.5", "http://203.0.113.66", False),
            ("0.0.0.0", "192.168.1.5", "http://localhost", False),
        ],
    )  # fmt: skip
    def test_a_page_from_elsewhere_is_not_answered(
        self, bound: str, host: str, origin: str | None, answered: bool
    ) -> None:
        assert Names.of(bound).origin(origin, host) is answered


class TestGate:
    """The application as a client meets it, without a socket."""

    @pytest.fixture
    def client(self) -> Iterator[TestClient]:
        with TestClient(application(build_server(), Names.of("127.0.0.1")), base_url="http://localhost:8000") as client:
            yield client

    def test_a_client_is_answered(self, client: TestClient) -> None:
        answer = client.post("/mcp", json=HELLO, headers=ACCEPT)
        assert answer.status_code == 200
        assert "mcp-threat-model" in answer.text

    @pytest.mark.parametrize("path", ["/mcp", "/", "/mcp/", "/nothing"])
    def test_every_path_is_behind_it(self, client: TestClient, path: str) -> None:
        assert client.post(path, json=HELLO, headers={**ACCEPT, "host": "evil.example"}).status_code == 421
        assert client.get(path, headers={"origin": "https://evil.example"}).status_code == 403

    def test_two_hosts_or_two_origins_are_none(self, client: TestClient) -> None:
        twice = [("host", "localhost"), ("host", "localhost")]
        assert client.post("/mcp", json=HELLO, headers=twice).status_code == 421
        twice = [("origin", "http://localhost"), ("origin", "http://localhost")]
        assert client.post("/mcp", json=HELLO, headers=twice).status_code == 403

    def test_a_body_is_bounded_whether_or_not_it_says_its_size(self, client: TestClient) -> None:
        assert client.post("/mcp", content=b" " * (BODY_BYTES + 1)).status_code == 413
        chunks = (b" " * 65_536 for _ in range(BODY_BYTES // 65_536 + 1))
        assert client.post("/mcp", content=chunks).status_code == 413
        assert client.post("/mcp", headers={"content-length": "9" * 40}, content=b"").status_code == 413

    def test_a_body_of_many_small_values_is_not_parsed(self, client: TestClient) -> None:
        bomb = b"[" + b"[]," * (BODY_NODES // 2) + b"[]]"
        assert client.post("/mcp", content=bomb, headers={"content-type": "application/json"}).status_code == 413

    @pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
    @pytest.mark.parametrize("value", UNREADABLE)
    def test_a_request_that_cannot_be_read_is_answered(self, client: TestClient, value: str, version: str) -> None:
        headers = {**ACCEPT, "content-type": "application/json", "mcp-protocol-version": version}
        answer = client.post("/mcp", content=unreadable(value), headers=headers)
        assert (answer.status_code, answer.json()["id"]) == (400, 5)
        assert "cannot be read: " in answer.json()["error"]["message"]

    def test_sessions_are_bounded(self, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
        manager = client.app._app.routes[0].endpoint.session_manager  # type: ignore[attr-defined]
        monkeypatch.setattr(manager, "max_sessions", 2)
        codes = [client.post("/mcp", json=HELLO, headers=ACCEPT).status_code for _ in range(3)]
        assert codes == [200, 200, 503]

    async def test_a_body_that_does_not_arrive_is_not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mcp_threat_model.serving.admission.BODY_S", 0.02)
        sent: list[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            pytest.fail("half a request was passed on")

        async def silent() -> Any:
            await anyio.sleep(60)

        async def keep(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/mcp", "headers": [(b"host", b"localhost")]}
        with anyio.fail_after(5):
            await Gate(app, Names.of("127.0.0.1"))(scope, silent, keep)
        assert sent[0]["status"] == 408

    async def test_what_stalls_costs_no_small_request_and_a_large_one_is_told_to_come_again(self) -> None:
        arriving, passed = Arriving(), []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            passed.append(len((await receive())["body"]))

        gate = Gate(app, Names.of("127.0.0.1"))
        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                for _ in range(ARRIVING_BYTES // (BODY_BYTES // 2) + 100):
                    group.start_soon(gate, SCOPE, arriving.stalls_after(b" " * (BODY_BYTES // 2)), arriving.note)
                await anyio.wait_all_tasks_blocked()
                await gate(SCOPE, arriving.brings(b"x" * 1_000, b"x" * 1_000), arriving.note)
                await gate(SCOPE, arriving.brings(b"x" * SMALL_BYTES, b""), arriving.note)
                await gate(SCOPE, arriving.brings(b"x" * BODY_BYTES, b""), arriving.note)
                group.cancel_scope.cancel()
            assert passed == [2_000, SMALL_BYTES]
            assert {answer["status"] for answer in arriving.answers} == {503}
            assert all((b"retry-after", b"5") in answer["headers"] for answer in arriving.answers)

            await gate(SCOPE, arriving.brings(b"x" * BODY_BYTES, b""), arriving.note)
            assert passed[2:] == [BODY_BYTES]

    async def test_what_a_request_held_is_given_back_however_it_ended(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("mcp_threat_model.serving.admission.BODY_S", 0.02)
        arriving = Arriving()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()

        gate = Gate(app, Names.of("127.0.0.1"))
        half = b" " * (BODY_BYTES // 2)
        for receive in (
            arriving.stalls_after(half),
            arriving.leaves_after(half),
            arriving.brings(half, half, b" "),
            arriving.brings(half, half),
        ):
            await gate(SCOPE, receive, arriving.note)
            assert gate._held == 0
        assert [answer["status"] for answer in arriving.answers] == [408, 413]


SCOPE = {"type": "http", "method": "POST", "path": "/mcp", "headers": [(b"host", b"localhost")]}


class Arriving:
    """Requests as a server of ASGI hands them over, in pieces, and what was answered."""

    def __init__(self) -> None:
        self.answers: list[Any] = []

    async def note(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.answers.append(message)

    def brings(self, *pieces: bytes) -> Callable[[], Any]:
        return self._pieces(*({"type": "http.request", "body": one, "more_body": True} for one in pieces[:-1]),
                            {"type": "http.request", "body": pieces[-1], "more_body": False})  # fmt: skip

    def stalls_after(self, piece: bytes) -> Callable[[], Any]:
        return self._pieces({"type": "http.request", "body": piece, "more_body": True})

    def leaves_after(self, piece: bytes) -> Callable[[], Any]:
        gone = {"type": "http.disconnect"}
        return self._pieces({"type": "http.request", "body": piece, "more_body": True}, gone)

    def _pieces(self, *messages: Any) -> Callable[[], Any]:
        left = list(messages)

        async def receive() -> Any:
            if not left:
                await anyio.sleep_forever()
            return left.pop(0)

        return receive


@asynccontextmanager
async def served(*options: str) -> AsyncIterator[str]:
    """`serve` over HTTP in a process of its own; yields its address."""
    command = [*OURS, "serve", "--transport", "streamable-http", "--port", "0", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)  # noqa: ASYNC220
    try:
        assert process.stderr is not None
        said = await anyio.to_thread.run_sync(process.stderr.readline)
        while "listening on" not in said:
            assert said, "it ended"
            said = await anyio.to_thread.run_sync(process.stderr.readline)
        yield said.split()[-1]
    finally:
        process.terminate()
        process.communicate(timeout=20)


class TestHttp:
    """The real thing, over a socket of its own."""

    async def test_it_scans_and_starts_nothing(self, tmp_path: Path) -> None:
        mark = new_mark()
        async with served() as url:
            assert url.startswith("http://127.0.0.1:")
            async with Client(url, elicitation_callback=yes) as client:
                good = await client.call_tool("score_agent", {"manifest": SHOP})
                refused = await client.call_tool(
                    "score_agent", {"target": f"stdio:{sys.executable} {HOSTILE} honest {mark}"}
                )
            async with httpx.AsyncClient() as rebound:
                page = await rebound.post(url, json=HELLO, headers={**ACCEPT, "host": "evil.example"})
        assert not good.is_error
        assert "starts no programs" in refused.content[0].text
        assert page.status_code == 421
        assert not processes_with(mark)

    async def test_a_program_is_started_where_that_was_allowed_and_cancelling_ends_it(self, tmp_path: Path) -> None:
        mark, log = new_mark(), tmp_path / "audit.jsonl"
        async with (
            served("--allow-launch", "--audit-log", str(log)) as url,
            Client(url, elicitation_callback=yes) as client,
        ):
            async with anyio.create_task_group() as group:
                asked = {"target": f"stdio:{sys.executable} {HOSTILE} never_answers {mark}"}
                group.start_soon(client.call_tool, "score_agent", asked)
                await until(lambda: bool(processes_with(mark)))
                group.cancel_scope.cancel()
            await until(lambda: not processes_with(mark))
            await until(lambda: '"cancelled"' in log.read_text())
            again = await client.call_tool("score_agent", {"manifest": SHOP})
            assert not again.is_error

    async def test_many_slow_requests_keep_nobody_waiting(self) -> None:
        async with served() as url, AsyncExitStack() as slow:
            port = int(url.split(":")[2].partition("/")[0])
            for _ in range(40):
                stream = await slow.enter_async_context(await anyio.connect_tcp("127.0.0.1", port))
                await stream.send(b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{")
            with anyio.fail_after(10):  # less than the slow ones are given
                async with httpx.AsyncClient() as client:
                    answers = [await client.post(url, json=HELLO, headers=ACCEPT) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [200, 200, 200]

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--transport", "streamable-http", "--host", "0.0.0.0", "--allow-launch"], "cannot be used on 0.0.0.0"),
            (["--allow-launch"], "streamable-http"),
            (["--allow-host", "x"], "streamable-http"),
            (["--transport", "streamable-http", "--host", "203.0.113.1"], "cannot listen on 203.0.113.1"),
            (["--transport", "streamable-http", "--host", "no such host"], "cannot listen"),
            (["--audit-log", "/nowhere/x"], "--audit-log"),
        ],
    )
    def test_what_cannot_be_served_is_said(self, options: list[str], says: str) -> None:
        ended = subprocess.run(
            [*OURS, "serve", *options],
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
        assert says in ended.stderr


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


class TestCalls:
    """One call never costs another."""

    async def test_a_cancelled_call_ends_its_program(self, mode: str) -> None:
        mark = new_mark()
        access = Access(ScanOptions())
        async with Client(build_server(access), mode=mode, elicitation_callback=yes) as client:
            async with anyio.create_task_group() as group:
                asked = {"target": f"stdio:{sys.executable} {HOSTILE} never_answers {mark}"}
                group.start_soon(client.call_tool, "score_agent", asked)
                await until(lambda: bool(processes_with(mark)))
                group.cancel_scope.cancel()
            await until(lambda: not processes_with(mark) and not access.turns.taken)

    async def test_a_call_that_fails_leaves_the_others_alone(self, mode: str) -> None:
        limits = Limits(total_s=1.0, request_s=0.5, grace_s=0.2, probe_s=0.2)
        results: dict[str, Any] = {}

        async with Client(
            build_server(Access(ScanOptions(limits=limits))), mode=mode, elicitation_callback=yes
        ) as client:

            async def call(name: str, **arguments: Any) -> None:
                results[name] = await client.call_tool("score_agent", arguments)

            async with anyio.create_task_group() as group:
                for behaviour in ("never_answers", "exits_at_once", "dies_of_a_signal"):
                    target = f"stdio:{sys.executable} {HOSTILE} {behaviour}"
                    group.start_soon(lambda name=behaviour, target=target: call(name, target=target))
                for number in range(6):
                    group.start_soon(lambda name=f"good{number}": call(name, manifest=SHOP))
        assert {name for name, result in results.items() if not result.is_error} == {f"good{n}" for n in range(6)}
        assert "timeout: " in results["never_answers"].content[0].text

    async def test_too_many_calls_are_told_to_come_back(self) -> None:
        access = Access(ScanOptions(), turns=Turns(running=1, patience_s=0.05))
        async with Client(build_server(access)) as client:
            async with access.turns.turn(60):
                busy = await client.call_tool("score_agent", {"manifest": SHOP})
            free = await client.call_tool("score_agent", {"manifest": SHOP})
        assert busy.is_error
        assert busy.content[0].text.partition("busy: ")[2].startswith("1 scans are running")
        assert not free.is_error

    async def test_configured_servers_are_not_read_for_callers_on_other_machines(self) -> None:
        async with Client(build_server(Access(ScanOptions(), files=False))) as client:
            result = await client.call_tool("score_agent", {"target": "config:claude-desktop/x"})
        assert result.is_error
        assert "another machine" in result.content[0].text

    async def test_calls_are_in_the_audit_log(self, tmp_path: Path) -> None:
        log = tmp_path / "audit.jsonl"
        async with Client(build_server(Access(ScanOptions(audit=AuditLog(str(log)))))) as client:
            await client.call_tool("score_agent", {"manifest": SHOP})
            await client.call_tool("score_agent", {"target": "stdio:x --token abcdefgh"})
            await client.call_tool("score_agent", {"target": "ftp://x"})
        found = [json.loads(line) for line in log.read_text().splitlines()]
        assert [(one["event"], one.get("target") or one.get("code") or one.get("command")) for one in found] == [
            ("asked", "inline manifest"), ("ended", "ok"),
            ("asked", "stdio:x --token '***'"), ("refused", "x --token '***'"), ("ended", "consent_required"),
            ("asked", "a target that cannot be understood"), ("ended", "refused"),
        ]  # fmt: skip


class TestStdio:
    """The real thing, line by line."""

    def test_a_line_that_cannot_be_read_is_answered_and_the_next_one_is_read(self) -> None:
        lines = [json.dumps(HELLO).encode() + b"\n", b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n']
        lines += [unreadable(value, number) for number, value in enumerate(UNREADABLE, 5)]
        lines += [b"no JSON at all\n", b'{"jsonrpc":"2.0","id":9,"method":"ping"}\n']
        with subprocess.Popen(
            [*OURS, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(b"".join(lines))
            process.stdin.flush()
            answers = {}
            while 9 not in answers:
                answer = json.loads(process.stdout.readline())
                answers[answer["id"]] = answer
            _, said = process.communicate(timeout=20)
        assert [answers[number]["error"]["code"] for number in (5, 6, 7)] == [-32700] * 3
        assert "surrogate" in answers[5]["error"]["message"]
        assert answers[9]["result"] == {}
        assert b"Traceback" not in said


class TestEnding:
    """However our process ends, nothing that it started stays."""

    @pytest.mark.parametrize("how", ["closed", signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
    async def test_no_program_outlives_the_server(self, how: Any, tmp_path: Path) -> None:
        mark = new_mark()
        environment = {**os.environ, "TMPDIR": str(tmp_path)}
        parameters = StdioServerParameters(command=OURS[0], args=[*OURS[1:], "serve"], env=environment)
        async with anyio.create_task_group() as group:  # noqa: SIM117  the client is left before the group is
            async with Client(stdio_client(parameters), elicitation_callback=yes) as client:

                async def ask() -> None:
                    target = f"stdio:{sys.executable} {HOSTILE} never_answers {mark}"
                    with suppress(MCPError):  # a server that is killed closes the connection
                        await client.call_tool("score_agent", {"target": target})

                group.start_soon(ask)
                await until(lambda: bool(processes_with(mark)))
                if how != "closed":
                    server = next(pid for pid in children(os.getpid()) if "mcp_threat_model" in command_of(pid))
                    os.kill(server, how)
                    await until(lambda: not Path(f"/proc/{server}/exe").exists())
                group.cancel_scope.cancel()
        await until(lambda: not processes_with(mark))
        if how != signal.SIGKILL:
            await until(lambda: not list(tmp_path.glob("mcp-scan-*")))

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_scan_that_is_told_to_end_cleans_up(self, number: signal.Signals, tmp_path: Path) -> None:
        mark = new_mark()
        process = subprocess.Popen(
            [*OURS, "scan", "--allow-launch", f"stdio:{sys.executable} {HOSTILE} never_answers {mark}"],
            env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while len(processes_with(mark)) < 3 and time.monotonic() < deadline:  # ours, its supervisor, the target
            time.sleep(0.02)
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
        assert process.returncode == 128 + number
        assert "Traceback" not in said
        assert not processes_with(mark)
        assert not list(tmp_path.glob("mcp-scan-*"))


def children(pid: int) -> list[int]:
    """Processes whose parent is `pid`."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(word) for task in tasks for word in task.read_text().split()]


def command_of(pid: int) -> str:
    """Its command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
