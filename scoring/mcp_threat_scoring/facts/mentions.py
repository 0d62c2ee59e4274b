"""Texts of one server that name a tool of another: nothing inside a single list, so it is no fact of a subject.

What follows from a mention is said by :mod:`fleet.shadows`. Names in here are as they were sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mcp_threat_scoring.facts.runs import EVERYWHERE, Runs
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.text.whole_names import WholeNames, parts

MIN_DISTINCT = 8
"""Characters of a tool's name before its mention elsewhere means the tool: `send_email`, not `search`."""
MAX_NAME = 128
MAX_WORDS = 24
"""Words of a name, those between two marks included, that are followed through a text: what they cost in memory."""
TEXT_READ = 20_000
"""Characters of a description, and of a schema."""


class Mention(NamedTuple):
    """One text that names tools of other servers; servers by their places."""

    server: int
    speaker: str
    """The tool whose text it is; empty for the server's instructions."""
    names: tuple[str, ...]
    owners: tuple[int, ...]
    """Of each of the names, the server that it belongs to."""


def mentions(manifests: Sequence[Manifest], runs: Sequence[Runs] = ()) -> list[Mention]:
    """Each text that names a tool of another of these servers, and of none that is its own, in their order.

    Where it is said of each server where it `runs`, only those that run together are held against each other.
    """
    runs = runs or [EVERYWHERE] * len(manifests)
    owners: dict[str, dict[Runs, int]] = {}  # of each name, the first of the servers that run alike with such a tool
    for place, manifest in enumerate(manifests):
        for tool in manifest.tools:
            if _distinct(tool.name):
                owners.setdefault(tool.name, {}).setdefault(runs[place], place)
    if not owners:
        return []
    order = {name: place for place, name in enumerate(owners)}
    wanted = WholeNames(owners)
    found: list[Mention] = []
    for place, manifest in enumerate(manifests):
        own = {tool.name for tool in manifest.tools}
        for speaker, text in _texts(manifest):
            named = sorted(wanted.found_in(text[: 2 * TEXT_READ]) - own, key=order.__getitem__)
            foreign = [(name, owner) for name in named if (owner := _met(owners[name], runs[place])) is not None]
            if foreign:
                names, whose = zip(*foreign, strict=True)
                found.append(Mention(place, speaker, names, whose))
    return found


def _met(owners: Mapping[Runs, int], speaker: Runs) -> int | None:
    """The first of a name's owners that runs together with the server whose text it is."""
    return min((place for runs, place in owners.items() if runs.meets(speaker)), default=None)


def _distinct(name: str) -> bool:
    """Whether a name in a text can only mean the tool: two words in one, as `send_message` and `sendMessage`."""
    joint = any(not char.isalpha() or char.isupper() for char in name[1:])
    return MIN_DISTINCT <= len(name) <= MAX_NAME and name.isascii() and joint and parts(name) <= MAX_WORDS


def _texts(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """What a server says to a model before any tool is called: who says it ("" is the server), and the text."""
    yield "", manifest.server.instructions
    for tool in manifest.tools:
        schema = tool.raw.get("inputSchema")
        said = json.dumps(schema, ensure_ascii=False) if isinstance(schema, dict) else ""
        yield tool.name, f"{tool.text('description')[:TEXT_READ]}\n{said[:TEXT_READ]}"
