"""A report cut to pages: every cut is told, and following `next_offset` leads to everything."""

from __future__ import annotations

import pytest
from mcp import Client

from mcp_threat_model.mcp_server import build_server
from mcp_threat_model.paging import NAMES_PER_PAGE, PER_PAGE, page
from mcp_threat_model.subject import inline_manifest
from mcp_threat_scoring.analyze import analyze

READS, WRITES, DESTROYS = 230, 120, 30
MANY = {
    "tools": [
        *({"name": f"get_thing_{n}", "description": "Get one thing."} for n in range(READS)),
        *({"name": f"create_thing_{n}", "description": "Create a thing."} for n in range(WRITES)),
        *({"name": f"delete_thing_{n}", "description": "Delete a thing for good."} for n in range(DESTROYS)),
    ]
}
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
    layers = [threat for layer in report["maestro"]["layers"] for threat in layer["threats"]]
    return {threat["id"]: threat for threat in (*layers, *report["maestro"]["cross_layer"])}


@pytest.mark.parametrize("name", TOOLS)
async def test_all_limits_are_reached_and_counted(name, whole):
    found = await pages(name)

    for kind in ("allow_tools", "confirm_tools", "deny_tools"):
        wanted = whole["verdict"]["limits"][kind]
        reached = [tool for one in found for tool in one["verdict"]["limits"][kind]]
        assert set(reached) == set(wanted)
        assert all(one["page"][f"{kind}_total"] == len(wanted) for one in found)
        assert all(len(one["verdict"]["limits"][kind]) <= NAMES_PER_PAGE for one in found)
        for one in found:
            first = one["page"]["limits_offset"]
            assert one["verdict"]["limits"][kind] == wanted[first : first + NAMES_PER_PAGE]


@pytest.mark.parametrize("name", ["score_agent", "list_maestro_threats"])
async def test_all_tools_of_a_threat_are_reached_and_counted(name, whole):
    found, wanted = await pages(name), threats(whole)

    assert any(len(threat["tools"]) > PER_PAGE for threat in wanted.values())
    for threat in wanted.values():
        shown = [threats(one)[threat["id"]]["tools"] for one in found]
        assert [tool for tools in shown for tool in tools] == threat["tools"]
        for one, tools in zip(found, shown, strict=True):
            assert one["page"]["threat_tools_total"].get(threat["id"], len(tools)) == len(threat["tools"])


async def test_no_evidence_is_cut(whole):
    [report, *_] = await pages("score_agent")

    assert report["capabilities"]["tools"] == whole["capabilities"]["tools"][:PER_PAGE]
    assert report["aivss"] == whole["aivss"]
    for threat in threats(report).values():
        assert threat["evidence"] == threats(whole)[threat["id"]]["evidence"]


async def test_findings_of_an_install_are_paged():
    many = {"tools": [
        {"name": f"get_{n}", "description": "Get.", "annotations": {"readOnlyHint": False, "destructiveHint": True},
         "inputSchema": {"properties": {f"password_{n}": {"type": "string"}}}} for n in range(40)
    ]}  # fmt: skip
    async with Client(build_server()) as client:
        result = await client.call_tool("check_install", {"manifest": many})

    answer = result.structured_content
    assert len(answer["findings"]) == min(answer["page"]["findings_total"], PER_PAGE)


def test_a_small_report_is_one_page():
    report = analyze(inline_manifest([{"name": "get_order", "description": "Get an order."}]))
    shown = page(report)

    assert {name: getattr(shown, name) for name in type(report).__struct_fields__} == {
        name: getattr(report, name) for name in type(report).__struct_fields__
    }
    assert shown.page.next_offset is None
    assert shown.page.threat_tools_total == {}


def test_an_offset_beyond_everything_is_an_empty_page():
    shown = page(analyze(inline_manifest(MANY)), 1_000_000)

    assert shown.capabilities.tools == []
    assert shown.page.tools_total == len(MANY["tools"])
    assert shown.page.next_offset is None
