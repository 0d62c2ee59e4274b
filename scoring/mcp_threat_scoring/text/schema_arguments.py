"""Where the arguments of a tool are described: in the properties of its schema, or wherever the schema says they are.

Generators of code put the arguments into a model of its own and the schema into ``$defs``; others wrap them into one
object or list ("request", "params", "items"). A caller fills in the same members, so they are the same arguments.
Keywords that describe the same value as the schema that they stand in: JSON Schema 2020-12, core, sections 8.2.3 and
10.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MAX_WRAPPERS = 4
MAX_SAME = 60
"""Schemas looked at for one value."""
_SAME_LISTS = ("allOf", "anyOf", "oneOf")
_SAME = ("then", "else")
_REFERENCES = ("$ref", "$dynamicRef")
_TABLES = ("$defs", "definitions")
_WRAPPERS = frozenset(
    ("args", "arguments", "body", "data", "input", "inputs", "params", "parameters", "payload", "req", "request")
)
"""Names that say of a member only that it holds the others; one that stands alone does so whatever its name."""
_ELSEWHERE = frozenset((*_SAME_LISTS, *_SAME, *_REFERENCES, "dependentSchemas"))

Placed = tuple[Mapping[str, Any], str]
"""A schema and its JSON Pointer."""


def argument_places(root: Mapping[str, Any], pointer: str) -> frozenset[str]:
    """The JSON Pointers of the objects whose members are arguments. Never raises; references are followed locally."""
    found: set[str] = set()
    level: list[Placed] = [(root, pointer)]
    for _ in range(MAX_WRAPPERS):
        inside: dict[str, Placed] = {}
        for schema, place in _same(level, root, pointer):
            properties = schema.get("properties")
            if isinstance(properties, dict) and properties:
                found.add(f"{place}/properties")
                inside |= {
                    name: (inner, f"{place}/properties/{_token(name)}")
                    for name, inner in properties.items()
                    if isinstance(inner, dict) and (len(properties) == 1 or name.lower() in _WRAPPERS)
                }
        level = [member for inner in inside.values() for member in _members(*inner)]
    return frozenset(found)


def _members(schema: Mapping[str, Any], place: str) -> Iterator[Placed]:
    """The only argument, and what it is a list of."""
    yield schema, place
    items = schema.get("items")
    if isinstance(items, dict):
        yield items, f"{place}/items"


def _same(start: list[Placed], root: Mapping[str, Any], pointer: str) -> Iterator[Placed]:
    """Those schemas, and all that say more of the same values."""
    stack, seen = start[::-1], set[str]()
    while stack and len(seen) < MAX_SAME:
        schema, place = stack.pop()
        if place in seen:
            continue
        seen.add(place)
        yield schema, place
        if not _ELSEWHERE.isdisjoint(schema):
            stack.extend(_further(schema, place, root, pointer))


def _further(schema: Mapping[str, Any], place: str, root: Mapping[str, Any], pointer: str) -> Iterator[Placed]:
    for key in _SAME_LISTS:
        options = schema.get(key)
        if isinstance(options, list):
            yield from (
                (one, f"{place}/{key}/{n}") for n, one in enumerate(options[:MAX_SAME]) if isinstance(one, dict)
            )
    for key in _SAME:
        if isinstance(inner := schema.get(key), dict):
            yield inner, f"{place}/{key}"
    dependent = schema.get("dependentSchemas")
    if isinstance(dependent, dict):
        for name, inner in list(dependent.items())[:MAX_SAME]:
            if isinstance(inner, dict):
                yield inner, f"{place}/dependentSchemas/{_token(str(name))}"
    for key in _REFERENCES:
        reference = schema.get(key)
        if isinstance(reference, str) and (target := _target(reference, root, pointer)) is not None:
            yield target
            if isinstance(items := target[0].get("items"), dict):
                yield items, f"{target[1]}/items"


def _target(reference: str, root: Mapping[str, Any], pointer: str) -> Placed | None:
    """What a reference within the schema leads to: a JSON Pointer, or the name of an anchor among the definitions."""
    if reference.startswith("#/"):
        found: object = root
        for token in reference[2:].split("/")[:16]:
            if not isinstance(found, dict):
                return None
            found = found.get(token.replace("~1", "/").replace("~0", "~"))
        return (found, f"{pointer}{reference[1:]}") if isinstance(found, dict) else None
    for table in _TABLES:
        held = root.get(table)
        if isinstance(held, dict):
            for name, inner in held.items():
                if isinstance(inner, dict) and reference in (f"#{inner.get(k)}" for k in ("$anchor", "$dynamicAnchor")):
                    return inner, f"{pointer}/{table}/{_token(str(name))}"
    return None


def _token(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
