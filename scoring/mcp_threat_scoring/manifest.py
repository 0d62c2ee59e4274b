"""What a target says about itself: our own frozen model, kept apart from anything we conclude.

The raw JSON of every item is kept, unknown fields included, and hashed in a canonical form, so that a later change of
anything can be seen. :mod:`intake` makes a manifest of what the sources collect.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from mcp_threat_scoring.declared import Declared
from mcp_threat_scoring.origin import TargetKind
from mcp_threat_scoring.structs import Struct, field

ItemKind = Literal["tool", "prompt", "resource", "resource_template"]
PartName = Literal[
    "tools", "prompts", "resources", "resource_templates", "instructions", "server", "auth", "transport", "launch"
]
PARTS: tuple[PartName, ...] = (
    "server", "instructions", "tools", "prompts", "resources", "resource_templates", "transport", "auth", "launch",
)  # fmt: skip


class Coverage(Struct, frozen=True):
    """Whether a part of the target was seen. "Could not check" is never "clean"."""

    status: Literal["observed", "partial", "not_observed"]
    reason: str
    lacking: bool = False
    """Whether whole items of a list are missing, of which nobody knows what they are."""


OBSERVED = Coverage("observed", "")


def partial(reason: str, *, lacking: bool = False) -> Coverage:
    """A part that is cut or damaged; `reason` says how much is missing, `lacking` that whole items are."""
    return Coverage("partial", reason, lacking)


def not_observed(reason: str) -> Coverage:
    """A part that was never seen; `reason` says why."""
    return Coverage("not_observed", reason)


AWAITED = not_observed("the list is empty so far, and the server announces that it changes")
"""The tools of a server that will show them later: that there are none now says nothing of those."""


def well_formed(text: str) -> str:
    """The text with lone surrogates replaced, one character each: JSON can spell them, UTF-8 cannot."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def spelt_out(name: str) -> str:
    """A name with lone surrogates spelt by their numbers, so that two different ones stay two."""
    if name.isascii() or not any("\ud800" <= char <= "\udfff" for char in name):
        return name
    return "".join(f"⟨U+{ord(char):04X}⟩" if "\ud800" <= char <= "\udfff" else char for char in name)


class Shortened(dict[str, Any]):
    """An item as it was sent, of which not all was kept. It says so itself, so that no way from a source to the
    manifest can lose it; in everything else it is the object that was kept."""

    __slots__ = ("missing",)

    def __init__(self, kept: Mapping[str, Any], missing: str) -> None:
        super().__init__(kept)
        self.missing = missing
        """How much, in our words."""


class Item(Struct, frozen=True, eq=False):
    """One tool, prompt, resource or resource template, as the target sent it."""

    kind: ItemKind
    pointer: str
    """JSON Pointer (RFC 6901) into the manifest document, e.g. ``/tools/3``."""
    name: str
    raw: Mapping[str, Any]
    sha256: str
    missing: str = ""
    """How much of it was not kept, in our words; empty where it is whole."""

    def text(self, key: str) -> str:
        """A string member of the raw object, or the empty string when absent or of another type."""
        value = self.raw.get(key)
        return well_formed(value) if isinstance(value, str) else ""

    def mapping(self, key: str) -> Mapping[str, Any]:
        """An object member of the raw object, or an empty mapping when absent or of another type."""
        value = self.raw.get(key)
        return value if isinstance(value, dict) else {}

    @property
    def annotations(self) -> Mapping[str, Any]:
        """The tool's own claims about itself (`readOnlyHint` …). They may be wrong, or lie."""
        return self.mapping("annotations")


class BadItem(Struct, frozen=True):
    """An item that could not be used. `reason` is our sentence; nothing of the target's text is in it."""

    pointer: str
    reason: str
    sha256: str = ""
    """Of what the target sent, so that a change of it is seen; empty where that cannot be spelt as JSON."""


class ServerFacts(Struct, frozen=True):
    """Who the target says it is (raw text: neutralise before showing)."""

    name: str = ""
    version: str = ""
    title: str = ""
    protocol_version: str = ""
    instructions: str = ""
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
    """Every further member of `serverInfo`: `description`, `icons` and `websiteUrl` (MCP 2025-11-25, Implementation),
    and those that no specification knows."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """What the answers hold beside what was asked for, `_meta` above all, laid out as in a capture."""


class TransportFacts(Struct, frozen=True):
    """How the target is reached. ``kind`` "none" is a saved description that names no way in."""

    kind: Literal["stdio", "http", "sse", "none"] = "none"
    url: str = ""
    scope: Literal["loopback", "private", "public", "unknown"] = "unknown"
    """Where the address of an HTTP target lies."""
    facts: Mapping[str, str | bool | int] = field(default_factory=dict)
    """Further observations by name, e.g. ``origin_checked: false``; rules read them as ``transport.NAME``."""


class LaunchFacts(Struct, frozen=True):
    """How the target is started, as asked for or as declared by a package or a client's configuration."""

    argv: tuple[str, ...] = ()
    """The words of the command, without the secrets in them."""
    env_names: tuple[str, ...] = ()
    """Names only. Values never enter a manifest."""
    secret_env_names: tuple[str, ...] = ()
    """Those of `env_names` that the package itself declares secret."""
    header_names: tuple[str, ...] = ()
    package: str = ""
    package_version: str = ""
    registry: str = ""
    sandbox: str = ""
    facts: Mapping[str, str | bool | int] = field(default_factory=dict)
    declared: Declared = field(default_factory=Declared)
    """Everything else that the entry or the package declares, of which only hashes can be had."""
    hidden: tuple[tuple[int, str], ...] = ()
    """Which words of `argv` a secret was taken out of, and what of it may be said: its name and length."""


class ScopeFact(Struct, frozen=True):
    """One OAuth scope and where its name was read."""

    name: str
    source: Literal["challenge", "resource_metadata", "authorization_server", "declared", "tool", "text"]


Requirement = Literal["none", "optional", "required", "unknown"]
"""Whether callers have to say who they are."""


class AuthFacts(Struct, frozen=True):
    """What was seen of authentication and authorization, without any credentials of ours."""

    requirement: Requirement = "unknown"
    schemes: tuple[str, ...] = ()
    scopes: tuple[ScopeFact, ...] = ()
    facts: Mapping[str, str | bool | int] = field(default_factory=dict)
    """Further observations by name, e.g. ``pkce_s256: true``, ``issuer_mismatch: false``; rules read ``auth.NAME``."""
    servers: Mapping[str, str] = field(default_factory=dict)
    """Authorization servers that are named (the target's words), each with a hash of the addresses that its metadata
    sends people and clients to; empty where that was not read."""


class Event(Struct, frozen=True):
    """Something odd the target did while it was read, kept as evidence: ``reverse_request``, ``junk_output`` …"""

    code: str
    detail: str = ""
    count: int = 1


class Listing(Struct, frozen=True):
    """A name and a paragraph of prose: what a directory says of a server whose tools nobody has listed."""

    name: str
    description: str


class Manifest(Struct, frozen=True):
    """Everything that was seen of one target."""

    target_kind: TargetKind
    target_value: str
    server: ServerFacts
    tools: tuple[Item, ...]
    prompts: tuple[Item, ...]
    resources: tuple[Item, ...]
    resource_templates: tuple[Item, ...]
    bad_items: tuple[BadItem, ...]
    coverage: Mapping[PartName, Coverage]
    transport: TransportFacts
    launch: LaunchFacts
    auth: AuthFacts
    events: tuple[Event, ...]
    listing: Listing | None
    sha256: str

    def items(self) -> Iterable[Item]:
        """Tools, prompts, resources and templates, in that order."""
        yield from self.tools
        yield from self.prompts
        yield from self.resources
        yield from self.resource_templates


def canonical_json(value: Any) -> str:
    """One spelling per JSON value: keys sorted, no white space. Order and layout changes are not changes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def sha256_of(value: Any) -> str:
    """Hex SHA-256 of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
