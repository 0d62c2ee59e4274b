"""What all our models have in common: immutable, strict about unknown keys, and quick to define, read and write.

They are msgspec structs. A scan of a saved file is over in a third of a second, and defining the same classes with
pydantic, or as dataclasses, would take longer than that by itself. Where a scan reads many kinds of model from rules,
the module does without `from __future__ import annotations`: msgspec would compile every annotation from its text.

Reading stops at the first thing that is wrong; :mod:`faults` then finds all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from mcp_threat_scoring.structs import (
    DecodeError,
    FieldInfo,
    Struct,
    ValidationError,
    convert,
    fields,
    json,
    replace,
    to_builtins,
)

__all__ = [
    "TAG", "Model", "Place", "ValidationError", "chosen_of", "fields_of", "json_schema", "members_of", "plain_type",
    "read", "read_json", "to_json",
]  # fmt: skip

M = TypeVar("M")
S = TypeVar("S", bound="Model")
Place = tuple[str | int, ...]
"""Keys and indices that lead into a document."""


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything that is read from rules or printed in a report."""

    def changed(self: S, update: Mapping[str, Any]) -> S:
        """A copy with some fields replaced."""
        return replace(self, **update)

    def to_plain(self) -> dict[str, Any]:
        """As dictionaries, lists, strings and numbers: what JSON can say."""
        plain: dict[str, Any] = to_builtins(self)
        return plain

    def to_json(self, indent: int | None = None) -> str:
        """As JSON text."""
        return to_json(self, indent)

    @classmethod
    def read(cls: type[S], data: object) -> S:
        """Check plain data and make a model of it.

        Raises:
            ValidationError: naming the first thing that is wrong.
        """
        return read(cls, data)

    @classmethod
    def read_json(cls: type[S], text: str | bytes) -> S:
        """The same from JSON text.

        Raises:
            ValidationError: naming the first thing that is wrong.
        """
        return read_json(cls, text)


TAG = "is"
"""Name of the member that tells the classes of a union apart in JSON. People leave it out: see :func:`tagged`."""


def tagged(kind: Any, value: Any) -> Any:
    """The value with a tag wherever its type is a union of models, told apart by a key that only one of them has.

    A model of such a union is declared with ``tag_field=TAG`` and that key as its ``tag``. The last one may do without
    its key: it is meant where no other one is.

    Raises:
        ValidationError: a mapping is none of the models.
    """
    inner = plain_type(kind, value)
    if isinstance(value, Mapping):
        if members := members_of(inner):
            chosen = chosen_of(members, value)
            return {TAG: chosen.__struct_config__.tag, **_each_tagged(chosen, value)}
        if isinstance(inner, type) and issubclass(inner, Model):
            return _each_tagged(inner, value)
        held = get_args(inner)[1:2]
        return {key: tagged(held[0], one) for key, one in value.items()} if held else value
    if isinstance(value, list | tuple):
        held = get_args(inner)[:1]
        return [tagged(held[0], one) for one in value] if held else value
    return value


@cache
def fields_of(kind: type[Model]) -> tuple[FieldInfo, ...]:
    """The fields of a model. msgspec looks every annotation up again whenever it is asked."""
    return fields(kind)


def _each_tagged(kind: type[Model], value: Mapping[Any, Any]) -> dict[Any, Any]:
    types = {field.encode_name: field.type for field in fields_of(kind)}
    return {key: tagged(types[key], one) if key in types else one for key, one in value.items()}


def members_of(kind: Any) -> list[type[Model]]:
    """The models of a union that are told apart by a tag."""
    return [
        one
        for one in get_args(kind)
        if isinstance(one, type) and issubclass(one, Model) and one.__struct_config__.tag_field == TAG
    ]


def chosen_of(members: list[type[Model]], value: Mapping[Any, Any]) -> type[Model]:
    """The one of them that a mapping is, by its keys.

    Raises:
        ValidationError: it is none of them.
    """
    for member in members:
        if member.__struct_config__.tag in value:
            return member
    if not any(field.required for field in fields_of(members[-1])):
        return members[-1]
    raise ValidationError(f"is none of: {', '.join(str(one.__struct_config__.tag) for one in members)}")


def read(kind: type[M], data: object) -> M:
    """Check plain data against a type.

    Raises:
        ValidationError: naming the first thing that is wrong.
    """
    return convert(tagged(kind, data), kind)


def read_json(kind: type[M], text: str | bytes) -> M:
    """The same from JSON text that :func:`to_json` wrote, tags and all.

    Raises:
        ValidationError: naming the first thing that is wrong.
    """
    try:
        return json.decode(text, type=kind)
    except ValidationError:
        raise
    except DecodeError as error:
        raise ValidationError(str(error)) from None


def to_json(value: object, indent: int | None = None) -> str:
    """A model, or plain data with models in it, as JSON text; the same bytes every time."""
    text = json.encode(value)
    return (text if indent is None else json.format(text, indent=indent)).decode()


def json_schema(kind: type[Model]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of what is written of a model: its own keys at the top, what it is made of in
    ``$defs``.

    A default is of use to whoever builds a model; it is written like any other value, and so it is required. Only what
    may be unset is ever left out, and that has no default to show.
    """
    (schema,), parts = json.schema_components([kind], ref_template="#/$defs/{name}")
    for part in parts.values():
        needed = part.get("required", ())
        if written := [key for key, held in part.get("properties", {}).items() if key in needed or "default" in held]:
            part["required"] = written
    own = parts.pop(kind.__name__)
    return {**own, "$defs": {name: parts[name] for name in sorted(parts)}} if parts else {**schema, **own}


def plain_type(kind: Any, value: object) -> Any:
    """A type without its annotations; of a union, the one part that a container could be."""
    if get_origin(kind) is Annotated:
        return plain_type(get_args(kind)[0], value)
    if get_origin(kind) in (Union, UnionType) and isinstance(value, Mapping | list) and len(members_of(kind)) < 2:
        wanted = (Mapping, Model) if isinstance(value, Mapping) else (list, tuple)
        for part in get_args(kind):
            plain = plain_type(part, value)
            base = get_origin(plain) or plain
            if isinstance(base, type) and issubclass(base, wanted):
                return plain
    return kind
