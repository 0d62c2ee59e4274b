"""What is read is never written over, by whatever name, and before anything is done."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_threat_model.cli import main
from mcp_threat_model.grammar import POLICY_FILE
from mcp_threat_model.lock_file import LOCK_FILE

TOOLS = {"tools": [{"name": "get_order", "description": "Get an order."}]}
RULE = "version: 1\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a saved description, two more names of it, a program and a client's configuration."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "tools.json").write_text(json.dumps(TOOLS))
    (tmp_path / "link.json").symlink_to("tools.json")
    os.link(tmp_path / "tools.json", tmp_path / "hard.json")
    (tmp_path / "server.py").write_text("")
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "mcp.json").write_text('{"mcpServers": {"shop": {"command": "no-such-program"}}}')
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yaml").write_text("")
    return tmp_path


def held(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("scan tools.json --output tools.json", "--output tools.json would overwrite the target tools.json"),
        ("scan server.py tools.json --output ./tools.json", "the target tools.json"),
        ("scan tools.json --output link.json", "the target tools.json"),
        ("scan link.json --output hard.json", "the target link.json"),
        ("scan tools.json --format sarif --output tools.json", "the target tools.json"),
        ("scan 'stdio:python server.py' --output server.py --allow-launch", "a file of the target's command"),
        ("scan config:cursor/shop --output .cursor/mcp.json", "the configuration of Cursor"),
        ("scan --all-clients --output .cursor/mcp.json", "the configuration of Cursor"),
        ("scan tools.json --rules rules --output rules/own.yaml", "a rule of --rules rules"),
        ("scan tools.json --audit-log hard.json", "--audit-log hard.json would be written into the target tools.json"),
        ("scan tools.json --output new.json --audit-log ./new.json", "would be written into --output new.json"),
        ("lock tools.json --lock tools.json", "--lock tools.json would overwrite the target tools.json"),
        ("lock tools.json --lock new.json --audit-log new.json", "would be written into --lock new.json"),
        ("limits tools.json --audit-log tools.json", "would be written into the target tools.json"),
        ("serve --rules rules --audit-log rules/own.yaml", "a rule of --rules rules"),
    ],
)
def test_it_is_refused_and_nothing_is_touched(
    arguments: str, says: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held(folder)
    assert main(shlex.split(arguments)) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert told.err.endswith("; name another file\n")
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert held(folder) == before


@pytest.mark.parametrize("given", [["--policy", "own.yaml"], []])
def test_a_policy_is_not_written_over_whether_named_or_found(given: list[str], folder: Path) -> None:
    name = given[-1] if given else POLICY_FILE
    (folder / name).write_text(RULE)
    assert main(["scan", "tools.json", *given, "--output", name]) == 2
    assert (folder / name).read_text() == RULE


def test_a_lock_is_not_written_over_by_the_log_of_its_check(folder: Path) -> None:
    assert main(["lock", "tools.json"]) == 0
    before = held(folder)
    assert main(["check", "--audit-log", LOCK_FILE]) == 2
    assert main(["check", "--audit-log", "hard.json"]) == 2
    assert held(folder) == before
    assert main(["lock", "tools.json", "--add"]) == 0  # the lock itself is meant to be read and written


def test_a_description_that_is_piped_in_from_a_file_is_one_of_them(folder: Path) -> None:
    program = [sys.executable, "-m", "mcp_threat_model", "scan"]
    for target in ("-", "/dev/stdin"):
        with (folder / "tools.json").open() as piped:
            done = subprocess.run(
                [*program, target, "--output", "tools.json"], stdin=piped, capture_output=True, text=True, timeout=60,
                check=False,
            )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
    assert json.loads((folder / "tools.json").read_text()) == TOOLS


@pytest.mark.parametrize("output", ["new.json", "server.py", "/dev/null"])
def test_other_files_new_or_not_and_devices_are_written(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "tools.json", "--output", output]) == 0
    assert capsys.readouterr() == ("", "")
