"""Event streams byte by byte: the same events wherever the pieces break, and never more in memory than allowed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_threat_model.source.http.sse import EventReader, EventTooLargeError, ServerEvent


def read(*pieces: bytes, limit: int = 1_000) -> list[ServerEvent]:
    reader = EventReader(limit)
    return [event for piece in pieces for event in reader.feed(piece)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", [ServerEvent("message", b"a")]),
        (b"data:a\n\n", [ServerEvent("message", b"a")]),
        (b"data:  a\n\n", [ServerEvent("message", b" a")]),
        (b"data: a\r\n\r\n", [ServerEvent("message", b"a")]),
        (b"data: a\r\r", [ServerEvent("message", b"a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [ServerEvent("message", b"a")]),
        (b"event: endpoint\ndata: /m\n\n", [ServerEvent("endpoint", b"/m")]),
        (b"data: a\ndata: b\n\n", [ServerEvent("message", b"a\nb")]),
        (b"data\n\n", [ServerEvent("message", b"")]),
        (b": comment\n\n: another\n\n", []),
        (b"\n\n\n", []),
        (b"nonsense: x\n\n", []),
        (b"id: 7\nretry: 250\ndata:\n\n", [ServerEvent("message", b"", "7", 250)]),
        (b"retry: soon\ndata: a\n\n", [ServerEvent("message", b"a")]),
        (b"id: 7\n\n\n\n", [ServerEvent("message", b"", "7")]),
        (b"id: a\x00b\ndata: a\n\n", [ServerEvent("message", b"a")]),
        (b"data: never finished", []),
    ],
)
def test_streams_are_read_as_the_standard_says(stream: bytes, expected: list[ServerEvent]) -> None:
    assert read(stream) == expected


def test_an_id_stays_for_later_events() -> None:
    assert [event.id for event in read(b"id: 7\ndata: a\n\ndata: b\n\n")] == ["7", "7"]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b"data: x", b"\r", b"\n", b"\r\n", b":", b"id: 1", b"event: e", b"\xff"]), max_size=30),
    st.data(),
)
def test_where_the_pieces_break_does_not_matter(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read(*pieces) == read(stream)


def test_a_line_feed_that_comes_alone_after_a_carriage_return_is_no_line_of_its_own() -> None:
    assert read(b"data: a\r", b"\n", b"\n") == [ServerEvent("message", b"a")]
    assert read(b"data: a\r", b"", b"\n", b"data: b\r", b"\r") == [ServerEvent("message", b"a\nb")]


@pytest.mark.parametrize("piece", [b"x" * 100, b"data: " + b"x" * 94 + b"\n", b"event: x\n" * 20])
def test_an_event_over_the_bound_ends_the_reading(piece: bytes) -> None:
    with pytest.raises(EventTooLargeError):
        read(*[piece] * 100)


def test_comments_do_not_count_and_events_count_apart() -> None:
    assert len(read(*[b": keep-alive\n" * 50 + b"data: " + b"x" * 500 + b"\n\n"] * 20)) == 20
