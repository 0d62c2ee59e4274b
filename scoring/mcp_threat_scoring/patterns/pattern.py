"""RE2 patterns that are compiled when they are first used: a scan needs a few of the hundreds there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import re2

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "split", "sub", "subn")


class _Lazy:
    """Looks like a compiled pattern. Its methods replace this one's at the first use.

    JSON can spell half of a surrogate pair and UTF-8 cannot: such a character is read as the one that stands for what
    could not be read, so that no text of a target ends a scan, whoever forgot to look at it before.
    """

    def __init__(self, text: str, options: Any) -> None:
        self._text = text
        self._options = options

    def __getattr__(self, name: str) -> Any:
        compiled = re2.compile(self._text, self._options)
        self.__dict__.update({method: _reading(getattr(compiled, method)) for method in _METHODS})
        self.__dict__["finditer"] = lambda text, *rest: compiled.finditer(_readable(text), *rest)
        self.__dict__["_regexp"] = compiled._regexp
        return self.__dict__[name] if name in self.__dict__ else getattr(compiled, name)


def _readable(text: Any) -> Any:
    return text.encode("utf-8", "replace").decode() if isinstance(text, str) and not text.isascii() else text


def _reading(method: Callable[..., Any]) -> Callable[..., Any]:
    def read(*given: Any) -> Any:
        try:
            return method(*given)
        except UnicodeEncodeError:
            return method(*map(_readable, given))

    return read


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
