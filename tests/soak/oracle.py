"""What must hold of every answer, whatever was asked: it exists, it is text, and nothing in it acts."""

from __future__ import annotations

import json
from typing import Any

import re2

from mcp_threat_model.outcome import failure
from mcp_threat_model.render import FORMATS, renderer
from mcp_threat_model.render.brief import inspect_text, maestro_text, score_text
from mcp_threat_model.serving.catalogue_view import layers_answer
from mcp_threat_model.serving.paging import page
from mcp_threat_model.source.saved.document import Document
from mcp_threat_model.source.saved.snapshot import describe
from mcp_threat_scoring.analyze import analyze
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.report import ErrorOut, Report

ACTING = re2.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\\x{e0000}-\\x{e007f}]"
)
"""What a terminal, or whoever reads along, would act on without seeing it."""
MARKUP = ("<script>alert", "<img", "</script><", "<IMPORTANT>", "](javascript:", "](https://evil.example")


def read(document: Any) -> Report | ErrorOut:
    """What the program makes of a parsed document: a report, or the one error that was foreseen."""
    try:
        manifest = describe(Document(document, oversized=True), kind="file", label="input.json")
    except TargetError as error:
        return failure("input.json", error).result
    return analyze(manifest)


def outputs(result: Report | ErrorOut) -> dict[str, str]:
    """Everything that is ever shown of a result."""
    shown = {name: renderer(name)([result]) for name in FORMATS}
    if isinstance(result, Report):
        first = page(result)
        shown |= {
            "score_agent": score_text(result, first.page),
            "inspect_server_manifest": inspect_text(result, result.capabilities.tools, first.page),
            "list_maestro_threats": maestro_text(result, first.page),
            "page": first.to_json(),
            "layers": layers_answer(result)[0].to_json(),
        }
    return shown


def check(result: Report | ErrorOut) -> None:
    """Look at every output of a result."""
    for name, shown in outputs(result).items():
        shown.encode()  # half a surrogate pair cannot be written
        acting = ACTING.search(shown)
        assert acting is None, f"{name}: {shown[max(0, acting.start() - 40) : acting.end() + 20]!r}"
        for markup in MARKUP:
            assert markup not in shown, f"{name}: {markup}"
        if name in ("json", "sarif", "page", "layers"):
            json.loads(shown, parse_constant=_no_constant)


def _no_constant(word: str) -> Any:
    raise AssertionError(f"{word} is no JSON")
