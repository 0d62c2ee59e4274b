"""Orphans of a supervisor that is gone come to us, are told from other children, and are ended; nothing else is."""

from __future__ import annotations

import ctypes
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from mcp_threat_model.guard.adoption import (
    NURSERY,
    PR_GET_CHILD_SUBREAPER,
    SUPPORTED,
    end_below,
    end_orphans,
    is_stopped,
)

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="Linux only")
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)", "child"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


def is_subreaper() -> bool:
    answer = ctypes.c_int(0)
    ctypes.CDLL(None).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(answer), 0, 0, 0)
    return bool(answer.value)


@pytest.fixture
def adopting() -> Iterator[None]:
    NURSERY.enter()
    yield
    NURSERY.leave()


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    """A process with one child, in the place of a supervisor and its target."""
    with NURSERY.starting() as known:
        process = subprocess.Popen([sys.executable, "-S", "-c", PARENT], stdout=subprocess.PIPE, text=True)
        known.add(process.pid)
    assert process.stdout is not None
    process.stdout.readline()
    yield process
    end_below(process.pid, target=0)
    process.kill()
    process.wait()
    process.stdout.close()
    NURSERY.forget(process.pid)


def test_we_are_a_subreaper_only_while_somebody_needs_it() -> None:
    before = is_subreaper()
    NURSERY.enter()
    NURSERY.enter()
    NURSERY.leave()
    assert is_subreaper()
    NURSERY.leave()
    assert is_subreaper() == before


def test_the_orphan_of_a_killed_one_is_found_named_and_ended(adopting: None, parent: subprocess.Popen[str]) -> None:
    parent.kill()
    parent.wait()
    (orphan,) = NURSERY.orphans()
    ended = end_orphans()
    assert (ended.count, len(ended.names)) == (1, 1)
    assert ended.names[0].endswith("child")
    assert NURSERY.orphans() == []
    assert not is_stopped(orphan)


def test_other_children_of_ours_are_left_alone(adopting: None, parent: subprocess.Popen[str]) -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as beside:
        assert end_orphans().count == 0
        assert beside.poll() is None
        assert parent.poll() is None
        beside.kill()


def test_what_is_below_a_stopped_one_is_ended_and_the_target_is_not_told(
    adopting: None, parent: subprocess.Popen[str]
) -> None:
    ended = end_below(parent.pid, target=0)
    assert ended.count == 1
    until = time.monotonic() + 5
    while not is_stopped(parent.pid) and time.monotonic() < until:
        time.sleep(0.01)
    assert is_stopped(parent.pid)
    assert end_below(parent.pid, target=0).count == 0
