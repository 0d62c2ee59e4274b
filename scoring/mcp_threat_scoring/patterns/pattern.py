"""RE2 patterns that are compiled when they are first used: a scan needs a few of the hundreds there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import re2

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "split", "sub", "subn")


class _Lazy:
    """Looks like a compiled pattern. Its methods replace this one's at the first use."""

    def __init__(self, text: str, options: Any) -> None:
        self._text = text
        self._options = options

    def __getattr__(self, name: str) -> Any:
        compiled = re2.compile(self._text, self._options)
        self.__dict__.update({method: getattr(compiled, method) for method in _METHODS}, _regexp=compiled._regexp)
        return getattr(compiled, name)


def pattern(text: str, options: Any = None) -> Any:
    """A pattern of our own, to be compiled when it is needed; tests compile every one of them."""
    return _Lazy(text, options)


_UNANCHORED = re2._re2.RE2.Anchor.UNANCHORED if hasattr(re2, "_re2") else None


def first_span(regex: Any, data: bytes) -> tuple[int, int]:
    """Where a pattern matches first in UTF-8 text, counted in bytes; (-1, -1) if nowhere.

    The wrapper's own `search` costs five times the match, most of it for groups that nobody asks for; the matcher
    below it is asked directly where it is there.
    """
    core = getattr(regex, "_regexp", None)
    if core is None or _UNANCHORED is None:
        text = data.decode()
        found = regex.search(text)
        return (len(text[: found.start()].encode()), len(text[: found.end()].encode())) if found else (-1, -1)
    span: tuple[int, int] = core.Match(_UNANCHORED, data, 0, len(data))[0]
    return span


def matches(regex: Any, data: bytes) -> bool:
    """Whether a pattern matches anywhere in UTF-8 text."""
    return first_span(regex, data)[0] >= 0


def spans(regex: Any, text: str) -> Iterator[tuple[int, int]]:
    """Where a pattern matches in a text, one place after the other, none of them empty."""
    core = getattr(regex, "_regexp", None)
    if core is None or _UNANCHORED is None or not text.isascii():
        yield from (found.span() for found in regex.finditer(text) if found.end() > found.start())
        return
    data = text.encode()
    at, end = 0, len(data)
    while at < end:
        start, stop = core.Match(_UNANCHORED, data, at, end)[0]
        if start < 0:
            return
        if stop > start:
            yield start, stop
        at = max(stop, at + 1)
