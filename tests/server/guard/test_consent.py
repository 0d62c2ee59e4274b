"""Nothing is started without a yes to exactly that."""

from __future__ import annotations

import pytest

from mcp_threat_model.guard.consent import describe, what_it_does
from mcp_threat_model.guard.launch import LaunchRequest
from mcp_threat_model.guard.sandbox import Sandbox

NO_BOX = Sandbox("none", True, "it was switched off")
BOX = Sandbox("bubblewrap", False, "")


def launch(*words: str, box: Sandbox = BOX, env: tuple[str, ...] = ()) -> LaunchRequest:
    return LaunchRequest(words, ("/usr/bin/" + words[0], *words[1:]), env, box)


def test_the_question_shows_command_environment_sandbox_and_network() -> None:
    text = describe(launch("npx", "-y", "some server", env=("API_KEY", "MODE")))
    assert "/usr/bin/npx -y 'some server'" in text
    assert "API_KEY, MODE" in text
    assert "no network" in text
    assert "fetches a package from npm and runs its code" in text


def test_without_a_sandbox_the_question_says_what_that_means() -> None:
    text = describe(launch("server", box=NO_BOX))
    assert "none: it was switched off" in text
    assert "can read this user's files and use the network" in text


def test_the_question_cannot_be_disguised() -> None:
    text = describe(launch("server", "\x1b[2K\r# harmless", "\u202egnp.exe", "line\nSandbox: perfect"))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.count("\nSandbox:") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("npx", "-y", "x"), "npm"),
        (("uvx", "x"), "PyPI"),
        (("pipx", "run", "x"), "PyPI"),
        (("uv", "tool", "run", "x"), "PyPI"),
        (("uv", "--quiet", "run", "x"), "PyPI"),
        (("npm", "exec", "x"), "npm"),
        (("pnpm", "dlx", "x"), "npm"),
        (("docker", "run", "x"), "container"),
        (("bash", "-c", "x"), "whatever its arguments say"),
        (("sudo", "x"), "other rights"),
    ],
)
def test_commands_are_named_for_what_they_do(words: tuple[str, ...], says: str) -> None:
    assert says in what_it_does(launch(*words))


@pytest.mark.parametrize("words", [("python", "server.py"), ("node", "x.js"), ("uv", "pip", "list"), ("npm", "start")])
def test_other_commands_are_not_accused(words: tuple[str, ...]) -> None:
    assert what_it_does(launch(*words)) == ""
