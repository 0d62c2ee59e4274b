"""Every TARGET form is parsed once, and what cannot be one is refused with a sentence."""

import ast
import inspect
from pathlib import Path

import pytest

from mcp_threat_model.clients.form import ConfigTarget
from mcp_threat_model.grammar import build_parser
from mcp_threat_model.source.forms.address import HttpTarget
from mcp_threat_model.source.forms.program import StdioTarget
from mcp_threat_model.source.forms.published import PackageTarget, RegistryTarget
from mcp_threat_model.source.forms.saved import FileTarget, StdinTarget
from mcp_threat_model.source.interface import Readable, Saved, Target
from mcp_threat_model.target import FORMS, parse_target
from mcp_threat_scoring.errors import UsageError

SHELL = Path(__file__).parents[2] / "server" / "mcp_threat_model"
EACH = [
    ("https://example.com/mcp", HttpTarget("https://example.com/mcp")),
    ("HTTP://127.0.0.1:8000/sse", HttpTarget("HTTP://127.0.0.1:8000/sse")),
    ("stdio:python server.py", StdioTarget(("python", "server.py"))),
    ("stdio: npx -y 'a b' ; rm -rf /", StdioTarget(("npx", "-y", "a b", ";", "rm", "-rf", "/"))),
    ("-", StdinTarget()),
    ("tools.json", FileTarget("tools.json")),
    ("./npm:odd", FileTarget("./npm:odd")),
    ("dir with space/a.json", FileTarget("dir with space/a.json")),
    ("config:claude-desktop/my/server", ConfigTarget("claude-desktop", "my/server")),
    ("registry:io.github.owner/name", RegistryTarget("io.github.owner/name")),
    ("npm:@scope/name@1.2.3", PackageTarget("npm", "@scope/name@1.2.3")),
    ("pypi:mcp-server-git", PackageTarget("pypi", "mcp-server-git")),
]


@pytest.mark.parametrize(("text", "target"), EACH)
def test_each_form(text: str, target: object) -> None:
    assert target == parse_target(text)


@pytest.mark.parametrize(("text", "target"), EACH)
@pytest.mark.parametrize(("before", "after"), [(" ", ""), ("", "\n"), ("\t ", " \r\n"), ("\N{NO-BREAK SPACE}", "")])
def test_blanks_around_it_change_nothing(text: str, target: object, before: str, after: str) -> None:
    assert parse_target(before + text + after) == target


def test_a_file_whose_name_begins_with_a_blank_is_named_by_its_directory() -> None:
    assert parse_target("./ a.json") == FileTarget("./ a.json")


def test_nobody_asks_which_form_a_target_is() -> None:
    names = {form.__name__ for form in FORMS}
    asked = [
        f"{file.name}:{node.lineno}"
        for file in SHELL.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.MatchClass) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance")
        if names & {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    ]
    assert asked == []


def test_every_form_stands_above_and_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert {type(target) for _, target in EACH} == set(FORMS)
    with pytest.raises(SystemExit):
        build_parser().parse_args(["scan", "--help"])
    told = capsys.readouterr().out
    prefixes = {text.partition(":")[0].lower() for text, _ in EACH if ":" in text and text[0].isalpha()}
    assert [prefix for prefix in prefixes if prefix not in told] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("stdio:", "needs a command"),
        ("stdio:''", "needs a command"),
        ("stdio:python 'unclosed", "no closing quotation"),
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("http://host:notaport/", "cannot be read|can be read"),
        ("http://[::1/", "can be read"),
        ("https://user:secret@host/mcp", "must not carry"),
        ("https://host/a b", "white space"),
        ("ftp://host/x", "use https://"),
        (" ftp://host/x", "of the kind ftp:"),
        ("file:///etc/hosts", "use https://"),
        ("config:cursor", "needs a client and a server"),
        ("config:/x", "needs a client and a server"),
        ("registry:", "needs a name"),
        ("npm:", "needs a package"),
        ("pypi:", "needs a package"),
        ("a\0b", "zero character"),
        ("x" * 9000, "9,000 characters"),
    ],
)
def test_what_is_no_target_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        parse_target(text)
    assert "secret" not in str(caught.value)


def test_an_address_in_a_message_is_the_one_that_was_given_without_its_query() -> None:
    with pytest.raises(UsageError, match=r"^https:///path names no host") as caught:
        parse_target("https:///path?key=s3cret")
    assert "s3cret" not in str(caught.value)


def test_a_target_in_full_has_one_spelling() -> None:
    assert HttpTarget("HTTPS://H.example:443/mcp?key=s3cret#x").whole == "https://h.example/mcp?key=s3cret"
    assert HttpTarget("https://h.example:99999/?key=s3cret").whole == "https://h.example:99999/?key=s3cret"
    assert StdioTarget(("s", "--token", "a b")).whole == "stdio:s --token 'a b'"
    assert parse_target("config:a/b").whole == "config:a/b"


def test_a_label_keeps_the_words_of_a_command_apart() -> None:
    assert StdioTarget(("python", "my server.py")).label == "stdio:python 'my server.py'"


def test_a_label_never_shows_a_secret() -> None:
    assert HttpTarget("https://h.example/mcp?api_key=s3cret&x=1").label == "https://h.example/mcp?api_key=…&x=…"
    assert HttpTarget("https://h.example/mcp").label == "https://h.example/mcp"
    assert HttpTarget("https://h.example:99999/mcp?key=s3cret").label == "https://h.example:99999/mcp"
    assert "s3cret" not in StdioTarget(("server", "--api-key", "s3cret-s3cret", "--token=s3cret-s3cret")).label


@pytest.mark.parametrize("text", ["-", "a.json", "config:a/b", "registry:a/b", "npm:a", "pypi:a", "stdio:a b"])
def test_a_label_parses_back_to_the_same_target(text: str) -> None:
    target = parse_target(text)
    assert target == parse_target(target.label)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_says_what_the_interface_leaves_to_it(form: type[Target]) -> None:
    for base in (Target, Readable, Saved):
        if issubclass(form, base):
            left = [name for name, held in vars(base).items() if "raise NotImplementedError" in source_of(held)]
            assert left
            assert [name for name in left if inspect.getattr_static(form, name) is vars(base)[name]] == []


def source_of(held: object) -> str:
    function = held.fget if isinstance(held, property) else getattr(held, "__func__", held)
    return inspect.getsource(function) if inspect.isfunction(function) else ""
