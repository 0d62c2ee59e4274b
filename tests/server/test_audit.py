"""The audit log: what was asked, allowed, started and reached, and how it ended; line by line, without secrets."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_threat_model.audit import LINE_BYTES, AuditLog, audited
from mcp_threat_model.guard import trail
from mcp_threat_model.reading import Allowed, ScanOptions
from mcp_threat_model.scan import scan, scan_saved
from mcp_threat_model.source.forms.program import StdioTarget
from mcp_threat_model.target import parse_target
from mcp_threat_scoring.errors import TargetError, UsageError

HELLO = str(Path(__file__).parents[1] / "targets" / "hello_stdio.py")
SECRET = "s3cr3t-canary-91c2"


def lines(path: Path) -> list[dict[str, Any]]:
    """What the log holds, without what changes from run to run."""
    found = [json.loads(line) for line in path.read_text().splitlines()]
    for one in found:
        assert one.pop("time").endswith("Z")
        assert one.pop("ms", 0) >= 0
    return found


def test_a_saved_file_is_asked_for_and_ends(tmp_path: Path) -> None:
    (tmp_path / "tools.json").write_text('[{"name": "get_time"}]')
    log = tmp_path / "audit.jsonl"
    targets = [parse_target(str(tmp_path / "tools.json")), parse_target(str(tmp_path / "none.json"))]
    scan_saved(targets, ScanOptions(audit=AuditLog(str(log))))  # type: ignore[arg-type]
    asked, ended, asked_too, failed = lines(log)
    assert (asked["event"], asked["via"], asked["target"]) == ("asked", "cli", str(tmp_path / "tools.json"))
    assert (ended["event"], ended["code"], ended["call"]) == ("ended", "ok", asked["call"])
    assert len(ended["manifest_sha256"]) == 64
    assert (failed["code"], failed["call"]) == ("unreachable", asked_too["call"])
    assert asked["call"] != asked_too["call"]


async def test_a_program_is_consented_started_and_ended(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    options = ScanOptions(audit=AuditLog(str(log)), env={"API_TOKEN": SECRET})
    await scan([StdioTarget((sys.executable, HELLO, "--password", SECRET))], options, consent=Allowed())
    found = lines(log)
    assert [one["event"] for one in found] == ["asked", "consented", "started", "ended"]
    assert found[1]["command"].endswith("--password '***'")
    assert "API_TOKEN" in found[2]["env"]
    assert isinstance(found[2]["network"], bool)
    assert found[2]["pid"] > 1
    assert SECRET not in log.read_text()


async def test_a_refusal_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    await scan([StdioTarget((sys.executable, HELLO))], ScanOptions(audit=AuditLog(str(log))))
    assert [one["event"] for one in lines(log)] == ["asked", "refused", "ended"]
    assert lines(log)[-1]["code"] == "consent_required"


async def test_an_address_that_may_not_be_reached_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    options = ScanOptions(audit=AuditLog(str(log)))
    await scan([parse_target(f"http://127.0.0.1:9/mcp?key={SECRET}")], options)
    found = lines(log)
    assert found[0]["target"] == "http://127.0.0.1:9/mcp?key=…"
    assert found[-1]["code"] == "blocked_address"
    assert SECRET not in log.read_text()


async def test_an_address_that_was_reached_is_kept_once(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"

    async def close(reader: Any, writer: Any) -> None:
        writer.close()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    async with anyio.create_task_group() as group:
        group.start_soon(listener.serve, lambda stream: stream.aclose())
        options = ScanOptions(audit=AuditLog(str(log)), allow_private_network=True)
        await scan([parse_target(f"http://127.0.0.1:{port}/mcp")], options)
        group.cancel_scope.cancel()
    reached = [one for one in lines(log) if one["event"] == "reached"]
    assert [(one["address"], one["port"], one["scope"]) for one in reached] == [("127.0.0.1", port, "loopback")]


def test_a_cancelled_call_ends_as_cancelled(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"

    async def work() -> None:
        with anyio.move_on_after(0.01), audited(AuditLog(str(log)), "x"):
            await anyio.sleep(60)

    anyio.run(work)
    assert lines(log)[-1]["code"] == "cancelled"


def test_words_of_a_target_stay_on_their_line_and_within_bounds(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    nasty = "\n\x1b[31m\u202e\ud800" + "🦊" * 5_000
    with audited(AuditLog(str(log)), nasty, names=[nasty] * 500) as call:
        assert call is not None
        for number in range(1_000):
            trail.note("reached", host=nasty, number=number)
    raw = log.read_bytes()
    assert raw.isascii()
    assert b"\x1b" not in raw
    assert all(len(line) <= LINE_BYTES for line in raw.splitlines(keepends=True))
    assert len(lines(log)) < 250
    assert lines(log)[-1]["event"] == "ended"


def test_nothing_is_noted_outside_a_call(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    with audited(AuditLog(str(log)), "x"):
        pass
    before = log.read_bytes()

    trail.note("reached", host="x")

    assert log.read_bytes() == before


def test_only_its_owner_can_read_it_and_it_is_appended_to(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    for _ in range(2):
        with audited(AuditLog(str(log)), "x"):
            pass
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert len(lines(log)) == 4


@pytest.mark.parametrize("kind", ["folder", "missing", "link", "pipe"])
def test_what_cannot_be_a_log_is_said_before_anything_is_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "log"
    if kind == "folder":
        path.mkdir()
    elif kind == "missing":
        path = tmp_path / "none" / "log"
    elif kind == "link":
        path.symlink_to("/etc/passwd")
    else:
        os.mkfifo(path)
    with pytest.raises(UsageError, match="--audit-log"):
        AuditLog(str(path))


def test_a_scan_that_cannot_be_logged_does_not_take_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = AuditLog(str(tmp_path / "audit.jsonl"))
    monkeypatch.setattr(os, "write", lambda *_: 3)  # a disk that is full
    with pytest.raises(TargetError, match="nothing was read"), audited(log, "x"):
        pytest.fail("it took place")
    monkeypatch.undo()
    assert capsys.readouterr().err.count("the audit log cannot be written") == 1
