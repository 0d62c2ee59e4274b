"""What spans the range of a score is what, once known, would narrow it: computed, and the widest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mcp_threat_scoring.aivss.score import score
from mcp_threat_scoring.aivss.spread import TOOLS
from mcp_threat_scoring.picture import Picture

Fake = Callable[..., Picture]
Tool = Callable[..., Any]
DOOR = "whether callers are authenticated"
CONFIRMED = "whether a person confirms each change"
CREDENTIALS = "whose credentials the tools use and how much those allow"
STDIO = {"transport.kind": "stdio", "transport.scope": "local"}


def spanned(picture: Picture) -> list[str]:
    return score(picture, "graded").range.spanned_by


def test_what_the_host_decides_is_named_beside_what_was_not_seen(fake: Fake, writing: Tool) -> None:
    found = spanned(fake([writing()], facts={**STDIO, "auth.requirement": "unknown"}))

    assert found[0] == CONFIRMED
    assert {CREDENTIALS, "what else is connected"} <= set(found)
    assert DOOR not in found  # a local process has no door


def test_the_widest_stands_first(fake: Fake, tool: Tool) -> None:
    found = spanned(fake([tool(domains=("billing",))], facts={"auth.requirement": "unknown"}))

    assert found[0] == DOOR
    assert len(found) > 2


def test_what_was_seen_spans_nothing(fake: Fake, writing: Tool) -> None:
    assert CREDENTIALS not in spanned(fake([writing()], facts={"auth.requirement": "required"}))
    assert DOOR not in spanned(fake([writing()], facts={"auth.requirement": "required"}))


def test_a_tool_that_may_or_may_not_write_is_named(fake: Fake, tool: Tool) -> None:
    def picture(write: float) -> Picture:
        return fake([tool("handle_it", write, 0.01, domains=("billing",))])

    assert TOOLS in spanned(picture(0.4))
    assert TOOLS not in spanned(picture(0.02))


@pytest.mark.parametrize("profile", ["graded", "owasp-0.8"])
def test_a_range_without_width_is_spanned_by_nothing_and_each_thing_is_named_once(
    fake: Fake, writing: Tool, profile: Any
) -> None:
    bounds = score(fake([writing()], facts={"coverage.tools": "not_observed"}), profile).range

    assert bounds.low < bounds.high
    assert len(bounds.spanned_by) == len(set(bounds.spanned_by)) > 0


def test_where_nothing_is_known_the_tools_come_first(fake: Fake) -> None:
    found = spanned(fake(facts={"coverage.tools": "not_observed"}))

    assert found[0] == "what the tools do"


def test_a_tool_of_which_nothing_is_told_may_do_the_worst(fake: Fake, tool: Tool) -> None:
    told = score(fake([tool()]), "graded").range
    untold = score(fake([tool(told=False)]), "graded").range

    assert untold.low == told.low
    assert untold.high == score(fake([tool(destructive=0.3, write=0.3)]), "graded").range.high > told.high
    assert untold.spanned_by[0] == TOOLS


def test_so_may_a_tool_change_that_its_server_calls_no_reader(fake: Fake, tool: Tool) -> None:
    def high(write: float, *, read_only: bool) -> float:
        return score(fake([tool("get_it", write, 0.01, read_only=read_only)]), "graded").range.high

    assert high(0.12, read_only=False) > high(0.12, read_only=True)
    assert high(0.05, read_only=False) == high(0.05, read_only=True)
