"""SECURITY.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from tests.made_pages import readme

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text()


def test_its_bounds_are_those_of_the_code() -> None:
    shown = PAGE.partition("<!-- bounds -->")[2].partition("<!-- /bounds -->")[0]
    assert shown.strip() == f"```text\n{readme.bounds_block()}\n```", "run `make docs`"


def test_it_shows_what_the_program_says_of_itself() -> None:
    shown = PAGE.partition("<!-- self -->")[2].partition("<!-- /self -->")[0]
    assert "stdio:mcp-threat-model serve" in shown
    assert re.search(r"^AIVSS \d\.\d \w+ \(between", shown, re.MULTILINE)


def test_the_tests_it_names_exist() -> None:
    named = re.findall(r"`(tests/[\w/.]+)`", PAGE)
    assert len(named) > 5
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_options_it_names_exist() -> None:
    from mcp_threat_model.grammar import build_parser

    scan = ["--allow-launch", "--allow-network", "--sandbox=require", "--header=a:b", "--env=a=b", "--audit-log=x"]
    build_parser().parse_args(["scan", "x", *scan])
    build_parser().parse_args(["serve", "--allow-launch", "--allow-host", "x", "--audit-log", "x"])
    known = {word.partition("=")[0] for word in [*scan, "--allow-host"]}
    assert set(re.findall(r"--[a-z-]{3,}", re.sub(r"<!--.*?-->", "", PAGE))) <= known
