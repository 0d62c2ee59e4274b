"""Why a started target could not be read: what the session saw, together with what became of the process."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

import re2

from mcp_threat_model.guard.limits import MIB, SLOW_HINT, Limits
from mcp_threat_model.guard.mask import Mask
from mcp_threat_model.guard.reported import Outcome
from mcp_threat_model.source.session.wire import PeerGoneError, Tap, quoted
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import excerpt, neutralise_name
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct

TAIL_LINES = 20
"""Last lines among which one is looked for that complains of something, where none of all begins as an error does."""
_VARIABLE = pattern(r"\b[A-Z][A-Z0-9]{1,20}(?:_[A-Z0-9]{1,20}){1,3}\b")
"""A variable of the environment, by which an error says what it misses; longer ones could be sentences."""
MAX_VARIABLES = 3
_ERROR = pattern(
    r"(?i)^(?:[(\[]?\d[\dTZ:.,+/ -]*[)\]]?\s*)?[^\w-]*(?:[\w.]*(?:error|exception)|fatal|panic)(?:[:!\]) ]|\[|$)"
)
"""How a line begins that says why a program ends, a time before it or not; what follows may be its usage."""
_COMPLAINT = pattern(
    r"(?i)error|exception|fatal|panic|fail|cannot|could not|unable|denied|missing|required|not (?:found|set|given)"
    r"|no such|invalid|unknown|usage:"
)
_LINE_CHARS = 2_000
_ESCAPES = pattern(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.")
_HOST = r"([A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z][A-Za-z0-9-]{1,62})"
_HOST_PATTERNS = tuple(
    re2.compile(pattern)
    for pattern in (
        r"(?:ENOTFOUND|EAI_AGAIN|EAI_FAIL|ENETUNREACH|ECONNREFUSED)[ :]+" + _HOST,
        r"(?i)(?:resolve|resolving|lookup|resolution of|unknown host|UnknownHostException:?)[ '\":(host=]{1,12}"
        + _HOST,
        r"(?i)host=['\"]" + _HOST,
        r"(?i)(?:connect(?:ing|ion)?|reach|request|fetch)[^\n]{0,60}?(?:https?://|host )" + _HOST,
    )
)
_NETWORK = pattern(
    r"(?i)\bENOTFOUND\b|EAI_AGAIN|EAI_FAIL|ENETUNREACH|EHOSTUNREACH|getaddrinfo|name resolution"
    r"|name or service not known|network is unreachable|nodename nor servname|could not resolve|failed to resolve"
    r"|cannot resolve|dns error"
    r"|no such host|fetch failed|UnknownHostException|temporary failure in name|connection error|ConnectError"
    r"|max retries exceeded|failed to establish a new connection|failed to fetch|network error|dial tcp"
    r"|no address associated"
)
MAX_HOSTS = 5
ENDED_HINT = "No ordinary server needs that much to list its tools; save its tools/list elsewhere and scan that file."
MAX_NAMES = 3


class Circumstances(Struct, frozen=True):
    """What is known of the process when the session failed."""

    outcome: Outcome
    stderr: str
    """The end of its standard error, secrets taken out already."""
    boxed: bool
    """It ran in a sandbox."""
    network_denied: bool
    emptied: bool
    """A directory that its arguments name was empty for it, because it lies in a place that the sandbox hides."""
    unread: bool
    """It left without having read what we asked, and without a word."""
    tap: Tap
    """Its mask clears what the supervisor has heard of the target."""
    limits: Limits


def without_escapes(stderr: str) -> str:
    """What a program printed, without what it told a terminal to do."""
    return str(_ESCAPES.sub("", stderr))


def tail(stderr: str) -> str:
    """Why a program says that it ended: the first words of the last line that begins as an error does, inert, and the
    variables of the environment that it names.

    Without one it is the last of the end that complains of something, and without that the last line.
    """
    lines = [line for line in without_escapes(stderr).splitlines() if line.strip()]
    for telling, among in ((_ERROR, lines), (_COMPLAINT, lines[-TAIL_LINES:])):
        found = next((line for line in reversed(among) if telling.search(line[:_LINE_CHARS])), None)
        if found is not None:
            said = excerpt(found)
            named = [one for one in dict.fromkeys(_VARIABLE.findall(found[:_LINE_CHARS])) if one not in said]
            return f"{said} [{', '.join(map(neutralise_name, named[:MAX_VARIABLES]))}]" if named else said
    return excerpt("".join(lines[-1:]))


def hosts_named(stderr: str) -> list[str]:
    """Hosts that error messages of common languages name when they cannot be reached."""
    found: list[str] = []
    for said in _HOST_PATTERNS:
        for match in said.finditer(stderr):
            if match.group(1) not in found:
                found.append(match.group(1))
    return found


def explain(failure: TargetError, seen: Circumstances) -> TargetError:
    """The error a user meets: the first of these that fits, most certain first."""
    outcome = seen.outcome
    said = tail(seen.stderr)
    last_words = f"; it said: “{said}”" if said else ""
    if outcome.exec_errno is not None:
        return _not_started(outcome.exec_errno)
    if outcome.attack:
        return _attacked(outcome, seen.tap.mask)
    if outcome.killed in ("processes", "memory", "disk"):
        return TargetError("too_large", f"the target was ended: {_bound(outcome.killed, seen.limits)}", ENDED_HINT)
    hosts = list(dict.fromkeys([*outcome.asked, *outcome.tried, *hosts_named(seen.stderr)]))
    wants_network = bool(outcome.asked or outcome.tried) or bool(_NETWORK.search(seen.stderr))
    if seen.network_denied and wants_network and failure.code in ("launch_failed", "timeout", "not_mcp"):
        asked = ", ".join(quoted(seen.tap.mask.text(host)) for host in hosts[:MAX_HOSTS])
        return TargetError(
            "needs_network",
            "the target does not list its tools without a network"
            + (f"; it asked for {asked}" if hosts else last_words),
            "Allow it with --allow-network if you trust it with that.",
        )
    if isinstance(failure, PeerGoneError) and failure.code == "launch_failed":
        return _left(failure, seen, last_words)
    if failure.code == "timeout":
        return TargetError("timeout", failure.message + last_words, failure.hint or SLOW_HINT)
    return failure


def _attacked(outcome: Outcome, mask: Mask) -> TargetError:
    """Only the target, or somebody with the same rights, can have done that."""
    message = f"the process that watches the target was {outcome.attack} while it ran"
    if outcome.left_count:
        names = ", ".join(quoted(mask.text(name)) for name in outcome.left[:MAX_NAMES])
        left = "1 process was" if outcome.left_count == 1 else f"{outcome.left_count} processes were"
        message += f"; {left} still running, and ended: {names}"
    hint = "A sandbox keeps a target from that: scan it with --sandbox require, or do not trust it."
    return TargetError("launch_failed", message, hint)


@contextmanager
def starting() -> Iterator[None]:
    """While something is made ready or started: what the system refuses then is the reason why there is no target.

    Raises:
        TargetError: `launch_failed`.
    """
    try:
        yield
    except OSError as error:
        raise _not_started(error.errno or errno.EIO) from None


_NO_PROCESS = ("there is no room for another process", "Scan fewer targets at a time, or end other programs first.")
_NO_FILE = ("too many files are open", "Scan fewer targets at a time, or raise the limit of open files (ulimit -n).")
_NO_SPACE = ("there is no room for its throw-away directories", "Make room, or name another place with TMPDIR.")
_REFUSED = {
    errno.ENOEXEC: ("it is no program that this system can run", "Check the command and its rights."),
    errno.E2BIG: (
        "its arguments or variables are longer than a program can be given here",
        "Shorten them (Linux passes at most 128 KiB in one), or put what is long into a file.",  # execve(2)
    ),
    errno.EMFILE: _NO_FILE,
    errno.ENFILE: _NO_FILE,
    errno.EAGAIN: _NO_PROCESS,
    errno.ENOMEM: _NO_PROCESS,
    errno.ENOSPC: _NO_SPACE,
    errno.EDQUOT: _NO_SPACE,
}


def _not_started(number: int) -> TargetError:
    why, hint = _REFUSED.get(number) or (os.strerror(number).lower(), "Check the command and its rights.")
    return TargetError("launch_failed", f"the command could not be started: {why}", hint)


def _left(failure: PeerGoneError, seen: Circumstances, last_words: str) -> TargetError:
    code = seen.outcome.exit_code
    if code is None:
        return TargetError("not_mcp", "the target closed its output without speaking MCP" + last_words, failure.hint)
    number = -code if code < 0 else code - 128 if code > 128 else 0  # 128 + signal: how a shell or sandbox passes it on
    how = f"was ended by signal {number}" if number else f"ended with exit status {code}"
    if code == 0 and seen.tap.count("junk_output"):
        message = "the target printed something that is no MCP and ended" + last_words
        return TargetError("not_mcp", message, "Check that the command starts an MCP server.")
    error = PeerGoneError("launch_failed", f"the target {how} before its tools were listed{last_words}", "")
    error.hint = "Run the command by hand to see what it needs (arguments, environment variables, a backend)."
    if seen.boxed:
        error.hint += " If it works there, the sandbox keeps something from it; --sandbox off would not."
    if seen.emptied:
        error.hint = "The sandbox shows the directories it names as empty; --sandbox off shows it all you can see."
    error.in_probe = failure.in_probe and not seen.unread
    return error


def _bound(name: str, limits: Limits) -> str:
    return {
        "processes": f"it started more than {limits.processes} processes",
        "memory": f"it used more than {limits.memory_bytes // MIB} MiB of memory",
        "disk": f"it wrote more than {limits.disk_bytes // MIB} MiB of files",
    }[name]
