"""What a tool call is about: a target, a manifest or a listing, one of them at most."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, Self

from mcp_threat_model.guard.limits import DEFAULT_LIMITS, Limits
from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.origin import TargetKind
from mcp_threat_scoring.phrases import UNNAMED
from mcp_threat_scoring.structs import Struct, replace

InlineManifest = str | dict[str, Any] | list[Any]
InlineListing = str | dict[str, str]
By = Literal["target", "manifest", "listing"]
"""The ways to name a server in a call."""


class Given(Struct, frozen=True):
    """The server that a call names, in one of three ways or not at all. What is empty was given, too.

    Raises:
        UsageError: it is named in more than one way.
    """

    target: str | None = None
    manifest: InlineManifest | None = None
    listing: InlineListing | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Self:
        """The server that the arguments of a call name; what else they say does not matter here.

        Raises:
            UsageError: they name it in more than one way.
        """
        return cls(**{way: arguments.get(way) for way in cls.__struct_fields__})

    def __post_init__(self) -> None:
        named = self._named()
        if len(named) > 1:
            ways = ", ".join(self.__struct_fields__)
            raise UsageError(f"give only one of {ways}; {' and '.join(named)} were given")

    @property
    def by(self) -> By | None:
        """How it is named; None where no server is."""
        return next(iter(self._named()), None)

    def inline(self, limits: Limits = DEFAULT_LIMITS) -> Manifest:
        """What the call itself says of the server, where it does not name a target.

        Raises:
            TargetError: `malformed` or `too_large`.
        """
        if self.manifest is not None:
            return inline_manifest(self.manifest, limits)
        return inline_listing(self.listing or "", limits)

    def _named(self) -> list[By]:
        ways: tuple[By, ...] = ("target", "manifest", "listing")
        return [way for way in ways if getattr(self, way) is not None]


def inline_manifest(given: InlineManifest, limits: Limits = DEFAULT_LIMITS) -> Manifest:
    """A manifest passed in the call itself, as JSON or as JSON text, under the same bounds as a file.

    Raises:
        TargetError: `malformed` or `too_large`.
    """
    respelt = not isinstance(given, str)
    text = given if isinstance(given, str) else json.dumps(given)
    return _described(text, "the manifest", "manifest", "inline manifest", limits, respelt=respelt)


def inline_listing(given: InlineListing, limits: Limits = DEFAULT_LIMITS) -> Manifest:
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


def _described(
    text: str, what: str, kind: TargetKind, label: str, limits: Limits, *, respelt: bool = False
) -> Manifest:
    from mcp_threat_model.source.saved.document import parse_json  # not before somebody calls: a server starts without
    from mcp_threat_model.source.saved.snapshot import describe

    document = parse_json(text.encode("utf-8", "replace"), what, limits, respelt=respelt)
    return describe(document, kind=kind, label=label, limits=limits)
