"""A session over a link that a test holds in its hand: what is asked, what is kept, what is said about the rest."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.source.cuts import bound
from mcp_threat_model.source.session.conversation import Conversation, RequestError
from mcp_threat_model.source.session.session import SessionParts, read_link
from mcp_threat_model.source.session.wire import Incoming, Message, PeerGoneError, Tap, parse
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import Coverage, sha256_of

LIMITS = Limits(total_s=5, request_s=0.3, probe_s=0.1, probe_unread_s=0.1)
JSON_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
LISTS = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]
Answer = Callable[[dict[str, Any]], Sequence[dict[str, Any] | bytes]]


class ScriptedPeer:
    """A peer in memory: every message we send is given to `answer`, whose replies stand in line."""

    def __init__(self, answer: Answer, has_read: bool | None = True) -> None:
        self.sent: list[dict[str, Any]] = []
        self.headers: list[Mapping[str, str]] = []
        self._answer = answer
        self._has_read = has_read
        self._waiting: deque[Incoming] = deque()

    async def send(self, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self.sent.append(body)
        self.headers.append(headers or {})
        for reply in self._answer(body):
            raw = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            self._waiting.extend(parse(raw, LIMITS, Tap()))

    async def receive(self) -> Incoming:
        if not self._waiting:
            await anyio.sleep_forever()
        return self._waiting.popleft()

    def has_read_all(self) -> bool | None:
        return self._has_read

    def asked(self) -> list[str]:
        return [body["method"] for body in self.sent if "method" in body]


def nested(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(["jsonrpc", "id", "method", "result", "error", "a long key of many words", "x"])
    return st.lists(children, max_size=4) | st.dictionaries(keys, children, max_size=5)


def levels(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((levels(one) for one in value.values()), default=0)
    return 1 + max((levels(one) for one in value), default=0) if isinstance(value, list) else 0


def peer(**results: Any) -> Answer:
    """An honest handshake-era peer; `results` maps methods (with __ for /) to results or errors."""
    table = {name.replace("__", "/"): result for name, result in results.items()}
    table.setdefault(
        "initialize", {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "p"}}
    )
    table.setdefault("tools/list", {"tools": [{"name": "t"}]})

    def answer(body: dict[str, Any]) -> list[dict[str, Any]]:
        if "id" not in body or "method" not in body:
            return []
        found = table.get(body["method"])
        if found is None:
            return [{"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32601, "message": "no"}}]
        key = "error" if "code" in found else "result"
        return [{"jsonrpc": "2.0", "id": body["id"], key: found}]

    return answer


async def session(answer: Answer, limits: Limits = LIMITS, **more: Any) -> tuple[SessionParts, ScriptedPeer, Tap]:
    link, tap = ScriptedPeer(answer, more.pop("has_read", True)), Tap()
    return await read_link(link, limits, tap=tap, **more), link, tap


class TestHandshake:
    async def test_a_peer_of_the_old_era_is_probed_once_and_then_initialized(self) -> None:
        parts, link, _ = await session(peer())
        assert link.asked()[:3] == ["server/discover", "initialize", "notifications/initialized"]
        assert parts.era == "handshake"
        assert link.sent[1]["params"]["capabilities"] == {}

    async def test_a_modern_peer_is_never_initialized_and_gets_its_meta_and_headers_every_time(self) -> None:
        hello = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}, "resultType": "complete"}
        parts, link, _ = await session(peer(server__discover=hello))
        assert parts.era == "modern"
        assert link.asked() == ["server/discover", "tools/list", "tools/list", *LISTS[1:]]
        for body, headers in zip(link.sent, link.headers, strict=True):
            assert body["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
            assert headers == {"mcp-protocol-version": "2026-07-28", "mcp-method": body["method"]}

    async def test_a_modern_peer_that_offers_only_old_versions_is_initialized(self) -> None:
        hello = {"supportedVersions": ["2025-06-18"], "capabilities": {}}
        parts, _, _ = await session(peer(server__discover=hello))
        assert parts.era == "handshake"

    async def test_without_the_probe_nothing_but_initialize_is_sent(self) -> None:
        _, link, _ = await session(peer(), probe=False)
        assert link.asked()[0] == "initialize"

    @pytest.mark.parametrize("has_read", [True, None])
    async def test_a_peer_that_ignores_the_probe_is_initialized_after_a_moment(self, has_read: bool | None) -> None:
        honest = peer()
        parts, _, tap = await session(
            lambda body: [] if body.get("method") == "server/discover" else honest(body), has_read=has_read
        )
        assert parts.server.name == "p"
        assert tap.count("discover_ignored") == 1

    async def test_a_peer_that_has_not_read_yet_is_waited_for(self) -> None:
        with pytest.raises(TargetError) as caught:
            await session(lambda _: [], replace(LIMITS, total_s=0.5), has_read=False)
        assert caught.value.code == "timeout"

    async def test_a_late_modern_peer_that_refuses_initialize_is_asked_again(self) -> None:
        hello = {"supportedVersions": ["2026-07-28"], "capabilities": {"tools": {}}}
        late = {"code": -32022, "message": "modern", "data": {"supported": ["2026-07-28"]}}
        honest = peer(initialize=late, server__discover=hello)
        seen: list[str] = []

        def answer(body: dict[str, Any]) -> list[dict[str, Any]]:
            seen.append(body["method"])
            return [] if seen == ["server/discover"] else honest(body)

        parts, _, _ = await session(answer)
        assert parts.era == "modern"
        assert seen[:3] == ["server/discover", "initialize", "server/discover"]

    async def test_the_version_header_is_the_negotiated_one(self) -> None:
        hello = {"protocolVersion": "2025-03-26", "capabilities": {}, "serverInfo": {"name": "p"}}
        _, link, _ = await session(peer(initialize=hello))
        assert link.headers[-1] == {"mcp-protocol-version": "2025-03-26"}


class TestLists:
    async def test_what_is_not_declared_is_asked_for_last(self) -> None:
        hello = {"protocolVersion": "2025-11-25", "capabilities": {"resources": {}}, "serverInfo": {"name": "p"}}
        parts, link, tap = await session(
            peer(
                initialize=hello,
                resources__list={"resources": []},
                resources__templates__list={"resourceTemplates": []},
            )
        )
        lists = [method for method in link.asked() if method.endswith("list")]
        assert lists == ["tools/list", "resources/list", "resources/templates/list", "tools/list", "prompts/list"]
        assert parts.coverage["prompts"] == Coverage("observed", "the server declares no prompts")
        assert tap.count("undeclared_capability") == 1

    @pytest.mark.parametrize(
        ("pages", "status", "reason"),
        [
            ([{"code": -32601, "message": "no"}], "observed", "the server declares no tools"),
            ([{"tools": []}], "observed", "the server declares no tools"),
            ([{"tools": [], "nextCursor": "1"}, {"tools": []}], "observed", "the server declares no tools"),
            ([{"code": -32603, "message": "later"}], "not_observed", "error -32603"),
            ([{"tools": [], "nextCursor": "1"}, {"code": -32603, "message": "later"}], "not_observed", "error -32603"),
            ([{"tools": [], "nextCursor": "1"}, {"code": -32601, "message": "no"}], "not_observed", "error -32601"),
            ([{"tools": [], "nextCursor": str(n)} for n in range(9)], "partial", "more than 5 pages"),
            ([{"tools": [], "nextCursor": "1"}] * 2, "partial", "the cursor repeats"),
        ],
    )
    async def test_there_is_nothing_undeclared_only_where_the_server_says_so_to_the_end(
        self, pages: list[dict[str, Any]], status: str, reason: str
    ) -> None:
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "p"}}
        honest, left = peer(initialize=hello), iter(pages)

        def answer(body: dict[str, Any]) -> Sequence[dict[str, Any] | bytes]:
            if body.get("method") != "tools/list":
                return honest(body)
            return peer(tools__list=next(left))(body)

        parts, _, _ = await session(answer, replace(LIMITS, pages=5))
        assert parts.coverage["tools"].status == status
        assert parts.coverage["tools"].lacking is (status == "partial")
        assert reason in parts.coverage["tools"].reason

    async def test_prompts_that_nobody_declared_are_read(self) -> None:
        parts, _, tap = await session(peer(prompts__list={"prompts": [{"name": "hidden"}]}))
        assert parts.items["prompts"] == ({"name": "hidden"},)
        assert parts.coverage["prompts"] == Coverage("observed", "")
        assert tap.count("undeclared_capability") == 1

    async def test_whoever_ignores_one_undeclared_question_is_asked_no_other(self) -> None:
        honest = peer()
        parts, link, _ = await session(lambda body: [] if body.get("method") in LISTS[1:] else honest(body))
        assert link.asked()[-1] == "prompts/list"
        assert "not answered within 0.1 s" in parts.coverage["prompts"].reason
        assert parts.coverage["resources"].status == "not_observed"
        assert parts.coverage["tools"].status == "observed"

    async def test_a_result_with_an_error_beside_it_is_neither(self) -> None:
        both = {"result": {"tools": [{"name": "t"}]}, "error": {"code": -32601, "message": "no"}}
        honest = peer()

        def answer(body: dict[str, Any]) -> Sequence[dict[str, Any] | bytes]:
            found = honest(body)
            return [{"jsonrpc": "2.0", "id": body["id"], **both}] if body.get("method") == "tools/list" else found

        with pytest.raises(TargetError, match="a result and an error at once"):
            await session(answer)

    @pytest.mark.parametrize(
        ("method", "result"),
        [
            ("tools/list", '{"tools":[{"name":"t","description":"one","description":"two"}]}'),
            ("tools/list", '{"tools":[],"tools":[{"name":"t"}]}'),
            ("prompts/list", '{"prompts":[{"name":"p","name":"q"}]}'),
            ("initialize", '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"instructions":"a",'
                           '"instructions":"b"}'),
        ],
    )  # fmt: skip
    async def test_a_key_that_an_answer_repeats_makes_what_was_read_first_doubtful(
        self, method: str, result: str
    ) -> None:
        honest = peer()

        def answer(body: dict[str, Any]) -> Sequence[dict[str, Any] | bytes]:
            if body.get("method") != method:
                return honest(body)
            return [f'{{"jsonrpc":"2.0","id":{body["id"]},"result":{result}}}'.encode()]

        parts, _, _ = await session(answer)
        assert parts.coverage["tools"].status == "partial"
        assert parts.coverage["tools"].reason.startswith("1 object repeats a key")

    async def test_a_key_that_a_notification_repeats_is_no_doubt_about_the_answers(self) -> None:
        honest = peer()
        noise = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"a":1,"a":2}}'
        parts, _, _ = await session(lambda body: [noise, *honest(body)])
        assert parts.coverage["tools"].status == "observed"

    async def test_the_bounds_say_what_is_missing(self) -> None:
        tools = {"tools": [{"name": f"t{n}"} for n in range(7)]}
        parts, _, _ = await session(peer(tools__list=tools), replace(LIMITS, items=5))
        assert len(parts.items["tools"]) == 5
        assert parts.coverage["tools"].reason == "more than 5 items; at least 2 more were not read"

    async def test_a_tool_that_was_cut_says_so_itself_however_often_the_list_was_read(self) -> None:
        tools = {"tools": [{"name": "a", "description": "y" * 60}, {"name": "b"}]}
        parts, _, _ = await session(peer(tools__list=tools), replace(LIMITS, string_chars=50))
        assert [getattr(raw, "missing", "") for raw in parts.items["tools"]] == [
            "one text was cut: ten characters are missing", ""
        ]  # fmt: skip

    async def test_a_page_beyond_the_bound_on_values_is_not_kept(self) -> None:
        tools = {"tools": [{"name": f"t{n}"} for n in range(50)]}
        parts, _, _ = await session(peer(tools__list=tools), replace(LIMITS, nodes_total=20))
        assert parts.items["tools"] == ()
        assert parts.coverage["tools"].status == "partial"

    async def test_an_error_on_the_tools_is_no_empty_list(self) -> None:
        parts, _, _ = await session(peer(tools__list={"code": -32000, "message": "log in first"}))
        assert parts.coverage["tools"].status == "not_observed"
        assert "log·in·first" in parts.coverage["tools"].reason

    async def test_facts_that_are_of_the_wrong_kind_are_left_out(self) -> None:
        hello = {"protocolVersion": 7, "capabilities": [], "serverInfo": {"name": 1, "title": "T"}, "instructions": {}}
        parts, _, _ = await session(peer(initialize=hello))
        assert (parts.server.name, parts.server.title, parts.server.instructions) == ("", "T", "")
        assert parts.server.capabilities == {}
        assert parts.coverage["server"].status == "partial"


class TestConversation:
    async def test_an_answer_that_comes_too_late_is_not_taken_for_another(self) -> None:
        kept: list[dict[str, Any]] = []

        def answer(body: dict[str, Any]) -> list[dict[str, Any]]:
            kept.append({"jsonrpc": "2.0", "id": body["id"], "result": {"for": body["method"]}})
            return [] if len(kept) == 1 else kept[:2]

        talk = Conversation(ScriptedPeer(answer), LIMITS, Tap())
        with pytest.raises(RequestError) as caught:
            await talk.call("first")
        assert caught.value.code == "timeout"
        assert await talk.call("second") == {"for": "second"}

    async def test_more_messages_than_the_bound_end_it(self) -> None:
        note = {"jsonrpc": "2.0", "method": "notifications/message"}
        talk = Conversation(ScriptedPeer(lambda _: [note] * 20), replace(LIMITS, messages=10), Tap())
        with pytest.raises(PeerGoneError) as caught:
            await talk.call("anything")
        assert caught.value.code == "too_large"

    async def test_requests_to_us_beyond_the_bound_are_counted_but_not_answered(self) -> None:
        def answer(body: dict[str, Any]) -> list[dict[str, Any]]:
            if "method" not in body:
                return []
            asks = [{"jsonrpc": "2.0", "id": n, "method": "roots/list"} for n in range(9)]
            return [*asks, {"jsonrpc": "2.0", "id": body["id"], "result": {}}]

        link, tap = ScriptedPeer(answer), Tap()
        await Conversation(link, replace(LIMITS, reverse_requests=4), tap).call("x")
        assert tap.count("reverse_request") == 9
        assert len([body for body in link.sent if "error" in body]) == 4

    async def test_what_the_person_was_to_be_asked_is_looked_at(self) -> None:
        form = {"requestedSchema": {"properties": {"password": {"type": "string"}}}}

        def answer(body: dict[str, Any]) -> list[dict[str, Any]]:
            if "method" not in body:
                return []
            asks = {"jsonrpc": "2.0", "id": 7, "method": "elicitation/create", "params": form}
            return [asks, {"jsonrpc": "2.0", "id": body["id"], "result": {}}]

        tap = Tap()
        await Conversation(ScriptedPeer(answer), LIMITS, tap).call("x")
        assert [event.code for event in tap.events()] == ["elicitation_secret", "reverse_request"]


class TestWire:
    def test_one_event_kind_cannot_fill_the_memory(self) -> None:
        tap = Tap(limit=3)
        for number in range(100):
            tap.note("reverse_request", str(number))
        assert len(tap.events()) == 4
        assert tap.count("reverse_request") == 100

    def test_events_come_in_one_order_whatever_raced(self) -> None:
        one, other = Tap(), Tap()
        for tap, order in ((one, "ab"), (other, "ba")):
            for code in order:
                tap.note(code)
        assert one.events() == other.events()

    @pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"nul\0", b'"text"', b"[" * 5000, b'{"a":1}', b"[1,2]", b"-"])
    def test_what_is_no_message_is_said_to_be_damaged(self, raw: bytes) -> None:
        assert all(not isinstance(one, Message) for one in parse(raw, LIMITS, Tap()))

    def test_a_broken_answer_names_the_request_it_was_for(self) -> None:
        (damaged,) = parse(b'{"jsonrpc":"2.0", "id" : 17,"result":', LIMITS, Tap())
        assert not isinstance(damaged, Message)
        assert damaged.request_id == 17

    @given(
        st.binary(max_size=400) | st.recursive(JSON_LEAVES, nested, max_leaves=30).map(lambda v: json.dumps(v).encode())
    )
    def test_no_bytes_break_the_parser(self, raw: bytes) -> None:
        for got in parse(raw, LIMITS, Tap()):
            if isinstance(got, Message):
                kept, cuts = bound(got.body, replace(LIMITS, depth=3, string_chars=5))
                assert (kept is got.body) == (cuts == 0)
                assert levels(kept) <= 4 + 1
                sha256_of(kept)

    def test_only_so_much_of_a_batch_is_read(self) -> None:
        tap = Tap()
        raw = json.dumps([{"jsonrpc": "2.0", "method": "x"}] * 500).encode()
        assert len(parse(raw, LIMITS, tap)) == LIMITS.batch
        assert tap.count("oversized_batch") == 500


class TestWhatTheServerSaysOfItself:
    async def test_all_of_it_is_kept(self) -> None:
        about = {"description": "Sells.", "icons": [{"src": "https://a.example/i.png"}], "websiteUrl": "https://a"}
        hello = {
            "protocolVersion": "2025-11-25",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "p", **about},
            "_meta": {"a": "b"},
            "note": "c",
        }
        parts, _, _ = await session(
            peer(initialize=hello, **{"tools__list": {"tools": [{"name": "t"}], "_meta": {"d": "e"}}})
        )
        assert parts.server.info == about
        assert parts.server.beside == {
            "initialize": {"_meta": {"a": "b"}, "note": "c"}, "tools": {"_meta": {"d": "e"}}
        }  # fmt: skip

    async def test_what_is_cut_of_it_is_said(self) -> None:
        hello = {
            "protocolVersion": "x" * 200,
            "capabilities": {},
            "serverInfo": {"name": "p"},
            "instructions": "y" * 200,
        }
        parts, _, _ = await session(peer(initialize=hello), replace(LIMITS, string_chars=100))
        assert parts.server.protocol_version.startswith("x" * 100)
        assert parts.coverage["instructions"].status == "partial"
        assert "two texts were cut" in parts.coverage["instructions"].reason

    async def test_a_list_of_templates_that_it_does_not_know_is_no_missing_list(self) -> None:
        hello = {"protocolVersion": "2025-11-25", "capabilities": {"resources": {}}, "serverInfo": {"name": "p"}}
        parts, _, _ = await session(peer(initialize=hello, **{"resources__list": {"resources": []}}))
        assert parts.coverage["resource_templates"].status == "observed"
        assert parts.coverage["prompts"].status == "observed"
