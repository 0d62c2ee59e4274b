"""RE2 patterns that are compiled when they are first used: a scan needs a few of the hundreds there are."""

from __future__ import annotations

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
