"""What a lock keeps of a target, and how its servers are found again: without its secrets, and never mixed up."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_threat_model.cli import main
from mcp_threat_model.lock_file import shown
from mcp_threat_model.source.forms.address import HttpTarget
from mcp_threat_model.source.forms.program import StdioTarget
from mcp_threat_model.source.forms.saved import FileTarget
from mcp_threat_model.target import parse_target

sys.path.insert(0, str(Path(__file__).parents[2] / "targets"))
from http_target import JSON, Reply, Request, honest, mcp_body, serve

TARGETS = Path(__file__).parents[2] / "targets"
LOCK = Path("mcp-threat-model.lock.json")
SECRET = "hunter2-hunter2-a1b2c3"


def shops(request: Request) -> Reply:
    """Two shops at one address, told apart by a query value."""
    if request.rpc == "tools/list":
        name = "list_orders" if "shop=one" in request.path else "delete_orders"
        body = mcp_body(request, tools=[{"name": name, "description": "Orders.", "inputSchema": {"type": "object"}}])
        return Reply(200, JSON, body or b"")
    return honest(request)


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a running server, up to its query."""
    started = threading.Event()
    found: list[tuple[str, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def work() -> None:
        async with serve(shops) as target:
            ended = asyncio.Event()
            found.append((target.url(), asyncio.get_running_loop(), ended))
            started.set()
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(work(),))
    thread.start()
    assert started.wait(10)
    [(address, loop, ended)] = found
    yield address
    loop.call_soon_threadsafe(ended.set)
    thread.join(10)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def program(folder: Path) -> Path:
    """A server that writes down the last word it was started with, and names a tool after its last letter."""
    file = folder / "server.py"
    noted = f"import sys\nwith open({str(folder / 'started')!r}, 'a') as file:\n    file.write(sys.argv[-1])\n"
    hello = (TARGETS / "hello_stdio.py").read_text()
    file.write_text(noted + hello.replace('"get_greeting"', '"get_greeting_" + sys.argv[-1][-1]'))
    return file


def servers() -> dict[str, dict[str, object]]:
    held: dict[str, dict[str, object]] = json.loads(LOCK.read_text())["servers"]
    return held


def lock_both(url: str) -> None:
    assert main(["lock", f"{url}?shop=one", f"{url}?shop=two", "--allow-private-network"]) == 0


def test_two_targets_that_differ_in_what_is_hidden_are_two_servers(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lock_both(url)
    assert sorted(servers()) == [f"{url}?shop=…", f"{url}?shop=…#2"]
    assert sorted(next(iter(one["tools"])) for one in servers().values()) == ["delete_orders", "list_orders"]
    assert len({one["target_sha256"] for one in servers().values()}) == 2
    assert "shop=one" not in LOCK.read_text()
    assert capsys.readouterr().out.count("locked  ") == 2


def test_a_server_is_named_by_its_target(url: str) -> None:
    lock_both(url)
    assert all(name == one["target"] for name, one in servers().items())


def test_the_order_of_the_arguments_does_not_matter(url: str) -> None:
    lock_both(url)
    first = {name: one["target_sha256"] for name, one in servers().items()}
    assert main(["lock", f"{url}?shop=two", f"{url}?shop=one", "--allow-private-network"]) == 0
    assert first == {name: one["target_sha256"] for name, one in servers().items()}


def test_locking_one_of_them_again_keeps_the_other(url: str) -> None:
    lock_both(url)
    before = sorted(servers())
    assert main(["lock", "--add", f"{url}?shop=two", "--allow-private-network"]) == 0
    assert before == sorted(servers())


def test_a_target_that_is_named_again_is_compared_with_itself(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    lock_both(url)
    for shop in ("one", "two"):
        assert main(["check", f"{url}?shop={shop}", "--allow-private-network"]) == 0
    assert capsys.readouterr().out.count("unchanged") == 2


def test_a_target_with_other_values_is_not_in_the_lock(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    lock_both(url)
    capsys.readouterr()
    assert main(["check", f"{url}?shop=three", "--allow-private-network"]) == 13
    told = capsys.readouterr()
    assert f"NOT LOCKED  {url}?shop=…" in told.out
    said = " ".join(told.out.split())
    assert "Nobody approved this server: It is not in `mcp-threat-model.lock.json` with these values" in said
    assert "three" not in told.out + told.err


def test_what_is_not_wholly_known_is_not_read_and_says_what_to_do(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("shop.json").write_text('{"tools": [{"name": "get_order"}]}')
    assert main(["lock", "shop.json", f"{url}?shop=one", "--allow-private-network"]) == 0
    capsys.readouterr()
    assert main(["check", "--allow-private-network"]) == 4
    told = capsys.readouterr()
    assert "unchanged   shop.json" in told.out
    assert f"NOT CHECKED {url}?shop=…" in told.out
    assert "Name the whole target: mcp-threat-model check 'TARGET'." in told.err


@pytest.mark.parametrize("form", ["json", "jsonl", "sarif", "markdown"])
def test_other_formats_say_so_too(url: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    lock_both(url)
    capsys.readouterr()
    assert main(["check", "--format", form, "--allow-private-network"]) == 3
    assert "shop=" in capsys.readouterr().out


def test_a_program_is_never_started_with_the_mark_for_a_secret(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = f"stdio:{sys.executable} {program(folder)} --token"
    arguments = ["--allow-launch", "--sandbox", "off"]
    assert main(["lock", f"{command} {SECRET}-a", f"{command} {SECRET}-b", *arguments]) == 0
    assert len(servers()) == 2
    assert SECRET not in LOCK.read_text()
    (folder / "started").unlink()
    capsys.readouterr()
    assert main(["check", *arguments]) == 3
    assert not (folder / "started").exists()
    assert main(["check", f"{command} {SECRET}-b", *arguments]) == 0
    assert "unchanged" in capsys.readouterr().out


def test_a_lock_from_before_there_were_hashes_starts_nothing_either(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = f"stdio:{sys.executable} {program(folder)} --token"
    arguments = ["--allow-launch", "--sandbox", "off"]
    assert main(["lock", f"{command} {SECRET}", *arguments]) == 0
    old = json.loads(LOCK.read_text())
    for one in old["servers"].values():
        del one["target_sha256"]
    LOCK.write_text(json.dumps(old))
    (folder / "started").unlink()
    assert main(["check", *arguments]) == 3
    assert not (folder / "started").exists()
    assert main(["check", f"{command} {SECRET}", *arguments]) == 0, "the one that looks like it is found"
    assert main(["lock", "--add", f"{command} {SECRET}", *arguments]) == 0
    assert [bool(one["target_sha256"]) for one in servers().values()] == [True], "it took the old one's place"


def test_a_target_of_which_nothing_was_left_out_has_no_hash() -> None:
    for text in ("a.json", "-", "config:a/b", "npm:a", "stdio:python 'my server.py'", "https://H.example/mcp"):
        assert shown(parse_target(text)).sha256 == "", text


def test_a_hash_is_of_the_whole_target() -> None:
    one, two = (shown(HttpTarget(f"https://h.example/mcp?key={key}")) for key in ("a", "b"))
    assert one.text == two.text
    assert one.sha256 != two.sha256
    assert one == shown(HttpTarget("https://H.example:443/mcp?key=a")), "however its address is spelt"
    assert shown(StdioTarget(("s", "--token", "a-secret"))) != shown(StdioTarget(("s", "--token", "b-secret")))
    assert shown(FileTarget("a\x1b.json")).sha256


def test_tools_are_counted_as_people_count_and_those_of_a_listing_are_not_listed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("one.json").write_text('{"tools": [{"name": "get_order"}]}')
    Path("prose.json").write_text('{"name": "Shop", "description": "Manages orders."}')
    assert main(["lock", "one.json", "prose.json"]) == 0
    told = capsys.readouterr().out
    assert "locked  one.json: 1 tool, " in told
    assert "locked  prose.json: tools not listed, " in told
