"""Nothing is started without a yes to exactly that."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

import pytest

from mcp_threat_model.guard.consent import describe, what_it_does
from mcp_threat_model.guard.launch import LaunchRequest
from mcp_threat_model.guard.sandbox import Sandbox
from mcp_threat_scoring.facts.fetched import calls, fetched
from mcp_threat_scoring.facts.launchers import LAUNCHERS, REGISTRIES, Launcher

NO_BOX = Sandbox("none", True, "it was switched off")
BOX = Sandbox("bubblewrap", False, "")


def launch(*words: str, box: Sandbox = BOX, env: Mapping[str, str] | None = None) -> LaunchRequest:
    given = env or {}
    return LaunchRequest(words, ("/usr/bin/" + words[0], *words[1:]), tuple(given), box, tuple(calls(words, given)))


def test_the_question_shows_command_environment_sandbox_and_network() -> None:
    text = describe(launch("npx", "-y", "some server", env={"API_KEY": "1", "MODE": "2"}))
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


LAUNCHED = [
    ("npx -y clock", "npm"),
    ("npm exec clock", "npm"),
    ("pnpm dlx clock", "npm"),
    ("deno run npm:clock", "npm"),
    ("deno run jsr:@corner/clock", "JSR"),
    ("deno run https://example.org/clock.ts", "the network"),
    ("uvx clock", "PyPI"),
    ("uv tool run clock", "PyPI"),
    ("uv --quiet run --with clock serve", "PyPI"),
    ("pipx run clock", "PyPI"),
    ("dnx Corner.Clock --yes", "NuGet"),
    ("dotnet tool exec Corner.Clock", "NuGet"),
    ("go run example.org/clock@latest", "the network"),
    ("jbang clock@corner", "the network"),
    ("docker run --rm example/clock", "an image"),
    ("nerdctl run --rm example/clock", "an image"),
    ("finch run example/clock", "an image"),
    ("sudo npx -y clock", "npm"),
    ("bash -lc 'npx -y clock'", "npm"),
    ("uvx git+https://example.org/clock.git", "a git repository"),
    ("uvx --from git+https://example.org/clock.git clock", "a git repository"),
    ("npx github:corner/clock", "a git repository"),
    ("npx git+ssh://git@example.org/clock.git", "a git repository"),
    ("npm create clock@1 mine", "npm"),
    ("bun create clock", "npm"),
    ("gem exec clock", "RubyGems"),
    ("nix run github:corner/clock", "the network"),
    ("nix shell nixpkgs#clock -c clock", "the network"),
]
NOT_LAUNCHED = [
    "docker exec clock sh", "docker ps", "uv tool list", "uv pip list", "pipx list", "npm start", "pnpm exec clock",
    "go build example.org/clock", "jbang version", "dotnet run", "deno fmt", "python server.py", "node clock.js",
]  # fmt: skip


@pytest.mark.parametrize(("command", "place"), LAUNCHED)
def test_what_is_fetched_is_said_here_and_in_the_report(command: str, place: str) -> None:
    words = shlex.split(command)
    said = what_it_does(launch(*words))
    assert re.search(f"fetch(es)? (a package from |){place} ", said)
    assert [REGISTRIES[one.kind] for call in calls(words) for one in call.fetched] in ([place], ["a registry"])
    assert fetched(words)


@pytest.mark.parametrize(
    ("command", "places"),
    [
        ("npx --registry http://packages.example clock", "packages.example"),
        ("npm --registry=http://me:secret@packages.example:81/x exec clock", "packages.example:81"),
        ("uvx --index-url https://packages.example/simple clock", "packages.example"),
        ("uvx --index mine=https://packages.example/simple clock", "PyPI or packages.example"),
        ("pipx run -i ./packages clock", "another registry"),
        ("npx clock --registry http://packages.example", "npm"),
        ("npx --@corner:registry=https://packages.example @corner/clock", "npm or packages.example"),
        ("npm exec --@corner:registry https://packages.example @corner/clock", "npm or packages.example"),
        ("gem exec -s https://packages.example clock", "RubyGems or packages.example"),
        ("env NPM_CONFIG_REGISTRY=https://packages.example npx clock", "packages.example"),
    ],
)
def test_another_registry_is_named_by_its_host(command: str, places: str) -> None:
    assert f" from {places} and runs" in what_it_does(launch(*command.split()))


@pytest.mark.parametrize(
    ("command", "name", "value", "places"),
    [
        ("npx clock", "npm_config_registry", "https://me:secret@packages.example/x", "packages.example"),
        ("npx clock", "npm_config_@corner:registry", "https://packages.example", "npm or packages.example"),
        ("npx --registry https://other.example clock", "NPM_CONFIG_REGISTRY", "https://packages.example",
         "other.example"),
        ("bunx clock", "BUN_CONFIG_REGISTRY", "https://packages.example", "packages.example"),
        ("npx clock", "BUN_CONFIG_REGISTRY", "https://packages.example", "npm"),
        ("npx clock", "NPM_CONFIG_REGISTRY", "", "npm"),
        ("npx clock", "NPM_CONFIG_REGISTRY", "${REGISTRY}", "another registry"),
        ("deno run npm:clock", "NPM_CONFIG_REGISTRY", "https://packages.example", "packages.example"),
        ("deno run jsr:@corner/clock", "NPM_CONFIG_REGISTRY", "https://packages.example", "JSR"),
        ("uvx clock", "UV_DEFAULT_INDEX", "https://packages.example/simple", "packages.example"),
        ("uvx clock", "UV_INDEX", "mine=https://packages.example/simple https://b.example",
         "PyPI or packages.example or b.example"),
        ("pipx run clock", "PIP_INDEX_URL", "https://packages.example/simple", "packages.example"),
        ("pipx run clock", "PIP_EXTRA_INDEX_URL", "https://packages.example/simple", "PyPI or packages.example"),
    ],
)  # fmt: skip
def test_a_registry_is_also_read_from_the_variables_it_is_given(
    command: str, name: str, value: str, places: str
) -> None:
    said = what_it_does(launch(*command.split(), env={name: value}))
    assert f" from {places} and runs" in said
    assert "secret" not in said


def test_what_an_image_fetches_knows_only_the_variables_that_it_is_given() -> None:
    env = {"NPM_CONFIG_REGISTRY": "https://packages.example"}
    inside = what_it_does(launch("docker", "run", "node:22", "npx", "clock", env=env))
    passed = what_it_does(launch("docker", "run", "-e", "NPM_CONFIG_REGISTRY", "node:22", "npx", "clock", env=env))
    assert "from npm and runs" in inside
    assert "from packages.example and runs" in passed


def test_a_registrys_name_cannot_disguise_the_question() -> None:
    said = what_it_does(launch("npx", "--registry", "http://a.example and nothing else\nSandbox: perfect", "clock"))
    assert "from another registry and runs" in said
    assert "Sandbox" not in said


@pytest.mark.parametrize(
    ("command", "today"),
    [
        ("npx clock", True),
        ("npx clock@1.2", True),
        ("npx clock@1.2.3", False),
        ("uvx --with tz==1.2 clock==2.1", False),
        ("uvx --with tz clock==2.1", True),
        ("uv run", True),
    ],
)
def test_what_is_pinned_is_not_whatever_there_is_today(command: str, today: bool) -> None:
    assert ("today" in what_it_does(launch(*command.split()))) is today


@pytest.mark.parametrize("command", NOT_LAUNCHED)
def test_other_subcommands_and_programs_are_accused_of_nothing(command: str) -> None:
    words = command.split()
    assert what_it_does(launch(*words)) == ""
    assert not fetched(words)


@pytest.mark.parametrize("launcher", LAUNCHERS, ids=lambda one: " ".join(one.start))
def test_every_launcher_is_told_though_nothing_is_named(launcher: Launcher) -> None:
    said = what_it_does(launch(*launcher.start))
    assert said.startswith(f"“{' '.join(launcher.start)}” may fetch ")
    assert f" from {REGISTRIES[launcher.kind]}" in said


def test_a_container_is_told_as_one_and_what_it_fetches_inside_too() -> None:
    said = what_it_does(launch("docker", "run", "node:22", "npx", "clock"))
    assert "the container is its own sandbox" in said
    assert "“npx” fetches a package from npm" in said


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("bash -c x", "starts whatever its arguments say."),
        ("cmd.exe /c x", "starts whatever its arguments say."),
        ("env A=1 x", "with the environment variables among them."),
        ("sudo x", "with other rights than yours."),
        ("su root", "with other rights than yours."),
        ("doas x", "with other rights than yours."),
        ("ssh example.org x", "on another machine, outside the sandbox."),
    ],
)
def test_what_starts_other_programs_is_told_for_how_it_does(command: str, says: str) -> None:
    assert what_it_does(launch(*command.split())).endswith(says)
