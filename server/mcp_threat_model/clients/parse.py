"""Configuration text becomes a plain value: JSON, JSON with comments and trailing commas, or TOML.

Each is read by a library, under a bound, and what is wrong is said with its line and column.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mcp_threat_model.clients.locations import Format
from mcp_threat_model.guard.files import UnreadableError, read_regular
from mcp_threat_model.source.saved.document import extent
from mcp_threat_scoring.patterns.pattern import matches, pattern

MAX_BYTES: Mapping[Format, int] = {"json": 4 * 1024 * 1024, "toml": 512 * 1024}
"""A client's settings file; `~/.claude.json` keeps whole project histories and grows to a few hundred KiB. Codex keeps
two lines for each project, and the parser of TOML, in plain Python, takes a second for half a mebibyte."""
MAX_DEPTH = 100
MAX_KEY_PARTS = 8
"""Parts of one dotted key in TOML, of which Codex uses four. The time that `tomllib` takes for a key, and for each line
below a heading, grows with their square."""
MAX_BITS = 1024
"""Of an integer. Python writes none of more than 4,300 digits, and JSON's readers elsewhere none of more than these."""
_DIGITS = "it holds a number with too many digits"


class BrokenConfigError(Exception):
    """The file cannot be read as what it should be. The message is one sentence, without a value from the file."""


def read_config(path: Path, form: Format) -> Any:
    """Read one configuration file.

    Raises:
        FileNotFoundError: there is none.
        BrokenConfigError: it is no file, too large, not text, or not in its format.
    """
    try:
        data = read_regular(path, MAX_BYTES[form])
    except UnreadableError as error:
        if error.why == "missing":
            raise FileNotFoundError(path) from None
        raise BrokenConfigError(f"it {error}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BrokenConfigError(f"byte {error.start + 1:,} is not UTF-8 text") from None
    if not text.strip():
        return {}
    return _sane(_toml(text) if form == "toml" else _json(text))


def _sane(value: Any) -> Any:
    """The value, if every number in it can be written down again: in hexadecimal they may be of any length."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, int) and one.bit_length() > MAX_BITS:
            raise BrokenConfigError(_DIGITS)
        left += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return value


_PROSE = pattern(
    r'''(?s)"""(?:[^\\]|\\.)*?(?:"{3,5}|\\?\z)|'{3}.*?(?:'{3,5}|\z)'''
    r"""|"(?:[^"\\\n]|\\[^\n])*"?|'[^'\n]*'?|#[^\n]*"""
)
"""Strings and comments of TOML 1.0.0. One that does not end goes to the end of its line or text, as what comes after it
is never parsed, and looking for its end again and again would take squared time itself."""
_LONG_KEY = pattern(rf"(?:[\w-]+[ \t]*\.[ \t]*){{{MAX_KEY_PARTS}}}[\w-]")


def _toml(text: str) -> Any:
    if matches(_LONG_KEY, _PROSE.sub(b"s", text.encode())):
        raise BrokenConfigError(f"it has a key of more than {MAX_KEY_PARTS} parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BrokenConfigError(f"it is not TOML: {_without_values(str(error))}") from None
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise BrokenConfigError(_DIGITS) from None
    except RecursionError:
        raise BrokenConfigError("it is nested too deeply") from None


def _without_values(message: str) -> str:
    """The parser's sentence; it names a place, and at most one character of the text."""
    return message[:1].lower() + message[1:200]


def _json(text: str) -> Any:
    if extent(text)[0] > MAX_DEPTH:
        raise BrokenConfigError("it is nested too deeply")
    try:
        return json.loads(text)
    except json.JSONDecodeError as strict:
        return _lenient(text, strict)
    except ValueError:
        raise BrokenConfigError(_DIGITS) from None


def _lenient(text: str, strict: json.JSONDecodeError) -> Any:
    """Comments and trailing commas, which editors allow in their settings."""
    import pyjson5  # only files that are not plain JSON pay for it

    try:
        return pyjson5.decode(text, maxdepth=MAX_DEPTH)
    except pyjson5.Json5EOF:
        raise BrokenConfigError(f"it is not JSON: it ends too early, at {_place(text.rstrip(), None)}") from None
    except pyjson5.Json5DecoderException as error:
        numbers = [int(word.rstrip(",")) for word in str(error.args[0]).split() if word.rstrip(",").isdigit()]
        if not numbers:  # it gives no place, so the strict parser's is the best there is
            raise BrokenConfigError(f"it is not JSON: line {strict.lineno}, column {strict.colno}") from None
        raise BrokenConfigError(f"it is not JSON: {_place(text, numbers[0] - 1)}") from None


def _place(text: str, at: int | None) -> str:
    """The place of a letter, or behind the last one."""
    before = text[:at]
    return f"line {before.count(chr(10)) + 1}, column {len(before) - (before.rfind(chr(10)) + 1) + 1}"
