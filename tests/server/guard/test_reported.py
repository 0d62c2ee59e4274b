"""What became of a target, read from the lines of its supervisor; without a sandbox the target may write there too."""

from __future__ import annotations

import pytest

from mcp_threat_model.guard.reported import Outcome


def told(*lines: str) -> Outcome:
    outcome = Outcome()
    for line in lines:
        outcome.heed(line.split(" "))
    return outcome


def test_a_target_that_leaves_is_over_with_its_exit_code() -> None:
    assert not told("started 12").over
    left = told("started 12", "exit -9", "done")
    assert (left.pid, left.exit_code, left.over, left.done) == (12, -9, True, True)


def test_a_target_that_is_ended_for_a_bound_is_over_without_one() -> None:
    ended = told("started 12", "killed memory")
    assert (ended.exit_code, ended.killed, ended.over) == (None, "memory", True)


def test_names_come_in_hexadecimal_and_unknown_ones_are_left_out() -> None:
    heard = told(
        f"left 3 {b'sleep 9'.hex()} ? {bytes([255]).hex()}",
        f"asked {b'a.example'.hex()}",
        f"tried {b'1.2.3.4:5'.hex()}",
    )
    assert (heard.left_count, heard.left) == (3, ["sleep 9", "\ufffd"])
    assert (heard.asked, heard.tried) == (["a.example"], ["1.2.3.4:5"])


def test_a_word_that_no_supervisor_says_changes_nothing() -> None:
    assert told("exit", "shutdown now", "") == Outcome()


@pytest.mark.parametrize("line", ["exit x", "started x", "left x", "asked zz"])
def test_a_number_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        told(line)
