"""Conditions of the scoring rules: which tools, signals and facts must be there for a line of YAML to count.

A condition is compiled once, when the rules are loaded. The questions inside it are numbered over all rules, and a
scene answers each of them once; what is left of a condition is a bit mask over the answers. Hence scoring the same
server again with some tools taken away costs next to nothing, and that is what the range and the levers do.

The scoring must be monotone: a further tool never lowers a score. Hence a negation may hold anything but a question
about tools; :func:`check_negations` refuses the rest when rules are loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Annotated, Literal

from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.witness import DataLevel, Question, bits
from mcp_threat_scoring.model import TAG, Model, to_json
from mcp_threat_scoring.signal import Evidence
from mcp_threat_scoring.structs import Meta, Struct, field

Holds = Callable[[int], bool]
"""Whether a condition holds, given the answers to all questions of the rules (:class:`Atoms`)."""


Doc = Model


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


class AnyOf(Model, frozen=True, kw_only=True, tag_field=TAG, tag="any"):
    """At least one holds."""

    any: Annotated[list[Condition], Meta(min_length=1)]


class AllOf(Model, frozen=True, kw_only=True, tag_field=TAG, tag="all"):
    """All hold."""

    all: Annotated[list[Condition], Meta(min_length=1)]


class Not(Model, frozen=True, kw_only=True, tag_field=TAG, tag="not"):
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
        if any(isinstance(inner, ToolCondition) for inner in walk(condition.negated)):
            raise ValueError("a question about tools may not stand under not: a further tool could lower the score")
    elif isinstance(condition, AnyOf | AllOf):
        for part in condition.any if isinstance(condition, AnyOf) else condition.all:
            check_negations(part)


class Conditional(Doc, frozen=True, kw_only=True):
    """Something that counts only under a condition; without one, always. A further tool may only make it true."""

    when: Condition | None = None
    reason: str

    def __post_init__(self) -> None:
        if self.when is not None:
            check_negations(self.when)


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


class Atoms:
    """Every question that the conditions of a set of rules ask, each asked once per scene: bit n answers question n."""

    def __init__(self) -> None:
        self._bits: dict[str, int] = {}
        self._asked: dict[int, Callable[[Scene], bool]] = {}
        self._assumed: dict[str, int] = {}

    def bit(self, condition: Condition) -> int:
        """The bit of a question, the same for the same question."""
        key = f"{type(condition).__name__} {to_json(condition)}"
        if key not in self._bits:
            bit = self._bits[key] = 1 << len(self._bits)
            if isinstance(condition, Assumption):
                self._assumed[condition.assume] = bit
            else:
                self._asked[bit] = _question(condition)
        return self._bits[key]

    def answers(self, scene: Scene) -> int:
        """The answers to all of them. What is assumed answers only the questions that ask for it."""
        known, key = scene.world.answered, (scene.allowed, scene.certainty)
        if key not in known:
            known[key] = sum([bit for bit, asked in self._asked.items() if asked(scene)])
        return known[key] | sum([self._assumed[one] for one in scene.assumed if one in self._assumed])


def _question(condition: Condition) -> Callable[[Scene], bool]:
    if isinstance(condition, SignalCondition):
        signal = condition.signal
        return lambda scene: scene.has(signal)
    if isinstance(condition, Assumption):
        assumed = condition.assume
        return lambda scene: assumed in scene.assumed
    if isinstance(condition, FactCondition):
        name, wanted = condition.fact, condition.equals if isinstance(condition.equals, list) else [condition.equals]
        return lambda scene: scene.world.facts.get(name) in wanted
    if isinstance(condition, ToolCondition):
        asked, many = condition.question, condition.at_least
        return lambda scene: scene.tools(asked).bit_count() >= scene.world.enough(many)
    raise TypeError(f"{type(condition).__name__} is no question")


def compiled(condition: Condition | None, atoms: Atoms) -> Holds:
    """The condition as a function of the answers to its questions, which join `atoms`."""
    if condition is None:
        return _always
    if isinstance(condition, Not):
        inner = compiled(condition.negated, atoms)
        return lambda answers: not inner(answers)
    if isinstance(condition, AnyOf | AllOf):
        parts = condition.any if isinstance(condition, AnyOf) else condition.all
        mask = 0
        for part in parts:
            if not isinstance(part, AnyOf | AllOf | Not):
                mask |= atoms.bit(part)
        nested = tuple(compiled(part, atoms) for part in parts if isinstance(part, AnyOf | AllOf | Not))
        return _any_of(mask, nested) if isinstance(condition, AnyOf) else _all_of(mask, nested)
    bit = atoms.bit(condition)
    return lambda answers: answers & bit != 0


def _always(_: int) -> bool:
    return True


def _any_of(mask: int, nested: tuple[Holds, ...]) -> Holds:
    if not nested:
        return lambda answers: answers & mask != 0
    return lambda answers: answers & mask != 0 or any(part(answers) for part in nested)


def _all_of(mask: int, nested: tuple[Holds, ...]) -> Holds:
    if not nested:
        return lambda answers: answers & mask == mask
    return lambda answers: answers & mask == mask and all(part(answers) for part in nested)


class Explained(Struct, frozen=True):
    """Why a condition holds: evidence, the tools behind it as a mask, and their names for a sentence."""

    evidence: tuple[Evidence, ...]
    tools: int
    names: str


def explained(parts: Sequence[Condition], scene: Scene) -> Explained:
    """Explain a condition that holds, given what is inside it (:func:`parts_of`).

    Negations explain nothing, nor does what stands in a branch that does not hold.
    """
    found: dict[int, Evidence] = {}  # by identity, which is cheap: the same evidence is the same object
    first: dict[int, None] = {}
    tools = 0
    world = scene.world
    for part in (atom for whole in parts for atom in _explaining(whole, scene)):
        if isinstance(part, ToolCondition):
            mask = scene.tools(part.question)
            if mask and mask.bit_count() >= world.enough(part.at_least):
                mask |= scene.told.tools(part.question)
                tools |= mask
                shown, evidence = world.witnesses.show(mask, part.question)
                first.update(dict.fromkeys(shown))
                found.update((id(one), one) for one in evidence)
        elif isinstance(part, SignalCondition):
            if scene.has(part.signal):
                found.update((id(one), one) for one in world.picture.evidence(part.signal, 2))
                mask = scene.signal_tools(part.signal)
                tools |= mask
                first.update(dict.fromkeys(islice(bits(mask), 2)))
        elif isinstance(part, FactCondition) and _question(part)(scene):
            fact = world.witnesses.fact_evidence(part.fact)
            found[id(fact)] = fact
    return Explained(tuple(found.values()), tools, world.witnesses.names(list(first), tools.bit_count()))


def parts_of(condition: Condition | None) -> tuple[Condition, ...]:
    """What is inside a condition that can explain it: the branches of which one is enough, or the condition itself."""
    if condition is None or isinstance(condition, Not):
        return ()
    return tuple(condition.any) if isinstance(condition, AnyOf) else (condition,)


def _explaining(condition: Condition, scene: Scene) -> Iterator[Condition]:
    """The questions that explain a condition; which of them are answered with yes is for the caller to see."""
    if isinstance(condition, AnyOf):
        for part in condition.any:
            yield from _explaining(part, scene)
    elif isinstance(condition, AllOf):
        if all(_true(part, scene) for part in condition.all):
            for part in condition.all:
                yield from _explaining(part, scene)
    elif not isinstance(condition, Not):
        yield condition


def _true(condition: Condition, scene: Scene) -> bool:
    """Whether a condition holds, asked directly: for the few that are explained."""
    if isinstance(condition, Not):
        return not _true(condition.negated, scene)
    if isinstance(condition, AnyOf):
        return any(_true(part, scene) for part in condition.any)
    if isinstance(condition, AllOf):
        return all(_true(part, scene) for part in condition.all)
    return _question(condition)(scene)
