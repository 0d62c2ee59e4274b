"""What the ear in a target's own network hears: names that are asked for, and addresses that are tried."""

from __future__ import annotations

import struct

import pytest

from mcp_threat_model.guard.netwatch import destination, read_name


def question(*labels: bytes) -> bytes:
    name = b"".join(bytes([len(label)]) + label for label in labels)
    return struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + name + b"\0" + struct.pack("!2H", 1, 1)


class TestQuestions:
    def test_a_name(self) -> None:
        query = question(b"API", b"example", b"com")
        assert read_name(query) == ("api.example.com", len(query) - 4)

    @pytest.mark.parametrize(
        "query",
        [b"", b"\0" * 12, question(b"a", b"b")[:-5], b"\0" * 12 + b"\xc0\x0c", b"\0" * 12 + b"\x3f" * 400],
    )
    def test_what_is_no_question_is_no_name(self, query: bytes) -> None:
        assert read_name(query)[0] == ""

    def test_control_characters_are_no_name(self) -> None:
        assert read_name(question(b"a\x1b[31m", b"com"))[0] == ""


def packet(protocol: int, address: bytes, body: bytes) -> bytes:
    return bytes([0x45]) + b"\0" * 8 + bytes([protocol]) + b"\0" * 2 + b"\x7f\0\0\1" + address + body


class TestPackets:
    def test_the_beginning_of_a_connection(self) -> None:
        syn = struct.pack("!HH", 40000, 443) + b"\0" * 9 + b"\x02" + b"\0" * 6
        assert destination(packet(6, b"\x01\x02\x03\x04", syn)) == "1.2.3.4:443"

    def test_a_datagram(self) -> None:
        assert destination(packet(17, b"\x01\x02\x03\x04", struct.pack("!HHHH", 1, 514, 8, 0))) == "1.2.3.4:514"

    @pytest.mark.parametrize(
        "other",
        [
            b"",
            b"\x60" + b"\0" * 60,
            packet(6, b"\x7f\0\0\1", struct.pack("!HH", 1, 80) + b"\0" * 9 + b"\x02"),
            packet(6, b"\x01\x02\x03\x04", struct.pack("!HH", 443, 1) + b"\0" * 9 + b"\x14" + b"\0" * 6),
            packet(17, b"\x01\x02\x03\x04", struct.pack("!HHHH", 1, 53, 8, 0)),
            packet(6, b"\x01\x02\x03\x04", b"\0"),
            packet(1, b"\x01\x02\x03\x04", b"\x08\0\0\0"),
        ],
    )
    def test_everything_else_is_nothing(self, other: bytes) -> None:
        assert destination(other) == ""
