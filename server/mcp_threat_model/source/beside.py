"""What an answer holds beside what was asked for: `_meta`, and members that no specification knows.

A client may hand either to a model, so it is read and pinned like everything else. What only keeps the conversation
going (cursors, times to live) is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

SERVER_INFO: Final = "io.modelcontextprotocol/serverInfo"
"""The `_meta` key by which results name the server since protocol revision 2026-07-28, which has no handshake."""
HELLO: Final = frozenset({"serverInfo", "protocolVersion", "capabilities", "instructions"})
"""Members of what `initialize` or `server/discover` answers that a manifest has places for."""
_NAMED: Final = frozenset({"name", "version", "title"})


def beside(answer: Mapping[str, Any], known: Collection[str], info: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an answer that are not `known`. `info` is the server's name for itself, which is kept once."""
    found: dict[str, Any] = {}
    for key, value in answer.items():
        if key in known or _keeps_going(key, value):
            continue
        held = value
        if key == "_meta" and isinstance(value, dict):
            held = {name: said for name, said in value.items() if name != SERVER_INFO or said != info}
        if held not in (None, "", {}, []):
            found[key] = held
    return found


def _keeps_going(key: str, value: object) -> bool:
    return (
        key == "nextCursor"
        or (key == "ttlMs" and isinstance(value, int | float))
        or (key == "cacheScope" and value in ("public", "private"))
        or (key == "resultType" and value == "complete")
    )


def further(info: Mapping[str, Any]) -> dict[str, Any]:
    """What the server says of itself besides name, version and title: description, icons, `websiteUrl` and the like."""
    return {key: value for key, value in info.items() if key not in _NAMED and value not in (None, "", {}, [])}


def join(first: dict[str, Any], more: Mapping[str, Any], mark: str) -> None:
    """Add what stands beside a further page; a member that says something else there is kept with a mark."""
    for key, value in more.items():
        if first.setdefault(key, value) != value:
            first[f"{key}#{mark}"] = value
