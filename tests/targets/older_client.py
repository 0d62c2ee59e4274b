"""Run by the 1.x SDK's own Python: list and call our tools, and print what came back as JSON."""

import asyncio
import json
import sys
from contextlib import asynccontextmanager

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamablehttp_client

SHOP = {"tools": [{"name": "list_orders", "description": "List the orders."},
                  {"name": "delete_order", "description": "Delete an order for good."}]}  # fmt: skip


@asynccontextmanager
async def connected(kind, *words):
    if kind == "stdio":
        async with stdio_client(StdioServerParameters(command=words[0], args=list(words[1:]))) as (read, write):
            yield read, write
    else:
        async with streamablehttp_client(words[0]) as (read, write, _):
            yield read, write


async def main(*way):
    async with connected(*way) as (read, write), ClientSession(read, write) as session:
        hello = await session.initialize()
        tools = (await session.list_tools()).tools
        scored = await session.call_tool("score_agent", {"manifest": SHOP})
        refused = await session.call_tool("score_agent", {"target": "stdio:true"})
    return {
        "protocol": hello.protocolVersion,
        "tools": [tool.name for tool in tools],
        "text": scored.content[0].text,
        "deny": scored.structuredContent["verdict"]["limits"]["deny_tools"],
        "refusal": refused.content[0].text,
    }


print(json.dumps(asyncio.run(main(*sys.argv[1:]))))
