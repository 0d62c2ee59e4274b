"""Whatever is described, however damaged: a report or one sentence, and outputs that do nothing. More: `make soak`."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.soak import oracle, trees

from mcp_threat_model.serving.paging import INSPECT_ORDER, SCORE_ORDER, page
from mcp_threat_model.serving.pieces import PAGE_BYTES, Part
from mcp_threat_scoring.analyze import analyze
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import (
    PARTS,
    AuthFacts,
    Event,
    LaunchFacts,
    Listing,
    ServerFacts,
    TransportFacts,
    partial,
)
from mcp_threat_scoring.report import Report

BOUNDED = settings(
    max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
TEXT = st.text(st.characters(), max_size=12) | st.sampled_from(trees.TEXTS)  # with surrogates, which JSON can spell
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(trees.KEYS) | TEXT, inner, max_size=5),
    max_leaves=12,
)
FACTS = st.dictionaries(TEXT, st.booleans() | st.integers() | TEXT, max_size=3)


@pytest.mark.parametrize("part", range(4))
def test_damaged_descriptions_end_in_outputs_that_do_nothing(part: int) -> None:
    for seed in range(10**6 + part, 10**6 + 80, 4):
        try:
            oracle.check(oracle.read(trees.document(random.Random(seed))))
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error


@BOUNDED
@given(JSON)
def test_any_json_ends_in_outputs_that_do_nothing(document: Any) -> None:
    oracle.check(oracle.read(document))


@BOUNDED
@given(st.lists(JSON, max_size=3), st.lists(JSON, max_size=2), TEXT, FACTS, FACTS)
def test_a_manifest_of_anything_is_analysed(
    tools: list[Any], others: list[Any], words: str, some: dict[str, Any], more: dict[str, Any]
) -> None:
    manifest = build_manifest(
        target_kind="stdio",
        target_value="stdio:python server.py",  # the caller's own words, shown as they are
        tools=[*tools, {"name": words, "description": words, "annotations": dict.fromkeys(some, more)}],
        prompts=others,
        resources=others,
        resource_templates=others,
        coverage={part: partial(words) for part in PARTS},
        server=ServerFacts(name=words, version=words, title=words, protocol_version=words, instructions=words),
        transport=TransportFacts("http", words, "public", some),
        launch=LaunchFacts(argv=(words,), env_names=(words,), sandbox=words, facts=more),
        auth=AuthFacts(facts=some),
        events=[Event(words, words), Event("left_files", words, 3)],
        listing=Listing(words, words),
    )
    oracle.check(analyze(manifest))


@pytest.mark.parametrize(
    "document",
    [
        [{"name": "get_x", "description": "token: " * 20_000}],
        [{"name": "get_x", "description": "a" * 200_000}],
        [{"name": "a" * 100_000}],
        [{"name": "get_x", "annotations": {"readOnlyHint": [1], "destructiveHint": {"a": 1}}}] * 5,
        [{"name": "get_x", "description": "&lt;b&gt; é &#x41;"}],
        [{"name": "get_x", "inputSchema": trees.deep(random.Random(3))}],
        {"tools": [], "initialize": {"serverInfo": {"name": "\ud800"}, "instructions": "\udfff"}},
    ],
    ids=["titles", "one word", "long name", "hints of any kind", "entities", "deep", "surrogates"],
)
def test_what_once_went_wrong(document: Any) -> None:
    result = oracle.read(document)
    oracle.check(result)
    assert isinstance(result, Report)


@cache
def sixty_tools() -> Report:
    report = oracle.read([{"name": f"delete_{number}"} for number in range(60)])
    assert isinstance(report, Report)
    return report


@BOUNDED
@given(st.integers(0, 1_000_000), st.sampled_from([SCORE_ORDER, INSPECT_ORDER]))
def test_every_page_is_within_the_report(offset: int, order: tuple[Part, ...]) -> None:
    shown = page(sixty_tools(), offset, order)
    following = shown.page.next_offset
    assert following is None or offset < following < shown.page.total
    assert len(shown.to_json()) <= PAGE_BYTES
