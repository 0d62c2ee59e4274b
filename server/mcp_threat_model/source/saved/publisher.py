"""What saved descriptions by a publisher have in common: what they leave unseen, and what they tell beside a launch.

They say how a server is started or reached, and which secrets it wants; what only a running server can list stays
`not_observed`. Values of environment variables and headers are never kept, only their names, and hashes for a lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from mcp_threat_model.json_value import mapping, text
from mcp_threat_model.source.parts import url_scope
from mcp_threat_scoring.manifest import (
    OBSERVED,
    Coverage,
    LaunchFacts,
    Listing,
    PartName,
    TransportFacts,
    not_observed,
    partial,
)

_ONLY_LIVE: Final = not_observed("only the running server can list them")
_OFFICIAL: Final = "io.modelcontextprotocol.registry/official"
"""Under which key of ``_meta`` the registry keeps what it says itself, around the publisher's entry or inside it."""


def coverage_of(source: str, *, launch: bool, transport: bool) -> dict[PartName, Coverage]:
    """What is seen of a server in a description; `source` is what that is called."""
    return {
        "server": partial(f"as {source} has it; the server itself was not asked"),
        "instructions": not_observed("only the running server can give them"),
        "tools": _ONLY_LIVE,
        "prompts": _ONLY_LIVE,
        "resources": _ONLY_LIVE,
        "resource_templates": _ONLY_LIVE,
        "launch": OBSERVED if launch else not_observed(f"{source} names no command or package"),
        "transport": OBSERVED if transport else not_observed(f"{source} names no transport"),
        "auth": not_observed("how callers are authenticated can only be seen at the running server"),
    }


def unread(entry: Mapping[str, Any], texts: Sequence[str], lists: Sequence[str] = ()) -> dict[str, Any]:
    """What the manifest does not hold already: everything but those members, where they are what they should be."""
    return {
        key: held
        for key, held in entry.items()
        if not (key in texts and text(held).strip()) and not (key in lists and isinstance(held, list))
    }


def published(entry: Mapping[str, Any], around: Mapping[str, Any], pages: Sequence[str]) -> dict[str, str | bool | int]:
    """What a published description tells of who answers for it, and what its registry says of it."""
    source = entry.get("repository")
    author = mapping(entry.get("author"))
    named = bool(text(source) or text(mapping(source).get("url")))
    reached = [entry.get(page) for page in pages] + [author.get("url"), author.get("email")]
    facts: dict[str, str | bool | int] = {
        "source_named": named,
        "contact_named": named or any(text(one).strip() for one in reached),
    }
    official = mapping(around.get(_OFFICIAL)) or mapping(mapping(entry.get("_meta")).get(_OFFICIAL))
    if status := text(official.get("status")) or text(entry.get("status")):
        facts["deprecated"] = status in ("deprecated", "deleted")
    return facts


def prose_of(name: str, description: object) -> Listing | None:
    """The description as a listing, where it says anything."""
    prose = text(description)
    return Listing(name, prose) if prose.strip() else None


def command_of(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """The command of an entry that a client starts, its secrets included."""
    command, args = entry.get("command"), entry.get("args")
    if isinstance(command, dict):  # Zed, before 2025: {"path": …, "args": […]}
        args, command = command.get("args"), command.get("path")
    if not text(command):
        return ()
    return (text(command), *(one for one in (args if isinstance(args, list) else ()) if isinstance(one, str)))


def started_by(argv: tuple[str, ...]) -> LaunchFacts:
    """The command without its secrets, which people keep in their configuration, and what may be said of those."""
    from mcp_threat_model.guard.command_line import redact_argv, told_secrets  # most descriptions name no command

    return LaunchFacts(argv=redact_argv(argv), hidden=told_secrets(argv))


def reached_at(url: str, declared: str) -> TransportFacts:
    """The transport of an address, and of what is declared about it."""
    from mcp_threat_model.guard.redact import shown_url

    return TransportFacts(kind=_kind(declared, url), url=shown_url(url), scope=url_scope(url))


def _kind(declared: str, url: str) -> Literal["stdio", "http", "sse"]:
    if declared in ("sse", "http", "streamable-http", "streamableHttp"):
        return "sse" if declared == "sse" else "http"
    return "sse" if url.rstrip("/").endswith("/sse") else "http"
