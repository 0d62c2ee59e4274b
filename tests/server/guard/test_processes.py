"""A start succeeds, or nothing of the attempt stays: no descriptor, no process, no office of a reaper."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mcp_threat_model.guard.adoption import NURSERY, SUPPORTED
from mcp_threat_model.guard.limits import DEFAULT_LIMITS
from mcp_threat_model.guard.processes import Process
from mcp_threat_model.guard.sandbox import Sandbox
from mcp_threat_model.guard.scratch import make_scratch, remove_scratch

pytestmark = pytest.mark.skipif(not SUPPORTED, reason="Linux only")
OPEN = Path("/proc/self/fd")
PIPES = 5


@pytest.fixture
def scratch() -> Iterator[Path]:
    made = make_scratch()
    yield made
    remove_scratch(made)


@contextmanager
def room_for(descriptors: int) -> Iterator[None]:
    """No more than so many further descriptors can be opened."""
    taken = {int(name) for name in os.listdir(OPEN)}
    free = [number for number in range(max(taken) + descriptors + 2) if number not in taken]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free[descriptors], hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def process(scratch: Path, **env: str) -> Process:
    """A program without a sandbox, so that we have to be a subreaper while it runs."""
    return Process([sys.executable, "-c", ""], env, scratch, DEFAULT_LIMITS, box=Sandbox("none", True, "a test"))


def held() -> tuple[list[str], int]:
    """What we hold: descriptors, and starts that are under way."""
    return sorted(os.listdir(OPEN)), NURSERY._users


@pytest.mark.parametrize("descriptors", range(2 * PIPES + 1))
def test_where_descriptors_run_out_on_the_way_none_stays(scratch: Path, descriptors: int) -> None:
    before = held()
    started = process(scratch)
    with room_for(descriptors), pytest.raises(OSError, match="Too many open files"):
        started.start()

    assert held() == before
    assert {started.stdin, started.stdout, started.stderr} == {-1}


def test_where_the_system_passes_no_such_variable_on_nothing_stays(scratch: Path) -> None:
    before = held()
    for _ in range(3):
        with pytest.raises(OSError, match="Argument list too long"):
            process(scratch, LONG="x" * 200_000).start()

    assert held() == before


async def test_what_was_started_and_closed_leaves_nothing_either(scratch: Path) -> None:
    before = held()
    started = process(scratch)
    started.start()
    assert NURSERY._users == before[1] + 1
    await started.end(1.0)
    started.close()

    assert started.outcome.exit_code == 0
    assert NURSERY._users == before[1]
