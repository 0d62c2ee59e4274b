"""Reading `WWW-Authenticate`: several challenges in one header, several headers, quoted and unquoted values.

Grammar: RFC 9110, sections 5.6 and 11.6.1. A header that breaks it gives what could be read up to there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mcp_threat_scoring.structs import Struct, field

MAX_HEADER = 16_384
MAX_CHALLENGES = 16
MAX_PARAMETERS = 32
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_TOKEN68 = frozenset("-._~+/0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class Challenge(Struct, frozen=True):
    """One way to authenticate. Scheme and parameter names are lower case; of a repeated parameter the first counts."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class _Cursor:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip(self, chars: str) -> None:
        while self.peek() and self.peek() in chars:
            self.at += 1

    def take(self, allowed: frozenset[str]) -> str:
        start = self.at
        while self.peek() and self.peek() in allowed:
            self.at += 1
        return self.text[start : self.at]

    def quoted(self) -> str | None:
        """The text of a quoted string, or None when it never ends."""
        self.at += 1
        out: list[str] = []
        while char := self.peek():
            self.at += 1
            if char == '"':
                return "".join(out)
            if char == "\\":
                char = self.peek()
                self.at += 1
            out.append(char)
        return None


def _parameter(cursor: _Cursor) -> tuple[str, str] | None:
    """``name = value`` at the cursor, or None (cursor unmoved) when something else stands there."""
    start = cursor.at
    name = cursor.take(_TOKEN)
    cursor.skip(" \t")
    if name and cursor.peek() == "=":
        cursor.at += 1
        cursor.skip(" \t")
        if cursor.peek() == '"':
            value = cursor.quoted()
        else:
            # Unquoted URLs and scope lists are common and not tokens; they end at a comma or a space.
            value_start = cursor.at
            while cursor.peek() and cursor.peek() not in ', \t"':
                cursor.at += 1
            value = cursor.text[value_start : cursor.at] or None
            if value is not None and value.startswith("="):  # the padding of a token68
                value = None
        cursor.skip(" \t")
        if value is not None and cursor.peek() in ("", ","):
            return name.lower(), value
    cursor.at = start
    return None


def _one_header(text: str) -> tuple[list[Challenge], bool]:
    cursor, found = _Cursor(text), list[Challenge]()
    while len(found) < MAX_CHALLENGES:
        cursor.skip(" \t,")
        if not cursor.peek():
            return found, False
        scheme = cursor.take(_TOKEN)
        if not scheme or cursor.peek() not in ("", " ", "\t", ","):
            return found, True
        cursor.skip(" \t")
        parameters: dict[str, str] = {}
        if cursor.peek() not in ("", ","):
            first = _parameter(cursor)
            if first is None:  # a token68, such as Negotiate's; or damage
                cursor.take(_TOKEN68)
                cursor.skip("= \t")
                if cursor.peek() not in ("", ","):
                    return [*found, Challenge(scheme.lower())], True
            else:
                parameters[first[0]] = first[1]
        while len(parameters) < MAX_PARAMETERS:
            mark = cursor.at
            cursor.skip(" \t,")
            more = _parameter(cursor)
            if more is None:
                cursor.at = mark
                break
            parameters.setdefault(*more)
        found.append(Challenge(scheme.lower(), parameters))
    return found, True


def parse_challenges(headers: Iterable[str]) -> tuple[tuple[Challenge, ...], bool]:
    """All challenges of all `WWW-Authenticate` headers, in order, and whether some of it could not be read."""
    found: list[Challenge] = []
    damaged = False
    for header in headers:
        challenges, broken = _one_header(header[:MAX_HEADER])
        found += challenges
        damaged = damaged or broken or len(header) > MAX_HEADER
    return tuple(found[:MAX_CHALLENGES]), damaged or len(found) > MAX_CHALLENGES
