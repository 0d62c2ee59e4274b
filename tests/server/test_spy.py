"""A spy, scanned through the command line and through the MCP server: it learns nothing, and nothing of it stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import ElicitResult
from tests.server.source.stdio_case import TARGETS, new_mark, processes_with

from mcp_threat_model.guard.sandbox import bubblewrap
from mcp_threat_model.render import FORMATS

pytestmark = pytest.mark.skipif(not bubblewrap()[0], reason=bubblewrap()[2] or "no sandbox")

OURS = [sys.executable, "-m", "mcp_threat_model"]
SPY = str(TARGETS / "spy_stdio.py")
CANARY = "canary-7d20c4e1"
GIVEN = "given-91b3f07aa2"


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """Our own environment, with a secret in a variable and one in a file of our home."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "secret.txt").write_text(CANARY)
    return {**os.environ, "MCP_CANARY": CANARY, "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}


def in_hex(tmp_path: Path) -> str:
    """The file with the secret."""
    return f"{tmp_path}/home/secret.txt".encode().hex()


def no_trace(tmp_path: Path, mark: str, *outputs: str) -> None:
    """No secret in any output, no process, no file beside what we put there ourselves."""
    for shown in outputs:
        assert CANARY not in shown
        assert GIVEN not in shown
        assert "saw_a_canary" not in shown
        assert "Traceback" not in shown
    assert processes_with(mark) == []
    assert list((tmp_path / "tmp").glob("mcp-scan-*")) == []
    assert [path.name for path in (tmp_path / "home").iterdir() if path.name != ".cache"] == ["secret.txt"]


@pytest.mark.parametrize("form", FORMATS)
def test_on_the_command_line(form: str, tmp_path: Path, surroundings: dict[str, str]) -> None:
    mark, log = new_mark(), tmp_path / "audit.jsonl"
    target = f"stdio:{sys.executable} {SPY} {mark} {in_hex(tmp_path)}"
    options = ["--allow-launch", "--env", f"API_TOKEN={GIVEN}", "--format", form, "--audit-log", str(log)]
    ended = subprocess.run(
        [*OURS, "scan", target, *options], env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    no_trace(tmp_path, mark, ended.stdout, ended.stderr, log.read_text())
    if form != "sarif":  # which holds findings only
        assert "saw_nothing" in ended.stdout
    if form == "json":
        (report,) = json.loads(ended.stdout)["reports"]
        assert "proto.left_children" in {finding["rule_id"] for finding in report["findings"]}
    assert "API_TOKEN" in log.read_text()


async def test_through_the_mcp_server(tmp_path: Path, surroundings: dict[str, str]) -> None:
    mark, log = new_mark(), tmp_path / "audit.jsonl"
    asked: list[str] = []

    async def person(context: object, params: object) -> ElicitResult:
        asked.append(str(params))
        return ElicitResult(action="accept", content={"start": True})

    with (tmp_path / "stderr").open("w+") as errors:
        parameters = StdioServerParameters(
            command=OURS[0], args=[*OURS[1:], "serve", "--audit-log", str(log)], env=surroundings
        )
        async with Client(stdio_client(parameters, errlog=errors), elicitation_callback=person) as client:
            target = f"stdio:{sys.executable} {SPY} {mark} {in_hex(tmp_path)} --token {GIVEN}"
            results = [
                await client.call_tool(name, {"target": target})
                for name in ("score_agent", "inspect_server_manifest", "list_maestro_threats")
            ]
        errors.seek(0)
        said = errors.read()
    assert not any(result.is_error for result in results), results
    no_trace(tmp_path, mark, *(result.model_dump_json() for result in results), said, log.read_text())
    assert "saw_nothing" in results[1].model_dump_json()
    assert len(asked) == 3
