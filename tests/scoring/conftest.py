"""Hand-made pictures: what the rules would have concluded, stated directly, so that scoring is tested on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from msgspec import Struct
from msgspec.structs import replace

from mcp_threat_scoring.capability import ToolProfile
from mcp_threat_scoring.neutralise import neutralise, trusted
from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.rulebook.vocabulary import DomainDoc
from mcp_threat_scoring.signal import Evidence, Signal, SignalId, Signals


def _domain(name: str, sensitivity: str, *, private: bool) -> DomainDoc:
    return DomainDoc.read(
        {
            "id": name,
            "title": name,
            "assets": name,
            "harm": name,
            "sensitivity": sensitivity,
            "private": private,
            "words": [name],
        }
    )


DOMAINS = {
    "weather": _domain("weather", "low", private=False),
    "notes": _domain("notes", "medium", private=True),
    "billing": _domain("billing", "high", private=True),
    "crypto": _domain("crypto", "high", private=True),
    "code-hosting": _domain("code-hosting", "high", private=True),
    "ai": _domain("ai", "low", private=False),
}


class FakeTool(Struct, frozen=True):
    """A tool as the rules would have judged it."""

    name: str = "get_it"
    write: float = 0.02
    destructive: float = 0.01
    abilities: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    told: bool = True
    """Whether its words say what it does."""
    read_only: bool | None = None
    """What its server declares."""
    whole: bool = True
    """Whether it was read to its end."""


def writer(name: str = "create_it", **more: tuple[str, ...]) -> FakeTool:
    return FakeTool(name, 0.95, 0.05, **{"signals": ("tool.store",), **more})


def destroyer(name: str = "delete_it", **more: tuple[str, ...]) -> FakeTool:
    return FakeTool(name, 0.98, 0.95, **more)


def _profile(tool: FakeTool, pointer: str) -> ToolProfile:
    seen = Evidence(SignalId("name-verb"), f"{pointer}/name", neutralise(tool.name), 2.0)
    return ToolProfile(
        pointer=pointer,
        name=neutralise(tool.name),
        raw_name=tool.name,
        sha256="",
        effect="destructive" if tool.destructive >= 0.5 else "write" if tool.write >= 0.5 else "read",
        write=tool.write,
        destructive=tool.destructive,
        abilities=dict.fromkeys(tool.abilities, 0.9),
        domains=tool.domains,
        declared={} if tool.read_only is None else {"readOnlyHint": tool.read_only},
        evidence=(seen,) if tool.told else (),
        ability_evidence=dict.fromkeys(tool.abilities, (seen,)),
    )


BASE_FACTS: Mapping[str, bool | int | str] = {
    "coverage.tools": "observed",
    "auth.requirement": "required",
    "transport.kind": "http",
    "transport.scope": "public",
}


def paint_fake(
    tools: Sequence[FakeTool] = (),
    *,
    signals: Sequence[str] = (),
    facts: Mapping[str, bool | int | str] | None = None,
    from_listing: bool = False,
) -> Picture:
    """A picture of those tools, with further signals of the server as a whole."""
    kept = Signals()
    for index, tool in enumerate(tools):
        for name in tool.signals:
            place = Evidence(SignalId(name), f"/tools/{index}", neutralise(tool.name))
            kept.add(Signal(SignalId(name), f"/tools/{index}", (place,)))
    for name in signals:
        kept.add(Signal(SignalId(name), "", (Evidence(SignalId(name), "/auth", trusted(name)),)))
    ruleset = replace(default_ruleset(), domains=DOMAINS, rules=())
    return Picture(
        signals=kept,
        tools=tuple(_profile(tool, f"/tools/{index}") for index, tool in enumerate(tools)),
        facts={**BASE_FACTS, **(facts or {})},
        domains=(),
        ruleset=ruleset,
        server_name=trusted("shop"),
        from_listing=from_listing,
        not_whole=frozenset(f"/tools/{index}" for index, tool in enumerate(tools) if not tool.whole),
    )


@pytest.fixture
def fake() -> Callable[..., Picture]:
    """Paint a picture by hand: ``fake([writer(), FakeTool(...)], signals=[...], facts={...})``."""
    return paint_fake


@pytest.fixture
def tool() -> type[FakeTool]:
    """A tool as the rules would have judged it; one that reads unless told otherwise."""
    return FakeTool


@pytest.fixture
def writing() -> Callable[..., FakeTool]:
    """A tool that changes things and can be undone."""
    return writer


@pytest.fixture
def destroying() -> Callable[..., FakeTool]:
    """A tool that destroys."""
    return destroyer
