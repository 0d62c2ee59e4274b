"""Tests that are made of other tests, which the languages of the signal rules and of the scoring rules have in common.

Each language declares its own, because what may stand inside differs: :mod:`rulebook.rule`, :mod:`aivss.condition`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.structs import astuple

T = TypeVar("T")


class Compound(Model, frozen=True):
    """Any of some tests, all of them, or not that one: a single field that holds what it is made of."""

    @property
    def parts(self) -> Sequence[Any]:
        """The tests it is made of."""
        (held,) = astuple(self)
        return held if isinstance(held, list) else (held,)


def leaves(test: T) -> Iterator[T]:
    """Everything in a test that can hold by itself, negated or not, in its order."""
    if isinstance(test, Compound):
        for part in test.parts:
            yield from leaves(part)
    else:
        yield test
