"""Whatever a server answers, a read ends in a manifest or in one sentence, in time."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mcp_threat_model.guard.limits import DEFAULT_LIMITS
from mcp_threat_model.source.http.endpoint import HttpSource
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import Manifest

sys.path.insert(0, str(Path(__file__).parents[3] / "targets"))
from http_target import Reply, Request, event, honest, mcp_body, serve

LIMITS = replace(DEFAULT_LIMITS, total_s=0.6, request_s=0.15, probe_unread_s=0.1, grace_s=0.1)

HEADER_TEXT = st.text(
    alphabet=st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "location",
            "www-authenticate",
            "mcp-session-id",
            "content-encoding",
            "content-length",
            "retry-after",
            "set-cookie",
            "server",
            "access-control-allow-origin",
            "transfer-encoding",
        ]
    ),
    HEADER_TEXT
    | st.sampled_from(
        ['Bearer resource_metadata="/x"', "Basic", "identity", "5", "chunked", "//x", "http://[", "/mcp", "?"]
    ),
    max_size=2,
)
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "jsonrpc",
                    "id",
                    "method",
                    "result",
                    "error",
                    "code",
                    "message",
                    "tools",
                    "name",
                    "inputSchema",
                    "params",
                    "nextCursor",
                    "serverInfo",
                    "capabilities",
                    "protocolVersion",
                    "resource",
                    "authorization_servers",
                    "issuer",
                    "scopes_supported",
                    "data",
                    "supported",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
KINDS = ["application/json", "text/event-stream", "text/html", "application/json; charset=utf-16", "", "x"]


@st.composite
def answers(draw: st.DrawFn) -> Any:
    """How a server answers one kind of question: honestly, with a damaged honest answer, or with junk."""
    manner = draw(st.sampled_from(["honest", "junk", "junk result", "bytes", "cut", "raw"]))
    status = draw(st.sampled_from([200, 200, 200, 202, 204, 301, 307, 400, 401, 403, 404, 405, 406, 429, 500, 599]))
    kind, headers = draw(st.sampled_from(KINDS)), draw(HEADERS)
    value, noise = draw(JUNK), draw(st.binary(max_size=60))
    place = draw(st.integers(0, 200))

    def answer(request: Request) -> Reply:
        if manner == "honest":
            return honest(request)
        if manner == "raw":
            return Reply(raw=True, body=b"HTTP/1.1 " + noise)
        body = json.dumps(value).encode()
        if manner == "junk result":
            body = json.dumps({"jsonrpc": "2.0", "id": request.message.get("id"), "result": value}).encode()
        elif manner == "bytes":
            body = noise
        elif manner == "cut":
            body = (mcp_body(request) or b"{}")[:place] + noise
        if "event-stream" in kind:
            body = event(body.replace(b"\n", b" "))
        return Reply(status, {**headers, "content-type": kind}, body)

    return answer


async def read_from(behaviour: dict[str, Any]) -> Manifest | TargetError:
    def handler(request: Request) -> Reply:
        key = request.rpc if request.rpc in behaviour else request.method
        return behaviour.get(key, honest)(request)

    async with serve(handler) as target, asyncio.timeout(5):
        source = HttpSource(target.url(), headers={}, limits=LIMITS, allow_private=True)
        try:
            return await source.read()
        except TargetError as error:
            return error


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(["server/discover", "initialize", "tools/list", "GET", "POST"]), answers(), min_size=1
    )
)
def test_any_server_ends_in_a_manifest_or_a_sentence(behaviour: dict[str, Any]) -> None:
    ended = asyncio.run(read_from(behaviour))
    if isinstance(ended, TargetError):
        assert ended.message
        assert "\n" not in ended.message + ended.hint
        assert "\x1b" not in ended.message + ended.hint
    else:
        assert ended.coverage["tools"].status in ("observed", "partial", "not_observed")
