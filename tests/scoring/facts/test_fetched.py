"""What a launch command fetches."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.facts.fetched import fetched


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("npx -y corner-shop-mcp ./notes --port 80", ["npm corner-shop-mcp"]),
        ("/usr/bin/npx --package=@corner/shop@1.2 --package extra shop-mcp", ["npm @corner/shop@1.2", "npm extra"]),
        ("npm exec -- corner-shop-mcp", ["npm corner-shop-mcp"]),
        ("cmd /c npx.cmd -y corner-shop-mcp", ["npm corner-shop-mcp"]),
        ("deno run -A npm:corner-shop-mcp", ["npm corner-shop-mcp"]),
        ("uvx --python 3.12 clock-mcp --repository /srv/clock", ["pypi clock-mcp"]),
        ("uvx --from clock==2.1 --with tz clock-mcp", ["pypi clock==2.1", "pypi tz"]),
        ("uv tool run clock-mcp", ["pypi clock-mcp"]),
        ("docker run -i --rm -e KEY -p 80:80 --mount type=bind,src=/a,dst=/b example/clock serve",
         ["image example/clock"]),
        ("podman --log-level error container run example/clock", ["image example/clock"]),
        ("docker run node:22 npx -y corner-shop-mcp", ["image node:22", "npm corner-shop-mcp"]),
        ("docker run --name npx example/clock", ["image example/clock"]),
        ("docker exec clock serve", []),
        ("docker compose run clock", []),
        ("uvx relay -- npx -y corner-shop-mcp", ["pypi relay", "npm corner-shop-mcp"]),
        ("uvx --with-requirements needed.txt clock-mcp", ["pypi clock-mcp"]),
        ("uvx --from https://example.org/a,b.whl clock-mcp", ["url https://example.org/a,b.whl"]),
        ("uv --directory /srv/clock run --with tz,dates clock.py", ["pypi tz", "pypi dates"]),
        ("uv run clock", []),
        ("uv tool list", []),
        ("pipx list", []),
        ("pnpm exec clock", []),
        ("deno run jsr:@corner/clock", ["jsr @corner/clock"]),
        ("deno run -A https://example.org/clock.ts", ["url https://example.org/clock.ts"]),
        ("deno run clock", []),
        ("dnx Corner.Shop --yes", ["nuget Corner.Shop"]),
        ("dnx Corner.Shop --version 1.2.0 --yes", ["nuget Corner.Shop@1.2.0"]),
        ("dnx --version=1.2.0 Corner.Shop", ["nuget Corner.Shop@1.2.0"]),
        ("dnx Corner.Shop@1.2.0 -- --version", ["nuget Corner.Shop@1.2.0"]),
        ("dnx Corner.Shop -- --version 9", ["nuget Corner.Shop"]),
        ("dotnet tool exec Corner.Shop", ["nuget Corner.Shop"]),
        ("dotnet run", []),
        ("go run -tags a,b example.org/clock@v1.2.0", ["go example.org/clock@v1.2.0"]),
        ("go run main.go", []),
        ("go run ./clock", []),
        ("go build example.org/clock", []),
        ("jbang clock@corner", ["jbang clock@corner"]),
        ("jbang run --deps org.example:tz:1.0 clock.java", ["jbang org.example:tz:1.0"]),
        ("jbang trust add clock@corner", []),
        ("uvx --from git+https://example.org/clock.git clock", ["git git+https://example.org/clock.git"]),
        ("npx corner/clock", ["git corner/clock"]),
        ("npx git+ssh://git@example.org/clock.git", ["git git+ssh://git@example.org/clock.git"]),
        ("docker run --health-cmd true example/clock", ["image example/clock"]),
        ("bash -lc 'npx -y clock'", ["npm clock"]),
        ("cmd /C 'npx -y clock'", ["npm clock"]),
        ("sh -c 'cd x && npx -y clock'", []),
        ("""sh -c 'npx "clock'""", []),
        ("npm create corner mine", ["npm create-corner"]),
        ("npm init -y @corner/shop@1.2.3 mine", ["npm @corner/create-shop@1.2.3"]),
        ("npm init @corner@2", ["npm @corner/create@2"]),
        ("npm init corner/clock#main", ["git corner/create-clock#main"]),
        ("npm init -y", []),
        ("pnpm create corner", ["npm create-corner"]),
        ("yarn create corner", ["npm create-corner"]),
        ("bun create corner", ["npm create-corner"]),
        ("bun create ./corner", []),
        ("npx --@corner:registry https://packages.example @corner/clock", ["npm @corner/clock"]),
        ("gem exec clock serve -v", ["gem clock"]),
        ("gem exec -v 1.2.0 clock", ["gem clock@1.2.0"]),
        ("gem exec --version=1.2.0 -- clock", ["gem clock@1.2.0"]),
        ("gem exec -g corner-clock clock", ["gem corner-clock"]),
        ("gem list", []),
        ("nix run github:corner/clock#serve -- --port 80", ["flake github:corner/clock#serve"]),
        ("nix --extra-experimental-features 'nix-command flakes' run nixpkgs#clock", ["flake nixpkgs#clock"]),
        ("nix run --override-input tz ./tz git+https://example.org/clock.py", ["flake git+https://example.org/clock.py"]),
        ("nix run", []),
        ("nix run .#clock", []),
        ("nix run path:/srv/clock", []),
        ("nix shell nixpkgs#nodejs nixpkgs#tz -c npx -y clock",
         ["flake nixpkgs#nodejs", "flake nixpkgs#tz", "npm clock"]),
        ("nix shell -f tools.nix clock --command clock", []),
        ("nix build github:corner/clock", []),
        ("npx ./server.js", []),
        ("node server.js", []),
        ("npx", []),
        ("docker run --name", []),
    ],
)  # fmt: skip
def test_only_what_is_fetched_is_found(command, found) -> None:
    assert [what for what, _ in fetched(shlex.split(command))] == found


@given(
    st.lists(
        st.sampled_from(
            ["npx", "uvx", "docker", "run", "dnx", "--version", "--from", "--", "-p", "x", "a,b", "=", "--with="]
        )
    )
)
def test_no_command_raises_and_every_place_is_one_of_its_words(argv) -> None:
    assert all(0 <= place < len(argv) for _, place in fetched(argv))
