"""What the scoring rules are asked about: a world as it is, or without some tools ("what if refunds are denied?"), or
with what is not known taken at its best or its worst.

A :class:`World` is computed once per picture; a :class:`Scene` is a cheap variation of it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from mcp_threat_scoring.aivss.witness import bits
from mcp_threat_scoring.aivss.world import Certainty, World
from mcp_threat_scoring.judge import server_judge
from mcp_threat_scoring.rulebook.rule import AllOf, AnyOf, FactTest, Not, SignalTest, Test, TextTest
from mcp_threat_scoring.structs import Struct, field

if TYPE_CHECKING:
    from mcp_threat_scoring.aivss.explanation import Clues, Explained
    from mcp_threat_scoring.matching.evidence import Judge


class Scene(Struct, frozen=True, eq=False, dict=True):
    """A world with only the tools of `allowed`, and assumptions made."""

    world: World
    allowed: int
    certainty: Certainty = "likely"
    assumed: frozenset[str] = frozenset()
    explained: dict[Clues, Explained] = field(default_factory=dict)
    """Why conditions hold here, once that was asked."""

    @cached_property
    def answers(self) -> int:
        """The answers to all questions of the rules."""
        return self.world.answers.of(self)

    def vary(self, *, deny: int = 0, assume: frozenset[str] = frozenset()) -> Scene:
        """The same scene without some tools, or with more assumed."""
        return Scene(self.world, self.allowed & ~deny, self.certainty, self.assumed | assume)

    def signal_tools(self, signal_id: str) -> int:
        """The tools of this scene that a signal fired on."""
        return self.world.signal_mask(signal_id) & self.allowed

    def has(self, signal_id: str) -> bool:
        """Whether a signal fires here."""
        if self.allowed == self.world.all:
            return signal_id in self.world.picture.signals
        asks = self.world.answers.asking[signal_id]
        if asks is not None:
            return self._recomputed(asks, signal_id)
        return bool(self.signal_tools(signal_id)) or self.world.elsewhere(signal_id)

    @cached_property
    def _judge(self) -> Judge:
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
            return test.admits(self.world.facts.get(test.fact))
        if isinstance(test, SignalTest):
            members = self.signal_tools(test.signal).bit_count()
            if test.at_least <= 1 and test.share is None:
                return self.has(test.signal)
            return members >= test.at_least and members >= (test.share or 0) * max(self.allowed.bit_count(), 1)
        return self._judge(test) is not None
