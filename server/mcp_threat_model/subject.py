"""What a tool call is about: a target, a manifest or a listing, exactly one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mcp_threat_model.guard.limits import DEFAULT_LIMITS, Limits
from mcp_threat_model.render.wording import UNNAMED
from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.structs import replace

InlineManifest = str | dict[str, Any] | list[Any]


def inline_manifest(given: InlineManifest, limits: Limits = DEFAULT_LIMITS) -> Manifest:
    """A manifest passed in the call itself, as JSON or as JSON text, under the same bounds as a file.

    Raises:
        TargetError: `malformed` or `too_large`.
    """
    respelt = not isinstance(given, str)
    text = given if isinstance(given, str) else json.dumps(given)
    return _described(text, "the manifest", "manifest", "inline manifest", limits, respelt=respelt)


def inline_listing(given: str | Mapping[str, str], limits: Limits = DEFAULT_LIMITS) -> Manifest:
    """A name and a paragraph of prose, or the paragraph alone.

    Raises:
        TargetError: `malformed` (there is no prose in it, for one) or `too_large`.
    """
    entry = {"name": "", "description": given} if isinstance(given, str) else dict(given)
    name, entry = str(entry.get("name") or ""), {"description": str(entry.get("description") or "")}
    if not entry["description"].strip():
        raise TargetError(
            "malformed",
            "the listing is empty",
            "Give a sentence or more about the server, as text or as the description of an object with a name.",
        )
    # Prose alone is no shape that a file can have: it is read under a name, which is taken away again.
    called = name if name.strip() else UNNAMED
    entry["name"] = called
    read = _described(json.dumps(entry), "the listing", "listing", neutralise_name(called), limits)
    if called == name or read.listing is None:
        return read
    return replace(read, server=replace(read.server, name=""), listing=replace(read.listing, name=""))


def _described(text: str, what: str, kind: str, label: str, limits: Limits, *, respelt: bool = False) -> Manifest:
    from mcp_threat_model.source.saved.document import parse_json  # not before somebody calls: a server starts without
    from mcp_threat_model.source.saved.snapshot import describe

    document = parse_json(text.encode("utf-8", "replace"), what, limits, respelt=respelt)
    return describe(document, kind=kind, label=label, limits=limits)


def one_subject(given: Mapping[str, Any]) -> None:
    """Check that the arguments of a call name at most one server.

    Raises:
        UsageError: they name more.
    """
    exactly_one(**{name: given.get(name) for name in ("target", "manifest", "listing")})


def exactly_one(**given: object) -> str | None:
    """The name of the one argument that was given; None when none was. What is empty was given, too.

    Raises:
        UsageError: more than one was given.
    """
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise UsageError(f"give only one of {', '.join(given)}; {' and '.join(named)} were given")
    return named[0] if named else None
