"""What a caller gave, held against the schema that was published: each fault in one sentence of our own.

The SDK has pydantic check arguments, whose messages quote what was given, raw, and whose kindness takes "0.5" for a
number. So the arguments are checked here first, of whatever tool or prompt. A sentence names the argument and what it
must be; of what was given it repeats numbers, and a few neutralised words where one of a few words was wanted.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from mcp_threat_scoring.neutralise import excerpt, neutralise_name
from mcp_threat_scoring.phrases import joined

Schema = Mapping[str, Any]
MAX_FAULTS = 5
"""Faults told at once. A caller who made more has misunderstood something that the first few show."""
_COMPARED = 64
"""Characters of an unknown name that are compared with the known ones."""
_WHOLE = 10**9
"""Integers are repeated below this size; a larger one may be endless."""
_BITS = 1_000
"""Integers that are taken for a number are shorter than this; a float has no room for longer ones."""
_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
_MANY: Mapping[str, str] = {"string": "text", "number": "numbers"}


def opened(schema: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments, with objects that a client sent as their JSON text read, and words of a few in their spelling.

    Some clients write every object that way. It is undone where an object of texts or numbers is wanted; a manifest may
    be given as text, and its text is read with more care elsewhere.
    """
    return {name: _opened(_properties(schema).get(name, {}), value) for name, value in given.items()}


def _opened(schema: Schema, value: object) -> object:
    if isinstance(value, str) and len(value) <= _COMPARED:
        words = [word for one in _alternatives(schema) for word in one.get("enum", ()) if isinstance(word, str)]
        if words:
            return next((word for word in words if word.casefold() == value.strip().casefold()), value)
    if isinstance(value, str) and value.lstrip().startswith("{") and any(map(_values, _alternatives(schema))):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def complaint(schema: Schema, given: Mapping[str, Any]) -> str:
    """Everything that is wrong with the arguments, a sentence each; empty if nothing is."""
    return " ".join(islice(_faults(schema, given), MAX_FAULTS))


def _faults(schema: Schema, given: Mapping[str, Any]) -> Iterator[str]:
    known = _properties(schema)
    for name, value in given.items():
        if name in known:
            yield from _wrong(known[name], value, name)
        else:
            near = difflib.get_close_matches(name[:_COMPARED], known, n=1)
            every = f"argument{'s are' if len(known) > 1 else ' is'} {joined(list(known))}"
            hint = f"did you mean {near[0]}?" if near else f"the {every}."
            yield f"There is no argument {neutralise_name(name) or 'with an empty name'}; {hint}"
    for name in schema.get("required", ()):
        if name not in given:
            yield f"{name} is missing; it is {_wanted(known[name])}."


def _properties(schema: Schema) -> Mapping[str, Schema]:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    return properties


def _alternatives(schema: Schema) -> list[Schema]:
    """What a value may be, one schema for each kind."""
    return list(schema.get("anyOf", (schema,)))


def _values(schema: Schema) -> Schema | None:
    """What the values of an object must be, where they must be something."""
    held = schema.get("additionalProperties")
    return held if isinstance(held, Mapping) and held else None


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    if kind == "number" and isinstance(value, int):
        return value.bit_length() < _BITS
    return isinstance(value, _KINDS[kind])


def _wrong(schema: Schema, value: object, place: str) -> Iterator[str]:
    fitting = next((one for one in _alternatives(schema) if "type" not in one or _is(value, one["type"])), None)
    if fitting is None:
        yield f"{place} is {_wanted(schema)}; not {_kind(value)}."
    elif "enum" in fitting:
        if value not in fitting["enum"]:
            yield f"{place} is {_wanted(schema)}; not {excerpt(value) or 'an empty text'}."
    elif isinstance(value, str):
        if len(value) > fitting.get("maxLength", len(value)):
            yield f"{place} is {_wanted(schema)}; not of {len(value):,}."
    elif isinstance(value, int | float) and "minimum" in fitting:
        if not fitting["minimum"] <= value <= fitting["maximum"]:
            yield f"{place} is {_range(fitting)}; not {_number(value)}."
    elif isinstance(value, dict) and (inner := _values(fitting)):
        for key, one in value.items():
            yield from _wrong(inner, one, f"{place}.{neutralise_name(key)}")


def _wanted(schema: Schema) -> str:
    """What a value must be, in words."""
    return joined([words for one in _alternatives(schema) if (words := _words(one))], "or")


def _words(schema: Schema) -> str:
    if "enum" in schema:
        return f"one of {', '.join(schema['enum'])}"
    kind = schema["type"]
    if kind == "string":
        return f"text of at most {schema['maxLength']:,} characters" if "maxLength" in schema else "text"
    if kind in ("integer", "number"):
        noun = "a whole number" if kind == "integer" else "a number"
        return f"{noun}, {_range(schema)}" if "minimum" in schema else noun
    if kind == "object":
        inner = _values(schema)
        return f"an object whose values are {_MANY[inner['type']]}" if inner else "an object"
    return {"array": "a list", "boolean": "true or false", "null": ""}[kind]


def _range(schema: Schema) -> str:
    low, high = schema["minimum"], schema["maximum"]
    return f"{low:,} to {high:,}" if schema["type"] == "integer" else f"{low:.2f} to {high:.2f}"


def _kind(value: object) -> str:
    """What was given, without a word of it."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int | float):
        return _number(value)
    return "text" if isinstance(value, str) else "a list" if isinstance(value, list) else "an object"


def _number(value: float) -> str:
    if isinstance(value, int):
        return "a very large number" if abs(value) >= _WHOLE else f"{value:,}"
    return str(value)
