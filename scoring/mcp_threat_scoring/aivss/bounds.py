"""How low and how high the factors could be, with what is not known of them settled for the better or the worse."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from mcp_threat_scoring.aivss.factors import MOST, Factor, Factors, Uncertain, within
from mcp_threat_scoring.aivss.scene import Scene


class Settled(NamedTuple):
    """Which doubts are taken for settled: what goes by this reason, or everything `but` that."""

    reason: str = ""
    but: bool = False

    def __contains__(self, reason: object) -> bool:
        return (reason == self.reason) != self.but


NONE, ALL = Settled(), Settled(but=True)
"""No doubt goes without a reason."""


class Bounds(NamedTuple):
    """A factor's value, and how low and how high it could be, in tenths."""

    value: int
    low: int
    high: int


def bounds(low: Side, high: Side, best: Scene, worst: Scene) -> list[Bounds]:
    """The ten values with their bounds: of the same target with every doubt settled for the better or the worse."""
    each = zip(low.values, low.each(best, NONE), high.each(worst, NONE), strict=True)
    return [Bounds(*one) for one in each]


def lower(factors: Factors, scene: Scene) -> Side:
    """The least that the factors of a scene can be: every doubt for the better but those that are settled."""
    return Side(factors, scene, _lowest, min)


def upper(factors: Factors, scene: Scene) -> Side:
    """The most that the factors of a scene can be: every doubt for the worse but those that are settled."""
    return Side(factors, scene, _highest, max)


def _lowest(factor: Factor, value: int, doubts: Sequence[Uncertain], settled: Settled) -> int:
    reason, but = settled
    moves = [doubt.low for doubt in doubts if (doubt.reason == reason) == but]
    return within(value + (sum(moves) if factor.adds else min(moves))) if moves else value


def _highest(factor: Factor, value: int, doubts: Sequence[Uncertain], settled: Settled) -> int:
    reason, but = settled
    moves = [doubt.high for doubt in doubts if (doubt.reason == reason) == but]
    return within(value + (sum(moves) if factor.adds else max(moves))) if moves else value


class Side:
    """One bound of the ten factors of a scene, as further scenes have it."""

    def __init__(
        self,
        factors: Factors,
        scene: Scene,
        moved: Callable[[Factor, int, Sequence[Uncertain], Settled], int],
        farther: Callable[[int, int], int],
    ) -> None:
        self._factors = factors
        self.values = factors.at(scene).values
        self._moved, self._farther = moved, farther
        self._kept: dict[tuple[int, bool], tuple[list[int], int]] = {}

    def each(self, scene: Scene, settled: Settled) -> list[int]:
        """The bound of each factor with nothing settled, or everything; never nearer than its value."""
        return self._whole(scene, settled)[0]

    def _whole(self, scene: Scene, settled: Settled) -> tuple[list[int], int]:
        """Those and their sum, kept for all scenes that answer alike."""
        key = scene.answers, settled.but
        if key not in self._kept:
            at, moved, farther, common = (
                self._factors.at(scene),
                self._moved,
                self._farther,
                ALL if settled.but else NONE,
            )
            each = [
                farther(own, moved(factor, value, doubts, common) if doubts else value)
                for factor, own, value, doubts in zip(
                    self._factors.each, self.values, at.values, at.doubts, strict=True
                )
            ]
            self._kept[key] = each, sum(each)
        return self._kept[key]

    def total(self, scene: Scene, settled: Settled, places: Collection[int]) -> float:
        """The sum of them with one thing settled, or everything but one: that moves few of them, at these `places`."""
        each, total = self._whole(scene, settled)
        if places:
            at = self._factors.at(scene)
            for place in places:
                bound = self._moved(self._factors.each[place], at.values[place], at.doubts[place], settled)
                total += self._farther(self.values[place], bound) - each[place]
        return total / MOST
