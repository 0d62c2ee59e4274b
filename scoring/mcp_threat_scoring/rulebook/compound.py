"""Tests that are made of other tests, which the languages of the signal rules and of the scoring rules have in common.

Each language declares its own, because what may stand inside differs: :mod:`rulebook.rule`, :mod:`aivss.condition`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from mcp_threat_scoring.model import Model, Place, fields_of
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


def placed(test: T, place: Place) -> Iterator[tuple[Place, T]]:
    """The same, each with its place in the file; `place` is the test's own."""
    if isinstance(test, Compound):
        (field,) = fields_of(type(test))
        alone = not isinstance(astuple(test)[0], list)
        for index, part in enumerate(test.parts):
            inside = (field.encode_name,) if alone else (field.encode_name, index)
            yield from placed(part, (*place, *inside))
    else:
        yield place, test
