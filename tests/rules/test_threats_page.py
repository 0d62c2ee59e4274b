"""The page says what the rules say."""

from __future__ import annotations

from pathlib import Path

from mcp_threat_scoring.maestro.catalogue import load_catalogue
from mcp_threat_scoring.maestro.threats_page import load_frameworks, threats_page

CATALOGUE = load_catalogue()
PAGE = threats_page(CATALOGUE, load_frameworks())


def test_the_committed_page_is_current() -> None:
    committed = Path(__file__).parents[2] / "docs" / "threats.md"
    assert committed.read_text(encoding="utf-8") == PAGE, (
        "run: python -m mcp_threat_scoring.maestro.threats_page > docs/threats.md"
    )


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
