"""Lines of JSON Pointers in scanned files, whatever the file wraps around the tools."""

import json
import os

import pytest

from mcp_threat_model.source.saved.places import MAX_BYTES, Places

TOOLS = [{"name": "a"}, {"name": "b", "inputSchema": {"properties": {"x/y": {"type": "string"}}}}]


@pytest.mark.parametrize(
    ("document", "pointer", "line"),
    [
        ({"tools": TOOLS}, "/tools/1/inputSchema/properties/x~1y", 10),
        ({"tools": TOOLS}, "/tools/0", 3),
        ({"tools": TOOLS}, "/tools/1/inputSchema/nothing", 8),
        ({"result": {"tools": TOOLS}}, "/tools/0/name", 5),
        (TOOLS, "/tools/0/name", 3),
        ({"tools": TOOLS, "initialize": {"instructions": "Ask first."}}, "/initialize/instructions", 18),
        ({"tools": TOOLS, "instructions": "Ask first."}, "/initialize/instructions", 17),
        ({"serverInfo": {"name": "notes"}, "tools": TOOLS}, "/initialize/serverInfo/name", 3),
        ({"result": {"serverInfo": {"name": "notes"}}}, "/initialize/serverInfo/name", 4),
        ({"tools": TOOLS}, "/initialize/instructions", None),
        ({"tools": TOOLS}, "/auth/scopes/0", None),
        ({"tools": TOOLS}, "", None),
    ],
)
def test_the_line_of_the_deepest_part_that_is_there(document, pointer, line):
    assert Places(json.dumps(document, indent=1)).line(pointer) == line


@pytest.mark.parametrize("text", ["{", "", "[" * 50_000, "\0"])
def test_a_file_that_cannot_be_placed_has_no_lines(text):
    assert Places(text).line("/tools/0") is None


def test_the_lines_of_a_file_that_is_still_there(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"tools": TOOLS}, indent=1), encoding="utf-8-sig")
    assert Places.of(str(tmp_path / "a.json")).line("/tools/0") == 3


@pytest.mark.parametrize("name", ["pipe", "gone", "large", "."])
def test_what_is_no_such_file_any_more_has_no_lines_and_is_not_waited_for(tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_text("[" + "1," * MAX_BYTES + "1]")
    assert Places.of(str(tmp_path / name)).line("/tools/0") is None
