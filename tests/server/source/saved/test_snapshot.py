"""A saved description in any of its shapes becomes the same kind of manifest, and says what it could not show."""

import json
from pathlib import Path
from typing import Any

import pytest

from mcp_threat_model.guard.limits import Limits
from mcp_threat_model.source.saved.document import parse_json
from mcp_threat_model.source.saved.snapshot import SHAPES, SnapshotSource, describe
from mcp_threat_scoring.analyze import analyze
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import Manifest

TOOL = {"name": "list_orders", "description": "List orders.", "inputSchema": {"type": "object"}}
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "shop", "version": "1.0", "title": "Shop"},
    "instructions": "Look first.",
}
SERVER_JSON = {
    "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
    "name": "io.github.acme/weather",
    "description": "Weather for any city.",
    "version": "1.2.0",
    "packages": [
        {
            "registryType": "npm",
            "identifier": "@acme/weather",
            "version": "1.2.0",
            "transport": {"type": "stdio"},
            "runtimeArguments": [{"type": "named", "name": "--silent"}],
            "packageArguments": [
                {"type": "named", "name": "--units", "default": "metric"},
                {"type": "named", "name": "--key", "value": "s3cret", "isSecret": True},
                {"type": "positional", "valueHint": "city"},
            ],
            "environmentVariables": [{"name": "WEATHER_KEY", "isSecret": True}, {"name": "LANG_CODE"}],
        }
    ],
}


def read(value: Any, limits: Limits | None = None) -> Manifest:
    limits = limits or Limits()
    return describe(parse_json(json.dumps(value).encode(), "it", limits), kind="file", label="a.json", limits=limits)


def status(manifest: Manifest, part: str) -> str:
    return manifest.coverage[part].status  # type: ignore[index]


@pytest.mark.parametrize(
    "value",
    [
        [TOOL],
        {"tools": [TOOL]},
        {"jsonrpc": "2.0", "id": 1, "result": {"tools": [TOOL]}},
        {"result": {"tools": [TOOL]}},
        {"initialize": HELLO, "tools": {"tools": [TOOL]}},
        {"tools": {"jsonrpc": "2.0", "id": 7, "result": {"tools": [TOOL]}}},
        TOOL,
    ],
    ids=["bare list", "result", "response", "result only", "capture", "capture of responses", "one tool"],
)
def test_tools_are_found_in_every_wrapping(value: Any) -> None:
    manifest = read(value)
    assert [tool.name for tool in manifest.tools] == ["list_orders"]
    assert status(manifest, "tools") == "observed"
    assert status(manifest, "auth") == "not_observed"
    assert manifest.coverage["transport"].reason


def test_a_capture_holds_the_server_and_every_list() -> None:
    manifest = read(
        {
            "initialize": HELLO,
            "tools": [TOOL],
            "prompts": [{"name": "answer"}],
            "resources": [{"uri": "shop://a", "name": "a"}],
            "resourceTemplates": [{"uriTemplate": "shop://{id}", "name": "b"}],
        }
    )
    assert (
        manifest.server.name,
        manifest.server.version,
        manifest.server.title,
        manifest.server.protocol_version,
        manifest.server.instructions,
    ) == ("shop", "1.0", "Shop", "2025-11-25", "Look first.")
    assert len(list(manifest.items())) == 4
    for part in ("server", "instructions", "tools", "prompts", "resources", "resource_templates"):
        assert status(manifest, part) == "observed"


def test_what_a_capture_does_not_hold_is_not_observed() -> None:
    manifest = read({"tools": [TOOL], "prompts": None})
    for part in ("server", "instructions", "prompts", "resources", "resource_templates"):
        assert status(manifest, part) == "not_observed"
    assert "prompts" in manifest.coverage["prompts"].reason


def test_a_list_that_failed_when_it_was_saved_is_not_an_empty_list() -> None:
    manifest = read(
        {
            "tools": [TOOL],
            "prompts": [],
            "resources": [],
            "list_errors": {"prompts/list": {"code": -32601}, "resources/list": {"code": -32603}},
        }
    )
    assert status(manifest, "prompts") == "observed", "a server without that request has nothing to list"
    assert status(manifest, "resources") == "not_observed"


def test_a_list_that_a_server_declares_and_does_not_know_is_not_an_empty_list() -> None:
    hello = {**HELLO, "capabilities": {"prompts": {}, "resources": {}}}
    unknown = {method: {"code": -32601} for method in ("prompts/list", "resources/templates/list")}
    manifest = read(
        {"initialize": hello, "prompts": [], "resources": [], "resourceTemplates": [], "list_errors": unknown}
    )
    assert status(manifest, "prompts") == "not_observed"
    assert status(manifest, "resource_templates") == "observed", "resources can be served without templates"


def test_everything_a_server_says_of_itself_is_kept() -> None:
    about = {"description": "Sells.", "icons": [{"src": "https://a.example/i.png"}], "websiteUrl": "https://a.example"}
    hello = {**HELLO, "serverInfo": {**HELLO["serverInfo"], **about}, "_meta": {"a": "b"}}
    manifest = read({"initialize": hello, "tools": {"tools": [TOOL], "_meta": {"c": "d"}, "nextCursor": ""}})
    assert manifest.server.info == about
    assert manifest.server.beside == {"initialize": {"_meta": {"a": "b"}}, "tools": {"_meta": {"c": "d"}}}
    assert manifest.sha256 != read({"initialize": HELLO, "tools": [TOOL]}).sha256


def test_metadata_of_a_plain_result_is_kept_and_the_notes_of_whoever_saved_it_are_not() -> None:
    assert read({"tools": [TOOL], "_meta": {"a": "b"}, "source": "x"}).server.beside == {"_meta": {"a": "b"}}


def test_an_empty_tool_list_is_a_description() -> None:
    for value in ([], {"tools": []}):
        manifest = read(value)
        assert (manifest.tools, status(manifest, "tools")) == ((), "observed")


def test_one_page_of_several_is_partial() -> None:
    manifest = read({"tools": [TOOL], "nextCursor": "abc"})
    assert (status(manifest, "tools"), manifest.coverage["tools"].lacking) == ("partial", True)
    assert status(read({"initialize": HELLO, "tools": {"tools": [TOOL], "nextCursor": "x"}}), "tools") == "partial"


def test_one_bad_tool_does_not_take_the_good_ones_with_it() -> None:
    manifest = read({"tools": [TOOL, 7, {"description": "no name"}, {**TOOL, "name": "b", "inputSchema": []}]})
    assert ([tool.name for tool in manifest.tools], len(manifest.bad_items)) == (["list_orders"], 3)
    assert status(manifest, "tools") == "partial"


def test_the_server_is_named_by_a_modern_result() -> None:
    manifest = read({"tools": [TOOL], "_meta": {"io.modelcontextprotocol/serverInfo": HELLO["serverInfo"]}})
    assert (
        manifest.server.name,
        status(manifest, "server"),
        status(manifest, "instructions"),
    ) == ("shop", "observed", "not_observed")


def test_a_discovery_alone_leaves_the_tools_open() -> None:
    manifest = read(HELLO)
    assert (manifest.server.name, status(manifest, "tools")) == ("shop", "not_observed")


def test_a_registry_entry_says_how_it_is_started_and_what_it_wants() -> None:
    manifest = read(SERVER_JSON)
    launch = manifest.launch
    assert (launch.package, launch.package_version, launch.registry) == ("@acme/weather", "1.2.0", "npm")
    assert launch.argv == (
        "npx",
        "-y",
        "--silent",
        "@acme/weather@1.2.0",
        "--units",
        "metric",
        "--key",
        "{--key}",
        "{city}",
    )
    assert (launch.env_names, launch.secret_env_names) == (("WEATHER_KEY", "LANG_CODE"), ("WEATHER_KEY",))
    assert manifest.transport.kind == "stdio"
    assert manifest.listing is not None
    assert manifest.listing.description == "Weather for any city."
    assert {"not_observed"} == {status(manifest, part) for part in ("tools", "prompts", "resources", "auth")}
    assert {"observed"} == {status(manifest, part) for part in ("launch", "transport")}
    assert status(manifest, "server") == "partial"


def test_of_several_packages_and_remotes_the_first_is_read_and_that_is_said() -> None:
    package, remote = (
        {"registryType": "npm", "identifier": "a"},
        {"type": "streamable-http", "url": "https://a.example"},
    )
    seen = read({"name": "a/b", "packages": [package, package], "remotes": [remote] * 3}).coverage
    assert (seen["launch"].status, seen["launch"].reason) == ("partial", "the first of 2 packages was read")
    assert (seen["transport"].status, seen["transport"].reason) == ("partial", "the first of 3 remotes was read")


def test_a_registry_answer_that_wraps_the_entry_is_read_alike() -> None:
    assert read(SERVER_JSON).sha256 == read({"server": SERVER_JSON, "_meta": {"status": "active"}}).sha256


@pytest.mark.parametrize(
    ("more", "source", "contact"),
    [
        ({}, False, False),
        ({"websiteUrl": "https://acme.example"}, False, True),
        ({"repository": {"url": "https://git.example/acme/weather", "source": "git"}}, True, True),
        ({"repository": {"url": ""}, "websiteUrl": 3}, False, False),
    ],
)
def test_an_entry_tells_whom_to_turn_to(more: dict[str, Any], source: bool, contact: bool) -> None:
    facts = read({**SERVER_JSON, **more}).launch.facts
    assert (facts["source_named"], facts["contact_named"]) == (source, contact)
    assert "deprecated" not in facts


@pytest.mark.parametrize(("said", "withdrawn"), [("active", False), ("deprecated", True), ("deleted", True)])
def test_a_registry_says_which_entries_are_withdrawn(said: str, withdrawn: bool) -> None:
    meta = {"io.modelcontextprotocol.registry/official": {"status": said}}
    assert read({"server": SERVER_JSON, "_meta": meta}).launch.facts["deprecated"] is withdrawn


@pytest.mark.parametrize(
    ("more", "contact"), [({}, False), ({"author": {"name": "A", "email": "a@acme.example"}}, True),
                          ({"homepage": "https://acme.example"}, True)]
)  # fmt: skip
def test_so_does_a_bundle(more: dict[str, Any], contact: bool) -> None:
    bundle = {"manifest_version": "0.3", "name": "weather", "server": {"mcp_config": {"command": "node"}}, **more}
    assert read(bundle).launch.facts["contact_named"] is contact


@pytest.mark.parametrize(
    ("remote", "kind", "scope"),
    [
        ({"type": "streamable-http", "url": "https://api.example.com/mcp"}, "http", "unknown"),
        ({"type": "sse", "url": "https://127.0.0.1/sse"}, "sse", "loopback"),
        ({"transport_type": "streamable-http", "url": "http://10.1.2.3/mcp"}, "http", "private"),
        ({"url": "http://8.8.8.8/sse"}, "sse", "public"),
        ({"url": "https://localhost:8000/mcp"}, "http", "loopback"),
        ({"url": "https://[broken/mcp"}, "http", "unknown"),
    ],
)
def test_a_remote_says_how_it_is_reached(remote: dict[str, Any], kind: str, scope: str) -> None:
    headers = [{"name": "Authorization", "isSecret": True, "value": "Bearer s3cret"}]
    manifest = read({"name": "a/b", "remotes": [{**remote, "headers": headers}]})
    assert (kind, remote["url"], scope) == (
        manifest.transport.kind,
        manifest.transport.url,
        manifest.transport.scope,
    )
    assert manifest.launch.header_names == ("Authorization",)
    assert status(manifest, "launch") == "not_observed"


@pytest.mark.parametrize(
    ("package", "argv"),
    [
        ({"registryType": "pypi", "identifier": "a-b", "version": "1"}, ("uvx", "a-b==1")),
        ({"registryType": "oci", "identifier": "ghcr.io/a/b:2"}, ("docker", "run", "-i", "--rm", "ghcr.io/a/b:2")),
        ({"registryType": "npm", "identifier": "a", "runtimeHint": "bunx"}, ("bunx", "a")),
        ({"registryType": "unheard-of", "identifier": "a", "version": "1"}, ("a@1",)),
        ({"registryType": "npm"}, ()),
    ],
)
def test_each_registry_has_its_way_to_start(package: dict[str, Any], argv: tuple[str, ...]) -> None:
    assert argv == read({"name": "a/b", "packages": [package]}).launch.argv


def test_a_bundle_lists_tools_without_schemas() -> None:
    manifest = read(
        {
            "manifest_version": "0.3",
            "name": "files",
            "display_name": "Files",
            "version": "2.0",
            "description": "short",
            "long_description": "Reads and writes files.",
            "server": {
                "type": "node",
                "mcp_config": {
                    "command": "node",
                    "args": ["server.js"],
                    "env": {"KEY": "${user_config.key}", "ROOT": "${user_config.root}"},
                },
            },
            "user_config": {"key": {"type": "string", "sensitive": True}, "root": {"type": "directory"}},
            "tools": [{"name": "read_file", "description": "Reads."}],
            "tools_generated": True,
        }
    )
    assert [tool.name for tool in manifest.tools] == ["read_file"]
    assert status(manifest, "tools") == "partial"
    assert "as it runs" in manifest.coverage["tools"].reason
    assert status(manifest, "prompts") == "not_observed"
    assert (
        manifest.launch.argv,
        manifest.launch.env_names,
        manifest.launch.secret_env_names,
    ) == (("node", "server.js"), ("KEY", "ROOT"), ("KEY",))
    assert manifest.listing is not None
    assert manifest.listing.description == "Reads and writes files."


@pytest.mark.parametrize(
    "value",
    [
        {"command": "npx", "args": ["-y", "weather"], "env": {"KEY": "s3cret"}},
        {"mcpServers": {"weather": {"command": "npx", "args": ["-y", "weather"], "env": {"KEY": "s3cret"}}}},
        {"servers": {"weather": {"type": "stdio", "command": "npx", "args": ["-y", "weather"], "env": {"KEY": "s"}}}},
        {"context_servers": {"w": {"command": {"path": "npx", "args": ["-y", "weather"]}, "env": {"KEY": "s"}}}},
    ],
)
def test_a_client_entry_that_starts_a_program(value: Any) -> None:
    manifest = read(value)
    assert (manifest.launch.argv, manifest.launch.env_names) == (("npx", "-y", "weather"), ("KEY",))
    assert manifest.transport.kind == "stdio"
    assert status(manifest, "tools") == "not_observed"


@pytest.mark.parametrize("key", ["url", "httpUrl", "serverUrl"])
def test_a_client_entry_with_an_address(key: str) -> None:
    manifest = read({"mcpServers": {"x": {key: "https://example.com/mcp", "headers": {"X-Key": "s3cret"}}}})
    assert (manifest.transport.kind, manifest.transport.url) == ("http", "https://example.com/mcp")
    assert (manifest.server.name, manifest.launch.header_names) == ("x", ("X-Key",))


def test_values_of_secrets_never_enter_a_manifest() -> None:
    for value in (SERVER_JSON, {"mcpServers": {"x": {"command": "a", "env": {"K": "s3cret"}}}}):
        assert "s3cret" not in repr(read(value))


def test_a_listing_is_a_name_and_prose() -> None:
    manifest = read({"name": "Shop", "description": "Manages a shop and its orders."})
    assert manifest.listing is not None
    assert (manifest.listing.name, manifest.listing.description) == ("Shop", "Manages a shop and its orders.")
    assert status(manifest, "tools") == "not_observed"
    assert status(manifest, "server") == "partial"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({}, "not a description of an MCP server"),
        (None, "not a description of an MCP server"),
        (7, "not a description of an MCP server"),
        ("tools", "not a description of an MCP server"),
        ({"name": "only a name"}, "not a description of an MCP server"),
        ({"hello": "world"}, "not a description of an MCP server"),
        ([1, 2, 3], "holds no tool"),
        ([{"id": 1}], "holds no tool"),
        ({"tools": {"a": {}}}, "'tools' is an object, not a list"),
        ({"tools": "none"}, "'tools' is a string, not a list"),
        ({"tools": 3}, "'tools' is a number, not a list"),
        ({"tools": True}, "'tools' is true or false, not a list"),
        ({"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "<b>x"}}, r"error \(code -32601\)"),
        ({"jsonrpc": "2.0", "id": 1, "error": "odd"}, "JSON-RPC error, not"),
        ({"mcpServers": {}}, "holds 0 servers"),
        ({"mcpServers": {"a": {}, "b": {}}}, r"holds 2 servers \(a, b\)"),
        ({"mcpServers": {"a": {"disabled": True}}}, "neither a command nor a url"),
        ({"mcpServers": {"a": 5}}, "neither a command nor a url"),
        ({"command": ["not", "a", "string"]}, "neither a command nor a url"),
    ],
)
def test_json_of_another_shape_is_refused_in_one_sentence(value: Any, says: str) -> None:
    with pytest.raises(TargetError, match=says) as caught:
        read(value)
    assert caught.value.code == "malformed"
    assert "\n" not in caught.value.message


def test_the_hint_of_a_wrong_shape_names_every_shape() -> None:
    with pytest.raises(TargetError) as caught:
        read({})
    assert all(shape.name in caught.value.hint for shape in SHAPES)


def test_a_repeated_key_is_read_but_never_silently() -> None:
    data = b'{"tools": [{"name": "a", "description": "Reads.", "description": "Deletes."}]}'
    manifest = describe(parse_json(data, "it"), kind="file", label="a.json")
    assert manifest.tools[0].text("description") == "Deletes."
    assert status(manifest, "tools") == "partial"
    assert "repeats a key" in manifest.coverage["tools"].reason
    assert [event.code for event in manifest.events] == ["repeated_key"]


def test_more_items_than_are_kept_make_the_part_partial() -> None:
    manifest = read({"tools": [{**TOOL, "name": f"t{number}"} for number in range(12)]}, Limits(items=10))
    assert (len(manifest.tools), status(manifest, "tools")) == (10, "partial")
    assert manifest.coverage["tools"].lacking
    assert "10 of 12" in manifest.coverage["tools"].reason


def test_a_string_longer_than_is_kept_is_cut_with_its_hash() -> None:
    limits = Limits(string_chars=100)
    long = {"initialize": {**HELLO, "instructions": "x" * 500}, "tools": [{**TOOL, "description": "y" * 500}]}
    manifest = read(long, limits)
    assert "SHA-256" in manifest.tools[0].text("description")
    assert len(manifest.server.instructions) < 300
    assert {"partial"} == {status(manifest, part) for part in ("tools", "server")}
    changed = read({**long, "tools": [{**TOOL, "description": "y" * 499 + "z"}]}, limits)
    assert manifest.sha256 != changed.sha256, "a change behind the cut still shows"


def test_a_schema_nested_deeper_than_is_kept_is_cut_not_lost() -> None:
    schema: dict[str, Any] = {}
    for _ in range(80):
        schema = {"properties": {"a": schema}}
    manifest = read([{**TOOL, "inputSchema": schema}, {**TOOL, "name": "b"}])
    assert ([tool.name for tool in manifest.tools], status(manifest, "tools")) == (["list_orders", "b"], "partial")


def reason(manifest: Manifest, part: str) -> str:
    return manifest.coverage[part].reason  # type: ignore[index]


@pytest.mark.parametrize(
    ("tools", "told"),
    [
        ([{**TOOL, "description": "y" * 101}], "one text was cut: one character is missing"),
        ([{**TOOL, "description": "y" * 150}], "one text was cut: 50 characters are missing"),
        ([{**TOOL, "name": "n" * 150}], "one text was cut: 50 characters are missing"),
        (
            [{**TOOL, "description": "y" * 2_100, "title": "x" * 101}],
            "two texts were cut: 2,001 characters are missing",
        ),
        ([{**TOOL, "inputSchema": {"a": [[[]]]}}], "one value nested too deeply is missing"),
        (
            [{**TOOL, "name": "n" * 101, "inputSchema": {"a": [[[]], [[]]]}}],
            "one text was cut: one character is missing; two values nested too deeply are missing",
        ),
    ],
)
def test_what_was_cut_is_said_with_how_much_is_missing(tools: list[Any], told: str) -> None:
    manifest = read({"tools": tools}, Limits(string_chars=100, depth=3))
    assert ("partial", told) == (status(manifest, "tools"), reason(manifest, "tools"))


def test_a_tool_that_was_cut_says_so_itself_and_no_other_does() -> None:
    manifest = read({"tools": [{**TOOL, "description": "y" * 150}, {**TOOL, "name": "b"}]}, Limits(string_chars=100))
    assert [tool.missing for tool in manifest.tools] == ["one text was cut: 50 characters are missing", ""]


@pytest.mark.parametrize("prompts", ["x", 7, {"error": {"code": -32603}}, {"jsonrpc": "2.0", "id": 1, "error": "odd"}])
def test_one_part_that_is_an_error_or_junk_does_not_take_the_others_with_it(prompts: Any) -> None:
    manifest = read({"initialize": HELLO, "tools": [TOOL], "prompts": prompts})
    assert ([tool.name for tool in manifest.tools], status(manifest, "tools")) == (["list_orders"], "observed")
    assert status(manifest, "prompts") == "not_observed"
    assert reason(manifest, "prompts").startswith("its 'prompts' is a")


def test_an_introduction_alone_is_left_when_every_list_failed() -> None:
    manifest = read({"initialize": HELLO, "tools": {"error": {"code": -32603}}, "prompts": "x"})
    assert manifest.server.name == "shop"
    assert reason(manifest, "tools") == "its 'tools' is a JSON-RPC error (code -32603), not an answer"


@pytest.mark.parametrize("hello", [{"jsonrpc": "2.0", "id": 1, "error": {"code": -1}}, "x", [1]])
def test_an_introduction_that_is_an_error_leaves_the_tools(hello: Any) -> None:
    manifest = read({"initialize": hello, "tools": [TOOL]})
    assert (len(manifest.tools), status(manifest, "server")) == (1, "not_observed")
    assert "'initialize'" in reason(manifest, "server")


@pytest.mark.parametrize(
    "value",
    [
        {"tools": {"error": {"code": -32603}}},
        {"initialize": "x", "tools": 3},
        {"initialize": {"error": {"code": 1}}, "tools": {"error": {"code": 1}}, "prompts": "x"},
    ],
)
def test_when_nothing_is_left_it_is_an_error(value: Any) -> None:
    with pytest.raises(TargetError) as caught:
        read(value)
    assert caught.value.code == "malformed"


PROSE = {"name": "Shop", "description": "Deletes the orders of a shop."}


@pytest.mark.parametrize("link", ["url", "httpUrl", "homepage", "repository"])
def test_a_listing_that_links_to_a_page_is_a_listing(link: str) -> None:
    manifest = read({**PROSE, link: "https://shop.example"})
    assert manifest.listing is not None
    assert manifest.listing.description == PROSE["description"]
    assert manifest.transport.kind == "none"


@pytest.mark.parametrize("more", [{"command": "npx"}, {"type": "http"}, {"headers": {"A": "b"}}])
def test_an_entry_that_says_how_it_is_reached_is_one_for_all_its_prose(more: dict[str, Any]) -> None:
    manifest = read({**PROSE, "url": "https://shop.example/mcp", **more})
    assert manifest.transport.kind == "http"


@pytest.mark.parametrize("more", [{}, {"url": "https://shop.example"}, {"prompts": []}])
def test_prose_beside_an_empty_list_of_tools_counts(more: dict[str, Any]) -> None:
    manifest = read({**PROSE, "tools": [], **more})
    assert manifest.listing is not None
    assert (manifest.server.name, status(manifest, "tools")) == ("Shop", "observed")
    report = analyze(manifest)
    assert report.capabilities.write_capable
    assert "it lists no tools, and by its description it changes things" in report.summary


def test_prose_does_not_stand_in_for_tools_that_are_listed() -> None:
    assert read({**PROSE, "tools": [TOOL]}).listing is None


def test_a_name_that_is_too_long_to_be_shown_makes_the_tools_partial() -> None:
    report = analyze(read([{**TOOL, "name": "n" * 200}, TOOL]))
    assert report.coverage["tools"].status == "partial"
    assert report.coverage["tools"].reason == "the name of one tool is shown cut: 136 characters are missing"


def test_half_a_surrogate_pair_is_read() -> None:
    manifest = describe(parse_json(b'[{"name": "a\\ud800", "description": "b"}]', "it"), kind="file", label="a")
    assert len(manifest.tools) == 1


def test_a_capture_made_of_a_manifest_reads_back_the_same() -> None:
    first = read({"initialize": HELLO, "tools": [TOOL], "prompts": [{"name": "p"}], "resources": []})
    again = read(
        {
            "initialize": {
                "protocolVersion": first.server.protocol_version,
                "capabilities": first.server.capabilities,
                "serverInfo": {
                    "name": first.server.name,
                    "version": first.server.version,
                    "title": first.server.title,
                },
                "instructions": first.server.instructions,
            },
            "tools": [item.raw for item in first.tools],
            "prompts": [item.raw for item in first.prompts],
            "resources": [item.raw for item in first.resources],
        }
    )
    assert (first.sha256, first.server) == (again.sha256, again.server)


async def test_a_file_is_read_and_its_errors_leave_its_name_to_whoever_shows_them(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps([TOOL]))
    bad.write_text("{}")
    manifest = await SnapshotSource(str(good)).read()
    assert ("file", str(good)) == (manifest.target_kind, manifest.target_value)
    with pytest.raises(TargetError, match=r"^it is JSON, but"):
        await SnapshotSource(str(bad)).read()
    bad.write_text("{")
    with pytest.raises(TargetError, match=r"^the file is not JSON"):
        await SnapshotSource(str(bad)).read()


def test_keys_in_a_client_entry_stay_out_of_the_manifest() -> None:
    started = read({"command": "server", "args": ["--api-key", "s3cret-s3cret-1", "--port", "80"]})
    reached = read({"url": "https://example.com/mcp?key=s3cret-s3cret-1"})
    assert "s3cret" not in repr((started, reached))
    assert "--port" in started.launch.argv
    assert reached.transport.url == "https://example.com/mcp?key=…"
