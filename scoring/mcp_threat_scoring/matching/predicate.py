"""What a rule asks, as a function of a bit mask: bit n says that atom n (one test of a text, a fact …) holds.

Besides the function there is the *trigger*: a few atoms of which one must hold for the rule to be true. A rule is only
looked at when one of them does, so most rules cost nothing on most subjects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from mcp_threat_scoring.rulebook.compound import Compound
from mcp_threat_scoring.rulebook.rule import AllOf, AnyOf, Not, Test

Holds = Callable[[int], object]
AtomOf = Callable[[Test], int]


class Predicate(NamedTuple):
    """A compiled test."""

    holds: Holds
    trigger: frozenset[int] | None
    """None: it can hold without any atom (a bare negation)."""


def predicate(test: Test, atom_of: AtomOf) -> Predicate:
    """Compile a test; `atom_of` numbers the tests in it."""
    if isinstance(test, AnyOf):
        return _any_of(test.any, atom_of)
    if isinstance(test, AllOf):
        return _all_of(test.all, atom_of)
    if isinstance(test, Not):
        inner = predicate(test.negated, atom_of).holds
        return Predicate(lambda hits: not inner(hits), None)
    atom = atom_of(test)
    mask = 1 << atom
    return Predicate(lambda hits: hits & mask, frozenset((atom,)))


def _is_atom(test: Test) -> bool:
    return not isinstance(test, Compound)


def _mask(tests: Sequence[Test], atom_of: AtomOf) -> int:
    mask = 0
    for test in tests:
        mask |= 1 << atom_of(test)
    return mask


def _any_of(tests: Sequence[Test], atom_of: AtomOf) -> Predicate:
    mask = _mask([test for test in tests if _is_atom(test)], atom_of)
    parts = [predicate(test, atom_of) for test in tests if not _is_atom(test)]
    triggers = [frozenset(_bits(mask)), *(part.trigger for part in parts)]
    trigger = None if None in triggers else frozenset[int]().union(*(one for one in triggers if one is not None))
    if not parts:
        return Predicate(lambda hits: hits & mask, trigger)
    others = [part.holds for part in parts]
    return Predicate(lambda hits: hits & mask or any(other(hits) for other in others), trigger)


def _all_of(tests: Sequence[Test], atom_of: AtomOf) -> Predicate:
    need = none = 0
    anys: list[int] = []
    others: list[Holds] = []
    triggers: list[frozenset[int]] = []
    for test in tests:
        if isinstance(test, AnyOf) and all(map(_is_atom, test.any)):
            anys.append(_mask(test.any, atom_of))
            triggers.append(frozenset(_bits(anys[-1])))
        elif isinstance(test, Not) and _is_atom(test.negated):
            none |= 1 << atom_of(test.negated)
        elif isinstance(test, Not) and isinstance(test.negated, AnyOf) and all(map(_is_atom, test.negated.any)):
            none |= _mask(test.negated.any, atom_of)
        elif _is_atom(test):
            need |= 1 << atom_of(test)
            triggers.append(frozenset((atom_of(test),)))
        else:
            part = predicate(test, atom_of)
            others.append(part.holds)
            if part.trigger is not None:
                triggers.append(part.trigger)

    def holds(hits: int) -> bool:
        if hits & need != need or hits & none:
            return False
        for mask in anys:
            if not hits & mask:
                return False
        return all(other(hits) for other in others) if others else True

    return Predicate(holds, min(triggers, key=len) if triggers else None)


def _bits(mask: int) -> list[int]:
    found: list[int] = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found
