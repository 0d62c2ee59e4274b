"""Why a condition of the scoring rules holds: the evidence, the tools behind it, and their names for a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from mcp_threat_scoring.aivss.atoms import Atoms, Holds, always, compiled
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
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.witness import bits
from mcp_threat_scoring.model import to_json
from mcp_threat_scoring.signal import Evidence
from mcp_threat_scoring.structs import Struct


class Clue(Struct, frozen=True, eq=False):
    """A question that explains a condition where it is answered with yes, and `within` holds, the branch it is in."""

    bit: int
    within: Holds
    asked: ToolCondition | SignalCondition | FactCondition


class Clues(Struct, frozen=True, eq=False):
    """What can explain a condition: one object for all that say the same, so that each is explained once in a scene."""

    each: tuple[Clue, ...] = ()


class Explained(Struct, frozen=True):
    """Why a condition holds: evidence, the tools behind it as a mask, and their names for a sentence."""

    evidence: tuple[Evidence, ...]
    tools: int
    names: str


_ALWAYS = Clues()
"""What holds without a condition needs no explanation."""


def clues(condition: Condition | None, atoms: Atoms) -> Clues:
    """What can explain a condition. Negations explain nothing, nor does what is assumed."""
    if condition is None:
        return _ALWAYS
    said = to_json(condition)
    if said not in atoms.clues:
        atoms.clues[said] = Clues(tuple(_clues(condition, atoms, always)))
    return atoms.clues[said]


def _clues(condition: Condition, atoms: Atoms, within: Holds) -> Iterator[Clue]:
    if isinstance(condition, AnyOf):
        for part in condition.any:
            yield from _clues(part, atoms, within)
    elif isinstance(condition, AllOf):
        here = compiled(condition, atoms)
        both = here if within is always else lambda answers: within(answers) and here(answers)
        for part in condition.all:
            yield from _clues(part, atoms, both)
    elif not isinstance(condition, Not | Assumption):
        yield Clue(atoms.bit(condition), within, condition)


def explained(found_by: Clues, scene: Scene) -> Explained:
    """Explain a condition that holds, given what can explain it (:func:`clues`)."""
    known = scene.explained
    if found_by not in known:
        known[found_by] = _explained(found_by, scene)
    return known[found_by]


def _explained(found_by: Clues, scene: Scene) -> Explained:
    found: dict[int, Evidence] = {}  # by identity, which is cheap: the same evidence is the same object
    first: dict[int, None] = {}
    tools = 0
    world, answers = scene.world, scene.answers
    for clue in found_by.each:
        if not (answers & clue.bit and clue.within(answers)):
            continue
        asked = clue.asked
        if isinstance(asked, ToolCondition):
            # Named are those that the rest of the report names and counts as such.
            mask = world.answers.tools(clue.bit, scene.certainty) | world.answers.tools(clue.bit, "told")
            mask &= scene.allowed
            tools |= mask
            shown, evidence = world.witnesses.show(mask, asked.question)
            first.update(dict.fromkeys(shown))
            found.update([(id(one), one) for one in evidence])
        elif isinstance(asked, SignalCondition):
            found.update([(id(one), one) for one in world.picture.evidence(asked.signal, 2)])
            mask = scene.signal_tools(asked.signal)
            tools |= mask
            first.update(dict.fromkeys(islice(bits(mask), 2)))
        else:
            fact = world.witnesses.fact_evidence(asked.fact)
            found[id(fact)] = fact
    return Explained(tuple(found.values()), tools, world.witnesses.names(list(first), tools.bit_count()))
