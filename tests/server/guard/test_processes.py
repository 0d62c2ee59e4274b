"""The scratch directory, the network ear's reading of packets, and the words of the supervisor."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from mcp_threat_model.guard.netwatch import destination, read_name
from mcp_threat_model.guard.scratch import left_files, make_scratch, remove_scratch


class TestScratch:
    def test_it_is_private(self) -> None:
        root = make_scratch()
        assert root.stat().st_mode & 0o077 == 0
        remove_scratch(root)
        assert not root.exists()

    def test_links_are_removed_and_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept" / "file").touch()
        root = make_scratch()
        (root / "home" / "link").symlink_to(tmp_path / "kept")
        remove_scratch(root)
        assert not root.exists()
        assert (tmp_path / "kept" / "file").exists()

    def test_what_is_deeper_than_any_path_is_removed(self) -> None:
        root = make_scratch()
        here = os.open(root / "home", os.O_RDONLY)
        for _ in range(1200):
            os.mkdir("d" * 100, dir_fd=here)
            below = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(here)
        remove_scratch(root)
        assert not root.exists()

    def test_what_was_left_is_counted_and_named_in_order(self) -> None:
        root = make_scratch()
        for name in ("home/b", "home/a", "tmp/mounted", "cwd/x"):
            (root / name).write_text("x")
        (root / "home" / "dir").mkdir()
        assert left_files(root, frozenset({root / "tmp/mounted"}), 2) == (["cwd/x", "home/a"], 3)
        remove_scratch(root)


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
