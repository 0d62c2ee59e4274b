"""Lines of JSON Pointers in scanned files, whatever the file wraps around the tools."""

import json

import pytest

from mcp_threat_model.source.saved.places import Places

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
