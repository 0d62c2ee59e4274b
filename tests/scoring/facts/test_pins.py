"""Which names are exact versions, kind by kind."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.facts.pins import is_exact

HASH = "0a1b2c3d4e" * 4


@pytest.mark.parametrize(
    "what",
    [
        "npm clock@1.2.3", "npm @corner/clock@v1.2.3-next.1", "jsr @corner/clock@1.2.3", "pypi clock==1.2",
        "pypi clock[tz]@1.2.3", "nuget Corner.Clock@1.2.0", "go example.org/clock@v1.2.0",
        "jbang org.example:clock:1.0",
        "image corner/clock:1.2.3-slim", "image corner/clock@sha256:" + "0" * 64, f"git github:corner/clock#{HASH}",
        "gem clock@1.2", f"flake github:corner/clock/{HASH}", f"flake github:corner/clock/{HASH}?dir=b#serve",
        f"flake nixpkgs/{HASH}#clock", f"flake git+https://example.org/clock?ref=main&rev={HASH}#serve",
    ],
)  # fmt: skip
def test_one_version_is_exact(what: str) -> None:
    assert is_exact(*what.split(" ", 1))


@pytest.mark.parametrize(
    "what",
    [
        "npm clock", "npm clock@1", "npm clock@1.2", "npm clock@1.2.x", "npm clock@latest", "npm clock@^1.2.3",
        "jsr @corner/clock@1.2", "pypi clock", "pypi clock==1.*", "pypi clock>=1.2", "nuget Corner.Clock@1.*",
        "go example.org/clock@upgrade", "go example.org/clock@v1", "jbang org.example:clock:1.0-SNAPSHOT",
        "jbang org.example:clock:RELEASE", "image corner/clock:1.2-latest", "image corner/clock:1.2.3-latest",
        "image corner/clock:22", "git github:corner/clock#main", "gem clock",
        "gem clock@~> 1.2", "flake github:corner/clock", "flake github:corner/clock/main", "flake nixpkgs#clock",
        f"flake github:corner/clock#{HASH}", f"flake github:corner/clock/main#a?rev={HASH}",
        f"flake git+https://example.org/{HASH}", "url https://example.org/clock-1.2.3.ts",
    ],
)  # fmt: skip
def test_ranges_and_what_moves_are_not(what: str) -> None:
    assert not is_exact(*what.split(" ", 1))
