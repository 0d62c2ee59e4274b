"""Hints that name options of the command line, for somebody who has none: the user of an MCP client."""

from __future__ import annotations

import re
import shlex

import pytest

from mcp_threat_model.grammar import build_parser
from mcp_threat_model.guard.address import ALLOW_HINT
from mcp_threat_model.serving.advice import AUDIT, CHECK, ONE_SERVER, checking, for_client, in_a_client, scanning, told
from mcp_threat_model.target import parse_target
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.report import ErrorOut


@pytest.mark.parametrize("advice", ["", "Check the path.", "Use credentials with the scopes it asks for."])
def test_advice_that_names_no_option_stays(advice):
    assert in_a_client(advice) == advice


@pytest.mark.parametrize(
    ("advice", "command"),
    [
        (ALLOW_HINT, "scan --allow-private-network TARGET"),
        ("Raise --timeout if it is known to be slow.", "scan --timeout SECONDS TARGET"),
        ("Allow it with --allow-network if you trust it with that.", "scan --allow-launch --allow-network TARGET"),
        ("Pass one with --header 'Authorization: Bearer …'.", "scan --header 'K: V' TARGET"),
        ("Use --sandbox off, or --env.", "scan --allow-launch --sandbox off --env K=V TARGET"),
    ],
)
def test_an_option_is_what_the_user_can_do_in_a_terminal(advice, command):
    said = in_a_client(advice)

    assert f"`mcp-threat-model {command}` in a terminal" in said
    assert "`serve`" in said
    assert "`manifest`" in said
    assert "repeat" not in said


def test_what_stands_around_the_option_is_kept():
    said = in_a_client(
        "It shows them as empty; --sandbox off shows it all. Not everything could be checked: no reason."
    )

    assert said.startswith("It shows them as empty. --sandbox is an option")
    assert said.endswith("Not everything could be checked: no reason.")


def test_a_known_target_stands_in_the_command_as_it_can_be_typed():
    program = scanning(parse_target("stdio:npx -y some-server"), starts=True)
    address = scanning(parse_target("https://mcp.example.com/mcp"), starts=False)
    slow = "Raise --timeout if it is known to be slow."

    [command] = re.findall("`(mcp-threat-model .*?)` in a terminal", in_a_client(slow, program))
    assert command == "mcp-threat-model scan --allow-launch --timeout SECONDS 'stdio:npx -y some-server'"
    words = shlex.split(command.replace("SECONDS", "9"))[1:]
    assert build_parser().parse_args(words).targets == ["stdio:npx -y some-server"]
    assert "`mcp-threat-model scan --timeout SECONDS https://mcp.example.com/mcp`" in in_a_client(slow, address)


def test_the_network_is_asked_for_with_the_start_and_has_a_whole_command_beside_it():
    error = TargetError("needs_network", "no", "Allow it with --allow-network if you trust it with that.")
    said = told(error, scanning(parse_target("stdio:npx -y x"), starts=True))

    assert "can allow the network in the same form" in said
    assert "`mcp-threat-model scan --allow-launch --allow-network 'stdio:npx -y x'` in a terminal" in said


def test_hints_about_consent_are_written_for_clients_already():
    hint = "Let the person run `mcp-threat-model scan --allow-launch 'stdio:…'` in a terminal."

    assert told(TargetError("consent_required", "no", hint)) == f"consent_required: no. {hint}"


def test_errors_of_a_report_are_told_the_same_way():
    error = ErrorOut(target="x", code="timeout", message="too slow", hint="Give it longer with --timeout.")

    for instead in (ONE_SERVER, AUDIT, CHECK):
        assert for_client(error, instead).hint == in_a_client(error.hint, instead)
    assert told(TargetError("timeout", "too slow.", error.hint)) == f"timeout: too slow. {in_a_client(error.hint)}"


@pytest.mark.parametrize(
    ("instead", "command"),
    [
        (AUDIT, "scan --all-clients --timeout SECONDS"),
        (CHECK, "check --timeout SECONDS"),
        (checking("mcp-threat-model.lock.json"), "check --timeout SECONDS"),
        (checking("our lock.json"), "check --lock 'our lock.json' --timeout SECONDS"),
    ],
)
def test_a_tool_that_takes_no_manifest_names_the_command_that_does_what_it_does(instead, command):
    said = in_a_client("Raise --timeout if it is known to be slow.", instead)

    assert f"run `mcp-threat-model {command}` in a terminal." in said
    assert "manifest" not in said
    build_parser().parse_args(shlex.split(command.replace("SECONDS", "9")))
