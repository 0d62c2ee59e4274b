"""A client built with the 1.x SDK, which speaks only the handshake revisions, uses our server over stdio and HTTP.

It needs an environment of its own beside ours: ``python -m venv .venv-sdk1 && .venv-sdk1/bin/pip install 'mcp<2'``.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OLD = ROOT / ".venv-sdk1" / "bin" / "python"
CLIENT = ROOT / "tests" / "targets" / "older_client.py"

pytestmark = pytest.mark.skipif(not OLD.exists(), reason="needs .venv-sdk1 with mcp<2; .ci/run makes it")


def answers(*way: str) -> dict[str, object]:
    done = subprocess.run([str(OLD), str(CLIENT), *way], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def check(told: dict[str, object]) -> None:
    assert told["protocol"] == "2025-11-25"
    assert {"score_agent", "list_maestro_threats", "inspect_server_manifest", "calculate_aivss"} <= set(told["tools"])
    assert "AIVSS" in told["text"]
    assert told["deny"] == ["delete_order"]
    assert "consent_required" in told["refusal"]


def test_over_stdio() -> None:
    check(answers("stdio", sys.executable, "-m", "mcp_threat_model", "serve"))


def test_over_streamable_http() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mcp_threat_model", "serve", "--transport", "streamable-http", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        check(answers("http", f"http://127.0.0.1:{port}/mcp"))
    finally:
        server.terminate()
        server.wait(10)
