"""What several reports come to together: it can fail, and never takes the reports with it."""

from __future__ import annotations

import json

import pytest

from mcp_threat_model.commands.delivery import deliver
from mcp_threat_model.outcome import Outcome, Whole, together
from mcp_threat_model.source.forms.saved import FileTarget
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.report import ErrorOut, Report

MANIFEST = build_manifest(target_kind="file", target_value="x", coverage={})
TARGETS = [FileTarget("a.json"), FileTarget("b.json")]


def test_one_server_makes_no_set(sample_report: Report, sample_error: ErrorOut) -> None:
    assert together(TARGETS, [Outcome(sample_report, manifest=MANIFEST), Outcome(sample_error)]) == Whole()


def test_two_servers_do(sample_report: Report) -> None:
    whole = together(TARGETS, [Outcome(sample_report, manifest=MANIFEST)] * 2)

    assert whole.fault is None
    assert whole.fleet
    assert whole.fleet.servers == ["a.json", "b.json"]


def test_where_the_set_cannot_be_worked_out_the_reports_stand(
    sample_report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = [Outcome(sample_report, manifest="no manifest")] * 2  # type: ignore[arg-type]
    whole = together(TARGETS, outcomes)

    assert whole.fleet
    assert "could not be worked out: internal error (AttributeError)" in whole.fleet.summary
    assert deliver(outcomes, "json", whole=whole) == 1
    said = capsys.readouterr()
    assert len(json.loads(said.out)["reports"]) == 2
    assert "could not be worked out" in said.err
