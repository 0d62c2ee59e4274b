"""A request that no parser takes gets an answer under its own id; nothing else does."""

from __future__ import annotations

import json

import pytest

from mcp_threat_model.serving.unread import ID_CHARS, refusal, refusal_of_body

HALF = '"\\ud800"'


def answer(message: str) -> tuple[object, str] | None:
    told = refusal_of_body(message.encode("utf-8", "surrogatepass"))
    return None if told is None else (told.id, told.error.message)


def call(value: str, request_id: str = "5") -> str:
    arguments = f'{{"manifest": {{"tools": [{{"name": "a", "x": {value}}}]}}}}'
    return f'{{"jsonrpc": "2.0", "id": {request_id}, "method": "tools/call", "params": {{"arguments": {arguments}}}}}'


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (HALF, "half of a surrogate pair"),
        ('"\\udc80 x"', "half of a surrogate pair"),
        ("[" * 210 + "]" * 210, "nested too deeply"),
        ('{"a":' * 250 + "1" + "}" * 250, "nested too deeply"),
        ("9" * 4_400, "too many digits"),
        ("01", "not JSON"),
        ("[1", "not JSON"),
    ],
)
def test_it_is_said_what_is_wrong(value: str, why: str) -> None:
    told = answer(call(value))

    assert told is not None
    assert told[0] == 5
    assert told[1].startswith("this message cannot be read: ")
    assert why in told[1]
    assert len(told[1]) < 300


@pytest.mark.parametrize(
    ("written", "meant"),
    [("7", 7), ("-7", -7), ('"a b"', "a b"), (r'"\"{[\\"', '"{[\\'), ('"\\u00e9"', "é"), ("\n 7\n", 7), ('"é"', "é")],
)
def test_the_id_is_given_back_as_it_was(written: str, meant: object) -> None:
    told = answer(call(HALF, written))
    assert told is not None
    assert told[0] == meant


@pytest.mark.parametrize(
    "written", ["null", "1.5", "true", "[5]", '{"id": 5}', '"\\ud800"', "9" * 400, json.dumps("x" * (ID_CHARS + 1))]
)
def test_what_is_no_usable_id_gets_no_answer(written: str) -> None:
    assert answer(call(HALF, written)) is None


def test_the_id_is_that_of_the_message_and_not_one_inside_of_it() -> None:
    inside = '{"id": 9, "method": "x", "y": "\\"id\\": 8, {"}'
    text = f'{{"params": {inside}, "method": "m", "x": {HALF}, "id": 5, "z": {inside}}}'
    told = answer(text)
    assert told is not None
    assert told[0] == 5


@pytest.mark.parametrize(
    "text",
    [
        "", "abc", "[]", "null", f"[{call(HALF)}]",
        f'{{"jsonrpc": "2.0", "method": "notifications/x", "params": {HALF}}}',
        f'{{"jsonrpc": "2.0", "id": 5, "result": {{"method": {HALF}}}}}',
        '{"jsonrpc": "2.0", "id": 5, "result": [1]}',
    ],
)  # fmt: skip
def test_what_is_no_request_gets_no_answer(text: str) -> None:
    assert answer(text) is None


@pytest.mark.parametrize("text", [call("1"), '{"jsonrpc": "2.0", "id": 5, "result": {}}', call("1e999")])
def test_what_can_be_read_is_left_alone(text: str) -> None:
    assert answer(text) is None


def test_json_that_is_no_request_of_ours_is_answered_too() -> None:
    assert answer('{"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": [1]}') == (
        "a", "this message cannot be read: it is no JSON-RPC request",
    )  # fmt: skip


def test_other_errors_are_not_ours() -> None:
    assert refusal(OSError("gone")) is None
