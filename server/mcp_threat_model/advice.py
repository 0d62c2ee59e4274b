"""What to do about an error, for the user of an MCP client: no tool has the options that the command line has.

Errors are raised where both are served, and their hints name options. Here such a hint is turned into what can be done
from a client: the same scan in a terminal, or the tools/list result of the server, saved, as `manifest`.
"""

from __future__ import annotations

from collections.abc import Mapping

from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.phrases import joined
from mcp_threat_scoring.report import ErrorOut

_OPTIONS: Mapping[str, str] = {
    "--allow-launch": "--allow-launch",
    "--allow-network": "--allow-network",
    "--allow-private-network": "--allow-private-network",
    "--env": "--env K=V",
    "--header": "--header 'K: V'",
    "--sandbox": "--sandbox off",
    "--timeout": "--timeout SECONDS",
}
"""Options of `scan` that hints name, and how they are written."""
_LAUNCH = "Name its command as target `stdio:COMMAND ARG …`; a person is asked before it is started."


def in_a_client(advice: str) -> str:
    """Advice with the part that names options of the command line exchanged for what the user of a client can do."""
    named = sorted((name for name in _OPTIONS if name in advice), key=advice.index)
    if not named:
        return advice
    first, last = advice.index(named[0]), max(map(advice.rindex, named))
    before = advice[: max(advice.rfind("; ", 0, first), advice.rfind(". ", 0, first), 0)].rstrip(".;")
    _, _, after = advice[last:].partition(". ")
    if named == ["--allow-launch"]:
        told = _LAUNCH  # the tools have a way of their own
    else:
        verb = "are options" if len(named) > 1 else "is an option"
        told = (
            f"{joined(named)} {verb} of the command line that neither a tool nor `serve` has: the user can run "
            f"`mcp-threat-model scan {' '.join(_OPTIONS[name] for name in named)} TARGET` in a terminal, or pass the "
            "server's tools/list result as `manifest`."
        )
    return " ".join(filter(None, (f"{before}." if before else "", told, after)))


def told(error: TargetError) -> str:
    """The error in one line."""
    return f"{error.code}: {error.message.rstrip('.')}. {_hint(error)}".strip()


def for_client(error: ErrorOut) -> ErrorOut:
    """The error of a report, with such a hint."""
    return error.changed({"hint": _hint(error)})


def _hint(error: TargetError | ErrorOut) -> str:
    """Hints about consent are written for clients already."""
    return error.hint if error.code == "consent_required" else in_a_client(error.hint)
