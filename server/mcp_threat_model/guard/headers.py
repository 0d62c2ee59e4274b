"""Headers that a user may add to requests: whatever HTTP allows and the protocol does not set itself."""

from __future__ import annotations

from collections.abc import Mapping

from mcp_threat_scoring.errors import UsageError
from mcp_threat_scoring.neutralise import neutralise_name

_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept", "accept-encoding", "content-type", "expect",
     "upgrade", "te", "trailer", "keep-alive", "origin"}
)  # fmt: skip
SENT_ANYWAY = frozenset({"accept", "accept-encoding", "content-type", "connection", "keep-alive"})
"""Of those, what only says how messages are written: a configuration that names them loses nothing by our own."""
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The user's headers, names in lower case.

    Raises:
        UsageError: a name or value that HTTP does not allow, or one that the protocol itself must set.
    """
    kept: dict[str, str] = {}
    for name, given in headers.items():
        lower, value = name.strip().lower(), given.strip()  # as clients do: a line break is easily pasted along
        shown = neutralise_name(lower)
        if not lower:
            raise UsageError("a header has no name")
        if not set(lower) <= _TOKEN:
            raise UsageError(f"the name of the header “{shown}” holds characters that HTTP does not allow")
        if lower in _OURS or lower.startswith("mcp-"):
            raise UsageError(f"the header {shown} is set by the protocol and cannot be given")
        if any((ord(char) < 0x20 and char != "\t") or ord(char) == 0x7F for char in value):
            raise UsageError(f"the value of the header {shown} holds control characters")
        kept[lower] = value
    return kept
