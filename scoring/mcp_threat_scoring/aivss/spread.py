"""What makes the range of a score wide: each thing that is not known, such as "whether callers are authenticated", by
how far it moves the bounds.

The things are those the rules speak of as not known, told apart by their words: what was not seen of the server
(``rules/exposure.yaml``), what the assumed host decides, what the server keeps to itself (``rules/factors.yaml``), and
how sure one can be of what the tools do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mcp_threat_scoring.aivss.bounds import ALL, NONE, Settled, Side
from mcp_threat_scoring.aivss.exposure import Exposure, ExposureModel
from mcp_threat_scoring.aivss.exposure_rules import Unknown
from mcp_threat_scoring.aivss.factors import Factors
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.tables import CvssVersion
from mcp_threat_scoring.aivss.world import Certainty

TOOLS = "what the tools do where their texts leave it open"
"""The doubt that stands in no rule file: whether a tool does what it only seems to."""
_NOTICED = 0.005
"""Of a point. What moves the bounds by less than that is not worth telling: a factor moves in tenths."""

Scored = Callable[[float, float], float]
"""The unrounded score for a CVSS base and a sum of factors."""


class Spread:
    """The scenes of one target in which all, or all but some, of what is not known is taken at its best and worst."""

    def __init__(self, exposure: ExposureModel, scene: Scene) -> None:
        self._exposure = exposure
        self.scene = scene
        self._unknown: list[Unknown] = exposure.unknowns(scene)
        self._scenic = {TOOLS, *(item.reason for item in self._unknown)}
        self._scenes: dict[tuple[Certainty, frozenset[str]], Scene] = {}
        self._exposures: dict[int, Sequence[Exposure]] = {}
        """By the answers in a scene."""
        self._bases: dict[tuple[int, CvssVersion], float] = {}

    def best(self, settled: Settled = NONE) -> Scene:
        """What is not known at its best, without what is `settled`."""
        return self._with(settled, worst=False)

    def worst(self, settled: Settled = NONE) -> Scene:
        """What is not known at its worst, without what is `settled`."""
        return self._with(settled, worst=True)

    def _with(self, settled: Settled, *, worst: bool) -> Scene:
        left = [item for item in self._unknown if item.reason not in settled]
        assumed = frozenset(flag for item in left for flag in (item.worst if worst else item.best))
        extreme: Certainty = "conceivable" if worst else "sure"
        certainty = "likely" if TOOLS in settled else extreme
        if certainty == "likely" and not assumed:
            return self.scene
        key = certainty, assumed
        if key not in self._scenes:
            self._scenes[key] = Scene(self.scene.world, self.scene.allowed, certainty, assumed)
        return self._scenes[key]

    def exposures(self, scene: Scene) -> Sequence[Exposure]:
        """The scenarios that hold in a scene; computed once."""
        if scene.answers not in self._exposures:
            self._exposures[scene.answers] = self._exposure.exposures(scene)
        return self._exposures[scene.answers]

    def base(self, scene: Scene, version: CvssVersion) -> float:
        """The CVSS base of the worst of them."""
        key = scene.answers, version
        if key not in self._bases:
            self._bases[key] = max(exposure.bases[version].score for exposure in self.exposures(scene))
        return self._bases[key]

    def reasons(self, version: CvssVersion, factors: Factors, low: Side, high: Side, scored: Scored) -> list[str]:
        """What spans the range, the widest first; `low` and `high` are the bounds of the factors.

        A thing weighs the mean of how much narrower the range is once it is known, and how wide it is while nothing
        else is unknown: two things of which each alone would reach the bound hide one another from the first measure,
        and two that reach it only together from the second.
        """
        ends = (self.best(), self.worst()), (self.best(ALL), self.worst(ALL))
        moved = factors.doubtful(self.scene, *ends[0])
        every = list(dict.fromkeys((TOOLS, *(item.reason for item in self._unknown), *moved)))

        def width(settled: Settled) -> float:
            places = moved.get(settled.reason, ())
            if settled.reason not in self._scenic:  # a doubt about factors alone
                best, worst = ends[settled.but]
            else:
                best, worst = self.best(settled), self.worst(settled)
            least = scored(self.base(best, version), low.total(best, settled, places))
            return scored(self.base(worst, version), high.total(worst, settled, places)) - least

        whole = width(NONE)
        weights: dict[str, float] = {}
        for reason in every:
            narrowed = whole - width(Settled(reason))
            alone = width(Settled(reason, but=True))
            weights[reason] = (narrowed + alone) / 2
        return sorted((one for one in every if weights[one] >= _NOTICED), key=lambda one: -round(weights[one], 6))
