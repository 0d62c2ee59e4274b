"""The score as a dial: arcs on a circle, computed here so that the page needs no script and no style attribute."""

from __future__ import annotations

from math import cos, radians, sin
from typing import Final, NamedTuple

from mcp_threat_scoring.aivss.tables import MAX_SCORE
from mcp_threat_scoring.report_score import AivssProfileOut

_CENTRE: Final = 110.0
_START: Final = 210.0
_SWEEP: Final = 240.0
"""Degrees: the dial is open at the bottom, 0 at the lower left and 10 at the lower right."""
_FLOORS: Final = (("low", 0.0), ("medium", 4.0), ("high", 7.0), ("critical", 9.0))
_GAP: Final = 0.05
"""Of a point, left free between two bands."""


class Arc(NamedTuple):
    """A stroke of the dial: a class and the `d` of an SVG path."""

    name: str
    path: str


class Dial(NamedTuple):
    """Everything that is drawn of one score."""

    bands: list[Arc]
    value: Arc
    range: Arc | None
    rest: str
    """The track under the score, from end to end."""
    told: str
    """The same in words, for who cannot see it."""


def dial(aivss: AivssProfileOut) -> Dial:
    """The dial of a score: the bands, the score, and the range of what is not known."""
    name = aivss.severity.lower()
    ends = [*(floor for _, floor in _FLOORS[1:]), MAX_SCORE + _GAP]
    low, high = aivss.range.low, aivss.range.high
    told = f"AIVSS {aivss.score:.1f} of 10, {aivss.severity}"
    return Dial(
        bands=[
            Arc(band, _arc(92, floor, end - _GAP)) for (band, floor), end in zip(_FLOORS, ends, strict=True)
        ],
        value=Arc(name, _arc(76, 0, aivss.score)),
        range=Arc(name, _arc(101, low, high)) if low < high else None,
        rest=_arc(76, 0, MAX_SCORE),
        told=told + (f"; with what is not known, {low:.1f} to {high:.1f}" if low < high else ""),
    )  # fmt: skip


def _point(radius: float, score: float) -> tuple[str, str]:
    angle = radians(_START - _SWEEP * max(0.0, min(MAX_SCORE, score)) / MAX_SCORE)
    return _spell(_CENTRE + radius * cos(angle)), _spell(_CENTRE - radius * sin(angle))


def _arc(radius: float, start: float, end: float) -> str:
    """From one score to another. Two places are finer than a pixel, and the same on every machine."""
    (x1, y1), (x2, y2) = _point(radius, start), _point(radius, end)
    large = int((end - start) * _SWEEP / MAX_SCORE > 180)
    return f"M{x1} {y1}A{_spell(radius)} {_spell(radius)} 0 {large} 1 {x2} {y2}"


def _spell(value: float) -> str:
    return f"{round(value, 2):g}"
