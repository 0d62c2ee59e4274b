"""Scopes that tools name themselves: in machine-readable members, or after "Required scopes:" in their descriptions.

No revision of the protocol has a place for them (2026-07-28 leaves scopes to the authorization server), so vendors use
their own: ``securitySchemes`` or ``requiredScopes`` and the like, beside the tool or in its ``_meta``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mcp_threat_scoring.manifest import Item, ScopeFact, well_formed
from mcp_threat_scoring.patterns.pattern import pattern

MAX_STATED = 200
_LISTS = ("scopes", "requiredScopes", "required_scopes", "oauthScopes", "oauth_scopes")
_MEMBERS = frozenset((*_LISTS, "securitySchemes"))
_SAID = pattern(
    r"(?i)\b(?:required|requires?|needs?)(?: the)?(?: oauth| api| iam)? (?:scopes?|permissions?)\s*:\s*"
    r"((?:[`\"']?[a-z][\w./-]*[:.][\w.:/*-]*\w[`\"']?(?:\s*,\s*(?:and )?)?)+)"
)
"""Only names with a colon or a dot inside: what else follows such words is prose."""
_NAME = pattern(r"(?i)[a-z][\w./-]*[:.][\w.:/*-]*\w")


def _names(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from value.split()[:20]
    elif isinstance(value, list):
        yield from (one for one in value[:50] if isinstance(one, str) and one.strip())


def _members(held: object, pointer: str) -> Iterator[tuple[str, str]]:
    if not isinstance(held, dict) or _MEMBERS.isdisjoint(held):
        return
    for key in _LISTS:
        yield from ((name, f"{pointer}/{key}") for name in _names(held.get(key)))
    schemes = held.get("securitySchemes")
    entries: Iterable[Any] = schemes.values() if isinstance(schemes, dict) else schemes or ()
    if isinstance(schemes, dict | list):
        for scheme in list(entries)[:20]:
            found: Mapping[str, Any] = scheme if isinstance(scheme, dict) else {}
            yield from ((name, f"{pointer}/securitySchemes") for name in _names(found.get("scopes")))


def _of(tool: Item) -> Iterator[tuple[ScopeFact, str]]:
    raw = tool.raw
    for held, place in ((raw, ""), (raw.get("_meta"), "/_meta"), (raw.get("annotations"), "/annotations")):
        for name, pointer in _members(held, tool.pointer + place):
            yield ScopeFact(well_formed(name)[:300], "tool"), pointer
    description = raw.get("description")
    if isinstance(description, str) and (": " in description or ":\n" in description):
        for said in _SAID.finditer(well_formed(description[:8_000])):
            for name in _NAME.findall(said.group(1)):
                yield ScopeFact(name[:300], "text"), f"{tool.pointer}/description"


def stated_scopes(tools: Iterable[Item]) -> list[tuple[ScopeFact, str]]:
    """Every scope that a tool names for itself, once, with the JSON Pointer of where; the first `MAX_STATED`."""
    found: dict[str, tuple[ScopeFact, str]] = {}
    for tool in tools:
        for fact, pointer in _of(tool):
            found.setdefault(fact.name, (fact, pointer))
        if len(found) >= MAX_STATED:
            break
    return list(found.values())[:MAX_STATED]
