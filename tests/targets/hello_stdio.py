"""A small honest MCP server, hand-written for the 2025-06-18 revision: two tools, newline-delimited JSON-RPC."""

import json
import sys

TOOLS = [
    {"name": "get_greeting", "description": "Get a greeting.", "inputSchema": {"type": "object"}},
    {"name": "delete_greeting", "description": "Delete a greeting for good.", "inputSchema": {"type": "object"}},
]
ANSWERS = {
    "initialize": {
        "protocolVersion": "2025-06-18",
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "hello", "version": "1.0.0"},
    },
    "tools/list": {"tools": TOOLS},
    "ping": {},
}

for line in sys.stdin:
    request = json.loads(line)
    if "id" not in request:
        continue
    answer = {"jsonrpc": "2.0", "id": request["id"]}
    if request["method"] in ANSWERS:
        answer["result"] = ANSWERS[request["method"]]
    else:
        answer["error"] = {"code": -32601, "message": "Method not found"}
    print(json.dumps(answer), flush=True)
