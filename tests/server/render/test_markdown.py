"""Markdown for a pull request: headline first, the same content, and nothing in it that a forge would act on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.server.render.page_case import ERROR, FLEET, HOSTILE, big_report, full_report, hostile_report

from mcp_threat_model.render.html import render_html
from mcp_threat_model.render.interface import Context
from mcp_threat_model.render.markdown import COMMENT, render_markdown
from mcp_threat_model.render.marks import code, html, sentence
from mcp_threat_model.render.text import render_text
from mcp_threat_scoring.report import CoverageOut, Report


def test_everything_that_was_asked_is_in_it() -> None:
    text = render_markdown([full_report()])
    for words in (
        "## `Shop back office 1.2.0`: AIVSS 7.8 High, allow with limits",
        "It can delete customers and refund orders.",
        "**7.8 High** (6.9 to 8.4)",
        "**8.2 High** (6.9 to 8.4)",
        "- **Deny**: `delete_customer`",
        "- **Confirm**: `refund_order`",
        "| Deny `delete_customer`. | 7.8 → **5.9 Medium** |",
        "`AARS = (10 - 8.5) x 4.4/10 x 1.05 = 0.69`  \n`AIVSS = (8.5 + 0.69) x 0.85 = 7.8`",
        "counted on the agentic part alone it would be 9.1",
        "| Vector | `CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H` |",
        "1.05: The tools move money.",
        "Three tools act on live records without asking first.",
        "What `delete_customer` removes is gone. Evidence: `delete_customer` at `/tools/1/name` (+3.10).",
        "| An injected assistant changes things | 7.5 | 8.1 | `CVSS:3.1/AV:N` |",
        "| L3 Agent Frameworks | mapped | A tool acts on words that a customer wrote (high) |",
        "<details><summary>L1 Foundation Models: not certain</summary>",
        "- Which model runs the agent?",
        "  - client user: Ask a person before a refund.",
        "  - If it happened: Stop the session.",
        "Chains across layers: 1",
        "| `delete_customer` | destructive | 97 % | db.query, identity.admin | commerce |",
        "- **medium** `delete_customer`: A tool that deletes says it is read-only.",
        "| `orders:write` | narrow | declared |",
        "| prompts | seen in part: 1 of 3 prompts could not be used |",
        "What the server tells the model: `Look an order up first.`",
        "1 of 3 checks could not be made",
    ):
        assert words in text, words
    for factor in full_report().aivss.factors:
        assert f"| {factor.name} | {factor.value:.1f} |".replace("&", "&amp;") in text


def test_what_matters_most_comes_first() -> None:
    text = render_markdown([full_report()])
    heads = [
        "## `Shop",
        "### What to do first",
        "### Findings",
        "### How the score",
        "### MAESTRO",
        "### What each tool",
    ]
    places = [text.index(head) for head in heads]
    assert places == sorted(places)


def test_errors_stand_in_their_place_and_several_have_an_index() -> None:
    text = render_markdown([ERROR, full_report()])
    assert text.startswith("# MCP threat model: 1 server\n")
    assert "| `https://example.com/mcp` | not read: auth required |" in text
    assert text.index("## Not read: `https://example.com/mcp`") < text.index("## `Shop back office")
    assert "Not read is not clean." in text


def test_a_set_is_drawn_as_a_mermaid_graph() -> None:
    text = render_markdown([full_report(), full_report()], Context(fleet=FLEET))
    graph = text.split("```mermaid\n")[1].split("```")[0]
    assert graph.startswith("flowchart")
    assert all(server in graph for server in FLEET.servers)
    assert "| critical | `chat` → `bank` |" in text
    assert "`shop` and `chat` each offer `search`." in text


def rows(text: str) -> list[tuple[str, int]]:
    """Every line of a table outside fences, and how many cells it has."""
    found: list[tuple[str, int]] = []
    for line in text.splitlines():
        if line.startswith("| "):
            found.append((line, line.replace("\\|", "").count("|") - 1))
    return found


def test_no_text_breaks_a_table_a_fold_or_a_heading() -> None:
    honest, hostile = render_markdown([full_report()]), render_markdown([hostile_report()])
    assert [cells for _, cells in rows(hostile)] == [cells for _, cells in rows(honest)]
    for mark in ("<details><summary>", "</details>"):
        found = [sum(line.startswith(mark) for line in text.splitlines()) for text in (honest, hostile)]
        assert found[0] == found[1] > 5
    heads = [line for line in hostile.splitlines() if line.startswith("#")]
    assert len(heads) == len([line for line in honest.splitlines() if line.startswith("#")])
    assert not [line for line in hostile.splitlines() if line.startswith("- [x](")]


def plain(text: str) -> str:
    """What is outside code spans and fences, where a forge acts on what it reads."""
    kept: list[str] = []
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("<details><summary>"):  # Markdown is not read there
            outside = "".join(line.split("`")[::2])
            kept.append("".join(part.split("</code>")[-1] for part in outside.split("<code>")))
    return "\n".join(kept)


def test_nothing_of_the_target_mentions_links_or_shows_an_image() -> None:
    outside = plain(render_markdown([hostile_report(), ERROR.changed({"target": HOSTILE, "hint": HOSTILE})]))
    for bait in ("@team", "#12", "![i]", "[x](", "<script", "<img", "https://", "$x$"):
        assert bait not in outside, bait


@pytest.mark.parametrize("count", [400, 1000])
def test_it_fits_into_a_comment_and_says_when_it_was_cut(count: int) -> None:
    text = render_markdown([big_report(count)])
    assert len(text) <= COMMENT
    assert "Shortened to fit into a comment" in text
    assert "`delete_customer_record_of_region_0`" in text


def test_a_small_report_is_not_shortened() -> None:
    assert "Shortened" not in render_markdown([full_report()])


def test_the_same_results_are_the_same_bytes() -> None:
    report = full_report()
    assert render_markdown([report], Context(fleet=FLEET)) == render_markdown(
        [report.changed({})], Context(fleet=FLEET)
    )


def test_a_listing_and_nothing_at_all() -> None:
    empty = full_report().capabilities.changed({"tools": []})
    unseen = {"tools": CoverageOut(status="not_observed", reason="nobody listed them")}
    listing: Report = full_report(capabilities=empty, coverage=unseen)
    assert "Nobody listed its tools. Its description speaks of `money.move`, `db.query`." in render_markdown([listing])
    assert "| not listed |" in render_markdown([listing])
    none = full_report(capabilities=empty.changed({"abilities": []}))
    assert "It offers no tools." in render_markdown([none])
    assert render_markdown([]) == "Nothing was scanned.\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Deny `a_b` and c_d.", "Deny `a_b` and `c_d`."),
        ("a < b & c | d [e]", "a &lt; b &amp; c \\| d \\[e\\]"),
        ("1. first", "1\\. first"),
        ("- item", "\\- item"),
        ("+0.1 because", "+0.1 because"),
        ("two\nlines", "two lines"),
    ],
)
def test_sentences_start_no_markup(text: str, written: str) -> None:
    assert sentence(text) == written


@given(st.text())
def test_code_is_one_span_of_one_line(text: str) -> None:
    shown = code(text)
    assert shown == "-" or (shown.count("`") == 2 and shown[0] == shown[-1] == "`")
    assert not {"|", "\n", "\r"} & set(shown)


@given(st.text())
def test_a_summary_holds_no_markup(text: str) -> None:
    assert "<" not in html(text).replace("<code>", "").replace("</code>", "")


def test_a_way_through_one_server_is_told_apart_from_those_over_several() -> None:
    across = FLEET.paths[0]
    lone = across.changed({"steps": [across.steps[1].changed({"role": "stranger"}), across.steps[1]]})
    context = Context(fleet=FLEET.changed({"paths": [across, lone]}))

    assert "| `chat` → `bank` |" in render_markdown([full_report()], context)
    assert "| `bank` alone |" in render_markdown([full_report()], context)
    text = render_text([full_report()], context)
    assert text.index("chat (read_channel) → bank (pay)") < text.index("One server alone:")
    page = render_html([full_report()], context)
    assert page.index("Ways through several servers") < page.index("Ways through one server alone")
    assert "Ways through several servers" not in render_html(
        [full_report()], Context(fleet=FLEET.changed({"paths": [lone]}))
    )
