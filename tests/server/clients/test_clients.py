"""Eight clients' configuration, read from made-up homes of three operating systems."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mcp_threat_model.cli import main
from mcp_threat_model.clients.discover import discover
from mcp_threat_model.clients.entry import Configured, is_plain_secret
from mcp_threat_model.clients.every import enabled
from mcp_threat_model.clients.form import ConfigTarget
from mcp_threat_model.clients.hygiene import check
from mcp_threat_model.clients.locations import CLIENTS, PLATFORMS, Client, Machine
from mcp_threat_model.clients.way import resolve
from mcp_threat_model.reading import Allowed, ScanOptions, read_target
from mcp_threat_model.target import parse_target
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.structs import replace

SECRET = "hunter2hunter2hunter2"
STDIO = {"command": "npx", "args": ["-y", "shop-mcp@1.2.3"], "env": {"SHOP_KEY": "${SHOP_KEY}"}}
HTTP = {"url": "https://mcp.example.com/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}}


def machine(tmp_path: Path, platform: str) -> Machine:
    home = tmp_path / "home"
    config = {"linux": ".config", "darwin": "Library/Application Support", "win32": "AppData/Roaming"}[platform]
    return Machine(platform, home, home / config, tmp_path / "system", tmp_path / "project")


def written(client: Client, entries: dict) -> str:
    if client.format == "json":
        return json.dumps({client.key: entries})
    lines = []
    for name, entry in entries.items():
        lines.append(f'[{client.key}."{name}"]')
        lines += [f"{key} = {json.dumps(value)}" for key, value in entry.items() if not isinstance(value, dict)]
        for key, value in entry.items():
            if isinstance(value, dict):
                lines.append(f'[{client.key}."{name}".{key}]')
                lines += [f"{inner} = {json.dumps(held)}" for inner, held in value.items()]
    return "\n".join(lines)


PLACES = [
    pytest.param(client, platform, index, id=f"{client.id}-{platform}-{index}")
    for client in CLIENTS
    for platform in PLATFORMS
    for index in range(sum(1 for _ in client.files(Machine(platform, Path("h"), Path("c"), Path("s"), Path("p")))))
]


@pytest.mark.parametrize(("client", "platform", "index"), PLACES)
def test_every_place_of_every_client_is_read(tmp_path, client, platform, index):
    here = machine(tmp_path, platform)
    scope, path = list(client.files(here))[index]
    path.parent.mkdir(parents=True)
    path.write_text(written(client, {"shop": STDIO, "remote": HTTP}))

    found = discover(here)

    assert [(one.client, one.scope, one.name) for one in found.servers] == [
        (client.id, scope, "shop"),
        (client.id, scope, "remote"),
    ]
    assert found.servers[0].argv == ("npx", "-y", "shop-mcp@1.2.3")
    assert found.servers[1].url == "https://mcp.example.com/mcp"
    assert not found.broken


def test_an_empty_machine_has_nothing(tmp_path):
    found = discover(machine(tmp_path, "linux"))

    assert (found.servers, found.files, found.broken) == ((), (), ())


def test_comments_and_trailing_commas_are_understood(tmp_path):
    here = machine(tmp_path, "linux")
    path = here.config / "zed" / "settings.json"
    path.parent.mkdir(parents=True)
    path.write_text(
        '{\n // mine\n "context_servers": {"old": {"command": {"path": "srv", "args": ["--x"]}, /* */ },},\n}'
    )

    found = discover(here)

    assert [one.argv for one in found.servers] == [("srv", "--x")]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (".cursor/mcp.json", '{\n "mcpServers": {"a": }\n}', "line 2, column 22"),
        (".cursor/mcp.json", '{"mcpServers": {', "not JSON: it ends too early, at line 1, column 17"),
        (".cursor/mcp.json", '{"mcpServers": {"a": {"command": "x"},\n "b": {}}', "too early, at line 2, column 10"),
        (".cursor/mcp.json", "[" * 5_000, "nested too deeply"),
        (".codex/config.toml", "a = \n", "line 1"),
        (".codex/config.toml", "a = " + "9" * 5_000, "too many digits"),
        (".codex/config.toml", "a = 0x" + "f" * 5_000, "too many digits"),
        (".cursor/mcp.json", '{"a": 0x' + "f" * 5_000 + ",}", "too many digits"),
        (".codex/config.toml", "a = " + "[" * 5_000, "nested too deeply"),
        (".codex/config.toml", "#" * 600_000, "larger than"),
        (".codex/config.toml", "a." * 200_000 + "a = 1", "more than 8 parts"),
        (".codex/config.toml", "[" + "a." * 200_000 + "a]", "more than 8 parts"),
        (".codex/config.toml", "[a]\nb = {" + '\'a\' . "\\" #" . ' * 9 + "a = 1}", "more than 8 parts"),
        (".codex/config.toml", 'a = """\\""" "#"""""\n' + "a." * 9 + "a = 1", "more than 8 parts"),
        (".codex/config.toml", "a = '''\"#'''''\n" + "a." * 9 + "a = 1", "more than 8 parts"),
    ],
)
def test_a_broken_file_is_one_problem_with_its_place_and_the_others_are_read(tmp_path, name, text, says):
    here = machine(tmp_path, "linux")
    (here.home / Path(name).parent).mkdir(parents=True)
    (here.home / name).write_text(text)
    (here.home / ".gemini").mkdir(parents=True)
    (here.home / ".gemini" / "settings.json").write_text(json.dumps({"mcpServers": {"ok": STDIO}}))

    found = discover(here)

    assert [one.name for one in found.servers] == ["ok"]
    assert len(found.broken) == 1
    assert says in found.broken[0].problem


def test_words_between_dots_are_no_key_where_toml_has_text(tmp_path):
    dotted = ".".join("abcdefghijklmnop")
    here = machine(tmp_path, "linux")
    (here.home / ".codex").mkdir(parents=True)
    (here.home / ".codex" / "config.toml").write_text(
        f"# {dotted}\nnote = '''\n{dotted}\n'''\n[projects.'/home/{dotted}']\ntrust_level = \"{dotted}\"\n"
        '[mcp_servers.ok]\ncommand = "srv"\n[mcp_servers.ok.env]\nA.B.C = "1"\n'
    )

    found = discover(here)

    assert [one.name for one in found.servers] == ["ok"]
    assert not found.broken


@pytest.mark.parametrize("piece", ['"""\n\\', '\\"', "''\n"])
@pytest.mark.parametrize("quotes", ['"', '"""', "'''"])
def test_text_that_does_not_end_is_looked_through_once(tmp_path, quotes, piece):
    here = machine(tmp_path, "linux")
    (here.home / ".codex").mkdir(parents=True)
    (here.home / ".codex" / "config.toml").write_text(f"a = {quotes}{piece * 100_000}")

    assert "not TOML" in discover(here).broken[0].problem


def test_the_user_s_file_is_listed_once_where_the_project_is_the_home(tmp_path):
    here = machine(tmp_path, "linux")
    for name, client in ((".cursor/mcp.json", "cursor"), (".codex/config.toml", "codex")):
        (here.home / name).parent.mkdir(parents=True)
        [form] = [one for one in CLIENTS if one.id == client]
        (here.home / name).write_text(written(form, {"shop": STDIO}))
    (tmp_path / "link").symlink_to(here.home)

    for project in (here.home, tmp_path / "link"):
        found = discover(replace(here, project=project))

        assert [(one.client, one.scope) for one in found.servers] == [("cursor", "user"), ("codex", "user")]
        assert len(found.files) == 2


def test_an_entry_that_starts_nothing_is_reported_and_its_neighbours_kept(tmp_path):
    here = machine(tmp_path, "linux")
    (here.home / ".cursor").mkdir(parents=True)
    (here.home / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": {"empty": {}, "odd": 3, "ok": STDIO}}))

    found = discover(here)

    assert [one.name for one in found.servers] == ["ok"]
    assert len(found.broken) == 2


def at_home(here: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The same machine, as this process's own."""
    here.project.mkdir()
    monkeypatch.chdir(here.project)
    monkeypatch.setenv("HOME", str(here.home))
    monkeypatch.setenv("USERPROFILE", str(here.home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return here


def claude_code(here: Machine, projects: dict, user: dict | None = None) -> None:
    """Write the one file in which Claude Code keeps the servers of a user and of every project."""
    here.home.mkdir(exist_ok=True)
    held = {name: {"mcpServers": servers} for name, servers in projects.items()}
    (here.home / ".claude.json").write_text(json.dumps({"mcpServers": user or {}, "projects": held}))


def test_claude_code_keeps_projects_apart(tmp_path):
    here = machine(tmp_path, "linux")
    claude_code(here, {str(here.project): {"mine": STDIO}, "/elsewhere": {"theirs": HTTP}}, {"all": HTTP})

    found = discover(here)

    assert {(one.called, one.scope, one.project) for one in found.servers} == {
        ("all", "user", ""),
        ("mine", "project", str(here.project)),
        ("theirs (in /elsewhere)", "project", "/elsewhere"),
    }
    assert {one.label for one in enabled(found)} == {
        "config:claude-code/all", "config:claude-code/mine", "config:claude-code/theirs (in /elsewhere)"
    }  # fmt: skip


def test_one_name_in_two_projects_is_two_targets(tmp_path, monkeypatch):
    here = at_home(machine(tmp_path, "linux"), monkeypatch)
    claude_code(here, {"/a": {"db": STDIO}, "/b": {"db": {"command": "evil"}}})

    for name, argv in (("db (in /a)", STDIO["command"]), ("db (in /b)", "evil")):
        [target] = [one for one in enabled(discover(here)) if one.name == name]
        assert parse_target(target.label) == target
        assert target.own_name == "db"
        way = resolve("claude-code", name)
        assert way.entry.argv[0] == argv
        assert way.runs.only == name[-3:-1]


@pytest.mark.parametrize(
    ("projects", "message", "hint"),
    [
        (["/a"], "has no server called db here, but in the project /a", "'config:claude-code/db (in /a)'"),
        (["/a", "/b"], "but in the projects /a and /b", "'config:claude-code/db (in /a)'"),
        ([f"/p{index:02}" for index in range(30)], "/p11 and 18 more", "'config:claude-code/db (in /p00)'"),
    ],
)
def test_a_name_alone_does_not_mean_a_server_of_another_project(tmp_path, monkeypatch, projects, message, hint):
    here = at_home(machine(tmp_path, "linux"), monkeypatch)
    claude_code(here, {project: {"db": STDIO} for project in projects})

    with pytest.raises(TargetError) as caught:
        resolve("claude-code", "db")

    assert caught.value.code == "unreachable"
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_name_with_its_project_means_the_same_inside_the_project(tmp_path, monkeypatch):
    here = at_home(machine(tmp_path, "linux"), monkeypatch)
    claude_code(here, {str(here.project): {"db": STDIO}, "/b": {"db": HTTP}}, {"db": HTTP})

    assert resolve("claude-code", "db").entry.argv == (STDIO["command"], *STDIO["args"])
    assert resolve("claude-code", f"db (in {here.project})").entry.argv
    assert resolve("claude-code", "db (in /b)").entry.url


def test_an_entry_that_a_nearer_one_stands_before_is_named_with_its_file(tmp_path, monkeypatch):
    here = at_home(machine(tmp_path, "linux"), monkeypatch)
    claude_code(here, {}, {"db": HTTP, "same": HTTP})
    (here.project / ".mcp.json").write_text(json.dumps({"mcpServers": {"db": STDIO, "same": HTTP}}))

    found = discover(here)

    assert [one.name for one in enabled(found)] == [f"db (in {here.home / '.claude.json'})", "same", "db"]
    users = found.find("claude-code", f"db (in {here.home / '.claude.json'})")
    assert [one.runs.but for one in users] == [frozenset({str(here.project)})]
    assert resolve("claude-code", "same").runs.only == ""


def test_neighbours_are_those_of_one_session(tmp_path):
    here = machine(tmp_path, "linux")
    claude_code(here, {"/a": {"bank": STDIO}, "/b": {"evil": HTTP}})
    assert {one.name: one.neighbours for one in discover(here).servers} == {"bank": 0, "evil": 0}

    claude_code(here, {"/a": {"bank": STDIO}, "/b": {"evil": HTTP}}, {"all": HTTP})
    assert {one.name: one.neighbours for one in discover(here).servers} == {"bank": 1, "evil": 1, "all": 2}


def test_one_name_in_two_projects_is_nothing_wrong(tmp_path):
    here = machine(tmp_path, "linux")
    other = {"command": "other-server"}
    claude_code(here, {"/a": {"db": STDIO}, "/b": {"db": other}})
    assert rules_of(*discover(here).servers) == [[], []]

    claude_code(here, {"/a": {"db": STDIO}, "/b": {"db": other}}, {"db": STDIO})
    checked = check(discover(here).servers, default_ruleset())
    assert [(str(one.name), [found.rule_id for found in one.findings]) for one in checked] == [
        ("db", []), ("db (in /a)", []), ("db (in /b)", ["config.same_name"])
    ]  # fmt: skip


def entry(raw: dict, name: str = "shop", client: str = "cursor") -> Configured:
    return Configured(client, "user", "/x/mcp.json", name, raw)


def rules_of(*entries: Configured) -> list[list[str]]:
    return [[finding.rule_id for finding in one.findings] for one in check(entries, default_ruleset())]


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        ({"command": "npx", "args": ["-y", "shop-mcp"]}, "pkg.unpinned"),
        ({"command": "uvx", "args": ["shop-mcp@latest"]}, "pkg.unpinned"),
        ({"url": "http://mcp.example.com/mcp"}, "transport.cleartext"),
        ({"command": "srv", "env": {"SHOP_API_KEY": SECRET}}, "config.plain_secret"),
        (
            {"url": "https://mcp.example.com/mcp", "headers": {"Authorization": f"Bearer {SECRET}"}},
            "config.plain_secret",
        ),
    ],
)
def test_a_careless_entry_is_told_of(raw, rule):
    assert rule in rules_of(entry(raw))[0]


def test_a_careful_entry_is_left_alone():
    assert rules_of(entry(STDIO), entry(HTTP, "remote")) == [[], []]


def test_one_name_for_two_programs_and_names_that_look_alike():
    other = {"command": "other-server"}

    assert rules_of(entry(STDIO), entry(other, client="vscode"))[1] == ["config.same_name"]
    assert rules_of(entry(STDIO), entry(STDIO, client="vscode"))[1] == []
    assert "config.lookalike_name" in rules_of(entry(STDIO, "github"), entry(other, "gιthub"))[1]


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("API_KEY", SECRET, True),
        ("API_KEY", "${API_KEY}", False),
        ("API_KEY", "${input:key}", False),
        ("API_KEY", "<your key>", False),
        ("API_KEY", "your-api-key", False),
        ("API_KEY", "short", False),
        ("KEY_FILE_TOKEN", "/run/secrets/token", False),
        ("WHATEVER", "ghp_0123456789abcdef0123", True),
        ("LOG_LEVEL", "information", False),
        ("Authorization", f"Bearer {SECRET}", True),
    ],
)
def test_what_counts_as_a_secret_in_plain_text(name, value, secret):
    assert is_plain_secret(name, value) is secret


def test_no_value_of_a_configuration_is_ever_shown(tmp_path):
    raw = {
        "command": "srv",
        "args": ["--api-key", SECRET, f"--token={SECRET}"],
        "env": {"SHOP_KEY": SECRET, "OTHER": SECRET},
        "headers": {"X-Key": SECRET},
    }
    one = entry(raw)

    shown = repr(one) + repr(one.manifest()) + repr(check([one], default_ruleset()))
    assert SECRET not in shown


def project_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: dict) -> None:
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": entries}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def test_an_address_with_a_key_is_shown_with_its_scheme(tmp_path, monkeypatch, capsys):
    project_with(tmp_path, monkeypatch, {"shop": {"url": f"http://127.0.0.1:18731/mcp?key={SECRET}"}})

    assert main(["clients"]) == 0
    text = capsys.readouterr().out
    assert main(["clients", "--format", "json"]) == 0
    [server] = json.loads(capsys.readouterr().out)["servers"]

    assert "http://127.0.0.1:18731/mcp?key=…" in text
    assert server["reached"] == "http://127.0.0.1:18731/mcp?key=…"
    assert "1 configured in 1 file;" in text


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"X-A": "Bearer\nabc"}, "the value of the header x-a holds control characters"),
        ({"bad name": "v"}, "the name of the header “bad name” holds characters that HTTP does not allow"),
        ({"": "v"}, "a header has no name"),
        ({"Host": "v"}, "the header host is set by the protocol"),
    ],
)
def test_a_header_that_http_does_not_allow_is_an_error_of_that_server_alone(
    tmp_path, monkeypatch, capsys, headers, says
):
    hello = Path(__file__).parents[2] / "targets" / "hello_stdio.py"
    broken, good = {"url": "https://a.example/x", "headers": headers}, {"command": sys.executable, "args": [str(hello)]}
    project_with(tmp_path, monkeypatch, {"a": broken, "hi": good})

    assert main(["scan", "--all-clients", "--allow-launch", "--sandbox", "off", "--format", "json"]) == 4
    shown = json.loads(capsys.readouterr().out)

    assert [one["target"]["value"] for one in shown["reports"]] == ["config:cursor/hi"]
    assert [(one["target"], one["code"]) for one in shown["errors"]] == [("config:cursor/a", "malformed")]
    assert says in shown["errors"][0]["message"]


def test_what_cannot_be_read_of_the_configurations_is_an_error_of_a_scan_of_all(tmp_path, monkeypatch, capsys):
    hello = Path(__file__).parents[2] / "targets" / "hello_stdio.py"
    project_with(tmp_path, monkeypatch, {"hi": {"command": sys.executable, "args": [str(hello)]}})
    broken = Path(".gemini/settings.json")
    broken.parent.mkdir()
    broken.write_text('{"mcpServers": {"evil": {"command": "npx"}}')

    assert main(["scan", "--all-clients", "--allow-launch", "--sandbox", "off", "--format", "json"]) == 4
    shown = json.loads(capsys.readouterr().out)

    assert [one["target"]["value"] for one in shown["reports"]] == ["config:cursor/hi"]
    [error] = shown["errors"]
    assert (error["target"].endswith("settings.json"), error["code"]) == (True, "malformed")
    assert "may have been left out: it is not JSON: it ends too early" in error["message"]


def test_how_a_server_is_read_shows_no_value_of_what_it_is_given(tmp_path, monkeypatch):
    project_with(tmp_path, monkeypatch, {"a": {"command": "x", "env": {"TOKEN": "s3cret-s3cret"}}})

    assert repr(resolve("cursor", "a")) == "ConfiguredWay(stdio:x, given ['TOKEN'])"


@pytest.mark.parametrize("headers", [{"X-A": "Bearer abc\n"}, {"Accept": "application/json", "X-A": "Bearer abc"}])
def test_what_clients_put_up_with_is_no_error(tmp_path, monkeypatch, headers):
    project_with(tmp_path, monkeypatch, {"a": {"url": "https://a.example/x", "headers": headers}})

    assert resolve("cursor", "a").headers == {"x-a": "Bearer abc"}


async def test_a_configured_server_is_started_as_its_client_would(tmp_path, monkeypatch):
    hello = Path(__file__).parents[2] / "targets" / "hello_stdio.py"
    project_with(tmp_path, monkeypatch, {"hi": {"command": sys.executable, "args": [str(hello)], "env": {"A": "b"}}})

    manifest = await read_target(ConfigTarget("cursor", "hi"), ScanOptions(), consent=Allowed())

    assert [tool.name for tool in manifest.tools] == ["get_greeting", "delete_greeting"]
    assert (manifest.target_kind, manifest.target_value) == ("config", "config:cursor/hi")
    assert manifest.launch.env_names == ("A",)


@pytest.mark.parametrize(
    ("target", "code", "says"),
    [
        (ConfigTarget("emacs", "hi"), "unsupported", "claude-desktop"),
        (ConfigTarget("cursor", "ho"), "unreachable", "It has: hi"),
        (ConfigTarget("zed", "hi"), "unreachable", "It has none"),
        (ConfigTarget("cursor", "hi"), "consent_required", "--allow-launch"),
    ],
)
async def test_a_configured_server_that_cannot_be_read_says_why(tmp_path, monkeypatch, target, code, says):
    project_with(tmp_path, monkeypatch, {"hi": {"command": "server-that-is-not-there"}})

    with pytest.raises(TargetError) as caught:
        await read_target(target, ScanOptions())

    assert caught.value.code == code
    assert says in caught.value.hint
