"""Orders in a name, broken up wherever a report would repeat the name.

A name is joined by signs that names are written with, so nothing but the rules tells an order in it from a long name.
What they find is known when everything was read; until then the name has gone into sentences, pointers and excerpts,
whole or cut. Hence this is done to the whole of a report, in the rare case that there is such a name. A target may
consist of such names: what it takes grows with the length of the report, however many they are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from mcp_threat_scoring.datamark import MARK
from mcp_threat_scoring.neutralise import CHANGED, NAME_LENGTH, neutralise, neutralise_name, neutralise_order
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.report import Report
from mcp_threat_scoring.structs import convert
from mcp_threat_scoring.text.run_on import SHORTEST
from mcp_threat_scoring.text.schema_walk import escape

_RUN = pattern(rf"\S{{{SHORTEST},}}")
"""What may hold an order: there is no blank in one."""
_CUT = "…"


def broken_up(report: Report, orders: Collection[str]) -> Report:
    """The report with every one of the orders broken up, be it whole or the beginning of one."""
    return convert(_without(report.to_plain(), Orders(orders)), Report)


class Orders:
    """Spellings of orders, found in a text by looking up where it stands in their alphabetical order."""

    def __init__(self, orders: Iterable[str]) -> None:
        self._shown: dict[str, str] = {}
        self._names: dict[str, str] = {}
        for order in sorted(orders):
            name = neutralise_name(order)
            shown = str(name.removesuffix(CHANGED) if MARK in name else neutralise_order(order))
            self._names[name.removesuffix(CHANGED)] = shown
            for spelling in _spellings(order):
                self._shown.setdefault(spelling, shown)
        self._names |= self._shown
        self._sorted = sorted(self._shown)
        self._starts = {spelling[:SHORTEST] for spelling in self._sorted}

    def without(self, text: str) -> str:
        """A text with the orders in it broken up, and the beginnings of orders before an ellipsis."""
        if len(text) < SHORTEST:
            return text
        name = self._names.get(text.removesuffix(CHANGED))
        if name is not None:
            return name + CHANGED
        pieces: list[str] = []
        done = 0
        for start, end, shown in self._found(text):
            pieces += (text[done:start], shown)
            done = end
        return "".join((*pieces, text[done:]))

    def _found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where orders stand in a text, and what is shown instead; none of them begins in another."""
        for run in _RUN.finditer(text):
            at, last = run.start(), run.end() - SHORTEST
            while at <= last:
                length, shown = self.at(text, at) if text[at : at + SHORTEST] in self._starts else (0, "")
                if length:
                    yield at, at + length, shown
                at += length or 1

    def at(self, text: str, start: int) -> tuple[int, str]:
        """The length of the order, or of what is left of one, that begins there, and what is shown instead."""
        rest = text[start : start + NAME_LENGTH + 1]
        head, cut, _ = rest.partition(_CUT)
        if cut and len(head) >= SHORTEST:
            place = bisect_left(self._sorted, head)
            if place < len(self._sorted) and self._sorted[place].startswith(head):
                return len(head) + len(cut), self._shown[self._sorted[place]]
        while place := bisect_right(self._sorted, rest):
            found = self._sorted[place - 1]
            if rest.startswith(found):
                return len(found), self._shown[found]
            rest = _common(rest, found)  # an order that the text begins with is a beginning of this, too
        return 0, ""


def _common(one: str, other: str) -> str:
    """What both begin with."""
    return one[: next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(other))]


def _spellings(order: str) -> Iterator[str]:
    """As it stands where it is a name, and in a pointer. Nothing longer than a name goes into a report."""
    for spelling in (neutralise(order, NAME_LENGTH), neutralise(escape(order), NAME_LENGTH), escape(order)):
        if len(spelling) >= SHORTEST:
            yield spelling.removesuffix(_CUT)[:NAME_LENGTH]


def _without(value: Any, orders: Orders) -> Any:
    if isinstance(value, str):
        return orders.without(value)
    if isinstance(value, list):
        return [_without(one, orders) for one in value]
    return {key: _without(one, orders) for key, one in value.items()} if isinstance(value, dict) else value
