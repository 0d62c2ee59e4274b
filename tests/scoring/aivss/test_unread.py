"""Tools that are listed and cannot be read: what is missing is never clean, and one odd item is not the worst."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.analyze import analyze
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED, Coverage, not_observed, partial
from mcp_threat_scoring.report import Report

READS = {"name": "get_weather", "description": "Gets the weather of a city.", "inputSchema": {}}
ALSO_READS = {**READS, "name": "get_tides", "description": "Gets the tides of a harbour."}
DESTROYS = {"name": "delete_account", "description": "Deletes an account of a customer for good."}
NAMELESS = {"name": 5, "description": "Deletes every file"}
BOTH = ("graded", "owasp-0.8")


def report(*tools: object, coverage: Coverage = OBSERVED, profile="graded") -> Report:
    manifest = build_manifest(target_kind="file", target_value="x.json", tools=tools, coverage={"tools": coverage})
    return analyze(manifest, profile=profile)


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize("damaged", [[NAMELESS], [NAMELESS, 7, "x"]])
def test_a_list_without_a_usable_tool_is_an_unknown_list(profile: str, damaged: list[object]) -> None:
    unknown = report(coverage=not_observed("nobody listed them"), profile=profile).aivss
    found = report(*damaged, profile=profile)

    assert found.aivss.score == unknown.score
    assert found.aivss.range.low <= unknown.range.low
    assert found.aivss.range.high >= unknown.range.high
    assert (found.verdict.decision, found.coverage["tools"].status) == ("review", "partial")
    assert "None of the tools that it lists could be used" in found.verdict.reasons[0]


def test_a_list_that_was_cut_before_its_first_tool_is_unknown_too() -> None:
    unknown = report(coverage=not_observed("nobody listed them")).aivss

    assert report(coverage=partial("empty pages without end", lacking=True)).aivss.score == unknown.score


def test_one_good_tool_does_not_stand_for_many_that_cannot_be_read() -> None:
    unknown = report(coverage=not_observed("nobody listed them")).aivss

    assert report(READS, NAMELESS, NAMELESS).aivss.score >= unknown.score


@pytest.mark.parametrize("profile", BOTH)
def test_a_tool_that_cannot_be_read_counts_as_one_that_changes_something(profile: str) -> None:
    whole = report(READS, ALSO_READS, profile=profile).aivss
    damaged = report(READS, ALSO_READS, NAMELESS, profile=profile)

    assert whole.severity == "Low" if profile == "graded" else "Medium"
    assert damaged.aivss.severity == "Medium" if profile == "graded" else "High"
    assert damaged.aivss.cvss.scenario.endswith("a tool that could not be read")
    assert "what could not be read of the list is taken to change something" in damaged.summary
    assert "1 of 3 tools could not be used" in damaged.coverage["tools"].reason


@pytest.mark.parametrize("profile", BOTH)
def test_the_range_reaches_from_a_harmless_one_to_one_that_runs_code(profile: str) -> None:
    whole = report(READS, profile=profile).aivss.range
    damaged = report(READS, NAMELESS, profile=profile).aivss.range
    runs = {"name": "run_shell_command", "description": "Runs any shell command.",
            "inputSchema": {"properties": {"command": {"type": "string"}}}}  # fmt: skip

    assert damaged.low <= whole.low
    assert damaged.high >= report(READS, runs, profile=profile).aivss.score
    assert damaged.spanned_by[0] == "the tools that could not be read"


def test_where_graver_things_were_read_an_odd_item_changes_nothing() -> None:
    assert report(DESTROYS, NAMELESS).aivss.score == report(DESTROYS).aivss.score
    assert "could not be read of the list" not in report(DESTROYS, NAMELESS).summary


def test_pages_that_are_missing_are_tools_that_could_not_be_read() -> None:
    page = report(READS, coverage=partial("one page of several", lacking=True)).aivss

    assert page.score == report(READS, NAMELESS).aivss.score


def test_a_text_that_was_cut_leaves_its_tool_readable() -> None:
    assert report(READS, coverage=partial("1 text was cut")).aivss.score == report(READS).aivss.score
