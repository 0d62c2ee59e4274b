"""A hand-written stdio server of one protocol revision: ``python era_stdio.py 2024-11-05``.

Strict about its own revision, as the first servers were: nothing is answered before `notifications/initialized`, and
the modern one answers nothing without its `_meta`. The lists hold what that revision brought.
"""

from __future__ import annotations

import json
import sys
from typing import Any

VERSION = sys.argv[1]
MODERN = VERSION == "2026-07-28"
META = "io.modelcontextprotocol/"
TOOL: dict[str, Any] = {"name": "look_up", "description": "Look something up.", "inputSchema": {"type": "object"}}
if VERSION >= "2025-03-26":
    TOOL["annotations"] = {"readOnlyHint": True}
if VERSION >= "2025-06-18":
    TOOL |= {"title": "Look up", "outputSchema": {"type": "object"}}
if VERSION >= "2025-11-25":
    TOOL["icons"] = [{"src": "https://example.com/icon.png"}]
LISTS = {
    "tools/list": ("tools", [TOOL]),
    "prompts/list": ("prompts", [{"name": "greet", "arguments": [{"name": "who", "required": True}]}]),
    "resources/list": ("resources", [{"uri": "file:///a.txt", "name": "a.txt"}]),
    "resources/templates/list": ("resourceTemplates", [{"uriTemplate": "file:///{path}", "name": "any"}]),
}
CAPABILITIES = {"tools": {}, "prompts": {}, "resources": {}}
INFO = {"name": f"era-{VERSION}", "version": "1.0"}


class Refused(Exception):
    pass


def answer(request: dict[str, Any], ready: bool) -> dict[str, Any]:
    method, params = request["method"], request.get("params", {})
    if MODERN:
        if params.get("_meta", {}).get(f"{META}protocolVersion") != VERSION:
            raise Refused(-32022, "unsupported protocol version", {"supported": [VERSION], "requested": "?"})
        stamp = {"resultType": "complete", "_meta": {f"{META}serverInfo": INFO}}
        if method == "server/discover":
            return stamp | {"supportedVersions": [VERSION], "capabilities": CAPABILITIES, "instructions": "Be brief."}
        stamp |= {"ttlMs": 0, "cacheScope": "private"}
    else:
        stamp = {}
        if method == "initialize":
            said = {"protocolVersion": VERSION, "capabilities": CAPABILITIES, "serverInfo": INFO}
            return said | ({"instructions": "Be brief."} if VERSION >= "2025-03-26" else {})
        if not ready:
            raise Refused(-32600, "not initialized", None)
    if method not in LISTS:
        raise Refused(-32601, "method not found", None)
    key, items = LISTS[method]
    return stamp | {key: items}


def main() -> None:
    ready = False
    for line in sys.stdin:
        request = json.loads(line)
        if request["method"] == "notifications/initialized":
            ready = True
        if "id" not in request:
            continue
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            reply["result"] = answer(request, ready)
        except Refused as refused:
            code, message, data = refused.args
            reply["error"] = {"code": code, "message": message} | ({"data": data} if data else {})
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
