"""What the command line understands."""

from typing import get_args

import pytest

from mcp_threat_model import grammar
from mcp_threat_scoring.client_formats import FORMATS
from mcp_threat_scoring.report import SEVERITIES, LayerId
from mcp_threat_scoring.report_score import ProfileId


def test_scan_takes_every_option_of_the_contract() -> None:
    arguments = grammar.build_parser().parse_args(
        ["scan", "a.json", "-", "--format", "jsonl", "--output", "o", "--profile", "owasp-0.8", "--allow-launch",
         "--sandbox", "require", "--allow-network", "--allow-private-network", "--timeout", "3", "--header", "A: b",
         "--header", "C: d", "--env", "E=f", "--fail-at", "high", "--jobs", "2"]
    )  # fmt: skip
    assert arguments.targets == ["a.json", "-"]
    assert (arguments.header, arguments.env, arguments.timeout, arguments.jobs) == (["A: b", "C: d"], ["E=f"], 3.0, 2)


@pytest.mark.parametrize("command", ["scan", "lock", "check"])
@pytest.mark.parametrize(
    "words",
    ["a - --jobs 2 c -- -d --jobs", "--jobs 2 a - c -- -d --jobs", "a --jobs 2 - --allow-launch c -- -d --jobs"],
)
def test_targets_stand_anywhere_among_the_options(command: str, words: str) -> None:
    arguments = grammar.build_parser().parse_args([command, *words.split()])

    assert arguments.targets == ["a", "-", "c", "-d", "--jobs"]
    assert arguments.jobs == 2


def test_one_target_may_begin_with_a_dash_too() -> None:
    arguments = grammar.build_parser().parse_args(["limits", "--format", "json", "--", "-a"])

    assert (arguments.target, arguments.format) == ("-a", "json")


def test_limits_are_offered_for_every_client_that_has_a_format() -> None:
    parser = grammar.build_parser()
    assert [parser.parse_args(["limits", "x.json", "--client", name]).client for name in FORMATS] == [*FORMATS]


def test_options_take_the_words_of_the_core() -> None:
    assert get_args(LayerId) == grammar.LAYERS
    assert get_args(ProfileId) == grammar.PROFILES
    assert SEVERITIES[1:] == grammar.SEVERITIES  # "info" breaks no build
