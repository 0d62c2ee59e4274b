"""A saved description: which shape it has, and the manifest it makes.

The shapes are tried in the order of one table; the first that fits is read. More telling shapes come first: an MCPB
manifest also has `tools`, and nearly everything has a `name` and a `description`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event as Flag
from typing import Any, Final, Literal

from mcp_threat_model.guard.limits import DEFAULT_LIMITS, Limits
from mcp_threat_model.source.cuts import Missing, bound, bound_item
from mcp_threat_model.source.doubt import doubt, lessen
from mcp_threat_model.source.parts import Parts, wrong_shape
from mcp_threat_model.source.saved import listed
from mcp_threat_model.source.saved.bundle import mcpb
from mcp_threat_model.source.saved.client_entry import ENTRY_KEYS, URL_KEYS, config_entry
from mcp_threat_model.source.saved.document import Document, parse_json, read_file, read_stdin
from mcp_threat_model.source.saved.listed import is_listing
from mcp_threat_model.source.saved.server_json import server_json
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import Coverage, Event, Listing, Manifest, PartName, ServerFacts
from mcp_threat_scoring.origin import TargetKind
from mcp_threat_scoring.structs import Struct, asdict, replace


class Shape(Struct, frozen=True):
    """One way a server may be described in JSON."""

    name: str
    fits: Callable[[Any], bool]
    read: Callable[[Any], Parts]


def _has(value: Any, *keys: str) -> bool:
    return isinstance(value, dict) and any(key in value for key in keys)


def _is_server_json(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    entry = value["server"] if isinstance(value.get("server"), dict) else value
    return "name" in entry and (_has(entry, "packages", "remotes") or "server.schema.json" in str(entry.get("$schema")))


def _is_entry(value: Any) -> bool:
    """A command, or an address. A name with prose that has an address too is a listing that links to a page.

    Unless it says, as clients do, how to speak to that address.
    """
    if not _has(value, "command", *URL_KEYS):
        return False
    return _has(value, "command", "args", "headers", "type", "transport") or not is_listing(value)


SHAPES: Final[Sequence[Shape]] = (
    Shape("a bare list of tools", lambda value: isinstance(value, list), listed.bare_list),
    Shape("an MCPB manifest.json", lambda value: _has(value, "manifest_version", "dxt_version"), mcpb),
    Shape("a registry server.json", _is_server_json, server_json),
    Shape(
        "a client's configuration",
        lambda value: any(isinstance(value, dict) and isinstance(value.get(key), dict) for key in ENTRY_KEYS),
        config_entry,
    ),
    Shape(
        "a tools/list result or a capture",
        lambda value: _has(value, *listed.LISTS, "initialize", "serverInfo", "protocolVersion"),
        listed.capture,
    ),
    Shape("a single tool", lambda value: _has(value, "inputSchema") and _has(value, "name"), listed.single_tool),
    Shape("a client's entry", _is_entry, config_entry),
    Shape("a listing in prose", is_listing, listed.listing),
)


def describe(document: Document, *, kind: TargetKind, label: str, limits: Limits = DEFAULT_LIMITS) -> Manifest:
    """Build the manifest of a saved description. `kind` and `label` say what was asked for.

    Raises:
        TargetError: `malformed`: it is JSON, but describes no server.
    """
    value = listed.unwrap(document.value)
    shape = next((shape for shape in SHAPES if shape.fits(value)), None)
    if shape is None:
        raise wrong_shape(
            "it is JSON, but not a description of an MCP server",
            "It can be " + ", ".join(shape.name for shape in SHAPES) + ".",
        )
    parts = shape.read(value)
    coverage: dict[PartName, Coverage] = dict(parts.coverage)
    lists: dict[_List, Sequence[object]] = {
        "tools": parts.tools,
        "prompts": parts.prompts,
        "resources": parts.resources,
        "resource_templates": parts.resource_templates,
    }
    for part, items in lists.items():
        lists[part] = _bounded(part, items, coverage, limits, look_inside=document.oversized)
    if document.oversized:
        parts = _shortened(parts, coverage, limits)
    events: list[Event] = []
    if document.repeated_keys:
        events.append(Event("repeated_key", "an object names a key more than once", document.repeated_keys))
        doubt(coverage, document.repeated_keys)
    return build_manifest(
        target_kind=kind,
        target_value=label,
        tools=lists["tools"],
        prompts=lists["prompts"],
        resources=lists["resources"],
        resource_templates=lists["resource_templates"],
        coverage=coverage,
        server=parts.server,
        transport=parts.transport,
        launch=parts.launch,
        events=events,
        listing=parts.listing,
    )


_List = Literal["tools", "prompts", "resources", "resource_templates"]


def _bounded(
    part: _List, items: Sequence[object], coverage: dict[PartName, Coverage], limits: Limits, *, look_inside: bool
) -> Sequence[object]:
    """As many items, and as much of each, as is kept of one target; what was cut makes the part `partial`."""
    noun = part.replace("_", " ")
    if len(items) > limits.items:
        lessen(coverage, part, f"the first {limits.items:,} of {len(items):,} {noun} were read", lacking=True)
        items = items[: limits.items]
    if not look_inside:
        return items
    missing = Missing()
    kept = [bound_item(item, limits, missing)[0] for item in items]
    if told := missing.said():
        lessen(coverage, part, told)
    return kept


def _shortened(parts: Parts, coverage: dict[PartName, Coverage], limits: Limits) -> Parts:
    """The server's own words, each as long as is kept of one string."""
    missing = Missing()
    server, _ = bound(asdict(parts.server), limits, missing)
    prose, _ = bound(asdict(parts.listing) if parts.listing else None, limits, missing)
    if told := missing.said():
        lessen(coverage, "server", f"of its introduction, {told}")
        if coverage["instructions"].status == "observed":  # it is read by the model, like what is missing of it
            lessen(coverage, "instructions", f"of what the server says of itself, {told}")
    return replace(parts, server=ServerFacts(**server), listing=Listing(**prose) if prose else None)


class SnapshotSource(Struct, frozen=True):
    """Reads a saved description from `path`, or from standard input when it is None; it is called `label`."""

    path: str | None
    limits: Limits = DEFAULT_LIMITS
    label: str = ""

    async def read(self) -> Manifest:
        """Read, parse and recognise the description.

        Raises:
            TargetError: `unreachable`, `too_large`, `timeout` or `malformed`, in one sentence.
        """
        import anyio.to_thread  # not above: `load` needs no event loop, and importing one takes longer than reading

        # A thread, because a pipe may be silent for long. Whoever stops waiting also stops the thread.
        done = Flag()
        try:
            return await anyio.to_thread.run_sync(self.load, done.is_set, abandon_on_cancel=True)
        finally:
            done.set()

    def load(self, stopped: Callable[[], bool] = lambda: False) -> Manifest:
        """The same, waiting for it. `stopped` tells when nobody waits any more.

        Raises:
            TargetError: `unreachable`, `too_large`, `timeout` or `malformed`, in one sentence.
        """
        seconds, size = self.limits.total_s, self.limits.file_bytes
        if self.path is None:
            data = read_stdin(seconds=seconds, max_bytes=size, stopped=stopped)
            return describe(
                parse_json(data, "standard input", self.limits), kind="stdin", label="-", limits=self.limits
            )
        data = read_file(self.path, seconds=seconds, max_bytes=size, stopped=stopped)
        document, label = parse_json(data, "the file", self.limits), self.label or self.path
        return describe(document, kind="file", label=label, limits=self.limits)
