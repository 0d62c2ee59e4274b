"""What the README and SECURITY.md show of the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.made_pages.marks import ROOT, filled

README = ROOT / "README.md"
SECURITY = ROOT / "SECURITY.md"


def shown(*arguments: str) -> str:
    """What a command prints on a terminal of eighty columns."""
    return subprocess.run(
        [sys.executable, "-m", "mcp_threat_model", *arguments],
        capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "80"},
    ).stdout  # fmt: skip


def help_block() -> str:
    """The program's own help."""
    return shown("--help").rstrip()


def demo_block() -> str:
    """The beginning of the demo's report, down to its formula, without this machine's paths."""
    report = shown("demo").split("\nAGENTIC FACTORS")[0].rstrip()
    return report.replace(sys.executable, "python").replace(f"{ROOT}/", "")


def terms_block() -> str:
    """The terms of the demo's score, as the calculator takes them, a few to a line."""
    aivss = json.loads(shown("demo", "--format", "json"))["reports"][0]["aivss"]
    factors = [f'"{one["id"]}": {one["value"]}' for one in aivss["factors"]]
    lines = [f'"profile": "{aivss["profile"]}"', f'"cvss_vector": "{aivss["cvss"]["vector"]}"']
    lines += [f'"{name}": {aivss[name]}' for name in ("threat_multiplier", "mitigation_factor")]
    rows = ",\n             ".join(", ".join(factors[first : first + 3]) for first in range(0, len(factors), 3))
    return "{" + ",\n ".join([*lines, f'"factors": {{{rows}}}']) + "}"


def self_block() -> str:
    """What the program says of its own server, down to its verdict."""
    target = f"stdio:{sys.executable} -m mcp_threat_model serve"
    report = shown("scan", target, "--allow-launch").split("\nHOW THE SCORE IS MADE")[0].rstrip()
    return report.replace(target, "stdio:mcp-threat-model serve")


def bounds_block() -> str:
    """The bounds that matter most, from the code that keeps them."""
    from mcp_threat_model import audit
    from mcp_threat_model import user_rules as own
    from mcp_threat_model.guard.limits import DEFAULT_LIMITS as LIMITS
    from mcp_threat_model.guard.limits import MIB
    from mcp_threat_model.serving import admission, over_http, turns

    rows = (
        ("one target, from start to last answer", f"{LIMITS.total_s:g} s"),
        ("one message / one HTTP answer / everything", f"{LIMITS.message_bytes // MIB} / {LIMITS.body_bytes // MIB} / "
                                                       f"{LIMITS.total_bytes // MIB} MiB"),
        ("JSON values in one message, levels of nesting", f"{LIMITS.nodes_per_message:,}, {LIMITS.depth}"),
        ("items of one kind, pages of one list", f"{LIMITS.items:,}, {LIMITS.pages}"),
        ("a saved description, with an emoji in it", f"{LIMITS.file_bytes // MIB}, "
                                                     f"{LIMITS.text_bytes // 4 // MIB} MiB"),
        ("processes, memory, disk of a started program", f"{LIMITS.processes}, {LIMITS.memory_bytes // MIB:,} MiB, "
                                                         f"{LIMITS.disk_bytes // MIB:,} MiB"),
        ("our server: scans at once, calls that wait", f"{turns.RUNNING}, {turns.WAITING} for {turns.PATIENCE_S:g} s"),
        ("our server: one call", f"{LIMITS.total_s + turns.THINKING_S:g} s"),
        ("our server over HTTP: one request", f"{admission.BODY_BYTES // MIB} MiB, "
                                             f"{admission.BODY_NODES:,} JSON values"),
        ("our server over HTTP: until it has arrived", f"{admission.BODY_S:g} s"),
        ("our server over HTTP: connections, sessions", f"{over_http.CONNECTIONS}, {over_http.SESSIONS}"),
        ("rules of the user's own: files, one file", f"{own.MAX_FILES}, {own.MAX_FILE_BYTES // 1024} KiB"),
        ("one line of the audit log", f"{audit.LINE_BYTES:,} bytes"),
    )  # fmt: skip
    return "\n".join(f"{name:<48}{bound}" for name, bound in rows)


def fenced(text: str, name: str, block: str, language: str = "text") -> str:
    """The text with the block between the marks of that name exchanged."""
    return filled(text, name, f"```{language}\n{block}\n```")


def write() -> None:
    """Write it."""
    text = fenced(README.read_text(), "help", help_block())
    text = fenced(text, "terms", terms_block(), "json")
    README.write_text(fenced(text, "demo", demo_block()))
    text = fenced(SECURITY.read_text(), "self", self_block())
    SECURITY.write_text(fenced(text, "bounds", bounds_block()))
