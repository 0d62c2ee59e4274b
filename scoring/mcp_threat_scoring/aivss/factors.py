"""The ten factors of each profile, from evidence: what each comes to, and what is not known of it.

``graded`` adds up tenths: a base for any server of its kind, and a contribution for each thing that was seen.
``owasp-0.8`` decides between its three levels by its own anchors (AIVSS v0.8, section 3), gravest first; it is not the
graded value rounded. Both are kept in whole tenths here.

Factors describe an agent; a server is a tool of one. What only the agent decides is judged for one assumed host, which
``rules/factors.yaml`` describes once, and marked `host_assumed`. :mod:`aivss.bounds` says how low and how high a factor
could be, and :mod:`aivss.factor_words` gives the reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mcp_threat_scoring.aivss.atoms import Atoms, Holds, compiled
from mcp_threat_scoring.aivss.explanation import Clues, clues
from mcp_threat_scoring.aivss.factor_rules import Contribution, Doubt, FactorsDoc, LevelChoice, Side, tenths
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.phrases import sentence
from mcp_threat_scoring.report_score import ProfileId
from mcp_threat_scoring.rulebook.documents import load_document
from mcp_threat_scoring.structs import Struct

MOST = 10
"""A factor of 1, in tenths."""


def within(value: int) -> int:
    """What is no less than 0 and no more than 1."""
    return 0 if value < 0 else min(value, MOST)


class Part(Struct, frozen=True, eq=False):
    """A contribution, or a level: how much it is, when it counts, and why it does."""

    said: str
    """How much and why, as a sentence, but where the names of tools have yet to be put in."""
    named: bool
    """Whether they have."""
    amount: int
    holds: Holds
    clues: Clues


class Uncertain(Struct, frozen=True, eq=False):
    """A doubt: how far it moves the factor, and when there is any."""

    reason: str
    low: int
    high: int
    holds: Holds


class Factor(Struct, frozen=True, eq=False):
    """One factor, compiled: it adds up its parts, or is the first of them that holds."""

    side: Side
    base: int
    base_reason: str
    parts: tuple[Part, ...]
    doubts: tuple[Uncertain, ...]
    adds: bool
    asks: int
    """The questions that it depends on."""

    def chosen(self, answers: int) -> list[Part]:
        """The parts that make the value."""
        if self.adds:
            return [part for part in self.parts if part.holds(answers)]
        return [next(part for part in self.parts if part.holds(answers))]

    def valued(self, answers: int) -> tuple[int, tuple[Uncertain, ...]]:
        """The value, in tenths, and the doubts that there are."""
        value = self.base
        for part in self.parts:
            if part.holds(answers):
                value += part.amount
                if not self.adds:
                    break
        return within(value), tuple([doubt for doubt in self.doubts if doubt.holds(answers)])


Known = tuple[int, tuple[Uncertain, ...]]
"""A factor's value, in tenths, and the doubts about it."""


class Valued(Struct, frozen=True, eq=False):
    """What the factors are for one set of answers: each value in tenths, and the doubts about each."""

    values: tuple[int, ...]
    doubts: tuple[tuple[Uncertain, ...], ...]


class Factors:
    """The ten factors of one profile."""

    def __init__(self, profile: ProfileId, factors: Sequence[Factor]) -> None:
        self.each = tuple(factors)
        self._profile = profile

    def at(self, scene: Scene) -> Valued:
        """The factors in a scene. Each is worked out once for all scenes of a world that answer alike what it asks."""
        known, answers = scene.world.factors, scene.answers
        key = self._profile, answers
        if key not in known:
            known[key] = Valued(
                *zip(*[self._one(factor, answers, scene.world.valued) for factor in self.each], strict=True)
            )
        return known[key]

    def _one(self, factor: Factor, answers: int, known: dict[tuple[Factor, int], Known]) -> Known:
        key = factor, answers & factor.asks
        if key not in known:
            known[key] = factor.valued(answers)
        return known[key]

    def doubtful(self, *scenes: Scene) -> dict[str, list[int]]:
        """What is not known of the target, each thing once: the reasons of the doubts that hold in any scene, each with
        the places of the factors that it may move."""
        found: dict[str, list[int]] = {}
        held = {id(doubt) for scene in scenes for doubts in self.at(scene).doubts for doubt in doubts}
        for place, factor in enumerate(self.each):
            for doubt in factor.doubts:
                if id(doubt) in held and place not in (places := found.setdefault(doubt.reason, [])):
                    places.append(place)
        return found


class FactorModel:
    """``rules/factors.yaml``, compiled."""

    def __init__(self, doc: FactorsDoc, atoms: Atoms) -> None:
        self.doc = doc
        graded = [
            _factor(f.side, tenths(f.base), f.reason, f.adds, f.doubts, atoms, adds=True) for f in doc.graded.values()
        ]
        owasp = [_factor(f.side, 0, "", f.levels, f.doubts, atoms, adds=False) for f in doc.owasp.values()]
        self.of: Mapping[ProfileId, Factors] = {
            "graded": Factors("graded", graded), "owasp-0.8": Factors("owasp-0.8", owasp)
        }  # fmt: skip
        """The factors by profile, in the order of its table."""


def _factor(
    side: Side,
    base: int,
    base_reason: str,
    rules: Sequence[Contribution | LevelChoice],
    doubted: Sequence[Doubt],
    atoms: Atoms,
    *,
    adds: bool,
) -> Factor:
    parts = tuple(_part(rule, atoms) for rule in rules)
    doubts = tuple(
        Uncertain(rule.reason, tenths(rule.low), tenths(rule.high), compiled(rule.when, atoms)) for rule in doubted
    )
    asks = atoms.mask(rule.when for rule in (*rules, *doubted))
    return Factor(side, base, base_reason, parts, doubts, adds, asks)


def _part(rule: Contribution | LevelChoice, atoms: Atoms) -> Part:
    amount = rule.add if isinstance(rule, Contribution) else rule.value
    said = f"{amount:+g} because {rule.reason}" if isinstance(rule, Contribution) else rule.reason
    named = "{tools}" in said
    return Part(
        said if named else sentence(said), named, tenths(amount), compiled(rule.when, atoms), clues(rule.when, atoms)
    )


def factor_model(root: Path, atoms: Atoms) -> FactorModel:
    """Read and compile ``factors.yaml`` under that folder.

    Raises:
        RuleError: the file is missing or wrong; every problem is named.
    """
    problems: list[RuleProblem] = []
    doc = load_document(FactorsDoc, root / "factors.yaml", "factors.yaml", problems)
    if doc is None:
        raise RuleError(problems)
    return FactorModel(doc, atoms)
