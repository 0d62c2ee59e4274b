"""Consent through the client: what a person is asked, what their form may hold, and what is said before they are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mcp import Client
from mcp.types import ElicitResult

from mcp_threat_model.guard.sandbox import unboxed
from mcp_threat_model.mcp_server import build_server
from mcp_threat_model.reading import ScanOptions
from mcp_threat_model.serving.asking import Agreed, Permission, PermissionWithNetwork, question
from mcp_threat_model.serving.asking_all import Permissions, PermissionsWithNetwork
from mcp_threat_model.serving.gate import UNREADABLE_FORM
from mcp_threat_model.serving.programs import Plan, Program
from mcp_threat_model.source.interface import Way
from mcp_threat_model.target import parse_target

HELLO = str(Path(__file__).parents[2] / "targets" / "hello_stdio.py")
TARGET = f"stdio:{sys.executable} {HELLO}"
boxed = pytest.mark.skipif(bool(unboxed("auto", sys.executable)), reason="needs bwrap")


@pytest.fixture(params=["auto", "legacy"])
def mode(request):
    return request.param


async def call(name, arguments, mode, content, asked):
    async def person(context, params):
        asked.append(params)
        return ElicitResult(action="accept", content=content)

    async with Client(build_server(), mode=mode, elicitation_callback=person) as client:
        return await client.call_tool(name, arguments)


@boxed
async def test_the_network_is_asked_for_in_the_same_form_and_is_off_unless_it_is_allowed(mode):
    asked = []
    shut = await call("inspect_server_manifest", {"target": TARGET}, mode, {"start": True}, asked)
    opened = await call("inspect_server_manifest", {"target": TARGET}, mode, {"start": True, "network": True}, asked)

    assert not shut.is_error
    assert not opened.is_error
    for params in asked:
        field = params.requested_schema["properties"]["network"]
        assert field["type"] == "boolean"
        assert field["default"] is False
        assert "npx" in field["description"]
        assert params.requested_schema["required"] == ["start"]


@pytest.mark.parametrize(
    ("answer", "opens"),
    [
        (PermissionWithNetwork(start=True, network=True), True),
        (PermissionWithNetwork(start=True), False),
        (PermissionWithNetwork(start=False, network=True), False),
        (Permission(start=True), False),
        (PermissionsWithNetwork(start=True, network=True), True),
        (Permissions(start=True), False),
    ],
)
def test_only_a_person_who_lets_it_start_and_use_the_network_opens_it(answer, opens):
    from mcp.server.mcpserver import AcceptedElicitation

    agreed = Agreed(Plan(), AcceptedElicitation[Permission].model_construct(data=answer))
    assert agreed.options(ScanOptions()).allow_network is opens


async def test_where_there_is_no_sandbox_to_open_the_network_is_no_question(mode, tmp_path, monkeypatch):
    program = tmp_path / "docker"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    asked = []
    await call("score_agent", {"target": "stdio:docker run x"}, mode, {"start": False}, asked)

    assert list(asked[0].requested_schema["properties"]) == ["start"]


@pytest.mark.parametrize("form", [Permission, PermissionWithNetwork, Permissions, PermissionsWithNetwork])
def test_a_form_is_described_for_whoever_fills_it_in(form):
    said = form.model_json_schema()["description"]

    assert said.startswith("Whether the program")
    assert "licitation" not in said


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"start": "perhaps"},
        {"network": True},
        {"start": "yes"},
        {"start": 1},
        {"start": True, "network": "on"},
    ],
)
async def test_a_form_that_cannot_be_read_starts_nothing_and_says_so(mode, content):
    result = await call("score_agent", {"target": TARGET}, mode, content, [])

    assert result.is_error
    assert result.content[0].text == UNREADABLE_FORM
    assert "Nothing was started" in UNREADABLE_FORM


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("calculate_aivss", {"target": TARGET, "factors": {"autonomy_of_action": 5}}, "0.00 to 1.00; not 5"),
        ("calculate_aivss", {"target": TARGET, "factors": {"autonomy": 0.5}}, "belongs to profile owasp-0.8"),
        ("calculate_aivss", {"target": TARGET, "threat_multiplier": 7}, "threat_multiplier is 0.90 to 1.10"),
        ("calculate_aivss", {"target": TARGET, "cvss_vector": "CVSS:3.1/AV:X"}, "vector"),
        ("list_maestro_threats", {"target": TARGET, "manifest": []}, "give only one of"),
        ("list_maestro_threats", {"target": TARGET, "threat": "MTC-999"}, "nothing in the catalogue"),
        ("score_agent", {"target": TARGET, "listing": "x"}, "give only one of"),
        ("inspect_server_manifest", {"target": TARGET, "listing": "x"}, "give only one of"),
        ("check_install", {"target": TARGET, "manifest": []}, "give only one of"),
    ],
)
async def test_nobody_is_asked_for_a_call_that_is_wrong_from_the_start(mode, name, arguments, says):
    asked = []
    result = await call(name, arguments, mode, {"start": True}, asked)

    assert result.is_error
    assert says in result.content[0].text
    assert asked == []


def test_the_registry_that_a_configuration_sets_is_in_the_question_and_its_credentials_are_not(tmp_path: Path) -> None:
    npx = tmp_path / "npx"
    npx.write_text("")
    npx.chmod(0o700)
    env = {"NPM_CONFIG_REGISTRY": "https://me:hunter2@packages.example/npm"}
    started = parse_target(f"stdio:{npx} -y clock")
    said = question(Program(parse_target("config:cursor/clock"), started.command, Way(started, env)))
    assert "fetches a package from packages.example and runs" in said
    assert "hunter2" not in said


async def test_what_cannot_be_started_is_said_without_a_question(mode):
    asked = []
    result = await call("score_agent", {"target": "stdio:/no/such/program"}, mode, {"start": True}, asked)

    assert "launch_failed" in result.content[0].text
    assert asked == []


async def test_a_client_that_cannot_ask_is_told_the_whole_command():
    async with Client(build_server()) as client:
        result = await client.call_tool("score_agent", {"target": "stdio:python3 'my server.py'"})

    command = """`mcp-threat-model scan --allow-launch 'stdio:python3 '"'"'my server.py'"'"''` in a terminal"""
    assert command in result.content[0].text
