"""What one saved description says, before it becomes a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from mcp_threat_model.guard.address import scope_of
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import (
    Coverage,
    LaunchFacts,
    Listing,
    PartName,
    ServerFacts,
    TransportFacts,
)
from mcp_threat_scoring.structs import Struct, field

Scope = Literal["loopback", "private", "public", "unknown"]


class Parts(Struct, frozen=True):
    """The arguments of `build_manifest` that a saved description can answer."""

    coverage: Mapping[PartName, Coverage]
    tools: Sequence[object] = ()
    prompts: Sequence[object] = ()
    resources: Sequence[object] = ()
    resource_templates: Sequence[object] = ()
    server: ServerFacts = field(default_factory=ServerFacts)
    transport: TransportFacts = field(default_factory=TransportFacts)
    launch: LaunchFacts = field(default_factory=LaunchFacts)
    listing: Listing | None = None


def wrong_shape(sentence: str, hint: str = "") -> TargetError:
    """The document is JSON, but no description of a server."""
    return TargetError("malformed", sentence, hint)


def url_scope(url: str) -> Scope:
    """Where an address lies, as far as it says so itself: no name is looked up."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return "unknown"
    if host == "localhost" or host.endswith(".localhost"):
        return "loopback"
    try:
        return scope_of(ip_address(host))
    except ValueError:
        return "unknown"
