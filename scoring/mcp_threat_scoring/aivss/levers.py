"""What would lower the score most: each change is tried, the whole score computed again, and the best come first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from mcp_threat_scoring.aivss.atoms import Atoms, Holds, compiled
from mcp_threat_scoring.aivss.condition import Condition, ToolCondition
from mcp_threat_scoring.aivss.explanation import Clues, clues, explained
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.tables import severity
from mcp_threat_scoring.aivss.witness import NAMES_SHOWN, bits
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.phrases import capital, number
from mcp_threat_scoring.report_score import LeverOut
from mcp_threat_scoring.rulebook.compound import leaves
from mcp_threat_scoring.structs import Struct

MAX_LEVERS = 5


class LeverRule(Model, frozen=True, kw_only=True):
    """A change that somebody other than the server's author can make: deny some tools, or see to something.

    `unclear`: it denies as well what may be such a tool, for all that is told of it. A score that is lower because
    nobody knows what is left promises too much.
    """

    change: str
    deny: Condition | None = None
    assume: str | None = None
    when: Condition | None = None
    unclear: bool = False

    def __post_init__(self) -> None:
        if (self.deny is None) == (self.assume is None):
            raise ValueError("a lever either denies tools or assumes something")
        if self.deny is not None and not any(isinstance(part, ToolCondition) for part in leaves(self.deny)):
            raise ValueError("deny asks for tools")


class _Lever(Struct, frozen=True, eq=False):
    rule: LeverRule
    holds: Holds
    denied: Clues


class Change(Struct, frozen=True, eq=False):
    """A change to try: what it is called, the scene it leads to, and how many tools it denies."""

    said: str
    scene: Scene
    denied: int


class Levers:
    """The levers of ``rules/exposure.yaml``, compiled."""

    def __init__(self, rules: Sequence[LeverRule], atoms: Atoms) -> None:
        self._levers = tuple(_Lever(rule, compiled(rule.when, atoms), clues(rule.deny, atoms)) for rule in rules)

    def changes(self, scene: Scene) -> list[Change]:
        """The changes that can be made to this server. Two that deny the same tools are one."""
        found: list[Change] = []
        seen: set[int] = set()
        for lever in self._levers:
            rule = lever.rule
            if not lever.holds(scene.answers):
                continue
            if rule.deny is None:
                found.append(Change(rule.change, scene.vary(assume=frozenset((rule.assume or "",))), 0))
                continue
            why = explained(lever.denied, scene)
            maybe = scene.world.unclear & scene.allowed & ~why.tools if rule.unclear else 0
            denied = why.tools | maybe
            if why.tools and denied not in seen:
                seen.add(denied)
                said = rule.change.format(which=_which(why.tools, scene), tools=why.names).removesuffix(": the server")
                found.append(Change(said + _maybe(maybe, scene), scene.vary(deny=denied), denied.bit_count()))
        return found


def best(score: float, tried: Sequence[tuple[Change, float]]) -> list[LeverOut]:
    """The changes after which the score is lower, best first; of two alike, the one that denies fewer tools."""
    ranked = sorted(tried, key=lambda one: (one[1], one[0].denied))
    return [
        LeverOut(change=capital(change.said), score_after=after, severity_after=severity(after))
        for change, after in ranked[:MAX_LEVERS]
        if after < score
    ]


def _maybe(tools: int, scene: Scene) -> str:
    count = tools.bit_count()
    if not count:
        return ""
    named = scene.world.witnesses.names(list(islice(bits(tools), NAMES_SHOWN + 1)), count)
    they_do = "it does" if count == 1 else "they do"
    return f", and the {number(count)} that may, as nothing says that {they_do} not: {named}"


def _which(denied: int, scene: Scene) -> str:
    if scene.world.picture.from_listing:
        return "the tools"
    count = denied.bit_count()
    return "the tool" if count == 1 else f"the {number(count)} tools"
