"""The text report: readable at eighty columns, what matters first, and nothing lost in silence."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mcp_threat_model.render.layout import Page, Span, clip, columns, pad, plain
from mcp_threat_model.render.terminal import coloured
from mcp_threat_model.render.text import render_text, text_page
from mcp_threat_scoring.report import CoverageOut, ErrorOut, Report

SHOWABLE = st.text(st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Mn", "Me")))


def at(text: str, *words: str) -> list[int]:
    return [text.index(word) for word in words]


def test_everything_that_was_asked_is_on_the_page(sample_report: Report) -> None:
    text = render_text([sample_report])
    for words in (
        "Shop back office 1.2.0 (shop-backoffice)",
        "AIVSS 7.8 HIGH (between 6.9 and 8.4)",
        "ALLOW WITH LIMITS",
        "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H",
        "(10 - 8.5) x 4.4/10 x 1.05 = 0.69",
        "(8.5 + 0.69) x 0.85 = 7.8",
        "counted on the agentic part alone",
        "Profile owasp-0.8",
        "deny:    delete_customer",
        "confirm: refund_order",
        "allow:   list_orders",
        "L1 Foundation Models  not certain",
        "L3 Agent Frameworks  mapped",
        "Which model runs the agent?",
        "2 of 3 tools",
        "identity.admin",
        "delete_customer: A tool that deletes says it is read-only",
        "“readOnlyHint: true”",
        "/tools/1/annotations/readOnlyHint",
        "Correct the annotation.",
        "scopes: orders:write (narrow)",
        "Deny delete_customer.",
        "seen in part: 1 of 3 prompts",
        "a stdio server has no authorization of its own",
    ):
        assert words in text, words
    for factor in sample_report.aivss.factors:
        assert factor.name in text


def test_what_matters_most_comes_first(sample_report: Report) -> None:
    text = render_text([sample_report])
    places = at(text, "AIVSS 7.8", "It can delete", "VERDICT", "HOW THE SCORE", "AGENTIC FACTORS", "MAESTRO",
                "TOOLS THAT", "FINDINGS", "NOT OBSERVED")  # fmt: skip
    assert places == sorted(places)


def test_tools_that_delete_stand_above_tools_that_write(sample_report: Report) -> None:
    table = render_text([sample_report]).partition("TOOLS THAT")[2].partition("FINDINGS")[0]
    assert table.index("delete_customer") < table.index("refund_order")
    assert "list_orders" not in table


def test_tools_that_are_not_understood_stand_below_those_that_write(sample_report: Report) -> None:
    known = sample_report.capabilities
    doubtful = replace(known.tools[0], name="zxq", effect="read", confidence=0.5)
    text = render_text([replace(sample_report, capabilities=replace(known, tools=[doubtful, *known.tools]))])

    assert ", unclear of 1 more" in text
    assert "unclear       50%" in text


def test_no_line_is_wider_than_eighty_columns(sample_report: Report) -> None:
    long = sample_report.changed(
        {
            "summary": "word " * 200,
            "server": sample_report.server.changed({"title": "長い名前" * 40}),
            "capabilities": sample_report.capabilities.changed(
                {
                    "tools": [
                        tool.changed({"name": tool.name * 20, "abilities": ["money.move"] * 30})
                        for tool in sample_report.capabilities.tools
                    ]
                }
            ),
        }
    )
    assert max(columns(line) for line in render_text([long]).splitlines()) <= 80


def test_a_server_that_changes_nothing_and_one_without_tools(sample_report: Report) -> None:
    reading = sample_report.capabilities.changed({"tools": sample_report.capabilities.tools[:1]})
    nothing = sample_report.capabilities.changed({"tools": []})
    assert "None of the tools seen." in render_text([sample_report.changed({"capabilities": reading})])
    assert "It offers no tools." in render_text([sample_report.changed({"capabilities": nothing})])
    unseen = {**sample_report.coverage, "tools": CoverageOut(status="not_observed", reason="nobody listed them")}
    told = render_text([sample_report.changed({"capabilities": nothing, "coverage": unseen})])
    assert "No tool was seen." in told
    assert "not listed" in told
    assert "0 of 0" not in told


def test_no_findings_is_not_the_same_as_clean(sample_report: Report) -> None:
    assert "None among what was observed." in render_text([sample_report.changed({"findings": []})])


def test_long_lists_say_how_much_they_leave_out(sample_report: Report) -> None:
    tool = sample_report.capabilities.tools[1]
    many = sample_report.capabilities.changed(
        {"tools": [tool.changed({"name": f"t{n}", "pointer": f"/tools/{n}"}) for n in range(50)]}
    )
    finding = sample_report.findings[0]
    text = render_text([sample_report.changed({"capabilities": many, "findings": [finding] * 33})])
    assert "… and 30 more" in text
    assert "… and 13 more" in text
    assert "50 of 50 tools" in text


def test_the_worst_finding_comes_first(sample_report: Report) -> None:
    mild = sample_report.findings[0].changed({"severity": "low", "title": "Mild"})
    grave = sample_report.findings[0].changed({"severity": "critical", "title": "Grave"})
    text = render_text([sample_report.changed({"findings": [mild, grave]})])
    assert text.index("Grave") < text.index("Mild")


def test_a_range_of_one_value_is_not_shown(sample_report: Report) -> None:
    certain = sample_report.aivss.changed({"range": sample_report.aivss.range.changed({"low": 7.8, "high": 7.8})})
    assert "between" not in render_text([sample_report.changed({"aivss": certain})]).splitlines()[3]


def test_an_error_stands_in_its_place(sample_report: Report, sample_error: ErrorOut) -> None:
    text = render_text([sample_error, sample_report])
    places = at(text, "NOT READ  https://example.com/mcp", "auth_required", "--header", "═" * 80, "Shop back office")
    assert places == sorted(places)


def test_colour_changes_no_word(sample_report: Report, sample_error: ErrorOut) -> None:
    page = text_page([sample_report, sample_error])
    shown = coloured(page.lines)
    assert "\x1b[" in shown
    import re

    assert re.sub(r"\x1b\[[0-9;]*m", "", shown) == plain(page.lines)


def test_markup_of_a_target_is_never_a_style(sample_report: Report) -> None:
    evil = sample_report.changed({"summary": "[bold red]hello[/bold red] [link=x]"})
    assert "[bold red]hello[/bold red] [link=x]" in coloured(text_page([evil]).lines)


def test_plain_text_does_not_import_what_only_a_terminal_needs() -> None:
    code = "import sys, mcp_threat_model.render.text; sys.exit('rich' in sys.modules or 'mcp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(SHOWABLE, st.integers(2, 40))
def test_clipping_and_padding_keep_to_the_width(text: str, width: int) -> None:
    assert columns(clip(text, width)) <= width
    assert columns(pad(text, width)) == width


@given(SHOWABLE, st.integers(0, 20))
def test_a_paragraph_keeps_to_the_width_and_loses_no_word(text: str, indent: int) -> None:
    page = Page(40)
    page.flow(text, first=[Span("* ")], indent=indent)
    lines = plain(page.lines).splitlines()
    assert all(columns(line) <= 40 for line in lines)
    shown, sent = ("".join(one.split()).replace("∶", ":") for one in ("".join(lines)[2:], text))
    assert shown == sent


@pytest.mark.parametrize(
    "text", ["::stop-commands::x", "a" * 38 + "::stop-commands::x", "words that fill a line ::add-mask::x"]
)
def test_no_line_of_a_paragraph_is_a_command_to_github_actions(text: str) -> None:
    page = Page(40)
    page.flow(text)
    page.flow(text, indent=4)
    page.add(text)
    assert not [line for line in plain(page.lines).splitlines() if line.lstrip().startswith("::")]


@pytest.mark.parametrize(("text", "width", "clipped"), [("abcdef", 4, "abc…"), ("日本語", 4, "日…"), ("ab", 4, "ab")])
def test_clipping_counts_columns_not_characters(text: str, width: int, clipped: str) -> None:
    assert clip(text, width) == clipped
