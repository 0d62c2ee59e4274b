"""A report cut to pages: every cut is told, and following `next_offset` leads to everything."""

from __future__ import annotations

import jsonschema
import pytest
from mcp import Client

from mcp_threat_model.mcp_server import build_server
from mcp_threat_model.render.json import json_schema
from mcp_threat_model.serving.paging import page
from mcp_threat_model.serving.pieces import PAGE_BYTES, size
from mcp_threat_model.subject import inline_manifest
from mcp_threat_scoring.analyze import analyze
from mcp_threat_scoring.report import Report

READS, WRITES, DESTROYS = 230, 120, 30
MANY = {
    "tools": [
        *({"name": f"get_thing_{n}", "description": "Get one thing."} for n in range(READS)),
        *({"name": f"create_thing_{n}", "description": "Create a thing."} for n in range(WRITES)),
        *({"name": f"delete_thing_{n}", "description": "Delete a thing for good."} for n in range(DESTROYS)),
    ]
}
WHOLE = ("score_agent", "inspect_server_manifest")
"""Tools whose pages together are the whole report."""
TOOLS = ("score_agent", "inspect_server_manifest", "list_maestro_threats", "check_install")


@pytest.fixture(scope="module")
def whole():
    """The report that nothing was cut from."""
    return analyze(inline_manifest(MANY)).to_plain()


async def pages(name: str) -> list[dict[str, object]]:
    """All pages of one answer, each by the `next_offset` of the one before."""
    found, offset = [], 0
    async with Client(build_server()) as client:
        while offset is not None:
            result = await client.call_tool(name, {"manifest": MANY, "offset": offset})
            assert not result.is_error, result.content
            found.append(result.structured_content)
            offset = found[-1]["page"]["next_offset"]
    return found


def threats(report):
    maestro = report.get("maestro", {"layers": [], "cross_layer": []})
    layers = [threat for layer in maestro["layers"] for threat in layer["threats"]]
    return {threat["id"]: threat for threat in (*layers, *maestro["cross_layer"])}


def tools(report):
    return report.get("capabilities", {"tools": []})["tools"]


@pytest.mark.parametrize("name", TOOLS)
async def test_no_page_is_more_than_a_client_carries(name):
    assert all(size(one) <= PAGE_BYTES for one in await pages(name))


@pytest.mark.parametrize("name", TOOLS)
async def test_all_limits_are_reached_and_counted(name, whole):
    found = await pages(name)

    for kind in ("allow_tools", "confirm_tools", "deny_tools"):
        wanted = whole["verdict"]["limits"][kind]
        told = [one for one in found if "verdict" in one]
        assert [tool for one in told for tool in one["verdict"]["limits"][kind]] == wanted
        assert all(one["page"][f"{kind}_total"] == len(wanted) for one in found)
        for one in told:
            first, names = one["page"]["limits_offset"], one["verdict"]["limits"][kind]
            assert names == wanted[first : first + len(names)]


@pytest.mark.parametrize("name", ["score_agent", "list_maestro_threats"])
async def test_all_tools_of_a_threat_are_reached_and_counted(name, whole):
    found, wanted = await pages(name), threats(whole)

    assert any(len(threat["tools"]) > 125 for threat in wanted.values())
    for threat in wanted.values():
        shown = [threats(one)[threat["id"]] for one in found if threat["id"] in threats(one)]
        assert [tool for one in shown for tool in one["tools"]] == threat["tools"]
        assert {**shown[0], "tools": threat["tools"]} == threat
    for one in found:
        for threat in threats(one).values():
            total = one["page"]["threat_tools_total"].get(threat["id"], len(threat["tools"]))
            assert total == len(wanted[threat["id"]]["tools"])
        assert one["page"]["threats_total"] == len(wanted)


@pytest.mark.parametrize("name", WHOLE)
async def test_all_pages_together_are_the_report(name, whole):
    found = await pages(name)

    assert [tool for one in found for tool in tools(one)] == whole["capabilities"]["tools"]
    assert [finding for one in found for finding in one.get("findings", [])] == whole["findings"]
    assert [check for one in found for check in one.get("checks", [])] == whole["checks"]
    assert set(found[0]) == {*whole, "page"}
    assert found[0]["aivss"] == whole["aivss"]
    assert [layer["id"] for layer in found[0]["maestro"]["layers"]] == [f"L{n}" for n in range(1, 8)]
    for one in found[1:]:
        assert "aivss" not in one
        assert one["server"] == whole["server"]


@pytest.mark.parametrize("name", WHOLE)
async def test_every_page_is_a_report_of_the_published_schema(name):
    schema = {"$ref": "#/$defs/Report", "$defs": json_schema()["$defs"]}
    found = await pages(name)

    assert len(found) > 1
    for one in found:
        jsonschema.validate(one, schema)
    whole = {key: value for key, value in found[0].items() if key != "page"}
    jsonschema.validate(whole, schema)
    for wrong in ({**whole, "page": found[0]["page"]}, whole):
        del wrong["aivss"]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)


async def test_each_tool_begins_with_its_own_part():
    [score, *_], [inspect, *_] = await pages("score_agent"), await pages("inspect_server_manifest")

    assert len(threats(score)) == score["page"]["threats_total"]
    assert score["verdict"]["limits"]["deny_tools"]
    assert tools(inspect)
    assert not inspect["verdict"]["limits"]["deny_tools"]


async def test_findings_of_an_install_are_paged():
    many = {"tools": [
        {"name": f"get_{n}", "description": "Get.", "annotations": {"readOnlyHint": False, "destructiveHint": True},
         "inputSchema": {"properties": {f"password_{n}": {"type": "string"}}}} for n in range(40)
    ]}  # fmt: skip
    async with Client(build_server()) as client:
        result = await client.call_tool("check_install", {"manifest": many})

    answer = result.structured_content
    assert len(answer["findings"]) == answer["page"]["findings_total"]
    assert size(answer) <= PAGE_BYTES


async def test_a_configuration_is_repeated_on_no_page():
    async with Client(build_server()) as client:
        first = await client.call_tool("check_install", {"manifest": MANY})
        later = await client.call_tool("check_install", {"manifest": MANY, "offset": 1})

    assert first.structured_content["limits"]["files"]
    assert later.structured_content["limits"] is None
    assert "Into `" not in later.content[0].text


def test_a_small_report_is_one_page():
    report = analyze(inline_manifest([{"name": "get_order", "description": "Get an order."}]))
    shown = page(report)

    for name in Report.__struct_fields__:
        assert getattr(shown, name) == getattr(report, name)
    assert shown.page.next_offset is None
    assert shown.page.threat_tools_total == {}


def test_what_is_larger_than_a_page_has_a_page_of_its_own():
    huge = analyze(inline_manifest([{"name": "get_order", "description": "Get an order."}]))
    [tool] = huge.capabilities.tools
    evidence = tool.evidence[0].changed({"excerpt": "x" * PAGE_BYTES})
    tools = [tool.changed({"name": f"get_{n}", "evidence": [evidence]}) for n in range(3)]
    huge = huge.changed({"capabilities": huge.capabilities.changed({"tools": tools})})

    found, offset = [], 0
    while offset is not None:
        shown = page(huge, offset)
        found += shown.capabilities.tools if shown.capabilities else []
        assert shown.page.next_offset is None or shown.page.next_offset > offset
        offset = shown.page.next_offset
    assert found == tools


def test_an_offset_beyond_everything_is_an_empty_page():
    shown = page(analyze(inline_manifest(MANY)), 1_000_000)

    assert not shown.capabilities
    assert shown.page.tools_total == len(MANY["tools"])
    assert shown.page.next_offset is None


@pytest.mark.parametrize("name", TOOLS)
async def test_an_offset_beyond_everything_is_said_to_be(name):
    async with Client(build_server()) as client:
        result = await client.call_tool(name, {"manifest": MANY, "offset": 9_999})

    assert "Nothing is left at offset 9999" in result.content[0].text
