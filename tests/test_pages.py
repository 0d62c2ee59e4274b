"""The documentation says what the program does, and every command in it can be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from tests.made_pages.marks import DOCS, ROOT, filled
from tests.made_pages.rules_and_schema import BLOCKS

from mcp_threat_model.grammar import build_parser
from mcp_threat_scoring.approval.policy import Policy
from mcp_threat_scoring.report import Report
from mcp_threat_scoring.rulebook.strict_yaml import parse_yaml

PAGES = sorted(DOCS.glob("*.md"))
OTHERS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "rules/README.md")]


@pytest.mark.parametrize("name", BLOCKS)
def test_the_committed_pages_are_current(name):
    page, block = BLOCKS[name]
    text = (DOCS / page).read_text(encoding="utf-8")

    assert filled(text, name, block()) == text, "run `make docs`"


def test_the_page_on_json_names_every_part_of_a_report():
    text = (DOCS / "schema.md").read_text(encoding="utf-8")

    assert all(f"| `{name}` |" in text for name in Report.__struct_fields__)


def test_every_command_of_the_documentation_is_understood():
    commands = [
        shlex.split(line.partition("mcp-threat-model ")[2], comments=True)
        for page in PAGES
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("$ mcp-threat-model ")
    ]

    assert len(commands) > 20
    for words in commands:
        build_parser().parse_args(words)


def test_the_policy_on_the_page_is_one():
    [text] = re.findall(r"```yaml\n(version: 1\n.*?)```", (DOCS / "policy.md").read_text(encoding="utf-8"), re.DOTALL)

    assert Policy.read(parse_yaml(text, "policy.md", [])).accept[0].rule == "auth.none"


def anchors(page: Path) -> set[str]:
    """What a link into a page may name: its headings, as they are spelt in an address."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    for link, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
        if "://" not in link:
            target = page.parent / link if link else page
            assert target.exists(), link
            assert not anchor or target.suffix != ".md" or anchor in anchors(target), f"{link}#{anchor}"
