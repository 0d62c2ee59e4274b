"""Whatever stands under a name that others chose, reading it ends, and says what is wrong in one sentence."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mcp_threat_model.cli import main
from mcp_threat_model.clients.locations import CLIENTS, Machine
from mcp_threat_model.clients.parse import BrokenConfigError, read_config
from mcp_threat_model.guard.files import UnreadableError, read_head, read_regular, told_size
from mcp_threat_model.guard.readable import readable_roots
from mcp_threat_model.lock_file import read_lock
from mcp_threat_model.policy_file import read_policy
from mcp_threat_scoring.errors import UsageError


@contextmanager
def at_once(seconds: float = 5.0) -> Iterator[None]:
    """What is done inside must not wait for anybody. A generous bound: it would be for ever."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A pipe that nobody writes to."""
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


class TestReading:
    def test_a_regular_file(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"x" * 3_000_000)
        assert len(read_regular(tmp_path / "a", 3_000_000)) == 3_000_000

    @pytest.mark.parametrize(
        ("name", "why"),
        [("none", "missing"), ("file/none", "missing"), (".", "directory"), ("x" * 5_000, "missing")],
    )
    def test_what_is_no_file(self, tmp_path: Path, name: str, why: str) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(UnreadableError) as caught:
            read_regular(tmp_path / name, 10)
        assert caught.value.why == why

    @pytest.mark.parametrize("place", ["pipe", "/dev/zero"])
    def test_pipes_and_devices_are_not_waited_for(self, pipe: Path, place: str) -> None:
        with at_once(), pytest.raises(UnreadableError, match="is not a regular file"):
            read_regular(pipe.parent / place, 10)

    def test_one_byte_too_many(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"x" * 1025)
        with pytest.raises(UnreadableError, match="is larger than 1 KiB"):
            read_regular(tmp_path / "a", 1024)

    def test_a_head_of_something_else_is_empty(self, pipe: Path) -> None:
        (pipe.parent / "a").write_bytes(b"abcdef")
        with at_once():
            assert [read_head(pipe.parent / name, 3) for name in ("a", "pipe", "none", ".")] == [b"abc", b"", b"", b""]

    def test_sizes_are_told_in_units_that_fit(self) -> None:
        assert [told_size(size) for size in (1, 1023, 65_536, 3 << 20, 250 << 20)] == [
            "1 bytes", "1,023 bytes", "64 KiB", "3 MiB", "250 MiB",
        ]  # fmt: skip


READERS: dict[str, tuple[Callable[[Path], object], type[Exception]]] = {
    "a lock": (read_lock, UsageError),
    "a client's configuration": (lambda path: read_config(path, "json"), BrokenConfigError),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("place", ["pipe", "/dev/zero"])
def test_no_reader_waits_for_a_pipe_or_reads_a_device(pipe: Path, reader: str, place: str) -> None:
    read, raised = READERS[reader]
    with at_once(), pytest.raises(raised, match="is not a regular file"):
        read(pipe.parent / place)


def test_a_policy_may_come_through_a_pipe_but_not_without_end(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with at_once(), pytest.raises(UsageError, match="the policy p is larger than 1 MiB"):
        read_policy(Path("/dev/zero"), "p")
    monkeypatch.setattr("mcp_threat_model.policy_file.PATIENCE_S", 0.3)
    with at_once(), pytest.raises(UsageError, match=r"the policy p did not end within 0\.3 seconds"):
        read_policy(pipe, "p")
    writer = threading.Thread(target=pipe.write_text, args=("version: 1\n",))
    writer.start()
    try:
        assert read_policy(pipe, "p").version == 1
    finally:
        writer.join()


def test_a_program_s_surroundings_may_be_pipes(tmp_path: Path) -> None:
    """Its `pyvenv.cfg`, and the program itself: both are looked into before anything starts."""
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    os.mkfifo(environment / "pyvenv.cfg")
    os.mkfifo(environment / "bin" / "python")
    with at_once():
        assert readable_roots(str(environment / "bin" / "python"), [], [tmp_path]) == (environment,)


@pytest.mark.parametrize(
    "words",
    [
        ["check", "--lock", "pipe"],
        ["check", "--lock", "/dev/zero"],
        ["scan", "a.json", "--policy", "/dev/zero"],
        ["score", "--input", "/dev/zero"],
        ["score", "--input", "large"],
    ],
)
def test_on_the_command_line_each_is_one_sentence_and_exit_code_2(
    words: list[str], pipe: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(pipe.parent)
    Path("a.json").write_text('{"tools": []}')
    Path("large").write_bytes(b" " * 70_000)
    with at_once(20):
        assert main(words) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "is not a regular file" in said or "larger than 64 KiB" in said or "larger than 1 MiB" in said


def test_a_project_s_configuration_that_is_a_pipe_is_a_broken_file(pipe: Path) -> None:
    from mcp_threat_model.clients.discover import discover

    (pipe.parent / ".mcp.json").symlink_to(pipe)
    folders = [pipe.parent / name for name in ("home", "config", "system")]
    machine = Machine("linux", *folders, project=pipe.parent)
    with at_once():
        found = discover(machine, [one for one in CLIENTS if one.id == "claude-code"])
    assert [one.problem for one in found.broken] == ["it is not a regular file"]
