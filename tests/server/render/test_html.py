"""The HTML page: everything that was asked is on it, it needs nothing else, and no text of a report is markup."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from tests.server.render.page_case import ERROR, FLEET, HOSTILE, big_report, full_report, hostile_report

from mcp_threat_model.render import html
from mcp_threat_model.render.dial import dial
from mcp_threat_model.render.fleet_picture import picture
from mcp_threat_model.render.html import render_html
from mcp_threat_model.render.interface import Context
from mcp_threat_model.render.prose import pieces
from mcp_threat_scoring.report import CoverageOut
from mcp_threat_scoring.report_score import RangeOut

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page, its words, and whether it nests."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.raw: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in ("td", "th", "dt", "dd", "p", "span"):  # they stand apart on the page
            self.words.append(" ")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            self.raw[self.open[-1]] = self.raw.get(self.open[-1], "") + data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def test_everything_that_was_asked_is_on_the_page() -> None:
    page = Page(render_html([full_report()])).text
    for words in (
        "Shop back office 1.2.0",
        "ALLOW WITH LIMITS",
        "could be 6.9 to 8.4",
        "AARS = (10 - 8.5) x 4.4/10 x 1.05 = 0.69",
        "AIVSS = (8.5 + 0.69) x 0.85 = 7.8",
        "Counted on the agentic part alone, it would be 9.1",
        "The tools move money.",
        "Some tools ask for confirmation.",
        "graded (the headline)",
        "Three tools act on live records without asking first.",
        "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H",
        "What delete_customer removes is gone.",
        "An injected assistant changes things 7.5 8.1 CVSS:3.1/AV:N",
        "L1 Foundation Models not certain",
        "L3 Agent Frameworks mapped",
        "high A tool acts on words that a customer wrote likely · L3-T1",
        "Whoever may write a note can steer refund_order.",
        "client user Ask a person before a refund.",
        "Compare the refunds with what people asked for.",
        "owasp-mcp: MCP06",
        "Which model runs the agent?",
        "Chains across layers",
        "delete_customer destructive 97 % db.query, identity.admin commerce readOnlyHint: false",
        "name-verb-delete delete_customer +3.10 /tools/1/name",
        "delete_customer: A tool that deletes says it is read-only contradiction, high confidence",
        "/tools/1/annotations/readOnlyHint",
        "Correct the annotation.",
        "orders:write narrow declared",
        "7.8 → 5.9 Medium Deny delete_customer.",
        "seen in part: 1 of 3 prompts could not be used",
        "a stdio server has no authorization of its own",
        "3 checks: 1 found, 1 not found, 1 not observed",
        "Look an order up first.",
        "0" * 64,
    ):
        assert words in page, words
    for factor in full_report().aivss.factors:
        assert page.count(factor.name) == 2  # once for each profile


def test_names_in_sentences_are_code() -> None:
    text = render_html([full_report()])
    assert "Whoever may write a note can steer <code>refund_order</code>." in text
    assert "`" not in Page(text).text


def test_every_string_of_a_report_is_escaped() -> None:
    text = render_html([hostile_report(), ERROR.changed({"target": HOSTILE, "message": HOSTILE})])
    page = Page(text)
    tags = [tag for tag, _ in page.elements]
    assert not {"img", "iframe", "form", "object"} & set(tags)
    assert tags.count("script") == 1
    assert tags.count("style") == 1
    names = {name for _, attributes in page.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]
    assert "{{7*7}}" in page.text  # no expression of the template language ran
    assert HOSTILE.splitlines()[0] in unescape(text)


def test_nothing_is_loaded_and_the_policy_names_what_is_applied() -> None:
    page = Page(render_html([full_report()], Context(fleet=FLEET)))
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    for kind, name in (("style-src", "style"), ("script-src", "script")):
        digest = base64.b64encode(hashlib.sha256(page.raw[name].encode()).digest()).decode()
        assert rules[kind] == f"'sha256-{digest}'"
    for tag, attributes in page.elements:
        assert "src" not in attributes
        assert tag not in ("iframe", "object", "embed", "base")
        if tag == "link":
            assert attributes["href"] == "data:,"
    assert "url(" not in page.raw["style"]
    assert "@import" not in page.raw["style"]
    assert not {"fetch(", "XMLHttpRequest", "innerHTML", "eval("} & set(page.raw["script"].split())


def test_links_lead_into_the_page_or_to_known_registers() -> None:
    finding = full_report().findings[0].changed({"references": ["CWE-451", "javascript:alert(1)", "CWE-x"]})
    page = Page(render_html([full_report(findings=[finding])]))
    links = [attributes["href"] or "" for tag, attributes in page.elements if tag == "a"]
    assert "https://cwe.mitre.org/data/definitions/451.html" in links
    assert all(link.startswith(("#", "https://")) for link in links)
    assert "javascript:alert(1)" in page.text


def test_several_targets_have_an_index_and_keep_their_order() -> None:
    page = Page(render_html([full_report(), ERROR, full_report()]))
    anchors = [attributes.get("href") for tag, attributes in page.elements if tag == "a"]
    assert [anchor for anchor in anchors if anchor in ("#r1", "#r2", "#r3")] == ["#r1", "#r2", "#r3"]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {"r1", "r2", "r3"} <= set(ids)
    assert "2 MCP servers, and 1 that could not be read" in page.text
    assert "Pass one with --header" in page.text


def test_an_error_alone_and_nothing_at_all_are_pages_too() -> None:
    assert "Could not be read" in Page(render_html([ERROR])).text
    assert "Nothing was scanned" in Page(render_html([])).text


def test_a_set_is_drawn_and_told() -> None:
    page = Page(render_html([full_report(), full_report()], Context(fleet=FLEET)))
    assert "chat → bank" in page.text
    assert "chat → shop → chat" in page.text
    assert "Have the client ask before every call of pay." in page.text
    assert "each offer search" in page.text
    drawn = picture(FLEET)
    assert drawn is not None
    assert [(box.server, box.tools) for box in drawn.boxes] == [
        ("chat", "read_channel"), ("shop", "list_orders"), ("bank", "pay"), ("chat", "post"),
    ]  # fmt: skip
    assert len(drawn.arrows) == 3
    assert {arrow.kind for arrow in drawn.arrows} == {"steer", "carry"}
    corners = [(box.x, box.y) for box in drawn.boxes]
    assert len(set(corners)) == 4
    assert all(x + drawn.box_width <= drawn.width and y + drawn.box_height <= drawn.height for x, y in corners)


def test_a_set_without_ways_through_it_has_no_picture() -> None:
    assert picture(FLEET.changed({"paths": []})) is None
    assert '<svg class="fleet"' not in render_html([full_report()], Context(fleet=FLEET.changed({"paths": []})))


def test_a_listing_and_a_server_without_tools_say_so() -> None:
    empty = full_report().capabilities.changed({"tools": []})
    unseen = {"tools": CoverageOut(status="not_observed", reason="nobody listed them")}
    page = Page(render_html([full_report(capabilities=empty, coverage=unseen)]))
    assert "Nobody listed its tools. Its description speaks of: money.move" in page.text
    assert "not listed" in page.text
    nothing = empty.changed({"abilities": []})
    assert "No tool was seen." in Page(render_html([full_report(capabilities=nothing, coverage=unseen)])).text
    assert "It offers no tools." in Page(render_html([full_report(capabilities=nothing)])).text


def test_the_same_results_are_the_same_bytes() -> None:
    report = full_report()
    assert render_html([report], Context(fleet=FLEET)) == render_html([report.changed({})], Context(fleet=FLEET))


def test_a_hundred_tools_stay_under_400_kib() -> None:
    assert len(render_html([big_report(100)]).encode()) < 400 * 1024


def test_a_server_with_very_many_tools_is_cut_and_says_so() -> None:
    text = Page(render_html([big_report(html.TOOLS_SHOWN + 5, evidence=1)])).text
    assert f"Evidence is shown for the first {html.TOOLS_WITH_EVIDENCE} tools, and 5 tools are left out" in text


def test_a_certain_score_shows_no_range() -> None:
    aivss = full_report().aivss.changed({"range": RangeOut(low=7.8, high=7.8)})
    assert dial(aivss).range is None
    assert dial(aivss).told == "AIVSS 7.8 of 10, High"


@pytest.mark.parametrize("score", [0.0, 0.1, 5.0, 9.9, 10.0])
def test_the_dial_stays_in_its_frame(score: float) -> None:
    aivss = full_report().aivss.changed({"score": score, "range": RangeOut(low=0.0, high=10.0)})
    drawn = dial(aivss)
    assert drawn.range is not None
    for path in (*(band.path for band in drawn.bands), drawn.value.path, drawn.range.path, drawn.rest):
        numbers = [float(one) for one in path.translate(str.maketrans("MA", "  ")).split()]
        (x1, y1), (x2, y2) = numbers[:2], numbers[-2:]
        assert all(0 <= x <= 220 for x in (x1, x2))
        assert all(0 <= y <= 186 for y in (y1, y2))


def test_a_word_that_a_template_does_not_know_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        html.environment().from_string("{{ nobody_said }}").render()


@given(st.text())
def test_sentences_lose_nothing_but_their_marks(text: str) -> None:
    told = "".join(piece.text for piece in pieces(text))
    assert told.replace("ˋ", "") == text.replace("`", "").replace("ˋ", "")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Use `a b` and `c`.", ["a b", "c"]),
        ("Deny refund_order, list_all and (drop_table).", ["refund_order", "list_all", "drop_table"]),
        ("Ask @team about #12 at https://x.example/.", ["@team", "#12", "https://x.example/"]),
        ("It is 3 of 10 (high): see L3.", []),
        ("one ` alone", []),
    ],
)
def test_names_and_words_that_act_are_told_apart(text: str, names: list[str]) -> None:
    assert [piece.text for piece in pieces(text) if piece.code] == names


def test_other_formats_do_not_pay_for_the_template_engine() -> None:
    code = "import sys, mcp_threat_model.render.markdown; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
