"""Answers about one tool that contradict each other are settled, and no others are touched."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.reconcile import reconciled

ENTAILING = {"fs.write", "net.send"}
ODDS = st.floats(-20, 20)


def odds(write: float, **abilities: float) -> dict[str, float]:
    return {"write": write, "destructive": -9.0, **{name.replace("_", "."): value for name, value in abilities.items()}}


def test_a_strong_ability_makes_a_reader_a_writer() -> None:
    assert reconciled(odds(-1.0, fs_write=3.0), ENTAILING)["write"] == 2.0


def test_a_weak_ability_gives_way_to_a_sure_reader() -> None:
    settled = reconciled(odds(-5.0, fs_write=1.0), ENTAILING)

    assert settled["write"] == -5.0
    assert settled["fs.write"] == -4.0


def test_abilities_count_together() -> None:
    assert reconciled(odds(-3.0, fs_write=2.0, net_send=2.0), ENTAILING)["write"] == 1.0


def test_what_reading_goes_with_is_left_alone() -> None:
    asked = odds(-5.0, db_query=4.0)

    assert reconciled(asked, ENTAILING) == asked


@given(write=ODDS, destructive=ODDS, files=ODDS, sends=ODDS)
def test_no_likely_ability_is_left_with_an_unlikely_change(
    write: float, destructive: float, files: float, sends: float
) -> None:
    asked = {"write": write, "destructive": destructive, "fs.write": files, "net.send": sends}

    settled = reconciled(asked, ENTAILING)

    writes = max(settled["write"], settled["destructive"]) >= 0.0
    assert writes or max(settled["fs.write"], settled["net.send"]) < 0.0
    assert writes >= (max(write, destructive) >= 0.0), "nothing that writes becomes a reader"
