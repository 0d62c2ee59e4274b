"""JSON for programs: the published schema holds, nothing is lost, lines keep the order of the targets."""

import json

import jsonschema
import pytest

from mcp_threat_model.render import FORMATS, renderer
from mcp_threat_model.render.json import json_schema, render_json, render_jsonl
from mcp_threat_scoring.aivss.calculator import calculate
from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.report import ErrorOut, Report
from mcp_threat_scoring.report_set import ReportSet


def test_the_document_follows_the_published_schema(sample_report: Report, sample_error: ErrorOut) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(render_json([sample_report, sample_error])), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"reports": [{}], "errors": [], "schema_version": "1.0"}, schema)


def test_whatever_is_always_written_is_promised(sample_report: Report, sample_error: ErrorOut) -> None:
    schema = json_schema()
    left_out = {name: set(part["properties"]) - set(part.get("required", ())) for name, part in schema["$defs"].items()}
    document = json.loads(render_json([sample_report, sample_error]))

    assert schema["required"] == ["schema_version", "reports", "errors"] == list(document)
    assert {name for name, missing in left_out.items() if missing} == {"Report"}  # a later page goes on with some
    assert schema["$defs"]["EvidenceOut"]["required"] == ["rule_id", "pointer", "excerpt", "weight"]
    assert schema["$defs"]["Report"]["else"]["required"] == list(document["reports"][0])


@pytest.mark.parametrize("gone", ["schema_version", "summary", "checks"])
def test_a_report_without_a_member_does_not_follow_it(gone: str, sample_report: Report) -> None:
    document = json.loads(render_json([sample_report]))
    del document["reports"][0][gone]

    with pytest.raises(jsonschema.ValidationError, match=gone):
        jsonschema.validate(document, json_schema())


def test_what_the_calculator_prints_follows_it_too(sample_report: Report) -> None:
    terms = {"cvss_base": 8.5, "factors": {factor.id: 0.5 for factor in sample_report.aivss.factors}}
    schema = {"$ref": "#/$defs/AivssOut", "$defs": json_schema()["$defs"]}

    jsonschema.validate(json.loads(calculate(terms).to_json()), schema)
    jsonschema.validate(sample_report.aivss.to_plain(), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(calculate(terms).to_plain(), {**schema, "$ref": "#/$defs/ServerAivssOut"})


def test_reports_and_errors_are_told_apart(sample_report: Report, sample_error: ErrorOut) -> None:
    document = json.loads(render_json([sample_error, sample_report]))
    assert list(document) == ["schema_version", "reports", "errors"]
    assert document["schema_version"] == "1.0"
    assert document["errors"] == [sample_error.to_plain()]
    assert ReportSet.read(document).reports == [sample_report]


def test_a_line_is_one_result_in_the_order_of_the_targets(sample_report: Report, sample_error: ErrorOut) -> None:
    lines = render_jsonl([sample_error, sample_report, sample_error]).splitlines()
    assert [json.loads(line).get("code", "report") for line in lines] == ["auth_required", "report", "auth_required"]


def test_nothing_is_an_empty_document() -> None:
    assert json.loads(render_json([])) == {"schema_version": "1.0", "reports": [], "errors": []}
    assert render_jsonl([]) == ""


def test_the_same_report_is_the_same_bytes(sample_report: Report) -> None:
    assert render_json([sample_report]) == render_json([sample_report.changed({})])


@pytest.mark.parametrize("name", ["text", "json", "jsonl"])
def test_these_formats_are_written(name: str, sample_report: Report) -> None:
    assert name in FORMATS
    assert "Shop back office" in renderer(name)([sample_report])


def test_a_format_that_nobody_knows_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="unsupported: --format pdf; use one of text, json"):
        renderer("pdf")
