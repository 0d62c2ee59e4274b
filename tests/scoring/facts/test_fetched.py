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
        ("npx ./server.js", []),
        ("node server.js", []),
        ("npx", []),
        ("docker run --name", []),
    ],
)  # fmt: skip
def test_only_what_is_fetched_is_found(command, found) -> None:
    assert [what for what, _ in fetched(shlex.split(command))] == found


@given(st.lists(st.sampled_from(["npx", "uvx", "docker", "run", "--from", "--", "-p", "x", "a,b", "=", "--with="])))
def test_no_command_raises_and_every_place_is_one_of_its_words(argv) -> None:
    assert all(0 <= place < len(argv) for _, place in fetched(argv))
