"""Conditions of the scoring rules: which tools, signals and facts must be there for a line of YAML to count.

A condition is compiled to a function once, when the rules are loaded. Sets of tools are bit masks, so that asking the
same two hundred conditions of a server with some of its tools taken away costs next to nothing; that is what the range
and the levers do.

The scoring must be monotone: a further tool never lowers a score. Hence a negation may hold anything but a question
about tools; :func:`check_negations` refuses the rest when rules are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

from mcp_threat_scoring.scene import DataLevel, Question, Scene
from mcp_threat_scoring.signal import Evidence

Holds = Callable[[Scene], bool]


class Doc(BaseModel):
    """Base of the scoring documents: immutable, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ToolCondition(Doc):
    """At least so many tools have this effect, this ability, work in this domain, and on data at least that delicate.

    `effect` write includes destructive ones. `data` private: it normally belongs to somebody. sensitive: its loss or
    alteration does serious harm. Without a key: any tool.
    """

    tools: Literal[True] = True
    effect: Literal["write", "destructive"] | None = None
    ability: str | None = None
    domain: str | None = None
    data: DataLevel | None = None
    at_least: Annotated[int, Field(ge=1)] = 1

    @property
    def question(self) -> Question:
        """What is asked of each tool."""
        return Question(self.effect, self.ability, self.domain, self.data)


class SignalCondition(Doc):
    """That signal fired anywhere."""

    signal: str


class FactCondition(Doc):
    """A named observation of the server as a whole has this value, or one of these."""

    fact: str
    equals: bool | str | list[str]


class Assumption(Doc):
    """Holds only while a bound of the range is computed: what is not known, taken at its worst or its best."""

    assume: str


class AnyOf(Doc):
    """At least one holds."""

    any: Annotated[list[Condition], Field(min_length=1)]


class AllOf(Doc):
    """All hold."""

    all: Annotated[list[Condition], Field(min_length=1)]


class Not(Doc):
    """It does not hold."""

    negated: Condition = Field(alias="not")


_KEYS = ("any", "all", "not", "signal", "fact", "assume")


def _kind(value: Any) -> str:
    given = value if isinstance(value, dict) else value.model_fields_set
    found = next((key for key in _KEYS if key in given), "tools")
    return "not" if found == "tools" and "negated" in given else found


Condition = Annotated[
    Annotated[ToolCondition, Tag("tools")]
    | Annotated[SignalCondition, Tag("signal")]
    | Annotated[FactCondition, Tag("fact")]
    | Annotated[Assumption, Tag("assume")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[Not, Tag("not")],
    Discriminator(_kind),
]
for _model in (AnyOf, AllOf, Not):
    _model.model_rebuild()


def check_negations(condition: Condition) -> Condition:
    """Refuse a rule by which a further tool could lower a score.

    Raises:
        ValueError: a question about tools stands under a negation.
    """
    if isinstance(condition, Not):
        if any(isinstance(inner, ToolCondition) for inner in walk(condition.negated)):
            raise ValueError("a question about tools may not stand under not: a further tool could lower the score")
    elif isinstance(condition, AnyOf | AllOf):
        for part in condition.any if isinstance(condition, AnyOf) else condition.all:
            check_negations(part)
    return condition


Monotone = Annotated[Condition, AfterValidator(check_negations)]
"""A condition that a further tool can only make true, never false."""


class Conditional(Doc):
    """Something that counts only under a condition; without one, always."""

    when: Monotone | None = None
    reason: str


def walk(condition: Condition) -> Iterator[Condition]:
    """The condition and everything inside it."""
    yield condition
    if isinstance(condition, AnyOf):
        for part in condition.any:
            yield from walk(part)
    elif isinstance(condition, AllOf):
        for part in condition.all:
            yield from walk(part)
    elif isinstance(condition, Not):
        yield from walk(condition.negated)


def _always(_: Scene) -> bool:
    return True


def compiled(condition: Condition | None) -> Holds:
    """The condition as a function of a scene."""
    if condition is None:
        return _always
    if isinstance(condition, AnyOf):
        return _any_of(tuple(map(compiled, condition.any)))
    if isinstance(condition, AllOf):
        return _all_of(tuple(map(compiled, condition.all)))
    if isinstance(condition, Not):
        inner = compiled(condition.negated)
        return lambda scene: not inner(scene)
    if isinstance(condition, SignalCondition):
        return _signal(condition.signal)
    if isinstance(condition, Assumption):
        assumed = condition.assume
        return lambda scene: assumed in scene.assumed
    if isinstance(condition, FactCondition):
        name, wanted = condition.fact, condition.equals if isinstance(condition.equals, list) else [condition.equals]
        return lambda scene: scene.world.facts.get(name) in wanted
    return _tools(condition.question, condition.at_least)


def _tools(question: Question, enough: int) -> Holds:
    def holds(scene: Scene) -> bool:
        mask = scene.masks.get(question)
        if mask is None:
            mask = scene.tools(question)
        return mask != 0 if enough == 1 else mask.bit_count() >= enough

    return holds


def _signal(signal: str) -> Holds:
    def holds(scene: Scene) -> bool:
        known = scene.fires.get(signal)
        return scene.has(signal) if known is None else known

    return holds


def _any_of(parts: tuple[Holds, ...]) -> Holds:
    def holds(scene: Scene) -> bool:
        for part in parts:  # noqa: SIM110 - a loop costs half of any() over a generator, and this is asked all the time
            if part(scene):
                return True
        return False

    return holds


def _all_of(parts: tuple[Holds, ...]) -> Holds:
    def holds(scene: Scene) -> bool:
        for part in parts:  # noqa: SIM110 - as above
            if not part(scene):
                return False
        return True

    return holds


def explained(condition: Condition | None, scene: Scene) -> tuple[list[Evidence], int]:
    """Evidence for a condition that holds, and the tools behind it as a mask. Negations explain nothing."""
    found: list[Evidence] = []
    tools = 0
    for part in walk(condition) if condition is not None else ():
        if isinstance(part, ToolCondition):
            mask = scene.tools(part.question)
            if mask.bit_count() >= part.at_least:
                tools |= mask
                found += scene.world.tool_evidence(mask, part.question)
        elif isinstance(part, SignalCondition) and scene.has(part.signal):
            found += scene.world.picture.evidence(part.signal, 2)
            tools |= scene.signal_tools(part.signal)
        elif isinstance(part, FactCondition) and compiled(part)(scene):
            found.append(scene.world.fact_evidence(part.fact))
    return list(dict.fromkeys(found)), tools
