"""The page as a browser shows it: it complains about nothing, asks for nothing, sorts, filters, and can be read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from tests.server.render.browser import CHROMIUM, Browser
from tests.server.render.page_case import ERROR, FLEET, HOSTILE, big_report, full_report, hostile_report

from mcp_threat_model.render.html import render_html
from mcp_threat_model.render.interface import Context
from mcp_threat_scoring.report import ErrorOut, Report

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here; the page was not looked at")

NAMES = "[...document.querySelectorAll('.tools tbody tr:not([hidden]) th')].map(cell => cell.textContent)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# WCAG 2.2, 1.4.3: contrast of every text that is shown against what is painted behind it.
CONTRAST = """(() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(at).backgroundColor);
      if (a === 1) return [r, g, b];
      if (a > 0) throw new Error('half-transparent background');
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || ['SCRIPT', 'TITLE'].includes(node.tagName) || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const ink = light(parts(node.closest('svg') ? style.fill : style.color));
    const ground = light(behind(node.closest('svg') ?? node));
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    seen += 1;
    if (ratio < 4.5) poor.add(`${node.className || node.tagName}: ${ratio.toFixed(2)} ${text.data.slice(0, 30)}`);
  }
  return {seen, poor: [...poor]};
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    one = Browser(tmp_path_factory.mktemp("chromium"))
    yield one
    one.close()


@pytest.fixture
def shown(browser: Browser, tmp_path: Path):
    """Writes results as a page and opens it."""

    def show(
        *results: Report | ErrorOut, width: int = 1280, dark: bool = False, script: bool = True, fleet=None
    ) -> Browser:
        page = tmp_path / "report.html"
        page.write_text(render_html(results, Context(fleet=fleet)), encoding="utf-8")
        browser.open(page, width, dark=dark, script=script)
        return browser

    return show


def click(browser: Browser, column: int) -> None:
    browser.ask(f"document.querySelectorAll('.tools thead button')[{column}].click()")


def type_in(browser: Browser, selector: str, value: str, event: str) -> None:
    browser.ask(
        f"(() => {{ const one = document.querySelector({selector!r}); one.value = {value!r};"
        f" one.dispatchEvent(new Event({event!r}, {{bubbles: true}})); }})()"
    )


def test_nothing_goes_wrong_and_nothing_is_asked_for(shown) -> None:
    page = shown(full_report(), ERROR, full_report(), fleet=FLEET)
    assert page.ask("document.querySelectorAll('article').length") == 2
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in page.requests if url.startswith("file:")]) == 1


def test_the_policy_stops_a_script_and_a_request_that_are_not_ours(shown) -> None:
    page = shown(full_report())
    page.ask("document.body.insertAdjacentHTML('beforeend', '<img src=https://192.0.2.1/x onerror=window.hit=1>')")
    foreign = (
        "const one = document.createElement('script'); one.textContent = 'window.hit = 1'; document.body.append(one)"
    )
    page.ask(f"(() => {{ {foreign} }})()")
    assert page.ask("new Promise(done => setTimeout(() => done(window.hit ?? null), 50))") is None
    assert len(page.complaints) >= 2
    assert all("Content Security Policy" in told for told in page.complaints)


def test_a_heading_sorts_its_column_both_ways_and_says_so(shown) -> None:
    page = shown(full_report())
    assert page.ask(NAMES) == ["delete_customer", "refund_order", "list_orders"]
    click(page, 0)
    assert page.ask(NAMES) == ["delete_customer", "list_orders", "refund_order"]
    click(page, 0)
    assert page.ask(NAMES) == ["refund_order", "list_orders", "delete_customer"]
    sorts = "[...document.querySelectorAll('.tools thead th')].map(head => head.getAttribute('aria-sort'))"
    assert page.ask(sorts) == ["descending", None, None, None, None, None]
    click(page, 1)
    assert page.ask(NAMES) == ["delete_customer", "refund_order", "list_orders"]


def test_numbers_sort_as_numbers(shown) -> None:
    page = shown(big_report(12))
    click(page, 2)
    sure = page.ask(
        "[...document.querySelectorAll('.tools tbody td:nth-child(3)')].map(cell => Number(cell.dataset.v))"
    )
    assert sure == sorted(sure, reverse=True)
    assert len(set(sure)) > 3


def test_words_and_the_effect_filter_the_table(shown) -> None:
    page = shown(full_report())
    type_in(page, ".filter input", "MONEY refund", "input")
    assert page.ask(NAMES) == ["refund_order"]
    assert page.ask("document.querySelector('[role=status]').textContent") == "1 of 3 shown"
    type_in(page, ".filter input", "", "input")
    type_in(page, ".filter select", "read", "change")
    assert page.ask(NAMES) == ["list_orders"]
    type_in(page, ".filter select", "", "change")
    assert len(page.ask(NAMES)) == 3


def test_without_scripts_the_page_is_complete(shown) -> None:
    page = shown(full_report(), script=False)
    root = page.send("DOM.getDocument", depth=-1)["root"]["nodeId"]
    text = page.send("DOM.getOuterHTML", nodeId=root)["outerHTML"]
    assert "<button" not in text
    assert '<div class="filter" hidden' in text
    assert all(f"<code>{name}</code>" in text for name in ("delete_customer", "refund_order", "list_orders"))


def test_paper_gets_everything_unfolded(shown) -> None:
    page = shown(full_report())
    folded = "document.querySelectorAll('details:not([open])').length"
    before = page.ask(folded)
    assert before > 3
    page.ask("dispatchEvent(new Event('beforeprint'))")
    assert page.ask(folded) == 0
    page.ask("dispatchEvent(new Event('afterprint'))")
    assert page.ask(folded) == before


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_every_word_can_be_read_at_every_width_in_light_and_dark(shown, width: int, dark: bool) -> None:
    page = shown(full_report(), ERROR, hostile_report(), fleet=FLEET, width=width, dark=dark)
    page.ask("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.ask(OVERFLOW) == 0
    told = page.ask(CONTRAST)
    assert told["seen"] > 200
    assert told["poor"] == []


def test_keyboard_and_screen_reader_find_their_way(shown) -> None:
    page = shown(full_report(), ERROR, full_report())
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    roles: dict[str, list[str]] = {}
    for node in nodes:
        if not node.get("ignored"):
            roles.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    for role in ("button", "link", "table", "img", "searchbox", "combobox", "region", "article", "navigation", "image"):
        assert all(roles.get(role, [])), f"a {role} without a name"
    assert len(roles["main"]) == len(roles["banner"]) == len(roles["contentinfo"]) == 1
    assert any("AIVSS 7.8 of 10, High" in name for role in ("img", "image") for name in roles.get(role, []))
    levels = page.ask("[...document.querySelectorAll('h1,h2,h3,h4,h5')].map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = page.ask("[...document.querySelectorAll('[id]')].map(one => one.id)")
    assert len(ids) == len(set(ids))
    broken = (
        "[...document.querySelectorAll('a[href^=\"#\"]')].filter(a => !document.getElementById(a.hash.slice(1))).length"
    )
    assert page.ask(broken) == 0


def test_what_has_the_focus_is_marked(shown) -> None:
    page = shown(full_report())
    for key in ("rawKeyDown", "keyUp"):
        page.send("Input.dispatchKeyEvent", type=key, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    assert page.ask("document.activeElement.className") == "skip"
    assert page.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.ask("getComputedStyle(document.activeElement).position") == "fixed"


def test_text_of_the_target_is_never_markup(shown) -> None:
    page = shown(hostile_report())
    assert page.ask("window.hit ?? null") is None
    assert page.ask("document.querySelectorAll('img, iframe, object, form').length") == 0
    assert page.ask("document.querySelectorAll('script').length") == 1
    assert page.complaints == []
    assert HOSTILE in page.ask("document.body.textContent")
