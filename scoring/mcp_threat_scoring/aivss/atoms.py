"""Conditions compiled once, when the rules are loaded, to bit masks over the answers to numbered questions: "sends, and
reads what is private" asks for the bits of two of them.

The questions inside the conditions are numbered over all rules, and a scene answers each of them once
(:mod:`aivss.answers`); what is left of a condition is a mask over the answers. Hence scoring the same server again with
some tools taken away costs next to nothing, and that is what the range and the levers do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from mcp_threat_scoring.aivss.condition import (
    AllOf,
    AnyOf,
    Assumption,
    Condition,
    FactCondition,
    Not,
    SignalCondition,
    ToolCondition,
)
from mcp_threat_scoring.model import to_json
from mcp_threat_scoring.rulebook.compound import Compound, leaves

if TYPE_CHECKING:
    from mcp_threat_scoring.aivss.explanation import Clues

Holds = Callable[[int], bool]
"""Whether a condition holds, given the answers to all questions of the rules: bit n answers question n."""


class Atoms:
    """Every question that the conditions of a set of rules ask, by kind, each with its bit."""

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}
        self._assumed: dict[str, int] = {}
        self.signals: dict[int, str] = {}
        self.facts: dict[int, tuple[str, list[bool | str]]] = {}
        """The name of a fact, and the values of which one is enough."""
        self.tools: dict[int, ToolCondition] = {}
        self.clues: dict[str, Clues] = {}
        """By condition, what can explain it."""
        self.by_ability: dict[str | None, list[int]] = {}
        """The bits of the questions about tools, by the ability that they ask for."""

    def bit(self, condition: Condition) -> int:
        """The bit of a question, the same for the same question."""
        key = f"{type(condition).__name__} {to_json(condition)}"
        if key not in self._bits:
            self._bits[key] = 1 << len(self._bits)
            self._sort(condition, self._bits[key])
        return self._bits[key]

    def _sort(self, condition: Condition, bit: int) -> None:
        if isinstance(condition, SignalCondition):
            self.signals[bit] = condition.signal
        elif isinstance(condition, FactCondition):
            wanted = condition.equals
            self.facts[bit] = condition.fact, [*wanted] if isinstance(wanted, list) else [wanted]
        elif isinstance(condition, ToolCondition):
            self.tools[bit] = condition
            self.by_ability.setdefault(condition.ability, []).append(bit)
        elif isinstance(condition, Assumption):
            self._assumed[condition.assume] = bit
        else:
            raise TypeError(f"{type(condition).__name__} is no question")

    def mask(self, conditions: Iterable[Condition | None]) -> int:
        """The bits of all questions inside conditions: what else is answered is nothing to them."""
        bits = [self.bit(part) for one in conditions if one is not None for part in leaves(one)]
        return reduce(or_, bits, 0)

    def assuming(self, assumed: Iterable[str]) -> int:
        """The answers that are assumed. They answer only the questions that ask for it."""
        return sum([self._assumed.get(one, 0) for one in assumed])


def compiled(condition: Condition | None, atoms: Atoms) -> Holds:
    """The condition as a function of the answers to its questions, which join `atoms`."""
    if condition is None:
        return always
    if isinstance(condition, Not):
        inner = compiled(condition.negated, atoms)
        return lambda answers: not inner(answers)
    if isinstance(condition, AnyOf | AllOf):
        parts: Sequence[Condition] = condition.parts
        mask = 0
        for part in parts:
            if not isinstance(part, Compound):
                mask |= atoms.bit(part)
        nested = tuple(compiled(part, atoms) for part in parts if isinstance(part, Compound))
        return _any_of(mask, nested) if isinstance(condition, AnyOf) else _all_of(mask, nested)
    bit = atoms.bit(condition)
    return lambda answers: answers & bit != 0


def always(_: int) -> bool:
    """What has no condition holds."""
    return True


def _any_of(mask: int, nested: tuple[Holds, ...]) -> Holds:
    if not nested:
        return lambda answers: answers & mask != 0
    return lambda answers: answers & mask != 0 or any(part(answers) for part in nested)


def _all_of(mask: int, nested: tuple[Holds, ...]) -> Holds:
    if not nested:
        return lambda answers: answers & mask == mask
    return lambda answers: answers & mask == mask and all(part(answers) for part in nested)
