"""The servers of one client and the ways through them, laid out for drawing.

Three lanes, left to right: who returns what strangers wrote, who holds what is private, who acts or sends. A server
that plays several parts stands in several lanes. An arrow is a step that an assistant can be talked into.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from mcp_threat_model.render.layout import clip
from mcp_threat_scoring.report import Severity
from mcp_threat_scoring.report_set import FleetOut, StepOut

WIDTH: Final = 960
_BOX: Final = (240, 62)
_GAP: Final = 22
_TOP: Final = 44
_LANES: Final[dict[str, int]] = {"stranger": 0, "private": 1, "out": 2, "power": 2}
_TITLES: Final = ("Brings in what others wrote", "Holds what is private", "Acts, or sends out")


class Box(NamedTuple):
    """One server in one lane."""

    x: int
    y: int
    server: str
    tools: str


class Arrow(NamedTuple):
    """One step, from box to box."""

    path: str
    severity: Severity
    kind: str


class Picture(NamedTuple):
    """What to draw, in a space of `width` x `height`."""

    width: int
    height: int
    box_width: int
    box_height: int
    lanes: list[tuple[int, str]]
    boxes: list[Box]
    arrows: list[Arrow]


def picture(fleet: FleetOut) -> Picture | None:
    """The picture of all paths; None where there is no path to draw."""
    if not fleet.paths:
        return None
    lanes: tuple[dict[str, list[str]], ...] = ({}, {}, {})
    for step in (step for path in fleet.paths for step in path.steps):
        tools = lanes[_LANES[step.role]].setdefault(step.server, [])
        tools.extend(tool for tool in step.tools if tool not in tools)
    width, height = _BOX
    left = [index * (WIDTH - width) // 2 for index in range(3)]
    places = {
        (lane, server): (left[lane], _TOP + row * (height + _GAP))
        for lane, members in enumerate(lanes)
        for row, server in enumerate(members)
    }
    boxes = [
        Box(*places[lane, server], clip(server, 26), clip(", ".join(tools), 31))
        for lane, members in enumerate(lanes)
        for server, tools in members.items()
    ]
    drawn: dict[tuple[str, str], Arrow] = {}
    for path in fleet.paths:  # gravest first, so that the gravest of several along one line is drawn
        for one, other in zip(path.steps, path.steps[1:], strict=False):
            line = _line(places[_key(one)], places[_key(other)])
            drawn.setdefault((line, path.kind), Arrow(line, path.severity, path.kind))
    used = [(left[lane] + width // 2, _TITLES[lane]) for lane, members in enumerate(lanes) if members]
    return Picture(WIDTH, _height(lanes), width, height, used, boxes, list(drawn.values()))


def _key(step: StepOut) -> tuple[int, str]:
    return _LANES[step.role], step.server


def _height(lanes: Iterable[dict[str, list[str]]]) -> int:
    rows = max(len(members) for members in lanes)
    return _TOP + rows * (_BOX[1] + _GAP)


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    """A curve from the right side of one box to the left side of the other, under the box that stands between them."""
    x1, y1 = start[0] + _BOX[0], start[1] + _BOX[1] // 2
    x2, y2 = end[0] - 7, end[1] + _BOX[1] // 2
    middle = (WIDTH - _BOX[0]) // 2
    if x2 - x1 < _BOX[0]:
        return f"M{x1} {y1}{_curve(x1, y1, x2, y2)}"
    below = start[1] + _BOX[1] + _GAP // 2
    after = middle + _BOX[0]
    return f"M{x1} {y1}{_curve(x1, y1, middle, below)}H{after}{_curve(after, below, x2, y2)}"


def _curve(x1: int, y1: int, x2: int, y2: int) -> str:
    bend = (x2 - x1) // 2
    return f"C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
