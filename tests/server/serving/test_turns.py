"""Turns: as many scans as there are turns, and none is given back before its work has ended."""

from __future__ import annotations

import threading

import anyio
import pytest

from mcp_threat_model.serving.turns import BusyError, Turns
from mcp_threat_scoring.errors import TargetError


async def test_more_calls_than_turns_take_one_after_the_other() -> None:
    turns, most, done = Turns(running=2), 0, 0

    async def call() -> None:
        nonlocal most, done
        async with turns.turn(10):
            most = max(most, turns.taken)
            await anyio.sleep(0.01)
            done += 1

    async with anyio.create_task_group() as group:
        for _ in range(7):
            group.start_soon(call)
    assert (most, done, turns.taken) == (2, 7, 0)


async def test_a_call_that_waits_in_vain_is_told_that_all_are_busy() -> None:
    turns = Turns(running=1, patience_s=0.02)
    async with turns.turn(10):
        with pytest.raises(BusyError, match=r"^busy: 1 scans are running .* nothing was started"):
            async with turns.turn(10):
                pytest.fail("it had no turn")
    async with turns.turn(10):
        assert turns.taken == 1


async def test_a_long_queue_is_refused_at_once() -> None:
    turns = Turns(running=1, waiting=2, patience_s=60)

    async def wait() -> None:
        async with turns.turn(10):
            pass

    async with anyio.create_task_group() as group, turns.turn(10):
        group.start_soon(wait)
        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(5), pytest.raises(BusyError):
            async with turns.turn(10):
                pytest.fail("it had no turn")
    assert turns.taken == 0


async def test_a_call_has_a_deadline() -> None:
    turns = Turns()
    with pytest.raises(TargetError, match=r"the whole call took longer than 0\.02 seconds") as caught:
        async with turns.turn(0.02):
            await anyio.sleep(60)
    assert caught.value.code == "timeout"
    assert turns.taken == 0


async def test_a_failing_call_gives_its_turn_back() -> None:
    turns = Turns(running=1)
    for _ in range(3):
        with pytest.raises(ValueError):
            async with turns.turn(10):
                raise ValueError
    assert turns.taken == 0


async def test_a_thread_that_nobody_waits_for_keeps_its_turn_until_it_has_ended() -> None:
    turns, go, begun = Turns(running=1, patience_s=0.02), threading.Event(), threading.Event()

    def compute() -> None:
        begun.set()
        go.wait(10)

    async def call() -> None:
        async with turns.turn(10) as turn:
            await turn.think(compute)

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        while not begun.is_set():  # noqa: ASYNC110  a thread sets it
            await anyio.sleep(0.005)
        group.cancel_scope.cancel()
    assert turns.taken == 1
    with pytest.raises(BusyError):
        async with turns.turn(10):
            pytest.fail("it had no turn")
    go.set()
    with anyio.fail_after(5):
        while turns.taken:  # noqa: ASYNC110  counted, not announced
            await anyio.sleep(0.005)


async def test_work_that_was_cancelled_before_it_began_gives_its_turn_back() -> None:
    turns = Turns(running=1)
    with anyio.CancelScope() as scope:
        async with turns.turn(10) as turn:
            scope.cancel()
            await turn.think(pytest.fail, "nobody waits for it")
    with anyio.fail_after(5):
        while turns.taken:  # noqa: ASYNC110  counted, not announced
            await anyio.sleep(0.005)


async def test_all_that_run_can_be_cancelled_together() -> None:
    turns, ended = Turns(), []

    async def call() -> None:
        try:
            async with turns.turn(10):
                await anyio.sleep(60)
        except TargetError as error:
            ended.append(error.message)

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        group.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        turns.cancel()
    assert ended == ["this server is ending, and nothing was finished"] * 2
