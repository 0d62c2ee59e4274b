"""Orders in a name, broken up wherever a report would repeat the name.

A name is joined by signs that names are written with, so nothing but the rules tells an order in it from a long name.
What they find is known when everything was read; until then the name has gone into sentences, pointers and excerpts,
whole or cut. Hence this is done to the whole of a report, in the rare case that there is such a name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from mcp_threat_scoring.datamark import MARK
from mcp_threat_scoring.neutralise import CHANGED, NAME_LENGTH, neutralise, neutralise_name, neutralise_order
from mcp_threat_scoring.report import Report
from mcp_threat_scoring.structs import convert
from mcp_threat_scoring.text.run_on import SHORTEST
from mcp_threat_scoring.text.schema_walk import escape


def broken_up(report: Report, orders: Collection[str]) -> Report:
    """The report with every one of the orders broken up, be it whole or the beginning of one."""
    bound = [order for order in sorted(orders, key=len) if MARK not in neutralise_name(order)]
    known = {spelling: str(neutralise_order(order)) for order in bound for spelling in _spellings(order)}
    longest_first = sorted(known.items(), key=lambda pair: (-len(pair[0]), pair))
    return convert(_without(report.to_plain(), longest_first), Report)


def _spellings(order: str) -> Iterable[str]:
    """As it stands where it is a name, and in a pointer."""
    for spelling in (neutralise(order, NAME_LENGTH), neutralise(escape(order), NAME_LENGTH), escape(order)):
        if len(spelling) >= SHORTEST:
            yield spelling.removesuffix("…")


def _without(value: Any, orders: Collection[tuple[str, str]]) -> Any:
    if isinstance(value, str):
        for order, shown in orders:
            if value.removesuffix(CHANGED) in (order, neutralise_name(order).removesuffix(CHANGED)):
                return shown + CHANGED
            value = _replaced(value, order, shown)
        return value
    if isinstance(value, list):
        return [_without(one, orders) for one in value]
    return {key: _without(one, orders) for key, one in value.items()} if isinstance(value, dict) else value


def _replaced(text: str, order: str, shown: str) -> str:
    """A text with something else for an order in it, and for the beginning of the order before an ellipsis."""
    at = text.find(order[:SHORTEST])
    while at >= 0:
        length = next((n for n in range(SHORTEST, len(order)) if text[at + n : at + n + 1] != order[n]), len(order))
        cut = text.startswith("…", at + length)
        if cut or length == len(order):
            text = text[:at] + shown + text[at + length + cut :]
        at = text.find(order[:SHORTEST], at + 1)
    return text
