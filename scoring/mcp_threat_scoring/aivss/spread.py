"""What spans the range of a score: each thing that is not known, by how far it moves the bounds.

The things are those the rules speak of as not known, told apart by their words: what was not seen of the server
(``rules/exposure.yaml``), what the assumed host decides, what the server keeps to itself (``rules/factors.yaml``), and
how sure one can be of what the tools do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Sequence

from mcp_threat_scoring.aivss.exposure import Exposure, ExposureModel, Unknown
from mcp_threat_scoring.aivss.factors import FactorModel, Keys
from mcp_threat_scoring.aivss.formula import factor_sum
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.tables import ProfileTable
from mcp_threat_scoring.aivss.world import Certainty
from mcp_threat_scoring.report_score import ProfileId

TOOLS = "what the tools do where their texts leave it open"
"""The doubt that stands in no rule file: whether a tool does what it only seems to."""
_NOTICED = 0.005
"""Of a point. What moves the bounds by less than that is not worth telling: a factor moves in tenths."""

Scored = Callable[[Sequence[Exposure], float], float]
"""The unrounded score for these exposures and this sum of factors."""

Bound = Callable[[ProfileId, Scene, Scene, Container[str], Keys], dict[str, float]]
"""One side of the ten factors: of a profile, for a scene, as another scene has it, but for what is settled."""


class Spread:
    """The scenes of one target in which all, or all but some, of what is not known is taken at its best and worst."""

    def __init__(self, exposure: ExposureModel, factors: FactorModel, scene: Scene) -> None:
        self._exposure = exposure
        self._factors = factors
        self.scene = scene
        self._unknown: list[Unknown] = exposure.unknowns(scene)
        self._scenes: dict[tuple[Certainty, frozenset[str]], Scene] = {}
        self._exposures: dict[int, Sequence[Exposure]] = {}

    def best(self, settled: Collection[str] = ()) -> Scene:
        """What is not known at its best, without what is `settled`."""
        flags = (flag for item in self._unknown if item.reason not in settled for flag in item.best)
        return self._varied("likely" if TOOLS in settled else "sure", frozenset(flags))

    def worst(self, settled: Collection[str] = ()) -> Scene:
        """What is not known at its worst, without what is `settled`."""
        flags = (flag for item in self._unknown if item.reason not in settled for flag in item.worst)
        return self._varied("likely" if TOOLS in settled else "conceivable", frozenset(flags))

    def _varied(self, certainty: Certainty, assumed: frozenset[str]) -> Scene:
        if certainty == "likely" and not assumed:
            return self.scene
        key = certainty, assumed
        if key not in self._scenes:
            self._scenes[key] = Scene(self.scene.world, self.scene.allowed, certainty, assumed)
        return self._scenes[key]

    def exposures(self, scene: Scene) -> Sequence[Exposure]:
        """The scenarios that hold in a scene; computed once."""
        if id(scene) not in self._exposures:  # every scene asked about is kept here, so its id stays its own
            self._exposures[id(scene)] = self._exposure.exposures(scene)
        return self._exposures[id(scene)]

    def reasons(self, table: ProfileTable, scored: Scored) -> list[str]:
        """What spans the range, the widest first.

        A thing weighs the mean of how much narrower the range is once it is known, and how wide it is while nothing
        else is unknown: two things of which each alone would reach the bound hide one another from the first measure,
        and two that reach it only together from the second.
        """
        moved = self._factors.doubts(table.id, self.scene, self.best(), self.worst())
        every = list(dict.fromkeys((TOOLS, *(item.reason for item in self._unknown), *moved)))
        low, high = _Side(self._factors.lowest, self, table, every), _Side(self._factors.highest, self, table, every)

        def width(settled: Collection[str], reason: str = "") -> float:
            keys = moved.get(reason, ())
            best, worst = self.best(settled), self.worst(settled)
            least = scored(self.exposures(best), low.total(best, settled, keys))
            return scored(self.exposures(worst), high.total(worst, settled, keys)) - least

        whole = width(())
        weights: dict[str, float] = {}
        for reason in every:
            narrowed = whole - width((reason,), reason)
            alone = width([other for other in every if other != reason], reason)
            weights[reason] = (narrowed + alone) / 2
        return sorted((one for one in every if weights[one] >= _NOTICED), key=lambda one: -round(weights[one], 6))


class _Side:
    """One bound of the sum of factors. Settling one thing, or all but one, moves few of them: the others are kept."""

    def __init__(self, bound: Bound, spread: Spread, table: ProfileTable, every: Collection[str]) -> None:
        self._bound, self._scene, self._profile, self._every = bound, spread.scene, table.id, every
        self._kept: dict[tuple[int, bool], dict[str, float]] = {}

    def total(self, scene: Scene, settled: Collection[str], moved: Collection[str]) -> float:
        """The sum when so much is `settled`: nothing, or everything, but for one thing that has `moved` its factors."""
        most = len(settled) > 1
        key = id(scene), most
        if key not in self._kept:
            self._kept[key] = self._bound(self._profile, self._scene, scene, self._every if most else (), None)
        again = self._bound(self._profile, self._scene, scene, settled, moved) if moved else {}
        return factor_sum((self._kept[key] | again).values())
