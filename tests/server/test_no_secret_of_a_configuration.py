"""A secret in a client's configuration, however it is spelt, is in no output; the server itself gets it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from mcp import Client

from mcp_threat_model.cli import main
from mcp_threat_model.guard.command_line import redact_argv
from mcp_threat_model.mcp_server import build_server

HELLO = Path(__file__).parents[1] / "targets" / "hello_stdio.py"

LONG = "{}vX9kQ2mZ7pL4tR8wY1nB6cD"
KEY = "sk-ant-api03-{}qVwYS81VP7Hb1DX8pPd5khxE3pyIgKp"
PASSWORD = "Hunter{}Correct9"
PLAIN = "correct-{}-horse"

ARGUMENTS = {
    "a header": (["--header", "Authorization: Bearer {}"], LONG),
    "a header without blanks": (["--header", "X-Api-Key:{}"], LONG),
    "a header in several words": (["--header", "Authorization:", "Bearer", "{}"], PASSWORD),
    "a header of a short option": (["-H", "X-Custom: {}"], PASSWORD),
    "a header joined to its option": (["--header=Authorization: Basic {}"], LONG),
    "a header joined to a letter": (["-HX-Api-Key: {}"], PASSWORD),
    "headers as JSON": (["--headers", '{{"Authorization":"Bearer {}"}}'], PASSWORD),
    "a cookie": (["-H", "Cookie: sid={}; theme=dark"], PASSWORD),
    "an option": (["--api-key", "{}"], PASSWORD),
    "a joined option": (["--token={}"], PASSWORD),
    "a default behind a reference": (["--token=${{TOKEN:-{}}}"], PASSWORD),
    "a variable": (["-e", "K={}"], KEY),
    "a variable that nothing names": (["--env", "DB={}"], LONG),
    "a variable joined to its option": (["-eGITHUB_TOKEN={}"], "ghp_{}0MLaMRTvetw0tESulEETldq8b8Vw2zbJYA"),
    "a key behind any option": (["--x={}"], KEY),
    "a key by itself": (["{}"], KEY),
    "a run of chance by itself": (["{}"], LONG),
    "a password of one letter": (["-p", "{}"], PASSWORD),
    "a plain password beside a user": (["-u", "bob", "-p", "{}"], "correct-{}-horse"),
    "a user with a password": (["-u", "bob:{}"], PASSWORD),
    "a password in an address": (["postgresql://bob:{}@db.acme.io/app"], PASSWORD),
    "a password that ends a host": (["postgresql://bob:{}/x@db.acme.io/app"], PASSWORD),
    "a password without a scheme": (["bob:{}@tcp(db.acme.io:3306)/app"], PASSWORD),
    "a user that is a key": (["https://{}@git.acme.io/x"], "ghp_{}0MLaMRTvetw0tESulEETldq8b8Vw2zbJYA"),
    "a parameter": (["https://mcp.acme.io/mcp?api_key={}"], PASSWORD),
    "a parameter that nothing names": (["https://mcp.acme.io/mcp?k={}"], LONG),
    "a part of an address": (["https://mcp.acme.io/{}/mcp"], LONG),
    "a connection string": (["Server=db;User Id=sa;Password={} x;Database=y"], PASSWORD),
    "a command in one word": (["-c", "API_KEY={} npx x --header 'X-Key: y'"], PASSWORD),
    "a word before a password": (["--pass", "{}"], PLAIN),
    "a password of something": (["--db-pass", "{}"], PLAIN),
    "a variable as an option": (["--DB_PASS={}"], PLAIN),
    "a short word": (["--pw", "{}"], PLAIN),
    "credentials": (["--creds", "{}"], PLAIN),
    "a passcode": (["--passcode", "{}"], PLAIN),
    "a signed token": (["--jwt", "{}"], PLAIN),
    "a session": (["--session-id", "{}"], PLAIN),
    "a short session": (["--sid", "{}"], PLAIN),
    "a number behind a name": (["--password1={}"], PLAIN),
    "a second token": (["--token2", "{}"], PLAIN),
    "a variable of a container": (["-e", "DB_PASS={}"], PLAIN),
    "a variable of a command": (["env", "PASS={}"], PLAIN),
    "a variable of anyone": (["env", "MY_PASS={}"], PLAIN),
    "a variable in one word": (["env", "DBPASS={}"], PLAIN),
    "a scheme as a word": (["--auth", "Bearer", "{}"], PLAIN),
    "a header and its value": (["--header", "Authorization", "Bearer {}"], PLAIN),
    "a scheme with its value": (["Bearer {}"], PLAIN),
    "a header up to its scheme": (["Authorization:Bearer", "{}"], PLAIN),
    "a header of another program": (["-c", "http.extraheader=AUTHORIZATION: basic {}"], PLAIN),
    "a list in JSON": (["--config", '{{"token": ["{}"]}}'], PLAIN),
    "an object in JSON": (["--config", '{{"auth":{{"user":"a","pass":"{}"}}}}'], PLAIN),
    "another object in JSON": (["--config", '{{"db":{{"user":"a","pass":"{}"}}}}'], PLAIN),
    "a variable of PowerShell": (["powershell", "-Command", '$env:API_KEY = "{}"; npx x'], PLAIN),
    "a variable of fish": (["fish", "-c", "set -x TOKEN {}; npx x"], PLAIN),
    "a password joined to a letter": (["mysql", "-uroot", "-p{}"], PLAIN),
    "a password of a program": (["sshpass", "-p", "{}"], PLAIN),
    "a password of a database": (["mongosh", "-p", "{}"], PLAIN),
    "another letter of a program": (["redis-cli", "-a", "{}"], PLAIN),
    "a user of a proxy": (["curl", "--proxy-user", "u:{}"], PLAIN),
    "a part behind a name": (["https://mcp.acme.io/token/{}/mcp"], PLAIN),
    "a parameter of a part": (["https://mcp.acme.io/mcp;key={}"], PLAIN),
    "a parameter without a question": (["https://mcp.acme.io/mcp&token={}"], PLAIN),
    "a signature": (["SharedAccessSignature=sr=x&sig={}"], PLAIN),
    "an address without a scheme": (["//u:{}@mcp.acme.io"], PLAIN),
    "a user of a repository": (["git+https://{}@github.com/x/y"], PLAIN),
    "settings as JSON": (["--config", '{{"apiKey": "{}", "region": "eu"}}'], PASSWORD),
}
"""Spellings in a command: the words, and the secret's own form; the number of the row makes each another one."""
ADDRESSES = {
    "a password": ("https://alice:{}@mcp.acme.invalid/mcp", PASSWORD),
    "a user that is a key": ("https://{}@mcp.acme.invalid/mcp", "ghp_{}0MLaMRTvetw0tESulEETldq8b8Vw2zbJYA"),
    "a password in an address that is none": ("https://alice:{}@mcp acme/mcp", PASSWORD),
    "a parameter": ("https://mcp.acme.invalid/mcp?k={}", PASSWORD),
    "a parameter without a name": ("https://mcp.acme.invalid/mcp?{}", LONG),
    "a part behind a name": ("https://mcp.acme.invalid/token/{}/mcp", PLAIN),
    "a parameter of a part": ("https://mcp.acme.invalid/mcp;key={}", PLAIN),
    "a parameter without a question": ("https://mcp.acme.invalid/mcp&token={}", PLAIN),
    "a part of the path": ("https://mcp.acme.invalid/{}/mcp", LONG),
}
UNTOLD = {
    "a header of a short option", "a parameter that nothing names", "a part of an address", "a password of one letter",
    "a run of chance by itself", "a variable that nothing names", "address: a parameter", "bad name",
    "address: a parameter without a name", "address: a part of the path",
}  # fmt: skip
"""Spellings that are hidden although neither a name nor a format says that they are secrets: nobody is accused."""
ACCUSED = {"pkg.inline_secret", "config.plain_secret"}
UUID = "550e8400-e29b-41d4-a716-446655440000"
ORDINARY = (
    "--spreadsheet 1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms",
    "--base-id appAbC123dEfGhIjK",
    "--contract 0x1f9840a85d5aF5bf1D1762F925BDADdC4201F984",
    "--udid 00008030-001A35E40212802E",
    f"--team-id {UUID}",
    f"--project={UUID}",
    f"--tenant-id {UUID} --subscription {UUID}",
    f"-e PROJECT_ID={UUID}",
    f"https://mcp.acme.io/projects/{UUID}/mcp?workspace={UUID}",
    "--sort-key created_at",
    "--primary-key customer_id",
    "--turkey production-replica",
    "--monkey banana",
    "--hotkey ctrl+k",
    "--tokens all-registered",
    "--connection production-replica",
    "--auth oauth-device-flow",
    "--auth oauth",
    "--auth none",
    "--auth-mode bearer --no-auth",
    "--pat-name my-laptop",
    "--token-endpoint https://auth.acme.io/oauth/token",
    "--authorization-server https://auth.acme.io/realms/acme",
    "--api-key=YOUR_STRIPE_SECRET_KEY",
    "--sort key:asc",
    "Authorization:${AUTH} 3334",
    "--compass north-by-northwest",
)
"""What stands in configurations everywhere: options that say which thing is meant, or only sound like secrets."""
HEADERS = {"X-Broken": "Bearer {}\n", "bad name": "{}"}


class Planted:
    """A home with one configured server for each spelling, and every secret by the name of its server."""

    def __init__(self, home: Path) -> None:
        self.home, self.secrets, self.servers = home, {}, {}
        numbers = iter(range(200, 900))
        for name, (words, form) in ARGUMENTS.items():
            secret = self._new(name, form, next(numbers))
            args = [str(HELLO), *(word.format(secret) for word in words)]
            self.servers[name] = {"command": sys.executable, "args": args}
        for name, (url, form) in ADDRESSES.items():
            self.servers[f"address: {name}"] = {"url": url.format(self._new(f"address: {name}", form, next(numbers)))}
        for header, value in HEADERS.items():
            secret = self._new(header, PASSWORD, next(numbers))
            self.servers[header] = {"url": "https://mcp.acme.invalid/", "headers": {header: value.format(secret)}}
        secret = self._new("one string", PASSWORD, next(numbers))
        self.servers["one string"] = {"command": f"no-such-program -y x --token {secret}"}
        secret = self._new("a variable of the entry", PASSWORD, next(numbers))
        self.servers["environment"] = {"command": sys.executable, "args": [str(HELLO)], "env": {"SHOP_KEY": secret}}
        (home / ".cursor").mkdir(parents=True)
        self.write(self.servers)

    def _new(self, name: str, form: str, number: int) -> str:
        self.secrets[name] = form.format(number)
        return self.secrets[name]

    def write(self, servers: dict) -> None:
        (self.home / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": servers}))

    def shown_in(self, *outputs: str) -> list[str]:
        """The spellings whose secret stands in an output."""
        return [name for name, secret in self.secrets.items() if any(secret in output for output in outputs)]


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Planted:
    home = tmp_path / "home"
    made = Planted(home)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return made


STARTED = ["--allow-launch", "--sandbox", "off", "--jobs", "16", "--audit-log", "audit.jsonl"]


@pytest.mark.parametrize(
    "words",
    [
        ["clients"],
        ["clients", "--format", "json"],
        ["scan", "--all-clients", "--audit-log", "audit.jsonl"],
        ["scan", "--all-clients", "--format", "json", *STARTED],
        ["lock", "--all-clients", *STARTED],
    ],
    ids=" ".join,
)
def test_no_secret_is_shown_logged_or_locked(words: list[str], planted: Planted, capfd) -> None:
    code = main(words)
    shown = capfd.readouterr()
    files = [path.read_text() for path in Path.cwd().iterdir()]

    assert code in (0, 3, 4), shown.err
    assert "internal error" not in shown.out + shown.err
    assert planted.shown_in(shown.out, shown.err, *files) == []


async def test_no_secret_is_told_to_a_model(planted: Planted) -> None:
    async with Client(build_server()) as client:
        for arguments in ({}, {"scan": True}):
            answer = await client.call_tool("audit_clients", arguments)
            assert not answer.is_error
            assert planted.shown_in(answer.model_dump_json()) == []


def rules_found(capfd) -> list[set[str]]:
    """What is said about each server of the configuration, in its order."""
    main(["clients", "--format", "json"])
    servers = json.loads(capfd.readouterr().out)["servers"]
    return [{finding["rule_id"] for finding in one["findings"]} for one in servers]


def test_every_one_that_its_name_or_format_tells_is_a_finding(planted: Planted, capfd) -> None:
    found = dict(zip(planted.servers, rules_found(capfd), strict=True))
    assert {name for name, rules in found.items() if not rules & ACCUSED} == UNTOLD


@pytest.mark.parametrize("words", ORDINARY)
def test_an_ordinary_configuration_is_shown_and_not_accused(words: str, planted: Planted, capfd) -> None:
    planted.write({"x": {"command": "npx", "args": ["-y", "x@1.0.0", *words.split()]}})
    assert not rules_found(capfd)[0] & ACCUSED
    assert redact_argv(words.split()) == tuple(words.split())


def test_a_pinned_commit_is_shown_and_pinned(planted: Planted, capfd) -> None:
    spec = f"git+https://github.com/acme/mcp.git#{'5f3c1a9e' * 5}"
    planted.write({"x": {"command": "npx", "args": ["-y", spec]}})
    assert not rules_found(capfd)[0] & {*ACCUSED, "pkg.unpinned"}
    assert redact_argv([spec]) == (spec,)


@pytest.mark.parametrize(
    "url",
    ["https://script.google.com/macros/s/AKfycbx1234567890abcdefABCDEFghijkl/exec", f"https://acme.invalid/{UUID}"],
)
def test_a_generated_part_of_an_address_accuses_nobody(url: str, planted: Planted, capfd) -> None:
    planted.write({"x": {"url": url}})
    assert not rules_found(capfd)[0] & ACCUSED


@pytest.mark.parametrize("words", [["clients"], ["clients", "--format", "json"]], ids=" ".join)
def test_a_key_in_the_place_of_a_name(words: list[str], planted: Planted, capfd) -> None:
    key = KEY.format(7)
    planted.write(
        {
            f"name {key}": {"command": "npx", "args": ["x"], "env": {f"SHOP {key}": "1"}},
            "x": {"url": "https://mcp.acme.invalid/", "headers": {f"Bearer {key}": ""}},
        }
    )
    main(words)
    assert key not in capfd.readouterr().out


def test_what_is_compared_later_is_the_whole(planted: Planted, capfd) -> None:
    name = "a header"
    target = f"config:cursor/{name}"
    planted.write({name: planted.servers[name]})
    assert main(["lock", target, *STARTED]) == 0
    assert main(["check", target, *STARTED]) == 0

    other = [*planted.servers[name]["args"][:-1], "Authorization: Bearer 9vX9kQ2mZ7pL4tR8wY1nB6cD"]
    planted.write({name: {**planted.servers[name], "args": other}})

    assert main(["check", target, *STARTED]) > 10
    assert "args" in capfd.readouterr().out


def test_the_server_gets_what_is_written(tmp_path: Path, planted: Planted, capfd) -> None:
    seen = tmp_path / "seen.json"
    wrapper = tmp_path / "wrapper.py"
    wrapper.write_text(
        f"import json, runpy, sys\nopen({str(seen)!r}, 'w').write(json.dumps(sys.argv[1:]))\n"
        f"runpy.run_path({str(HELLO)!r}, run_name='__main__')\n"
    )
    words = ["--header", "Authorization: Bearer 9vX9kQ2mZ7pL4tR8wY1nB6cD", "-p", "Hunter9Correct9"]
    planted.write({"hi": {"command": sys.executable, "args": [str(wrapper), *words]}})

    assert main(["scan", "config:cursor/hi", *STARTED]) == 0
    assert json.loads(seen.read_text()) == words
