"""Bytes from a file or a pipe become one JSON value, within bounds of size, depth and time.

Everything here assumes that the bytes were written by an attacker: they may never end, never come, nest a million
levels deep, repeat a key so that two readers see two things, or not be JSON at all.
"""

from __future__ import annotations

import errno
import json
import os
import select
import stat
import time
from collections.abc import Callable
from itertools import accumulate
from typing import Any, NoReturn

from mcp_threat_model.guard.limits import DEFAULT_LIMITS, Limits
from mcp_threat_model.source.wire import count_nodes
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import neutralise
from mcp_threat_scoring.structs import Struct

MAX_DEPTH = 256
"""Nesting levels of the whole document. Below Python's own recursion limit on every version, so that the answer never
depends on the interpreter; the most deeply nested real tool list seen has about 30."""

_CHUNK = 1024 * 1024
_PATIENCE = 0.2
"""Seconds between two looks at the clock while a pipe is silent."""


class Document(Struct, frozen=True):
    """A parsed description."""

    value: Any
    repeated_keys: int = 0
    """Objects in which a key stands more than once."""
    oversized: bool = False
    """Whether a string may be longer, or an item nested more deeply, than what is kept of one."""


Stopped = Callable[[], bool]
"""Whether nobody waits for the bytes any more: a pipe that is silent is then left alone."""


def read_file(
    path: str,
    *,
    seconds: float,
    max_bytes: int = DEFAULT_LIMITS.file_bytes,
    stopped: Stopped = lambda: False,
) -> bytes:
    """Read a regular file, or a pipe such as ``/dev/stdin`` or a shell's ``<(…)``, never for longer than `seconds`.

    Raises:
        TargetError: `unreachable` (missing, a directory, no permission, a device), `too_large`, `timeout`.
    """
    try:
        # Non-blocking: opening a pipe that nobody writes to would wait for ever.
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError) as error:
        _fail_open(path, error)
    try:
        mode = os.fstat(fd).st_mode
        if stat.S_ISDIR(mode):
            raise TargetError(
                "unreachable", f"{_shown(path)} is a directory, not a file", "Name the JSON file inside it."
            )
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
            raise TargetError("unreachable", f"{_shown(path)} is not a file that can be read", "Name a JSON file.")
        return _drain(fd, _shown(path), seconds, max_bytes, stopped)
    finally:
        os.close(fd)


def read_stdin(
    *, seconds: float, max_bytes: int = DEFAULT_LIMITS.file_bytes, stopped: Stopped = lambda: False
) -> bytes:
    """Read standard input to its end, never for longer than `seconds`.

    Raises:
        TargetError: `unreachable` (it is closed), `too_large`, `timeout`.
    """
    try:
        os.fstat(0)
    except OSError:
        raise TargetError(
            "unreachable", "standard input is closed", "Pipe the description in, or name a file."
        ) from None
    return _drain(0, "standard input", seconds, max_bytes, stopped)


def _drain(fd: int, what: str, seconds: float, max_bytes: int, stopped: Stopped) -> bytes:
    deadline = time.monotonic() + seconds
    read: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or stopped():
            raise TargetError(
                "timeout",
                f"{what} did not end within {seconds:g} seconds",
                "Check who writes to it, or raise --timeout.",
            )
        ready, _, _ = select.select([fd], [], [], min(left, _PATIENCE))
        if not ready:
            continue
        try:
            chunk = os.read(fd, _CHUNK)
        except BlockingIOError:
            continue
        except OSError as error:
            raise TargetError(
                "unreachable", f"{what} cannot be read: {_reason(error)}", "Copy it to another place, and scan that."
            ) from None
        if not chunk:
            return b"".join(read)
        size += len(chunk)
        if size > max_bytes:
            raise TargetError(
                "too_large",
                f"{what} is larger than {max_bytes // (1024 * 1024)} MiB",
                "Save the tools/list result alone; no real server's is that large.",
            )
        read.append(chunk)


def parse_json(data: bytes, what: str, limits: Limits = DEFAULT_LIMITS) -> Document:
    """Parse JSON in any Unicode encoding, with or without a byte order mark. `what` names the input in errors.

    Raises:
        TargetError: `malformed` (with line and column) or `too_large` (too many values, or nested too deeply).
    """
    text = _decode(data, what)
    if not text.strip():
        raise TargetError("malformed", f"{what} is empty", "Save a tools/list result into it.")
    if (nodes := count_nodes(data)) > limits.nodes_total:
        raise TargetError(
            "too_large",
            f"{what} holds about {nodes:,} values; at most {limits.nodes_total:,} are read",
            "Save the tools/list result alone; no real server's has that many.",
        )
    depth, longest = extent(text)
    if depth > MAX_DEPTH:
        raise TargetError(
            "too_large",
            f"{what} is nested {depth:,} levels deep; at most {MAX_DEPTH} are read",
            "Take out the tool that nests so deeply; no real schema does.",
        )
    repeated = 0

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        built = dict(pairs)
        repeated += len(built) != len(pairs)
        return built

    def no_constant(name: str) -> NoReturn:
        raise TargetError("malformed", f"{what} is not JSON: {name} is no JSON value", "Write null, or a number.")

    try:
        value = json.loads(text, object_pairs_hook=build, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        sentence = neutralise(error.msg[:1].lower() + error.msg[1:])
        where = f"line {error.lineno}, column {error.colno}"
        raise TargetError("malformed", f"{what} is not JSON: {sentence} at {where}", _guess(text)) from None
    except ValueError:  # the one other thing json refuses: an integer of more than 4,300 digits
        raise TargetError(
            "malformed", f"{what} holds a number with too many digits", "Write it as text, or shorter."
        ) from None
    return Document(value, repeated, oversized=depth > limits.depth or longest > limits.string_chars)


def extent(text: str) -> tuple[int, int]:
    """How deeply brackets nest in JSON text, and how long its longest string is as written.

    Counted without recursion and without building a value, so that it is safe on any text.
    """
    pieces = text.replace("\\\\", "xx").replace('\\"', "xx").split('"')
    brackets = "".join(pieces[::2]).encode("ascii", "ignore").translate(_STEP, _NO_BRACKETS)
    depth = max(accumulate((byte - 1 for byte in brackets), initial=0))
    return depth, max(map(len, pieces[1::2]), default=0)


_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = bytes.maketrans(b"[{]}", b"\x02\x02\x00\x00")


def _decode(data: bytes, what: str) -> str:
    encoding = json.detect_encoding(data)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise TargetError(
            "malformed", f"{what} is not text: byte {error.start + 1:,} is not valid {encoding.upper()}", _guess("")
        ) from None


def _guess(text: str) -> str:
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype", "<html", "<?xml", "<")):
        return "It looks like a web page; was a login page saved instead of the answer?"
    if start.startswith(("event:", "data:", "id:")):
        return "It looks like a saved event stream; keep only the JSON after 'data:'."
    return "Save a tools/list result, a whole JSON-RPC response, or a list of tools."


def _fail_open(path: str, error: OSError | ValueError) -> NoReturn:
    missing = isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ENOTDIR)
    if missing:
        raise TargetError("unreachable", f"there is no file {_shown(path)}", _meant(path)) from None
    raise TargetError(
        "unreachable", f"{_shown(path)} cannot be opened: {_reason(error)}", "Check the path and its rights."
    ) from None


def _meant(path: str) -> str:
    """What the caller may have wanted to write."""
    head = path.split(maxsplit=1)
    if len(head) > 1 and "/" not in head[0]:
        return "To start a program, write 'stdio:COMMAND ARG …'."
    if "." in path and "/" in path and not path.startswith((".", "/", "~")):
        return f"If it is a server's address, write https://{neutralise(path)}"
    return "Check the path."


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "unknown reason").lower() if isinstance(error, OSError) else "it is no path"


def _shown(path: str) -> str:
    return neutralise(path, 160)
