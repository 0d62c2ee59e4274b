"""Targets become reports: in order, within the deadline, and one that fails never takes the others with it."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcp_threat_model import reading
from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.outcome import Outcome, failure
from mcp_threat_model.reading import Consent, ScanOptions
from mcp_threat_model.scan import scan, scan_saved
from mcp_threat_model.source.forms.address import HttpTarget
from mcp_threat_model.source.forms.program import StdioTarget
from mcp_threat_model.source.forms.saved import FileTarget, StdinTarget
from mcp_threat_model.source.interface import Command, Readable, ReadOptions, Say, Target
from mcp_threat_scoring import analyze as analyze_module
from mcp_threat_scoring.errors import RuleError, RuleProblem, TargetError, UsageError
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED, Manifest
from mcp_threat_scoring.report import ErrorOut, Report

OPTIONS = ScanOptions()


def tools_file(folder: Path, name: str, *tools: str) -> FileTarget:
    file = folder / name
    file.write_text(json.dumps([{"name": tool, "description": f"{tool}."} for tool in tools]))
    return FileTarget(str(file))


class SlowSource:
    """Answers after a while, and counts how many of its kind are at work."""

    working = 0
    most = 0

    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        self.seconds = seconds

    async def read(self) -> Manifest:
        SlowSource.working += 1
        SlowSource.most = max(SlowSource.most, SlowSource.working)
        try:
            await anyio.sleep(self.seconds)
        finally:
            SlowSource.working -= 1
        return build_manifest(target_kind="file", target_value=self.name, coverage={"tools": OBSERVED})


class SlowTarget(Readable, frozen=True):
    """A form of its own: `N:SECONDS` takes that long."""

    label: str

    def source(self, options: ReadOptions, say: Say) -> SlowSource:
        return SlowSource(self.label, float(self.label.split(":")[1]))


@pytest.fixture(autouse=True)
def nobody_at_work() -> None:
    SlowSource.working = SlowSource.most = 0


def values(outcomes: list[Outcome]) -> list[str]:
    return [one.result.target.value if isinstance(one.result, Report) else one.result.target for one in outcomes]


async def test_results_come_in_the_order_of_the_targets_however_they_finish() -> None:
    targets = [SlowTarget("a:0.2"), SlowTarget("b:0.0"), SlowTarget("c:0.1")]
    assert values(await scan(targets, OPTIONS)) == ["a:0.2", "b:0.0", "c:0.1"]


async def test_no_more_targets_are_read_at_a_time_than_jobs() -> None:
    targets = [SlowTarget(f"{number}:0.02") for number in range(9)]
    await scan(targets, ScanOptions(jobs=2))
    assert SlowSource.most == 2


async def test_one_that_never_answers_ends_by_its_deadline_and_the_others_are_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "_GRACE_S", 0.0)
    options = ScanOptions(limits=Limits().with_total(0.3))
    outcomes = await scan([SlowTarget("stuck:3600"), SlowTarget("quick:0")], options)
    assert isinstance(outcomes[0].result, ErrorOut)
    assert outcomes[0].result.code == "timeout"
    assert isinstance(outcomes[1].result, Report)


async def test_a_target_that_cannot_be_read_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("<html>")
    targets: list[Target] = [
        tools_file(tmp_path, "a.json", "list_orders"),
        FileTarget(str(bad)),
        FileTarget(str(tmp_path / "missing.json")),
        tools_file(tmp_path, "b.json", "delete_order"),
    ]
    outcomes = await scan(targets, OPTIONS)
    assert [getattr(one.result, "code", "report") for one in outcomes] == [
        "report", "malformed", "unreachable", "report",
    ]  # fmt: skip
    assert [one.fault for one in outcomes] == [None] * 4


async def test_an_error_of_ours_is_told_apart_and_shows_nothing_of_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = analyze_module.analyze

    def broken(manifest: Manifest, *more: Any) -> Report:
        if manifest.target_kind == "file" and manifest.tools:
            raise ZeroDivisionError("secret words of the target")
        return real(manifest, *more)

    monkeypatch.setattr(analyze_module, "analyze", broken)
    outcomes = await scan([tools_file(tmp_path, "a.json", "list_orders"), tools_file(tmp_path, "b.json")], OPTIONS)
    assert isinstance(outcomes[0].result, ErrorOut)
    assert isinstance(outcomes[0].fault, ZeroDivisionError)
    assert "ZeroDivisionError" in outcomes[0].result.message
    assert "secret" not in outcomes[0].result.to_json()
    assert isinstance(outcomes[1].result, Report)


async def test_damaged_rules_end_the_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(**_: object) -> None:
        raise RuleError([RuleProblem("signals/x.yaml", 3, "there is no such key")])

    monkeypatch.setattr(analyze_module, "knowledge", damaged)
    target = tools_file(tmp_path, "a.json", "x")
    with pytest.raises(RuleError, match=r"signals/x\.yaml:3"):
        await scan([target], OPTIONS)
    with pytest.raises(RuleError, match=r"signals/x\.yaml:3"):
        scan_saved([target], OPTIONS)


def test_an_error_inside_a_group_is_found() -> None:
    inner = TargetError("not_mcp", "it is no MCP server")
    outcome = failure("x", ExceptionGroup("a", [ExceptionGroup("b", [ValueError()]), ExceptionGroup("c", [inner])]))
    assert isinstance(outcome.result, ErrorOut)
    assert (outcome.result.code, outcome.fault) == ("not_mcp", None)
    unforeseen = failure("x", ExceptionGroup("a", [ExceptionGroup("b", [KeyError("y")])]))
    assert isinstance(unforeseen.result, ErrorOut)
    assert "KeyError" in unforeseen.result.message


def test_a_target_that_is_no_text_for_a_terminal_is_shown_inert() -> None:
    outcome = failure("a\x1b[31m\u202e", TargetError("unreachable", "no"))
    assert isinstance(outcome.result, ErrorOut)
    assert outcome.result.target.isprintable()


def test_an_address_is_shown_as_it_was_given() -> None:
    outcome = failure("https://example.com/mcp", TargetError("unreachable", "no answer", "try again"))
    assert isinstance(outcome.result, ErrorOut)
    assert outcome.result.target == "https://example.com/mcp"
    assert (outcome.result.message, outcome.result.hint) == ("no answer.", "try again.")


def test_an_address_with_a_query_keeps_its_scheme_and_hides_the_values() -> None:
    label = HttpTarget("http://127.0.0.1:18731/mcp?key=s3cret&x=1").label
    outcome = failure(label, TargetError("unreachable", "no answer"))
    assert isinstance(outcome.result, ErrorOut)
    assert outcome.result.target == "http://127.0.0.1:18731/mcp?key=…&x=…"


def test_servers_that_are_looked_at_together_are_called_as_they_were_asked_for() -> None:
    labels = [target.safe for target in (HttpTarget("https://h.example/mcp?key=s3cret"), FileTarget("a.json"))]
    assert labels == ["https://h.example/mcp?key=…", "a.json"]


async def test_whoever_is_asked_sees_the_program(tmp_path: Path) -> None:
    asked: list[tuple[Target, Command]] = []

    class Person(Consent):
        async def ask(self, target: Target, command: Command) -> None:
            asked.append((target, command))
            await super().ask(target, command)

    program = StdioTarget(("python", "server.py"))
    outcomes = await scan([program, tools_file(tmp_path, "a.json", "x")], OPTIONS, consent=Person())
    assert asked == [(program, program.command)]
    assert isinstance(outcomes[0].result, ErrorOut)
    assert outcomes[0].result.code == "consent_required"


async def test_standard_input_can_be_named_once() -> None:
    with pytest.raises(UsageError, match="once"):
        await scan([StdinTarget(), StdinTarget()], OPTIONS)
    with pytest.raises(UsageError, match="once"):
        scan_saved([StdinTarget(), StdinTarget()], OPTIONS)


async def test_saved_descriptions_give_the_same_with_and_without_an_event_loop(tmp_path: Path) -> None:
    targets = [tools_file(tmp_path, "a.json", "delete_order"), FileTarget(str(tmp_path / "missing"))]
    assert [one.result for one in scan_saved(targets, OPTIONS)] == [one.result for one in await scan(targets, OPTIONS)]


async def test_progress_names_its_target(tmp_path: Path) -> None:
    lines: list[tuple[str, str]] = []
    targets = [tools_file(tmp_path, "a.json", "x"), tools_file(tmp_path, "b.json", "y")]
    await scan(targets, OPTIONS, progress=lambda target, line: lines.append((target.label, line)))
    assert {label for label, _ in lines} == {target.label for target in targets}


async def test_two_runs_give_the_same_report(tmp_path: Path) -> None:
    target = tools_file(tmp_path, "a.json", "list_orders", "delete_order", "send_mail")
    first, second = await scan([target, target], OPTIONS)
    assert first.result.to_json() == second.result.to_json()
