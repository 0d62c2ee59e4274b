"""A process that scans for a long time does not grow, and hostile targets do not slow the others: `make soak`."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest
from msgspec.structs import replace
from tests.server.source.stdio_case import TARGETS, new_mark, processes_with
from tests.soak import trees

from mcp_threat_model.guard.limits import DEFAULT_LIMITS
from mcp_threat_model.outcome import Outcome
from mcp_threat_model.reading import Allowed, ScanOptions
from mcp_threat_model.render import FORMATS, renderer
from mcp_threat_model.scan import scan
from mcp_threat_model.source.forms.program import StdioTarget
from mcp_threat_model.source.interface import Target
from mcp_threat_model.target import parse_target
from mcp_threat_scoring.report import ErrorOut, Report

sys.path.insert(0, str(TARGETS))
from http_target import Reply, Request, honest, serve

pytestmark = pytest.mark.soak

SCANS = 1_000
WARM = 300
QUICK = replace(DEFAULT_LIMITS, total_s=3.0, request_s=1.0, probe_s=0.2, probe_unread_s=0.5, grace_s=0.2)
HOSTILE = (
    "honest",
    "exits_at_once",
    "leaves_a_child",
    "broken_json",
    "notification_flood",
    "stderr_flood",
    "duplicate_names",
)
GROWTH_MIB = 24
"""Noise of the allocator; a leak of one report each would be ten times as much."""


@dataclass(frozen=True)
class Held:
    """What this process holds on to."""

    rss_mib: float
    descriptors: int
    tasks: int
    children: int
    objects: int

    @classmethod
    def now(cls) -> Held:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        below = [word for one in Path("/proc/self/task").glob("*/children") for word in one.read_text().split()]
        return cls(
            round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
            len(os.listdir("/proc/self/fd")),
            len(asyncio.all_tasks()),
            len(below),
            len(gc.get_objects()),
        )


def program(behaviour: str, *more: str) -> StdioTarget:
    return StdioTarget((sys.executable, str(TARGETS / "hostile_stdio.py"), behaviour, *more))


async def test_a_thousand_scans_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rng = random.Random(7)
    mark = new_mark()
    options = ScanOptions(limits=QUICK, allow_private_network=True)

    def answer(request: Request) -> Reply:
        reply = honest(request)
        return reply if rng.random() < 0.7 else replace(reply, body=b'{"jsonrpc":"2.0","id":1,"result":{"tools":[{}]}}')

    history: list[Held] = []
    ended = {Report: 0, ErrorOut: 0}
    async with serve(answer) as http:
        for number in range(SCANS):
            target: Target
            if number % 10 == 0:
                target = program(rng.choice(HOSTILE), mark)
            elif number % 10 < 3:
                target = parse_target(http.url())
            else:
                document = trees.document(random.Random(number))
                (tmp_path / "x.json").write_text(json.dumps(document) if number % 10 < 9 else "{" * (number % 500))
                target = parse_target(str(tmp_path / "x.json"))
            (outcome,) = await scan([target], options, consent=Allowed())
            assert outcome.fault is None, (number, outcome.fault)
            ended[type(outcome.result)] += 1
            for form in FORMATS:
                renderer(form)([outcome.result])
            del outcome
            http.requests.clear()
            if number % 100 == 99:
                history.append(Held.now())
                print(f"\n{number + 1:5,} scans: {history[-1]}", end="")
    warm, last = history[WARM // 100 - 1], history[-1]
    left = [one for one in os.listdir(tmp_path) if one.startswith("mcp-scan-")]
    print("\nended:", {kind.__name__: count for kind, count in ended.items()}, "scratch left:", left)
    assert last.rss_mib - warm.rss_mib < GROWTH_MIB
    assert last.descriptors <= warm.descriptors + 2
    assert last.tasks <= warm.tasks
    assert last.children == 0
    assert not processes_with(mark)
    assert left == []


GOOD = 45
BAD = ("never_answers", "notification_flood", "keeps_forking", "stderr_flood", "endless_junk")


async def test_hostile_targets_do_not_slow_the_others() -> None:
    """45 good programs at once, with and without 5 hostile ones among them."""
    mark = new_mark()
    options = ScanOptions(jobs=50, limits=replace(DEFAULT_LIMITS, total_s=60.0))
    good = [program("honest", f"{mark}-{number}") for number in range(GOOD)]
    hostile = [program(behaviour, mark) for behaviour in BAD]
    mixed: list[StdioTarget] = []
    for number, one in enumerate(good):
        mixed += [hostile[number // 9], one] if number % 9 == 0 else [one]

    await timed(good[:5], options)  # loads what is loaded once
    alone = await timed(good, options)
    among = await timed(mixed, replace(options, limits=replace(options.limits, total_s=20.0)))
    quick = {target: among[target] for target in good}
    for name, took in ((f"{GOOD} alone", alone), (f"the same among {len(BAD)} hostile", quick)):
        print(f"\n{name}: median {median(took.values()):.2f} s, last {max(took.values()):.2f} s", end="")
    print()
    print({target.argv[2]: round(among[target], 1) for target in hostile})
    assert not processes_with(mark)
    assert median(quick.values()) < 2 * median(alone.values())
    assert max(quick.values()) < 2 * max(alone.values())


async def timed(targets: Sequence[StdioTarget], options: ScanOptions) -> dict[StdioTarget, float]:
    """Scan them all at once; the seconds each took from the common start. The good ones must be reported."""
    started = time.monotonic()
    took: dict[StdioTarget, float] = {}

    async def one(target: StdioTarget) -> Outcome:
        (outcome,) = await scan([target], options, consent=Allowed())
        took[target] = time.monotonic() - started
        return outcome

    outcomes = await asyncio.gather(*(one(target) for target in targets))
    for target, outcome in zip(targets, outcomes, strict=True):
        assert outcome.fault is None
        if target.argv[2] == "honest":
            assert isinstance(outcome.result, Report), outcome.result
    return took
