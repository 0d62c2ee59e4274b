"""Bytes become one JSON value within bounds, or one clear sentence; nothing here ever hangs."""

import codecs
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.source.saved.document import MAX_DEPTH, extent, memory_of, parse_json, read_file
from mcp_threat_scoring.errors import TargetError

NOBODY = 65_534
"""A user id that owns nothing."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(JSON, st.booleans())
def test_depth_is_counted_outside_strings_only(value: object, ascii_only: bool) -> None:
    assert depth_of(value) == extent(json.dumps(value, ensure_ascii=ascii_only))[0]


@given(st.text())
def test_measuring_never_fails_on_any_text(text: str) -> None:
    assert extent(text)[0] >= 0


def test_the_longest_string_is_measured() -> None:
    assert extent('["abc", "ab\\"cd\\\\", "x"]') == (1, 8)


@given(JSON)
@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-32"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16 with mark", "utf-16-le", "utf-32"],
)
def test_every_unicode_encoding_is_read(encode, value: object) -> None:
    text = json.dumps([value])
    assert [value] == parse_json(encode(text), "it").value


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "malformed", "is empty"),
        (b" \n ", "malformed", "is empty"),
        (b"{\n  'a': 1}", "malformed", "line 2, column 3"),
        (b'{"a": 1', "malformed", "line 1, column 8"),
        (b"[1] [2]", "malformed", "extra data at line 1, column 5"),
        (b"[NaN]", "malformed", "NaN is no JSON value"),
        (b"[-Infinity]", "malformed", "-Infinity is no JSON value"),
        (b'["\xff\xfe"]', "malformed", "byte 3 is not valid UTF-8"),
        (b"[" + b"9" * 5000 + b"]", "malformed", "too many digits"),
        (b"[" * 1_000_000, "too_large", "1,000,000 levels deep"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "too_large", f"at most {MAX_DEPTH}"),
        (b"\x00\x01\x02\x03", "malformed", "it is not"),
    ],
)
def test_what_is_not_json_is_said_with_its_place(data: bytes, code: str, says: str) -> None:
    with pytest.raises(TargetError, match=says) as caught:
        parse_json(data, "it")
    assert code == caught.value.code
    assert caught.value.hint


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"<!DOCTYPE html><html>", "web page"),
        (b"event: message\ndata: {}", "event stream"),
        (b"hello", "tools/list"),
    ],
)
def test_the_hint_guesses_what_was_saved_instead(data: bytes, hint: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_json(data, "it")
    assert hint in caught.value.hint


def test_more_values_than_may_be_kept_are_refused_before_they_are_built() -> None:
    with pytest.raises(TargetError, match="values") as caught:
        parse_json(b"[" + b"[]," * 50 + b"[]]", "it", Limits(nodes_total=20))
    assert caught.value.code == "too_large"


def test_nesting_just_within_the_bound_is_read() -> None:
    data = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    assert depth_of(parse_json(data, "it").value) == MAX_DEPTH


def test_objects_that_repeat_a_key_are_counted_and_the_last_value_is_kept() -> None:
    document = parse_json(b'[{"a": 1, "a": 2}, {"a": 1}, {"b": 1, "b": 1}]', "it")
    assert (document.value, document.repeated_keys) == ([{"a": 2}, {"a": 1}, {"b": 1}], 2)


def test_a_string_or_depth_beyond_what_is_kept_is_marked() -> None:
    limits = Limits(depth=3, string_chars=10)
    assert not parse_json(b'[[["short"]]]', "it", limits).oversized
    assert parse_json(b'[[[["deep"]]]]', "it", limits).oversized
    assert parse_json(b'["much too long for it"]', "it", limits).oversized


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"x" * 3_000_000)
    assert len(read_file(str(file), seconds=5)) == 3_000_000


@pytest.mark.parametrize(
    ("path", "says", "hint"),
    [
        ("missing.json", "there is no file missing.json", "Check the path"),
        ("a.json/b.json", "there is no file", ""),
        (".", "is a directory", "JSON file inside"),
        ("python server.py", "there is no file", "stdio:COMMAND"),
        ("example.com/mcp", "there is no file", "https://example.com/mcp"),
        ("x" * 5000, "there is no file", "Check the path"),
    ],
)
def test_what_is_no_readable_file_is_said(tmp_path: Path, monkeypatch, path: str, says: str, hint: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.json").write_text("{}")
    with pytest.raises(TargetError, match=says) as caught:
        read_file(path, seconds=5)
    assert caught.value.code == "unreachable"
    assert hint in caught.value.hint.replace("[:]", ":")


@pytest.fixture
def no_privileges(tmp_path: Path) -> Iterator[Path]:
    """A folder, and no right to read everything: root is somebody else for a while."""
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "a.json").chmod(0)
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    yield tmp_path
    os.seteuid(before)


def test_a_file_without_permission_is_said(no_privileges: Path) -> None:
    file = no_privileges / "a.json"
    with pytest.raises(TargetError, match="permission denied"):
        read_file(str(file), seconds=5)


def test_a_file_beyond_the_byte_bound_is_refused_early(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"x" * 3_000_000)
    with pytest.raises(TargetError, match="larger than 1 MiB") as caught:
        read_file(str(file), seconds=5, max_bytes=1024 * 1024)
    assert caught.value.code == "too_large"


def test_a_device_that_never_ends_is_cut_off() -> None:
    with pytest.raises(TargetError, match="larger than") as caught:
        read_file("/dev/zero", seconds=5, max_bytes=1024 * 1024)
    assert caught.value.code == "too_large"


def test_a_small_bound_is_told_in_small_units(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"x" * 70_000)
    with pytest.raises(TargetError, match="is larger than 64 KiB"):
        read_file(str(tmp_path / "a.json"), seconds=5, max_bytes=64 * 1024)


@pytest.mark.parametrize(
    ("text", "ascii_only", "width"),
    [
        ("a", True, 1),
        ("é", False, 1),
        ("é", True, 1),
        ("中", False, 2),
        ("中", True, 2),
        ("😀", False, 4),
        ("😀", True, 4),
    ],
)
def test_what_a_text_takes_in_memory_is_told_from_its_bytes(text: str, ascii_only: bool, width: int) -> None:
    written = json.dumps(["a" * 100, text], ensure_ascii=ascii_only)
    assert memory_of(written.encode()) == width * len(written)
    assert memory_of(written.encode("utf-16-le")) >= width * len(written)
    assert memory_of(written.encode("utf-32")) >= width * len(written)


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_text_that_grows_in_memory_is_refused_before_it_is_decoded(ascii_only: bool) -> None:
    limits = Limits(text_bytes=1_000)
    assert parse_json(json.dumps(["a" * 900]).encode(), "it", limits).value
    with pytest.raises(TargetError, match=r"takes about 3\.\d+ KiB of memory as text; at most 1,000 bytes") as caught:
        parse_json(json.dumps(["a" * 900, "😀"], ensure_ascii=ascii_only).encode(), "it", limits)
    assert caught.value.code == "too_large"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_largest_that_is_read_stays_within_300_mib(tmp_path: Path) -> None:
    """Measured in a process of its own, at the bound and beyond it."""
    code = """
import json, sys
from mcp_threat_model.source.saved.snapshot import SnapshotSource
from mcp_threat_scoring.errors import TargetError
for count in (340, 1_200):
    tools = [{"name": f"t{n}", "description": "\U0001f600" + "a" * 49_000} for n in range(count)]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(tools, file, ensure_ascii=False)
    del tools
    try:
        print(len(SnapshotSource(sys.argv[1]).load().tools))
    except TargetError as error:
        print(error.code)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    shown = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.json")], capture_output=True, text=True, timeout=60, check=True
    )
    read, refused, peak = shown.stdout.split()
    assert (read, refused) == ("340", "too_large")
    assert int(peak) < 300 * 1024


def test_a_pipe_without_a_writer_ends_by_the_deadline(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(TargetError, match=r"within 0.3 seconds") as caught:
        read_file(str(pipe), seconds=0.3)
    assert caught.value.code == "timeout"


def test_a_pipe_with_a_writer_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"[]",))
    writer.start()
    try:
        assert read_file(str(pipe), seconds=5) == b"[]"
    finally:
        writer.join()
