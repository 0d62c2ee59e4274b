"""Raw JSON becomes a manifest, item by item: one malformed tool of twenty is one reported item, and nineteen good ones.

Sources collect; what is worth keeping of it is decided here, for all of them alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mcp_threat_scoring.manifest import (
    AWAITED,
    PARTS,
    AuthFacts,
    BadItem,
    Coverage,
    Event,
    Item,
    ItemKind,
    LaunchFacts,
    Listing,
    Manifest,
    PartName,
    ServerFacts,
    Shortened,
    TransportFacts,
    not_observed,
    partial,
    sha256_of,
    spelt_out,
)
from mcp_threat_scoring.origin import TargetKind

_IDENTITY: Mapping[ItemKind, str] = {
    "tool": "name", "prompt": "name", "resource": "uri", "resource_template": "uriTemplate",
}  # fmt: skip


def _read_item(kind: ItemKind, pointer: str, raw: object) -> Item | BadItem:
    noun = kind.replace("_", " ")
    try:
        digest = sha256_of(raw)
    except (ValueError, TypeError, RecursionError):
        return BadItem(pointer, f"this {noun} is nested too deeply or is not plain JSON")
    if not isinstance(raw, dict):
        return BadItem(pointer, f"this {noun} is not a JSON object", digest)
    identity = raw.get(_IDENTITY[kind])
    if not isinstance(identity, str) or not identity.strip():
        return BadItem(pointer, f"this {noun} has no {_IDENTITY[kind]}", digest)
    for key, kinds in (("description", str), ("title", str), ("inputSchema", dict), ("outputSchema", dict),
                       ("annotations", dict)):  # fmt: skip
        if raw.get(key) is not None and not isinstance(raw[key], kinds):
            wanted = "a string" if kinds is str else "an object"
            return BadItem(f"{pointer}/{key}", f"{key} is not {wanted}", digest)
    name = raw.get("name")
    missing = raw.missing if isinstance(raw, Shortened) else ""
    return Item(kind, pointer, spelt_out(name if isinstance(name, str) else identity), raw, digest, missing)


def read_items(kind: ItemKind, raw_items: Sequence[object], base: str) -> tuple[tuple[Item, ...], tuple[BadItem, ...]]:
    """Read raw items one by one; the bad ones come back as :class:`BadItem` with their place."""
    good: list[Item] = []
    bad: list[BadItem] = []
    for index, raw in enumerate(raw_items):
        item = _read_item(kind, f"{base}/{index}", raw)
        if isinstance(item, Item):
            good.append(item)
        else:
            bad.append(item)
    return tuple(good), tuple(bad)


def _announces_more(server: ServerFacts) -> bool:
    """Whether its list of tools may change while it runs (MCP, "tools", capability ``listChanged``)."""
    announced = server.capabilities.get("tools")
    return isinstance(announced, dict) and announced.get("listChanged") is True


def build_manifest(
    *,
    target_kind: TargetKind,
    target_value: str,
    tools: Sequence[object] = (),
    prompts: Sequence[object] = (),
    resources: Sequence[object] = (),
    resource_templates: Sequence[object] = (),
    coverage: Mapping[PartName, Coverage],
    server: ServerFacts | None = None,
    transport: TransportFacts | None = None,
    launch: LaunchFacts | None = None,
    auth: AuthFacts | None = None,
    events: Sequence[Event] = (),
    listing: Listing | None = None,
) -> Manifest:
    """Build the manifest from raw JSON parts.

    `coverage` says what each part is worth; a part it does not name is `not_observed`. A part that was observed but
    held bad items becomes `partial`, with their number; an empty list of tools that will be longer later was not
    observed yet.
    """
    server = server or ServerFacts()
    read = {
        "tools": read_items("tool", tools, "/tools"),
        "prompts": read_items("prompt", prompts, "/prompts"),
        "resources": read_items("resource", resources, "/resources"),
        "resource_templates": read_items("resource_template", resource_templates, "/resourceTemplates"),
    }
    seen: dict[PartName, Coverage] = {}
    for part in PARTS:
        state = coverage.get(part, not_observed("nothing was said about it"))
        damaged = len(read[part][1]) if part in read else 0
        if damaged and state.status != "not_observed":
            whole = damaged + len(read[part][0])
            reason = f"{damaged} of {whole} {part.replace('_', ' ')} could not be used"
            state = partial("; ".join(filter(None, (state.reason, reason))), lacking=True)
        if part == "tools" and not tools and state.status == "observed" and _announces_more(server):
            state = AWAITED
        seen[part] = state
    digest = sha256_of(
        {
            "server": [server.name, server.version, server.title, server.instructions],
            **{part: sorted(item.sha256 for item in good) for part, (good, _) in read.items()},
            "listing": [listing.name, listing.description] if listing else None,
            **{name: held for name, held in (("info", server.info), ("beside", server.beside)) if held},
        }
    )
    return Manifest(
        target_kind=target_kind,
        target_value=target_value,
        server=server,
        tools=read["tools"][0],
        prompts=read["prompts"][0],
        resources=read["resources"][0],
        resource_templates=read["resource_templates"][0],
        bad_items=tuple(bad for _, bads in read.values() for bad in bads),
        coverage=seen,
        transport=transport or TransportFacts(),
        launch=launch or LaunchFacts(),
        auth=auth or AuthFacts(),
        events=tuple(events),
        listing=listing,
        sha256=digest,
    )
