"""The answer to a request that cannot be read: that it cannot, and why, under the request's own id.

The SDK drops a line that its parser refuses, and the client waits for ever. What the parser refuses, a description of a
server may well hold: half of a surrogate pair, brackets some 200 deep, a number of thousands of digits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from mcp.types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter
from pydantic import ValidationError

from mcp_threat_scoring.neutralise import neutralise
from mcp_threat_scoring.patterns.pattern import pattern

ID_CHARS = 200
"""Longest id that is given back; one that nobody can have meant is not."""
_WHY = (
    ("hex escape", "a text in it holds half of a surrogate pair (as \\ud800), which is no character"),
    ("surrogate", "a text in it holds half of a surrogate pair (as \\ud800), which is no character"),
    ("recursion limit", "it is nested too deeply, more than some 200 levels"),
    ("number out of range", "a number in it has too many digits"),
)
"""Words of the parser, and what they mean to whoever sent the message."""
_HINT = "A manifest that is like this can be passed as JSON text: as one string instead of an object."
_PLACE = pattern(r"line \d+ column \d+$")
_NUMBER = pattern(r"(-?\d{1,18})[ \t\r\n]*[,}]")


def refusal_of_body(body: bytes) -> JSONRPCError | None:
    """The answer to a whole message, if it is a request that cannot be read."""
    try:
        jsonrpc_message_adapter.validate_json(body, by_name=False)
    except ValidationError as error:
        return refusal(error)
    return None


def refusal(error: Exception) -> JSONRPCError | None:
    """The answer to the message that the SDK failed to read; None when it was no request, or had no id."""
    if not isinstance(error, ValidationError):
        return None
    faults = error.errors(include_url=False)
    if faults and faults[0]["type"] == "json_invalid":
        given = faults[0]["input"]
        text = given.decode("utf-8", "replace") if isinstance(given, bytes) else given
        return _answer(_id_in(text), PARSE_ERROR, _why(str(faults[0].get("ctx", {}).get("error", ""))))
    whole = next((one["input"] for one in faults if isinstance(one["input"], Mapping) and "id" in one["input"]), None)
    if whole is None or not isinstance(whole.get("method"), str):
        return None
    return _answer(_usable(whole["id"]), INVALID_REQUEST, "it is no JSON-RPC request")


def _answer(request_id: str | int | None, code: int, why: str) -> JSONRPCError | None:
    if request_id is None:
        return None
    return JSONRPCError(
        jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=f"this message cannot be read: {why}")
    )


def _why(said: str) -> str:
    known = next((words for mark, words in _WHY if mark in said), None)
    if known is None:
        return f"it is not JSON: {neutralise(said)}"
    place = _PLACE.search(said)
    return f"{known}{f' ({place[0]})' if place else ''}. {_HINT}"


def _id_in(text: str) -> str | int | None:
    """The id of a request whose text no parser takes: the member `id` of the outermost object.

    Texts are cut out first, so that no bracket inside of one counts; nothing is built and nothing recurs.
    """
    pieces = text.replace("\\\\", "xx").replace('\\"', "xx").split('"')
    if pieces[0].strip() != "{":
        return None
    found: str | int | None = None
    request = False
    depth, at = 0, 0
    for number, piece in enumerate(pieces[:-1]):
        if number % 2 == 0:
            depth += piece.count("{") + piece.count("[") - piece.count("}") - piece.count("]")
        elif depth == 1 and piece in ("id", "method"):
            after = pieces[number + 1].strip(" \t\r\n")
            if after == ":" and number + 2 < len(pieces):
                start = at + len(piece) + 1 + len(pieces[number + 1]) + 1
                value = _text(text[start : start + len(pieces[number + 2])])
                found, request = (value, request) if piece == "id" else (found, True)
            elif piece == "id" and after.startswith(":"):
                digits = _NUMBER.match(after[1:].lstrip(" \t\r\n")[:ID_CHARS])
                found = int(digits[1]) if digits else None
        at += len(piece) + 1
    return _usable(found) if request else None


def _text(written: str) -> str | None:
    if len(written) > ID_CHARS:
        return None
    try:
        value = json.loads(f'"{written}"', strict=False)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def _usable(value: object) -> str | int | None:
    """The id, if it is one and can be written down again."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    if isinstance(value, str):
        whole = not any("\ud800" <= char <= "\udfff" for char in value)
        return value if len(value) <= ID_CHARS and whole else None
    return value if value.bit_length() <= 64 else None
