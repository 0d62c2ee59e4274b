"""The page says what the rules say."""

from __future__ import annotations

from tests.made_pages import threats

from mcp_threat_scoring.maestro.catalogue import load_catalogue

CATALOGUE = load_catalogue()
PAGE = threats.threats_page(CATALOGUE, threats.load_frameworks())


def test_the_committed_page_is_current() -> None:
    assert threats.PAGE.read_text(encoding="utf-8") == PAGE, "run `make docs`"


def test_every_threat_has_its_section() -> None:
    for threat in CATALOGUE.threats:
        assert PAGE.count(f"### {threat.id} {threat.title}\n") == 1


def test_no_place_is_left_open() -> None:
    assert "{tools}" not in PAGE
    assert "{server}" not in PAGE


def test_every_entry_of_the_mcp_list_leads_somewhere() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| MCP")]
    assert len(rows) == 10
    assert all("MTC-" in row for row in rows)
