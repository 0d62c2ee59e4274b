"""All tests of one fact: which of them hold of a value."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_scoring.rulebook.rule import FactTest

MEMO = 1_000
"""Values remembered of one fact."""
LONGEST = 100
"""Letters of a value that is remembered."""
Key = int | str | tuple[bool]
"""A value, truth values in a tuple: to a dictionary ``True`` is 1."""


class FactTests(dict[Key, tuple[int, ...]]):
    """The atoms that hold of values, worked out when a value is first met: most facts have a few."""

    def __init__(self, tests: Sequence[tuple[int, FactTest]]) -> None:
        super().__init__()
        self._tests = tests

    def __missing__(self, key: Key) -> tuple[int, ...]:
        value = key[0] if isinstance(key, tuple) else key
        found = tuple([atom for atom, test in self._tests if test.admits(value)])
        if len(self) < MEMO and not (isinstance(key, str) and len(key) > LONGEST):
            self[key] = found
        return found
