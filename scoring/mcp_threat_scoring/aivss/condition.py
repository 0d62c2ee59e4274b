"""Conditions of the scoring rules: which tools, signals and facts must be there for a line of YAML to count.

This is what rule files may say; :mod:`aivss.atoms` compiles it, and :mod:`aivss.explanation` says why it holds.

The scoring must be monotone: a further tool never lowers a score. Hence a negation may hold anything but a question
about tools; :func:`check_negations` refuses the rest when rules are loaded.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from mcp_threat_scoring.aivss.witness import DataLevel, Question
from mcp_threat_scoring.model import TAG, Model
from mcp_threat_scoring.rulebook.compound import Compound, leaves
from mcp_threat_scoring.structs import Meta, field


class ToolCondition(Model, frozen=True, kw_only=True, dict=True, tag_field=TAG, tag="tools"):
    """At least so many tools have this effect, this ability, work in this domain, and on data at least that delicate.

    Of a listing one clause is enough, whatever the number. `effect` write includes change, which leaves out what only
    makes a file of its own, and change includes destructive; read is only reading. `data` private: it normally belongs
    to somebody; sensitive: its loss or alteration does serious harm. `hostile`: its own text is an attack. `does`: that
    signal fired on it, such as tool.store, for a sentence that says more of a tool than its effect or ability does.
    Without a key: any tool.
    """

    tools: Literal[True] = True
    effect: Literal["read", "write", "change", "destructive"] | None = None
    ability: str | None = None
    domain: str | None = None
    data: DataLevel | None = None
    hostile: bool = False
    does: str | None = None
    at_least: Annotated[int, Meta(ge=1)] = 1

    @cached_property
    def question(self) -> Question:
        """What is asked of each tool."""
        return Question(self.effect, self.ability, self.domain, self.data, self.hostile, self.does)


class SignalCondition(Model, frozen=True, kw_only=True, tag_field=TAG, tag="signal"):
    """That signal fired anywhere."""

    signal: str


class FactCondition(Model, frozen=True, kw_only=True, tag_field=TAG, tag="fact"):
    """A named observation of the server as a whole has this value, or one of these."""

    fact: str
    equals: bool | str | list[str]


class Assumption(Model, frozen=True, kw_only=True, tag_field=TAG, tag="assume"):
    """Holds only while a bound of the range is computed: what is not known, taken at its worst or its best."""

    assume: str


class AnyOf(Compound, frozen=True, kw_only=True, tag_field=TAG, tag="any"):
    """At least one holds."""

    any: Annotated[list[Condition], Meta(min_length=1)]


class AllOf(Compound, frozen=True, kw_only=True, tag_field=TAG, tag="all"):
    """All hold."""

    all: Annotated[list[Condition], Meta(min_length=1)]


class Not(Compound, frozen=True, kw_only=True, tag_field=TAG, tag="not"):
    """It does not hold."""

    negated: Condition = field(name="not")


Condition = AnyOf | AllOf | Not | SignalCondition | FactCondition | Assumption | ToolCondition
"""Told apart by the key that only one of them has; a question about tools may do without."""


def check_negations(condition: Condition) -> None:
    """Refuse a rule by which a further tool could lower a score.

    Raises:
        ValueError: a question about tools stands under a negation.
    """
    if isinstance(condition, Not):
        if any(isinstance(one, ToolCondition) for one in leaves(condition.negated)):
            raise ValueError("a question about tools may not stand under not: a further tool could lower the score")
    elif isinstance(condition, Compound):
        for part in condition.parts:
            check_negations(part)


class Conditional(Model, frozen=True, kw_only=True):
    """Something that counts only under a condition; without one, always. A further tool may only make it true."""

    when: Condition | None = None
    reason: str

    def __post_init__(self) -> None:
        if self.when is not None:
            check_negations(self.when)
