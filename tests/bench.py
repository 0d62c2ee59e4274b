"""How long things take, each beside what it is compared with: `make bench`.

Medians of alternating runs, because a shared machine drifts. Nothing here fails: a test that asserts on a clock fails
on somebody else's machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
OURS = [PYTHON, "-m", "mcp_threat_model"]
RUNS = 11

VERBS = ("list", "get", "search", "create", "update", "delete", "send", "export", "import", "run", "query", "upload")
THINGS = ("order", "customer", "invoice", "file", "message", "ticket", "database row", "user", "calendar event", "page")

BARE_SERVER = """
from mcp.server import MCPServer
server = MCPServer("bare", log_level="WARNING")
@server.tool()
def add(a: int, b: int) -> int:
    "Add two numbers."
    return a + b
server.run("stdio")
"""

BARE_CLIENT = """
import sys, anyio
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client
async def main():
    async with Client(stdio_client(StdioServerParameters(command=sys.executable, args=[sys.argv[1]]))) as client:
        await client.list_tools(), await client.list_prompts()
        await client.list_resources(), await client.list_resource_templates()
anyio.run(main)
"""


def tool(number: int) -> dict[str, object]:
    """A made-up tool; no two are alike."""
    verb, thing = VERBS[number % len(VERBS)], THINGS[number // len(VERBS) % len(THINGS)]
    return {
        "name": f"{verb}_{thing.replace(' ', '_')}_{number}",
        "description": f"{verb.capitalize()} a {thing} of workspace {number}. Use it when the user asks for it. "
        f"Returns the {thing} with its id, owner and time of change, or an error when there is none.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "id": {"type": "string", "description": f"Identifier of the {thing}, e.g. 'x-{number}'."},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100, "description": "At most so many."},
                "filter": {"type": "object", "properties": {"owner": {"type": "string"}, "since": {"type": "string"}}},
            },
            "required": ["id"],
        },
    }


def process(command: list[str]) -> tuple[float, float]:
    """Seconds and peak MiB of one whole process."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{command} ended with {child.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def until_initialized(command: list[str]) -> tuple[float, float]:
    """Seconds from start until `initialize` is answered."""
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
    line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}) + "\n"
    started = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(line.encode())
        child.stdin.flush()
        child.stdout.readline()
        seconds = time.perf_counter() - started
        child.stdin.close()
    return seconds, 0.0


def alternate(
    measure: Callable[[list[str]], tuple[float, float]], *commands: list[str], runs: int = RUNS
) -> list[tuple[float, float]]:
    """The median of each command, run in turns."""
    for command in commands:
        measure(command)  # once unmeasured: the first run writes the bytecode
    rounds = [[measure(command) for command in commands] for _ in range(runs)]
    return [(median(r[i][0] for r in rounds), median(r[i][1] for r in rounds)) for i in range(len(commands))]


def row(what: str, ours: str, beside: str, ratio: str, goal: str) -> None:
    """One line of the table."""
    print(f"{what:<38} {ours:>20} {beside:>28} {ratio:>8}   {goal}")


def milliseconds(seconds: float) -> str:
    """As people read it."""
    return f"{seconds * 1000:.0f} ms"


def analysis(count: int) -> float:
    """Seconds to analyse that many tools, rules loaded, in this process."""
    from mcp_threat_scoring.analyze import analyze, knowledge
    from mcp_threat_scoring.intake import build_manifest
    from mcp_threat_scoring.manifest import OBSERVED

    manifest = build_manifest(
        target_kind="file", target_value="bench", tools=[tool(n) for n in range(count)], coverage={"tools": OBSERVED}
    )
    known = knowledge()
    analyze(manifest, known)
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        analyze(manifest, known)
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def main() -> None:
    """Measure and print."""
    row("what", "ours", "beside", "ratio", "goal")
    (helped, _), (pydantic, _), (nothing, _) = alternate(
        process, [*OURS, "--help"], [PYTHON, "-c", "import pydantic"], [PYTHON, "-c", "pass"]
    )
    row(
        "--help", milliseconds(helped), f"import pydantic {milliseconds(pydantic)}", f"{helped / pydantic:.2f}", "< 1.5"
    )
    with tempfile.TemporaryDirectory() as folder:
        for count, goal in ((30, "< 350 ms, 60 MiB"), (1000, "< 600 ms, 90 MiB")):
            file = Path(folder) / f"{count}.json"
            file.write_text(json.dumps({"tools": [tool(n) for n in range(count)]}))
            (seconds, memory), _ = alternate(
                process, [*OURS, "scan", str(file), "--format", "json"], [PYTHON, "-c", "pass"]
            )
            row(f"scan of {count} saved tools", f"{milliseconds(seconds)} {memory:.0f} MiB",
                f"python -c pass {milliseconds(nothing)}", f"{seconds / nothing:.1f}", goal)  # fmt: skip
        per_tool = (analysis(2000) - analysis(1000)) / 1000
        row("each further tool", f"{per_tool * 1000:.3f} ms", "", "", "< 0.15 ms")
        bare = Path(folder) / "bare_server.py"
        bare.write_text(BARE_SERVER)
        (served, _), (bare_served, _) = alternate(until_initialized, [*OURS, "serve"], [PYTHON, str(bare)])
        row("start until initialize is answered", milliseconds(served), f"bare MCPServer {milliseconds(bare_served)}",
            f"{served / bare_served:.2f}", "< 1.2")  # fmt: skip
        client = Path(folder) / "bare_client.py"
        client.write_text(BARE_CLIENT)
        example = str(ROOT / "examples" / "shop_backoffice.py")
        live = [*OURS, "scan", f"stdio:{PYTHON} {example}", "--allow-launch", "--format", "json"]
        (scanned, _), (listed, _) = alternate(process, live, [PYTHON, str(client), example], runs=5)
        row("live scan over stdio", milliseconds(scanned), f"bare SDK client {milliseconds(listed)}",
            f"{scanned / listed:.2f}", f"< +250 ms; is {(scanned - listed) * 1000:+.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
