"""Texts of one server that name a tool of another: nothing inside a single list, so it is no fact of a subject.

What follows from a mention is said by :mod:`fleet.shadows`. Names in here are as they were sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import re2

from mcp_threat_scoring.manifest import Manifest

MIN_DISTINCT = 8
"""Characters of a tool's name before its mention elsewhere means the tool: `send_email`, not `search`."""
MAX_NAME = 128
MAX_NAMES = 5_000
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


def mentions(manifests: Sequence[Manifest]) -> list[Mention]:
    """Each text that names a tool of another of these servers, and of none that is its own, in their order."""
    owner: dict[str, int] = {}
    for place, manifest in enumerate(manifests):
        for tool in manifest.tools:
            if _distinct(tool.name):
                owner.setdefault(tool.name, place)
    names = list(owner)[:MAX_NAMES]
    if not names:
        return []
    wanted = _searcher(names)
    found: list[Mention] = []
    for place, manifest in enumerate(manifests):
        own = {tool.name for tool in manifest.tools}
        for speaker, text in _texts(manifest):
            hits = wanted.Match(text[: 2 * TEXT_READ].encode("utf-8", "replace")) or []
            foreign = [names[hit] for hit in sorted(hits) if names[hit] not in own]
            if foreign:
                found.append(Mention(place, speaker, tuple(foreign), tuple(owner[name] for name in foreign)))
    return found


def _distinct(name: str) -> bool:
    """Whether a name in a text can only mean the tool: two words in one, as `send_message` and `sendMessage`."""
    joint = any(not char.isalpha() or char.isupper() for char in name[1:])
    return MIN_DISTINCT <= len(name) <= MAX_NAME and name.isascii() and joint


def _searcher(names: Sequence[str]) -> re2.Set:
    """Finds each of the names as a whole word, all in one pass."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    wanted = re2.Set.SearchSet(options)
    for name in names:
        wanted.Add(rf"(?:^|[^A-Za-z0-9_-]){re2.escape(name)}(?:$|[^A-Za-z0-9_-])")
    wanted.Compile()
    return wanted


def _texts(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """What a server says to a model before any tool is called: who says it ("" is the server), and the text."""
    yield "", manifest.server.instructions
    for tool in manifest.tools:
        schema = tool.raw.get("inputSchema")
        said = json.dumps(schema, ensure_ascii=False) if isinstance(schema, dict) else ""
        yield tool.name, f"{tool.text('description')[:TEXT_READ]}\n{said[:TEXT_READ]}"
