"""One world's answers to the questions of the rules ("does a tool move money?"), asked as seldom as can be.

Facts are the same in every scene of a world. A signal that fired nowhere fires in no scene, unless its rule asks what
the tools are. What no tool could conceivably be, no tool is or is likely to be: only the rest is asked of each scene.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from mcp_threat_scoring.rulebook.compound import leaves
from mcp_threat_scoring.rulebook.rule import FactTest, Test, TextTest
from mcp_threat_scoring.rulebook.ruleset import Ruleset

if TYPE_CHECKING:
    from mcp_threat_scoring.aivss.atoms import Atoms
    from mcp_threat_scoring.aivss.scene import Scene
    from mcp_threat_scoring.aivss.world import Certainty, World


class Answers:
    """The answers to the questions of `atoms`, by the tools that are allowed and how sure one is of them."""

    def __init__(self, world: World, atoms: Atoms) -> None:
        self._world = world
        self._atoms = atoms
        self.asking: Mapping[str, Test | None] = _asking(world.picture.ruleset)
        """The rules of those signals over the server of which the answer may change when tools are taken away."""
        self._known: dict[tuple[int, Certainty], int] = {}
        self._masks: defaultdict[Certainty, dict[int, int]] = defaultdict(dict)
        self._open: dict[Certainty, list[tuple[int, int, int]]] = {}

    def of(self, scene: Scene) -> int:
        """The answers in a scene, what it assumes among them."""
        key = scene.allowed, scene.certainty
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._facts | self._signals(scene) | self._tools(scene)
        return known | self._atoms.assuming(scene.assumed) if scene.assumed else known

    def tools(self, bit: int, certainty: Certainty) -> int:
        """The tools that are what a question asks of them, as a mask."""
        known = self._masks[certainty]
        if bit not in known:
            known[bit] = self._world.tools(self._atoms.tools[bit].question, certainty)
        return known[bit]

    @cached_property
    def _facts(self) -> int:
        facts = self._world.facts
        return sum([bit for bit, (fact, wanted) in self._atoms.facts.items() if facts.get(fact) in wanted])

    @cached_property
    def _fired(self) -> int:
        signals = self._world.picture.signals
        return sum([bit for bit, signal in self._atoms.signals.items() if signal in signals])

    @cached_property
    def _moving(self) -> list[tuple[int, str]]:
        """The signals that may fire in a scene with fewer tools."""
        fired, asking = self._fired, self.asking
        return [(bit, one) for bit, one in self._atoms.signals.items() if bit & fired or asking[one] is not None]

    def _signals(self, scene: Scene) -> int:
        if scene.allowed == self._world.all:
            return self._fired
        return sum([bit for bit, signal in self._moving if scene.has(signal)])

    def _tools(self, scene: Scene) -> int:
        allowed = scene.allowed
        return sum([bit for bit, mask, many in self._asked(scene.certainty) if (mask & allowed).bit_count() >= many])

    def _asked(self, certainty: Certainty) -> list[tuple[int, int, int]]:
        """The questions that all tools together answer with yes: bit, the tools it is true of, how many are enough."""
        if certainty not in self._open:
            held: list[tuple[int, int, int]] = []
            for bit in (
                self._thinkable() if certainty == "conceivable" else [one[0] for one in self._asked("conceivable")]
            ):
                mask, many = self.tools(bit, certainty), self._world.enough(self._atoms.tools[bit].at_least)
                if mask.bit_count() >= many:
                    held.append((bit, mask, many))
            self._open[certainty] = held
        return self._open[certainty]

    def _thinkable(self) -> list[int]:
        """The questions about tools, but for those that ask for abilities which no tool could conceivably have."""
        able = self._world.abilities["conceivable"]
        return [bit for ability in (None, *able) for bit in self._atoms.by_ability.get(ability, ())]


class _Asking(dict[str, Test | None]):
    """By signal, what its rule asks; None if fewer tools would change nothing about the answer."""

    def __init__(self, ruleset: Ruleset) -> None:
        super().__init__()
        self._ruleset = ruleset

    def __missing__(self, signal_id: str) -> Test | None:
        rule = self._ruleset.rule(signal_id)
        asks = rule is not None and rule.over == "server" and _asks_tools(rule.test)
        self[signal_id] = rule.test if rule is not None and asks else None
        return self[signal_id]


@lru_cache(maxsize=4)
def _asking(ruleset: Ruleset) -> _Asking:
    """Filled as the scoring rules ask, with the signals that they name."""
    return _Asking(ruleset)


def _asks_tools(test: Test) -> bool:
    return any(not isinstance(one, TextTest | FactTest) for one in leaves(test))
