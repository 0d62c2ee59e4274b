"""What is wrong with a value that is no such model: all of it, each with its place, in words for whoever wrote it.

Reading a model stops at the first thing that is wrong (:mod:`model`); whoever wrote a rule file wants to hear of
everything at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from mcp_threat_scoring.model import Model, Place, ValidationError, chosen_of, fields_of, members_of, plain_type, read
from mcp_threat_scoring.neutralise import SafeText, neutralise, neutralise_name
from mcp_threat_scoring.patterns.pattern import pattern

REASON_SHOWN = 300
_QUOTED = ("unknown field ", "Invalid enum value ")
"""What stands before words of the document in an error of msgspec's."""
_COMPARED = 64
"""Letters of a key that are compared with those that are known."""
_INDEX = pattern(r"\[(\d+)\]")


def reason(error: Exception) -> SafeText:
    """What an error of reading says, for a person: the words of the document that it repeats are made inert and short.

    Nothing is left in our own words that would have to be made inert: no back quotes, bars, signs or brackets.
    """
    said, at, place = str(error).rpartition(" - at `")
    if not at:
        said, place = place, ""
    for opening in _QUOTED:
        before, found, rest = said.partition(opening)
        if found:
            word = rest[1:-1] if rest[:1] in ("'", '"', "`") else rest
            said = f"{before}{opening}'{neutralise_name(word)}'"
            break
    place = _INDEX.sub(lambda index: f".{index[1]}", place.rstrip("`").replace("[...]", ".*"))
    whole = f"{said} at {place}" if place else said
    for sign, spelt in (("`", "'"), (" | ", " or "), (" >= ", " at least "), (" <= ", " at most ")):
        whole = whole.replace(sign, spelt)
    return neutralise(whole, REASON_SHOWN)


def faults(kind: Any, value: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Everything that is wrong with a value, each with its place; nothing if it can be read as `kind`."""
    inner = plain_type(kind, value)
    if isinstance(value, Mapping) and (members := members_of(inner)):
        try:
            inner = chosen_of(members, value)
        except ValidationError as error:
            yield place, reason(error)
            return
    found = False
    for one in _inside(inner, value, place):
        found = True
        yield one
    if not found:
        try:
            read(kind, value)
        except ValidationError as error:
            yield place, _plainly(kind, value, reason(error).partition(" at $")[0])


def _plainly(kind: Any, value: object, said: str) -> str:
    """What is wrong with one value, with what it may be instead: the words it may be, or an example of it."""
    word = f"'{neutralise_name(str(value))}'"
    if said.startswith(_QUOTED[1]) and (choices := _choices(kind)):
        return f"{word} is none of {', '.join(choices)}"
    if "matching regex" in said and (examples := _examples(kind)):
        return f"{word} is not written like {' or '.join(examples)}"
    return said


def _choices(kind: Any) -> list[str]:
    """The words that a value of this kind may be."""
    held = get_args(kind)
    if get_origin(kind) is Literal:
        return list(map(str, held))
    if get_origin(kind) is Annotated:
        return _choices(held[0])
    return [one for part in held for one in _choices(part)]


def _examples(kind: Any) -> list[str]:
    return [str(one) for meta in getattr(kind, "__metadata__", ()) for one in meta.examples or ()]


def _inside(kind: Any, value: object, place: Place) -> Iterator[tuple[Place, str]]:
    held = get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Model) and isinstance(value, Mapping):
        yield from _of_keys(kind, value, place)
    elif isinstance(value, Mapping) and len(held) == 2 and held[1] is not Ellipsis:
        for key, one in value.items():
            yield from faults(held[1], one, (*place, key))
    elif isinstance(value, list) and held:
        for index, one in enumerate(value):
            yield from faults(held[0], one, (*place, index))


def _of_keys(kind: type[Model], value: Mapping[Any, Any], place: Place) -> Iterator[tuple[Place, str]]:
    known = {field.encode_name: field for field in fields_of(kind)}
    for key in value:
        if key not in known:
            yield (*place, key), _unknown(str(key), list(known))
    for name, field in known.items():
        if name in value:
            yield from faults(field.type, value[name], (*place, name))
        elif field.required:
            yield (*place, name), "is missing"


def _unknown(key: str, known: list[str]) -> str:
    from difflib import get_close_matches  # only where something is wrong

    near = get_close_matches(key[:_COMPARED], known, n=1)
    return "no such key is known here" + (f"; the nearest is '{near[0]}'" if near else "")
