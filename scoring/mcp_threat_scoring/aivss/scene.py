"""What the scoring rules are asked about: a world with some tools taken away, and unknowns taken at their worst.

A :class:`World` is computed once per picture; a :class:`Scene` is a cheap variation of it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mcp_threat_scoring.aivss.witness import Question, bits
from mcp_threat_scoring.aivss.world import Certainty, World
from mcp_threat_scoring.judge import server_judge
from mcp_threat_scoring.rulebook.rule import AllOf, AnyOf, FactTest, Not, SignalTest, Test, TextTest
from mcp_threat_scoring.structs import Struct, field

if TYPE_CHECKING:
    from mcp_threat_scoring.aivss.factors import Doubt


class Scene(Struct, frozen=True, eq=False, dict=True):
    """A world with only the tools of `allowed`, and assumptions made."""

    world: World
    allowed: int
    certainty: Certainty = "likely"
    assumed: frozenset[str] = frozenset()
    masks: dict[Question, int] = field(default_factory=dict)
    factors: dict[str, dict[str, float]] = field(default_factory=dict)
    """By profile, the values of the factors here, once they were asked for."""
    doubts: dict[str, dict[str, list[Doubt]]] = field(default_factory=dict)
    """By profile and factor, what is not known here, once that was asked for."""

    @cached_property
    def answers(self) -> int:
        """The answers to all questions of the rules."""
        return self.world.atoms.answers(self)

    @cached_property
    def told(self) -> Scene:
        """The same tools as the rest of the report names and counts them."""
        return Scene(self.world, self.allowed, "told", self.assumed)

    def vary(self, *, deny: int = 0, assume: frozenset[str] = frozenset()) -> Scene:
        """The same scene without some tools, or with more assumed."""
        return Scene(self.world, self.allowed & ~deny, self.certainty, self.assumed | assume)

    def tools(self, asked: Question) -> int:
        """The tools that are everything that is asked."""
        mask = self.masks.get(asked)
        if mask is None:
            mask = self.allowed
            if asked.effect:
                mask &= self.world.effects[self.certainty][asked.effect]
            if asked.ability:
                mask &= self.world.abilities[self.certainty].get(asked.ability, 0)
            if asked.domain:
                mask &= self.world.domains.get(asked.domain, 0)
            if asked.hostile:
                mask &= self.world.hostile[self.certainty]
            if asked.data:
                mask &= self.world.data[self.certainty, asked.data]
            # What single clauses of prose do is not told apart: each may stand for tools of several kinds.
            if asked.does and not self.world.picture.from_listing:
                mask &= self.world.signal_mask(asked.does)
            self.masks[asked] = mask
        return mask

    def signal_tools(self, signal_id: str) -> int:
        """The tools of this scene that a signal fired on."""
        return self.world.signal_mask(signal_id) & self.allowed

    def has(self, signal_id: str) -> bool:
        """Whether a signal fires here."""
        if self.allowed == self.world.all:
            return signal_id in self.world.picture.signals
        asks = self.world.asks_tools(signal_id)
        if asks is not None:
            return self._recomputed(asks, signal_id)
        return bool(self.signal_tools(signal_id)) or self.world.elsewhere(signal_id)

    @cached_property
    def _judge(self):  # type: ignore[no-untyped-def]
        tools = [self.world.picture.tools[index] for index in bits(self.allowed)]
        return server_judge(tools, self.world.picture.signals)

    def _recomputed(self, test: Test, signal_id: str) -> bool:
        """A rule over the server, asked again with fewer tools. What it read in texts has not changed."""
        if isinstance(test, AnyOf):
            return any(self._recomputed(part, signal_id) for part in test.any)
        if isinstance(test, AllOf):
            return all(self._recomputed(part, signal_id) for part in test.all)
        if isinstance(test, Not):
            return not self._recomputed(test.negated, signal_id)
        if isinstance(test, TextTest):
            return any(not e.pointer.startswith("/tools/") for e in self.world.picture.evidence(signal_id))
        if isinstance(test, FactTest):
            return _holds(test, self.world.facts.get(test.fact))
        if isinstance(test, SignalTest):
            members = self.signal_tools(test.signal).bit_count()
            if test.at_least <= 1 and test.share is None:
                return self.has(test.signal)
            return members >= test.at_least and members >= (test.share or 0) * max(self.allowed.bit_count(), 1)
        return self._judge(test) is not None


def _holds(test: FactTest, value: object) -> bool:
    if test.at_least is not None:
        return isinstance(value, int) and value >= test.at_least
    if test.at_most is not None:
        return isinstance(value, int) and value <= test.at_most
    wanted = test.equals if isinstance(test.equals, list) else [test.equals]
    return any(type(one) is type(value) and one == value for one in wanted)
