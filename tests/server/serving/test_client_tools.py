"""Audit what is installed, judge what might be, tell what changed: in a chat, and only with a person's consent."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema
import pytest
from mcp import Client
from mcp.types import ElicitResult

from mcp_threat_model.cli import main
from mcp_threat_model.mcp_server import build_server
from mcp_threat_model.reading import ScanOptions
from mcp_threat_model.serving.access import Access
from mcp_threat_model.serving.client_plans import MAX_TARGETS

HELLO = str(Path(__file__).parents[2] / "targets" / "hello_stdio.py")
SECRET = "hunter2hunter2hunter2"
SHOP = {"tools": [
    {"name": "list_orders", "description": "List the orders of the shop."},
    {"name": "create_order", "description": "Create an order."},
    {"name": "delete_product", "description": "Delete a product from the catalogue for good."},
]}  # fmt: skip


@pytest.fixture(params=["auto", "legacy"])
def mode(request):
    return request.param


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home and a project with two clients: one server that can be started twice over, and one that cannot."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(project)
    hello = {"command": sys.executable, "args": [HELLO], "env": {"API_TOKEN": SECRET}}
    (project / ".mcp.json").write_text(json.dumps({"mcpServers": {"hello": hello}}))
    (tmp_path / ".cursor").mkdir()
    gone = {"command": str(tmp_path / "no-such-program")}
    off = {"command": sys.executable, "args": ["-c", "raise SystemExit"], "disabled": True}
    (tmp_path / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": {"gone": gone, "off": off}}))
    return project


class Person:
    """Answers every question the same way, and remembers it."""

    def __init__(self, answer: str) -> None:
        self.answer, self.seen = answer, []

    async def __call__(self, context, params):
        self.seen.append(params.message)
        if self.answer == "decline":
            return ElicitResult(action="decline")
        return ElicitResult(action="accept", content={"start": self.answer == "yes"})


async def call(name, arguments, mode="auto", person=None, access=None):
    async with Client(build_server(access), mode=mode, elicitation_callback=person) as client:
        schemas = {tool.name: tool.output_schema for tool in (await client.list_tools()).tools}
        result = await client.call_tool(name, arguments)
    if not result.is_error:
        jsonschema.validate(result.structured_content, schemas[name])
    return result


async def test_an_assistant_finds_the_three_tools(mode):
    async with Client(build_server(), mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}

    for name in ("audit_clients", "check_install", "check_changes"):
        assert tools[name].title
        assert tools[name].description
        assert all(prop.get("description") for prop in tools[name].input_schema["properties"].values())
        assert "asked" not in tools[name].input_schema["properties"]


async def test_an_audit_lists_what_is_configured_and_starts_nothing(home, mode):
    person = Person("yes")
    result = await call("audit_clients", {}, mode, person)

    answer = result.structured_content
    assert person.seen == []
    assert {server["target"] for server in answer["servers"]} == {
        "config:claude-code/hello", "config:cursor/gone", "config:cursor/off"
    }  # fmt: skip
    hello = next(server for server in answer["servers"] if server["client"] == "claude-code")
    assert "config.plain_secret" in {finding["rule_id"] for finding in hello["findings"]}
    assert hello["given"] == ["API_TOKEN"]
    assert answer["scanned"] == []
    assert answer["fleet"] is None
    assert "Nothing was started" in result.content[0].text


async def test_no_secret_leaves_the_machine(home):
    for arguments in ({}, {"scan": True}):
        person = Person("yes")
        result = await call("audit_clients", arguments, person=person)
        assert SECRET not in result.model_dump_json()
        assert SECRET not in "".join(person.seen)


async def test_where_nothing_is_configured_no_heading_stands_over_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    result = await call("audit_clients", {})

    assert result.content[0].text == "# No MCP server is configured here"


@pytest.mark.parametrize(
    ("servers", "says"),
    [
        ({"hello": {"command": "/bin/true"}}, "# One MCP server is configured here; nothing is wrong with how"),
        (
            {"hello": {"command": "/bin/true", "env": {"API_TOKEN": SECRET}}},
            "# One MCP server is configured here; something is wrong with how it is",
        ),
        (
            {"hello": {"command": "/bin/true"}, "b": {"command": "/bin/true", "env": {"API_TOKEN": SECRET}}},
            "# Two MCP servers are configured here; something is wrong with how one of them is",
        ),
    ],
)
async def test_servers_are_counted_in_words_that_agree(home, servers, says):
    (home / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    result = await call("audit_clients", {"client": "claude-code"})

    assert result.content[0].text.split("\n")[0] == says


async def test_one_program_is_asked_for_as_one(home):
    person = Person("no")
    await call("audit_clients", {"scan": True, "client": "claude-code"}, person=person)

    assert person.seen[0].startswith("Start this program on this machine, to list its tools?")


async def test_a_server_that_is_not_reached_gets_a_hint_for_a_client(home):
    (home / ".mcp.json").write_text(
        json.dumps({"mcpServers": {"web": {"url": "http://127.0.0.1/mcp", "type": "http"}}})
    )
    result = await call("audit_clients", {"scan": True, "client": "claude-code"})

    [web] = result.structured_content["scanned"]
    assert web["error"]["code"] == "blocked_address"
    assert "mcp-threat-model scan --all-clients --allow-private-network" in web["error"]["hint"]


async def test_one_client_alone(home):
    result = await call("audit_clients", {"client": "cursor"})

    assert {server["client"] for server in result.structured_content["servers"]} == {"cursor"}


async def test_one_question_names_every_command_and_a_yes_starts_them(home, mode):
    person = Person("yes")
    result = await call("audit_clients", {"scan": True}, mode, person)

    assert len(person.seen) == 1
    assert HELLO in person.seen[0]
    assert "no-such-program" in person.seen[0]
    assert "API_TOKEN" in person.seen[0]
    assert "raise SystemExit" not in person.seen[0]
    scanned = {one["target"]: one for one in result.structured_content["scanned"]}
    assert scanned["config:claude-code/hello"]["decision"] == "allow_with_limits"
    assert scanned["config:cursor/gone"]["error"]["code"] == "launch_failed"
    assert "config:cursor/off" not in scanned


@pytest.mark.parametrize("answer", ["no", "decline"])
async def test_without_a_yes_nothing_is_started_and_the_rest_is_told(home, mode, answer):
    result = await call("audit_clients", {"scan": True}, mode, Person(answer))

    assert not result.is_error
    assert {one["error"]["code"] for one in result.structured_content["scanned"]} == {"consent_required"}
    assert "not scanned" in result.content[0].text


async def test_a_client_that_cannot_ask_is_told_what_to_do(home):
    result = await call("audit_clients", {"scan": True})

    hints = [one["error"]["hint"] for one in result.structured_content["scanned"]]
    assert hints
    assert all("`mcp-threat-model scan --all-clients --allow-launch`" in hint for hint in hints)
    assert not any("`manifest`" in hint for hint in hints)  # the tool takes none


class Rewriter(Person):
    """Somebody who agrees while the configuration is written anew."""

    def __init__(self, path, text):
        super().__init__("yes")
        self.path, self.text = path, text

    async def __call__(self, context, params):
        self.path.write_text(self.text)
        return await super().__call__(context, params)


@pytest.fixture
def telling(home):
    """A configured server that says what it was started with, and how it is written down."""
    program = home / "telling.py"
    told = """"-".join(["with", *sys.argv[1:], __import__("os").environ.get("ACCOUNT", "nothing")])"""
    program.write_text(Path(HELLO).read_text().replace('"hello"', told))

    def written(*words, **env):
        entry = {"command": sys.executable, "args": [str(program), *words], "env": env}
        return json.dumps({"mcpServers": {"hello": entry}})

    (home / ".mcp.json").write_text(written(ACCOUNT="mine"))
    return written


SWAPS = [
    ([], {"ACCOUNT": "yours"}),
    ([], {"ACCOUNT": "mine", "PYTHONSTARTUP": "/tmp/other.py"}),
    ([], {}),
    (["--as-something-else"], {"ACCOUNT": "mine"}),
]


@pytest.mark.parametrize(("words", "env"), SWAPS)
async def test_what_was_shown_is_started_whatever_its_configuration_says_by_then(home, telling, words, env):
    person = Rewriter(home / ".mcp.json", telling(*words, **env))
    result = await call("inspect_server_manifest", {"target": "config:claude-code/hello"}, "legacy", person)

    [asked] = person.seen
    assert "(given: ACCOUNT)" in asked
    assert result.structured_content["server"]["name"] == "with-mine"


@pytest.mark.parametrize(("words", "env"), SWAPS)
async def test_where_the_call_begins_anew_a_change_is_asked_about_even_of_a_value_alone(home, telling, words, env):
    person = Rewriter(home / ".mcp.json", telling(*words, **env))
    result = await call("inspect_server_manifest", {"target": "config:claude-code/hello"}, "auto", person)

    first, second = person.seen
    assert first != second
    assert result.structured_content["server"]["name"] == "-".join(["with", *words, env.get("ACCOUNT", "nothing")])


async def test_an_audit_starts_what_was_shown(home, telling):
    person = Rewriter(home / ".mcp.json", telling("--as-something-else", ACCOUNT="yours"))
    result = await call("audit_clients", {"scan": True, "client": "claude-code"}, "legacy", person)

    [hello] = result.structured_content["scanned"]
    assert hello["error"] is None
    assert "--as-something-else" not in person.seen[0]


@pytest.fixture
def locked_pair(home, telling):
    """A lock of one server in two clients; by their clients, the rows that tell what became of them."""
    (home.parent / ".cursor" / "mcp.json").write_text(telling())
    assert main(["lock", "config:claude-code/hello", "config:cursor/hello", "--allow-launch"]) == 0

    def rows(result):
        return {one["target"][7:].partition("/")[0]: one for one in result.structured_content["servers"]}

    return rows


async def test_a_program_that_could_not_be_shown_is_not_started(home, telling, locked_pair):
    (home / ".mcp.json").write_text("{}")
    found = locked_pair(await call("check_changes", {}, "legacy", Rewriter(home / ".mcp.json", telling(ACCOUNT="x"))))

    assert found["cursor"]["status"] == "unchanged"
    assert found["claude-code"]["error"]["code"] == "consent_required"
    assert "its configuration changed" in found["claude-code"]["error"]["message"]


async def test_a_lock_that_changes_after_the_question_mixes_no_servers_up(home, locked_pair):
    lock = home / "mcp-threat-model.lock.json"
    whole = json.loads(lock.read_text())
    lock.write_text(
        json.dumps({**whole, "servers": {name: one for name, one in whole["servers"].items() if "cur" in name}})
    )
    found = locked_pair(await call("check_changes", {}, "legacy", Rewriter(lock, json.dumps(whole))))

    assert found["cursor"]["status"] == "unchanged"
    assert found["claude-code"]["error"]["code"] == "consent_required"


async def test_an_answer_to_another_question_does_not_count(home):
    class Swapper(Person):
        async def __call__(self, context, params):
            if not self.seen:
                entry = {"command": sys.executable, "args": [HELLO, "--as-something-else"]}
                (home / ".mcp.json").write_text(json.dumps({"mcpServers": {"hello": entry}}))
            return await super().__call__(context, params)

    person = Swapper("yes")
    await call("audit_clients", {"scan": True, "client": "claude-code"}, "auto", person)

    assert len(person.seen) == 2
    assert "--as-something-else" in person.seen[1]


async def test_callers_on_other_machines_learn_nothing_of_this_one(home):
    away = Access(ScanOptions(), files=False)
    for name, arguments in (("audit_clients", {}), ("audit_clients", {"scan": True}), ("check_changes", {})):
        result = await call(name, arguments, access=away)
        assert result.is_error
        assert "another machine" in result.content[0].text
        assert "hello" not in result.content[0].text


async def test_the_verdict_comes_first_and_the_limits_are_written_for_the_client(mode):
    result = await call("check_install", {"manifest": SHOP, "client": "claude-code", "name": "shop"}, mode)

    text = result.content[0].text
    assert text.startswith("# ALLOW WITH LIMITS: ")
    assert '"mcp__shop__delete_product"' in text
    answer = result.structured_content
    assert answer["verdict"]["limits"]["deny_tools"] == ["delete_product"]
    rules = json.loads(answer["limits"]["files"][0]["text"])["permissions"]
    assert rules["allow"] == ["mcp__shop__list_orders"]


async def test_a_listing_gets_a_verdict_and_no_limits():
    result = await call("check_install", {"listing": "Manages orders and refunds of an online shop."})

    assert result.structured_content["limits"] is None
    assert result.content[0].text.startswith("# REVIEW FIRST")


async def test_nothing_named_is_a_sentence():
    result = await call("check_install", {})

    assert result.is_error
    assert "give one of" in result.content[0].text


@pytest.fixture
def locked(home, capsys):
    """A lock of a file, in the project."""
    Path("shop.json").write_text(json.dumps(SHOP))
    assert main(["lock", "shop.json"]) == 0
    capsys.readouterr()
    return Path("shop.json")


@pytest.fixture
def many(home, capsys):
    """A lock of two servers more than one call reads, of which the last but one turned into something else."""
    files = [Path(f"shop-{index:03}.json") for index in range(MAX_TARGETS + 2)]
    for file in files:
        file.write_text(json.dumps(SHOP))
    assert main(["lock", *map(str, files)]) == 0
    capsys.readouterr()
    return files


async def test_servers_that_are_too_many_for_a_call_are_named_and_not_unchanged(many):
    many[-2].write_text(json.dumps({"tools": [{"name": "run_command", "description": "Run a shell command."}]}))
    result = await call("check_changes", {})

    answer = result.structured_content
    statuses = {one["target"]: one["status"] for one in answer["servers"]}
    assert [statuses.pop(str(file)) for file in many[MAX_TARGETS:]] == ["not_checked", "not_checked"]
    assert set(statuses.values()) == {"unchanged"}
    assert (answer["servers_total"], answer["unchecked_total"]) == (MAX_TARGETS + 2, 2)
    text = result.content[0].text
    assert f"# 0 of {MAX_TARGETS + 2} approved servers changed" in text
    assert "; 2 could not be checked, or only in part" in text
    assert f"Not checked: `{many[-2]}`, `{many[-1]}` (unsupported): One call reads 60 servers" in text
    assert "Check one server at a time, or run `mcp-threat-model check` in a terminal" in text

    alone = await call("check_changes", {"target": str(many[-2])})
    assert [one["status"] for one in alone.structured_content["servers"]] == ["changed"]


async def test_configured_servers_that_are_too_many_for_a_call_are_named_and_counted(home):
    count = MAX_TARGETS + 205
    entries = {f"s{index:03}": {"url": "http://127.0.0.1/mcp"} for index in range(count)}
    entries["s264"] = {"url": "https://mcp.example.com/mcp", "headers": {"Authorization": f"Bearer {SECRET}"}}
    entries["s263"] = {"url": "http://mcp.example.com/mcp"}
    (home / ".mcp.json").write_text(json.dumps({"mcpServers": entries}))
    result = await call("audit_clients", {"scan": True, "client": "claude-code"})

    answer = result.structured_content
    codes = [one["error"]["code"] for one in answer["scanned"]]
    assert codes == ["blocked_address"] * MAX_TARGETS + ["unsupported"] * 200
    assert (answer["scanned_total"], answer["servers_total"]) == (count, count)
    assert answer["wrong_total"] == sum(bool(one["findings"]) for one in answer["servers"]) == 2
    text = result.content[0].text
    assert "265 MCP servers are configured here; something is wrong with how two of them are" in text
    assert "and 190 more: not scanned (unsupported): One call reads 60 servers, and these are 265." in text
    assert "Five more, not scanned either and not named here." in text


async def test_an_unchanged_server_is_unchanged(locked, mode):
    result = await call("check_changes", {}, mode)

    assert [server["status"] for server in result.structured_content["servers"]] == ["unchanged"]
    assert "0 of 1 approved servers changed" in result.content[0].text


async def test_what_the_lock_names_is_looked_for_beside_it_wherever_the_server_runs(
    locked, home, tmp_path, monkeypatch
):
    lock = str(home / "mcp-threat-model.lock.json")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    result = await call("check_changes", {"lock": lock})

    assert [server["status"] for server in result.structured_content["servers"]] == ["unchanged"]


async def test_what_changed_is_told_gravest_first(locked):
    tools = [*SHOP["tools"], {"name": "run_command", "description": "Run a shell command."}]
    locked.write_text(json.dumps({"tools": tools}))
    result = await call("check_changes", {"lock": "mcp-threat-model.lock.json", "target": "shop.json"})

    [server] = result.structured_content["servers"]
    assert server["status"] == "changed"
    assert "change.tool_added" in {change["rule_id"] for change in server["changes"]}


async def test_what_cannot_be_read_is_not_unchanged(locked):
    locked.unlink()
    result = await call("check_changes", {})

    assert [server["status"] for server in result.structured_content["servers"]] == ["not_checked"]
    assert "1 could not be checked" in result.content[0].text
    assert "Not checked: `shop.json` (unreachable): there is no file shop.json" in result.content[0].text


async def test_tools_that_were_never_seen_are_not_unchanged(locked, capsys):
    start = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {"listChanged": True}}}
    locked.write_text(json.dumps({"initialize": start, "tools": []}))
    assert main(["lock", "shop.json"]) == 0
    result = await call("check_changes", {})

    assert [server["status"] for server in result.structured_content["servers"]] == ["not_checked"]
    assert "Not checked in full: `shop.json`. Unchanged as far as could be seen: " in result.content[0].text


@pytest.fixture
def older_lock(locked):
    """A lock that holds less than this version compares."""
    lock = Path("mcp-threat-model.lock.json")
    held = json.loads(lock.read_text())
    del held["servers"]["shop.json"]["exact"]
    lock.write_text(json.dumps(held))


async def test_what_an_older_lock_does_not_hold_is_not_unchanged(older_lock):
    result = await call("check_changes", {})

    assert [server["status"] for server in result.structured_content["servers"]] == ["not_checked"]
    assert "Not checked in full: `shop.json`. Not everything could be compared." in result.content[0].text


@pytest.fixture
def other_locks(locked):
    """A lock without servers, and one with a server that is no target."""
    lock = json.loads(Path("mcp-threat-model.lock.json").read_text())
    Path("empty.json").write_text(json.dumps({**lock, "servers": {}}))
    Path("odd.json").write_text(json.dumps({**lock, "servers": {"https:// x": lock["servers"]["shop.json"]}}))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"lock": "none.json"}, "there is no none.json"),
        ({"lock": ""}, "lock is empty"),
        ({"target": "other.json"}, "is not in"),
        ({"target": ""}, "an empty target is not in"),
        ({"lock": "shop.json"}, "not a lock file"),
        ({"lock": "empty.json"}, "approves no server yet"),
        ({"lock": "odd.json"}, "holds a server that is no target"),
    ],
)
async def test_a_lock_that_is_none(locked, other_locks, arguments, says):
    result = await call("check_changes", arguments)

    assert result.is_error
    assert says in result.content[0].text


@pytest.fixture
def locked_program(home, capsys):
    """A lock of a program."""
    assert main(["lock", "config:claude-code/hello", "--allow-launch"]) == 0
    capsys.readouterr()


async def test_a_locked_program_is_started_only_with_consent(locked_program, mode):
    refused, agreed = Person("no"), Person("yes")
    no = await call("check_changes", {}, mode, refused)
    yes = await call("check_changes", {}, mode, agreed)

    assert no.structured_content["servers"][0]["status"] == "not_checked"
    assert yes.structured_content["servers"][0]["status"] == "unchanged"
    assert len(refused.seen) == len(agreed.seen) == 1


async def test_a_client_that_cannot_ask_is_told_how_to_check_in_a_terminal(locked_program):
    result = await call("check_changes", {})

    [hello] = result.structured_content["servers"]
    assert hello["status"] == "not_checked"
    assert "`mcp-threat-model check --allow-launch` in a terminal." in hello["error"]["hint"]
    assert "`manifest`" not in result.content[0].text


@pytest.fixture
def locked_twins(home, capsys):
    """A lock of two programs that look alike, because they differ in a secret alone."""
    for key in ("one", "two"):
        command = f"stdio:{sys.executable} {HELLO} --token {SECRET}-{key}"
        assert main(["lock", "--add", command, "--allow-launch"]) == 0
    capsys.readouterr()


async def test_a_server_whose_target_is_not_wholly_known_is_neither_started_nor_mixed_up(locked_twins):
    person = Person("yes")
    result = await call("check_changes", {}, "auto", person)

    assert [server["status"] for server in result.structured_content["servers"]] == ["not_checked", "not_checked"]
    assert len({server["target"] for server in result.structured_content["servers"]}) == 2
    assert person.seen == []


ABOUT_ONE = ("score_agent", "check_install", "inspect_server_manifest", "list_maestro_threats", "calculate_aivss")


@pytest.mark.parametrize("name", ABOUT_ONE)
async def test_a_configured_program_is_asked_for_like_any_other(home, mode, name):
    yes, no = Person("yes"), Person("no")
    agreed = await call(name, {"target": "config:claude-code/hello"}, mode, yes)
    refused = await call(name, {"target": "config:claude-code/hello"}, mode, no)

    assert not agreed.is_error, agreed.content
    assert "did not allow" in refused.content[0].text
    for person in (yes, no):
        [seen] = person.seen
        assert f"{sys.executable} {HELLO}" in seen
        assert "\nSandbox: " in seen
        assert "It is code of somebody else, and runs with the variables that are named." in seen
        assert "1. config:" not in seen
        assert "API_TOKEN" in seen
        assert SECRET not in seen


async def test_a_program_that_only_its_configuration_finds_is_not_started_unasked(home, tmp_path):
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    program = hidden / "only-there"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    program.chmod(0o755)
    entry = {"command": "only-there", "env": {"PATH": f"{hidden}:/usr/bin:/bin"}}
    (home / ".mcp.json").write_text(json.dumps({"mcpServers": {"there": entry}}))
    person = Person("no")
    result = await call("score_agent", {"target": "config:claude-code/there"}, person=person)

    assert "did not allow" in result.content[0].text
    [asked] = person.seen
    assert "\nSandbox: " in asked
    assert not (tmp_path / "ran").exists()


async def test_callers_on_other_machines_do_not_have_a_configuration_looked_up(home):
    person = Person("yes")
    away = Access(ScanOptions(), files=False)
    result = await call("score_agent", {"target": "config:claude-code/hello"}, person=person, access=away)

    assert result.is_error
    assert person.seen == []


async def test_a_configuration_that_is_too_long_for_the_text_is_named_by_its_command(tmp_path):
    many = {"tools": [{"name": f"get_{'thing_' * 8}{n}", "description": "Get one thing."} for n in range(200)]}
    path = tmp_path / "many tools.json"
    path.write_text(json.dumps(many))
    arguments = {"target": str(path), "client": "cursor", "name": "shop"}
    text = (await call("check_install", arguments)).content[0].text

    assert "cut here" not in text
    assert "Into `" not in text
    assert f"`mcp-threat-model limits '{path}' --client cursor --as shop` prints it" in text
    assert "an mcpAllowlist replaces the list" in text


async def test_a_finding_of_an_install_says_where_it_lies():
    secret = {"type": "object", "properties": {"password": {"type": "string"}}}
    tools = [{"name": "log_in", "description": "Log in.", "inputSchema": secret}]
    text = (await call("check_install", {"manifest": tools})).content[0].text

    assert "**: `log_in`: A secret is passed as a tool argument. " in text
