"""Reports for programs: one JSON document, or one line per target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcp_threat_model.render.interface import NOTHING_MORE, Context
from mcp_threat_scoring.model import json_schema as schema_of
from mcp_threat_scoring.report import ErrorOut, Report
from mcp_threat_scoring.report_page import ALWAYS, PageOut
from mcp_threat_scoring.report_score import AivssOut
from mcp_threat_scoring.report_set import ReportSet
from mcp_threat_scoring.structs import UNSET


def render_json(results: Sequence[Report | ErrorOut], context: Context = NOTHING_MORE) -> str:
    """The document `{"schema_version", "reports", "errors"}`, indented for people who read it; `fleet` for a set."""
    document = ReportSet(
        reports=[one for one in results if isinstance(one, Report)],
        errors=[one for one in results if isinstance(one, ErrorOut)],
        fleet=context.fleet or UNSET,
    )
    return document.to_json(indent=2) + "\n"


def render_jsonl(results: Sequence[Report | ErrorOut], context: Context = NOTHING_MORE) -> str:  # noqa: ARG001
    """One REPORT or ERROR per line, in the order of the targets. There is no line for the set as a whole."""
    return "".join(one.to_json() + "\n" for one in results)


def _paged(report: dict[str, Any]) -> dict[str, Any]:
    """The schema of a report that may be a page of one: then it has `page`, and after the first not all members."""
    later = {"required": ["page"], "properties": {"page": {"properties": {"offset": {"minimum": 1}}}}}
    always = [name for name in ALWAYS if name in report["required"]]
    return {
        **report,
        "properties": {**report["properties"], "page": {"$ref": "#/$defs/PageOut"}},
        "required": always,
        "if": later,
        "else": {"required": report["required"]},
    }


def json_schema() -> dict[str, Any]:
    """The JSON Schema of what :func:`render_json` writes.

    A line of jsonl is one of its `$defs`, and what the calculator prints is another one, `AivssOut`. What the MCP tools
    return of a report is a `Report` as well, with `page`.
    """
    schema, calculated = schema_of(ReportSet), schema_of(AivssOut)
    parts = {**calculated.pop("$defs"), **schema.pop("$defs"), "AivssOut": calculated}
    parts["PageOut"] = {key: value for key, value in schema_of(PageOut).items() if key != "$ref"}
    parts["Report"] = _paged(parts["Report"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mcp-threat-model report, version 1.0",
        **{key: value for key, value in schema.items() if key != "title"},
        "$defs": {name: parts[name] for name in sorted(parts)},
    }
