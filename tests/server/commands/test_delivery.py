"""What the outcomes of a scan mean to a pipeline."""

import pytest

from mcp_threat_model.commands.delivery import exit_code, explained
from mcp_threat_model.outcome import Outcome
from mcp_threat_scoring.report import ErrorOut, Report


def test_all_reported(sample_report: Report) -> None:
    assert exit_code([Outcome(sample_report)], None) == 0


def test_none_and_some_read(sample_report: Report, sample_error: ErrorOut) -> None:
    assert exit_code([Outcome(sample_error)], "low") == 3
    assert exit_code([Outcome(sample_error), Outcome(sample_report)], None) == 4


def test_a_fault_of_ours_outweighs_everything(sample_report: Report, sample_error: ErrorOut) -> None:
    assert exit_code([Outcome(sample_report), Outcome(sample_error, ValueError())], "low") == 1


def test_whether_there_is_a_fault_of_ours(sample_report: Report, sample_error: ErrorOut) -> None:
    assert explained([Outcome(sample_report), Outcome(sample_error, ValueError())])
    assert not explained([Outcome(sample_report), Outcome(sample_error)])


@pytest.mark.parametrize(
    ("score", "finding", "fail_at", "code"),
    [
        ("High", "medium", "medium", 13),
        ("High", "medium", "high", 13),
        ("High", "medium", "critical", 0),
        ("Low", "critical", "high", 14),
        ("Low", "info", "low", 11),
        ("None", "info", "low", 0),
        ("Medium", "low", "low", 12),
    ],
)
def test_the_highest_severity_of_score_and_findings(
    sample_report: Report, score: str, finding: str, fail_at: str, code: int
) -> None:
    report = sample_report.changed(
        {
            "aivss": sample_report.aivss.changed({"severity": score}),
            "findings": [sample_report.findings[0].changed({"severity": finding})],
        }
    )
    assert exit_code([Outcome(report)], fail_at) == code


def test_severity_outweighs_a_target_that_could_not_be_read(sample_report: Report, sample_error: ErrorOut) -> None:
    assert exit_code([Outcome(sample_error), Outcome(sample_report)], "high") == 13
