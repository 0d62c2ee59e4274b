"""Tools and prompts that we do not have: one sentence, and nothing of the name acts anywhere."""

from __future__ import annotations

import logging

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.types import TextContent

from mcp_threat_model.mcp_server import build_server

ODD = "\x1b[31m<img src=x onerror=alert(1)>\u202e[x](http://evil.example)"


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("name", ["score_agents", ODD, "", "x" * 10_000])
async def test_an_unknown_name_is_one_sentence_that_names_what_there_is(
    mode: str, name: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Client(build_server(), mode=mode) as client:
        with pytest.raises(MCPError) as caught:
            await client.get_prompt(name)
        result = await client.call_tool(name, {})

    assert result.is_error  # which a model gets to read; an error of the protocol stays with its client
    said = [caught.value.message, *(part.text for part in result.content if isinstance(part, TextContent))]
    assert said[0].startswith("There is no prompt `")
    assert said[0].endswith("; there is threat_model_server.")
    assert said[1].startswith("There is no tool `")
    assert "; there are score_agent, " in said[1]
    for text in (*said, *(record.getMessage() for record in caplog.records), *capfd.readouterr()):
        assert not any(mark in text for mark in ("\x1b", "<img", "\u202e", "](http", "Traceback"))
        assert len(text) < 500 or name not in text


async def test_known_names_are_passed_on(mode: str) -> None:
    async with Client(build_server(), mode=mode) as client:
        prompt = await client.get_prompt("threat_model_server", {"target": "x"})
        result = await client.call_tool("list_maestro_threats", {})

    assert prompt.messages
    assert not result.is_error
