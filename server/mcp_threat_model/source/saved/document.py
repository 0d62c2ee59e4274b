"""Bytes from a file or a pipe become one JSON value, within bounds of size, depth and time.

Everything here assumes that the bytes were written by an attacker: they may never end, never come, nest a million
levels deep, repeat a key so that two readers see two things, or not be JSON at all.
"""

from __future__ import annotations

import json
import os
from itertools import accumulate
from typing import Any, NoReturn

from mcp_threat_model.guard.files import Stopped, UnreadableError, read_descriptor, read_stream, told_size
from mcp_threat_model.guard.limits import DEFAULT_LIMITS, Limits
from mcp_threat_model.source.session.wire import count_nodes
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import neutralise
from mcp_threat_scoring.patterns.pattern import matches, pattern
from mcp_threat_scoring.structs import Struct

MAX_DEPTH = 256
"""Nesting levels of the whole document. Below Python's own recursion limit on every version, so that the answer never
depends on the interpreter; the most deeply nested real tool list seen has about 30."""


class Document(Struct, frozen=True):
    """A parsed description."""

    value: Any
    repeated_keys: int = 0
    """Objects in which a key stands more than once."""
    oversized: bool = False
    """Whether a string may be longer, or an item nested more deeply, than what is kept of one."""


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
        return read_stream(path, max_bytes, seconds, stopped)
    except UnreadableError as error:
        _fail(error, _shown(path), path)


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
    try:
        return read_descriptor(0, max_bytes, seconds, stopped)
    except UnreadableError as error:
        _fail(error, "standard input")


def _fail(error: UnreadableError, what: str, path: str = "") -> NoReturn:
    """The error of a scan, with what to do about it."""
    match error.why:
        case "missing":
            raise TargetError("unreachable", f"there is no file {what}", _meant(path)) from None
        case "directory":
            raise TargetError("unreachable", f"{what} {error}", "Name the JSON file inside it.") from None
        case "special":
            raise TargetError("unreachable", f"{what} {error}", "Name a JSON file.") from None
        case "timeout":
            hint = "Check who writes to it, or raise --timeout."
            raise TargetError("timeout", f"{what} {error}", hint) from None
        case "too_large":
            hint = "Save the tools/list result alone; no real server's is that large."
            raise TargetError("too_large", f"{what} {error}", hint) from None
        case _:
            hint = "Check its rights, or copy it to another place and scan that."
            raise TargetError("unreachable", f"{what} {error}", hint) from None


def parse_json(data: bytes, what: str, limits: Limits = DEFAULT_LIMITS, *, respelt: bool = False) -> Document:
    """Parse JSON in any Unicode encoding, with or without a byte order mark. `what` names the input in errors.

    `respelt` is True for what was parsed once and written again by Python, which spells 1e999 ``Infinity``.

    Raises:
        TargetError: `malformed` (with line and column) or `too_large` (too many values, or nested too deeply).
    """
    if 4 * len(data) > limits.text_bytes and (size := memory_of(data)) > limits.text_bytes:
        raise TargetError(
            "too_large",
            f"{what} takes about {told_size(size)} of memory as text; at most {told_size(limits.text_bytes)} are read",
            "One rare character, such as an emoji, makes a whole text four times as large in memory.",
        )
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

    def no_constant(name: str) -> float:
        if respelt and name != "NaN":
            return float(name)
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


def memory_of(data: bytes) -> int:
    """An upper estimate of what JSON in these bytes takes in memory as text, or as the strings it holds.

    Python spends 1, 2 or 4 bytes on every character of a text, as many as the widest of them needs (PEP 393), whether
    that one is written plainly or as an escape. Told from the bytes, without decoding them.
    """
    encoding = json.detect_encoding(data)
    if not encoding.startswith("utf-8"):
        return len(data) * (1 if encoding.startswith("utf-32") else 2)
    if data.translate(None, _BELOW_ASTRAL) or matches(_ASTRAL_ESCAPE, data):
        width = 4
    else:
        width = 2 if data.translate(None, _BELOW_WIDE) or matches(_WIDE_ESCAPE, data) else 1
    return width * len(data.translate(None, _CONTINUATION))


_BELOW_ASTRAL, _BELOW_WIDE = bytes(range(0xF0)), bytes(range(0xC4))
"""Bytes that begin no character beyond U+FFFF, and none beyond U+00FF (RFC 3629, section 3)."""
_CONTINUATION = bytes(range(0x80, 0xC0))
_ASTRAL_ESCAPE = pattern(r"\\u[dD][89abAB]")
_WIDE_ESCAPE = pattern(r"\\u(?:0[1-9a-fA-F]|[1-9a-fA-F])")


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


def _meant(path: str) -> str:
    """What the caller may have wanted to write."""
    head = path.split(maxsplit=1)
    if len(head) > 1 and "/" not in head[0]:
        return "To start a program, write 'stdio:COMMAND ARG …'."
    if "." in path and "/" in path and not path.startswith((".", "/", "~")):
        return f"If it is a server's address, write https://{neutralise(path)}"
    return "Check the path."


def _shown(path: str) -> str:
    return neutralise(path, 160)
