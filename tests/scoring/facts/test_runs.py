"""Which servers are ever in one session."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.facts.runs import EVERYWHERE, Runs


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (EVERYWHERE, EVERYWHERE, True),
        (EVERYWHERE, Runs("/a"), True),
        (Runs("/a"), Runs("/a"), True),
        (Runs("/a"), Runs("/b"), False),
        (Runs(but=frozenset({"/a"})), Runs("/a"), False),
        (Runs(but=frozenset({"/a"})), Runs("/b"), True),
        (Runs(but=frozenset({"/a"})), EVERYWHERE, True),
        (Runs(name="db"), Runs(name="db"), False),
        (Runs(name="db"), Runs(name="mail"), True),
    ],
)
def test_servers_meet_where_both_run_and_neither_stands_for_the_other(one: Runs, other: Runs, meet: bool) -> None:
    assert one.meets(other) is other.meets(one) is meet
