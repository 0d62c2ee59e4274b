"""Views: the same item seen in the ways a rule may ask about it.

A view is a text made of segments, one line each, and every segment knows its JSON Pointer, so that a match can be
shown where it stands. Linguistics lives here (splitting names, cutting sentences, taking negated clauses apart), so
that rules stay plain patterns.

===============  ==================================================================================================
``name``         the name as sent
``words``        the name in lower-case words: ``getOrCreate_user-v2`` → ``get or create user v2``; a prefix that all
                 tools of the server share is taken off
``title``        title and annotated title, lower case
``summary``      the first sentence of the description, lower case, without "this tool can be used to"
``sentences``    the other sentences of its main part, likewise, one a line
``negated``      clauses that say what is *not* done ("does not delete", "read-only"), taken out of the two above
``sections``     argument, return and example sections of the description
``params``       parameter names in words, nested ones too, one a line
``param_text``   their descriptions, lower case, one a line
``enums``        their permitted values in words, one a line
``outputs``      property names of the output schema in words
``raw``          every string of the item, as sent, one a line
===============  ==================================================================================================
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import re2

from mcp_threat_scoring.manifest import Item, well_formed

MAX_TEXT = 8_000
"""Characters of one description that the effect and ability rules read; what tools do is said at the beginning."""
MAX_NODES = 3_000
"""Schema nodes looked at per tool. The largest honest tool seen has some 1,900."""
MAX_DEPTH = 24


@dataclass(slots=True)
class View:
    """Lines of text with their places."""

    text: str
    starts: list[int]
    pointers: list[str]

    def pointer_at(self, offset: int) -> str:
        """The JSON Pointer of the segment that holds that offset."""
        return self.pointers[bisect_right(self.starts, offset) - 1] if self.pointers else ""


EMPTY = View("", [], [])


def view_of(segments: Iterable[tuple[str, str]]) -> View:
    """Join (text, pointer) segments, one line each."""
    texts: list[str] = []
    starts: list[int] = []
    pointers: list[str] = []
    at = 0
    for text, pointer in segments:
        texts.append(text)
        starts.append(at)
        pointers.append(pointer)
        at += len(text) + 1
    return View("\n".join(texts), starts, pointers) if texts else EMPTY


@dataclass(slots=True)
class Subject:
    """What a rule looks at: views by name, and facts by name."""

    pointer: str
    kind: str
    views: dict[str, View]
    facts: dict[str, bool | int | str] = field(default_factory=dict)
    places: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Where a fact was seen: (JSON Pointer, words to show), for facts that are about something inside."""


_BOUNDARY = re2.compile(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])")
_NOT_WORD = re2.compile(r"[^\pL\pN]+")
_FILLER = re2.compile(
    r"^(?:[-*#•\d.)\s]*)(?:\[[^\]]{0,40}\]\s*)?(?:(?:please )?(?:note|important|warning)[:,]? )?"
    r"(?:(?:this|the|a|an|use this|use the|use) (?:\w+ ){0,2}?(?:tool|function|method|endpoint|command|operation|api|action)"
    r"(?: (?:that|which|to|for|is used to|is used for|can be used to|can|will|allows you to|lets you|helps you|is for))*|"
    r"use (?:this|it) (?:to|for|when you (?:need|want) to)|(?:tool|function|helper|utility|api|endpoint) (?:to|for|that)|"
    r"allows? (?:you|users?|the user|agents?|clients?) to|lets? you|enables? (?:you )?to|used to|helps? (?:you )?(?:to )?)\s+"
)
_SENTENCE = re2.compile(r"[.!?;](?:\s|$)|\n+|\s[—–]\s|\s-\s")
_SECTION = re2.compile(
    r"(?m)^[ \t*#_`]*(?:args?|arguments?|param(?:eter)?s?|inputs?|returns?|response|outputs?|examples?|usage|raises?|"
    r"yields?|notes?|supported [a-z ]{1,30}|available [a-z ]{1,30}|prerequisites?|errors?)[*_`]*\s*:"
)
_NEGATED = re2.compile(
    r"\b(?:(?:does|do|did|will|would|can|could|shall|should|must|is|are)(?: not|n't|n’t)|cannot|never|without|"
    r"instead of|rather than|unlike|no longer|not) [^.,;:!?()\n]{1,80}"
)


def split_words(name: str) -> str:
    """``getOrCreate_user-v2`` → ``get or create user v2``. Letters of any script are kept."""
    if name.islower() and name.isascii():
        spaced = name
    else:
        name = well_formed(name)
        spaced = _BOUNDARY.sub(r"\1\3 \2\4", name)
    return _NOT_WORD.sub(" ", spaced).strip().lower()


def _prose(description: str, pointer: str, views: dict[str, View]) -> None:
    text = description[:MAX_TEXT].strip().lower().replace("’", "'")
    section = _SECTION.search(text)
    main, rest = (text[: section.start()], text[section.start() :]) if section and section.start() > 0 else (text, "")
    negated: list[str] = []
    if "not" in main or "n't" in main or "never" in main or "without" in main or "instead" in main or "unlike" in main:
        negated = [found.group(0) for found in _NEGATED.finditer(main)]
        if negated:
            main = _NEGATED.sub(" ", main)
    sentences: list[str] = []
    for piece in _SENTENCE.split(main):
        piece = " ".join(piece.split())
        if len(piece) > 2:  # noqa: PLR2004 - bullets and stray punctuation
            sentences.append(_FILLER.sub("", piece))
    if sentences:
        views["summary"] = view_of([(sentences[0], pointer)])
        views["sentences"] = view_of((sentence, pointer) for sentence in sentences[1:])
    if negated:
        views["negated"] = view_of((clause, pointer) for clause in negated)
    if rest:
        views["sections"] = view_of([(rest, pointer)])


def escape(token: str) -> str:
    """One reference token of a JSON Pointer (RFC 6901, section 3)."""
    return token.replace("~", "~0").replace("/", "~1") if "~" in token or "/" in token else token


class _SchemaWalk:
    """Property names, descriptions and values of a schema, nested ones too, within bounds."""

    __slots__ = ("depth", "enums", "names", "nodes", "texts")

    def __init__(self) -> None:
        self.names: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.enums: list[tuple[str, str]] = []
        self.nodes = 0
        self.depth = 0

    def walk(self, schema: Mapping[str, Any], pointer: str, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            return
        self.depth = max(self.depth, depth)
        description = schema.get("description")
        if description and isinstance(description, str):
            self.texts.append((" ".join(well_formed(description[:1_000]).lower().split()), f"{pointer}/description"))
        values = schema.get("enum")
        if isinstance(values, list):
            for value in values[:200]:
                if isinstance(value, str):
                    self.enums.append((split_words(value[:100]), f"{pointer}/enum"))
        elif isinstance(schema.get("const"), str):
            self.enums.append((split_words(schema["const"][:100]), f"{pointer}/const"))
        properties = schema.get("properties")
        if isinstance(properties, dict):
            for key, value in properties.items():
                place = f"{pointer}/properties/{escape(key)}"
                self.names.append((split_words(key[:100]), place))
                if isinstance(value, dict):
                    self.walk(value, place, depth + 1)
        for key in ("items", "additionalProperties", "not"):
            inner = schema.get(key)
            if isinstance(inner, dict):
                self.walk(inner, f"{pointer}/{key}", depth + 1)
        for key in ("anyOf", "oneOf", "allOf"):
            inner = schema.get(key)
            if isinstance(inner, list):
                for index, option in enumerate(inner[:50]):
                    if isinstance(option, dict):
                        self.walk(option, f"{pointer}/{key}/{index}", depth + 1)
        for key in ("$defs", "definitions"):
            inner = schema.get(key)
            if isinstance(inner, dict):
                for name, option in inner.items():
                    if isinstance(option, dict):
                        self.walk(option, f"{pointer}/{key}/{escape(name)}", depth + 1)


def shared_prefix(names: Sequence[str]) -> str:
    """The leading words (with the blank after) that all names of a server share, if at least three names do."""
    if len(names) < 3:  # noqa: PLR2004 - two names share a prefix by chance
        return ""
    split = [name.split() for name in names]
    prefix: list[str] = []
    for words in zip(*split, strict=False):
        if len(set(words)) != 1 or any(len(name) == len(prefix) + 1 for name in split):
            break
        prefix.append(words[0])
    return " ".join(prefix) + " " if prefix else ""


def tool_subject(item: Item, prefix: str = "") -> Subject:
    """All views and facts of one tool, prompt, resource or template."""
    pointer = item.pointer
    words = split_words(item.name[:200])
    if prefix and words.startswith(prefix):
        words = words[len(prefix) :]
    views: dict[str, View] = {
        "name": View(item.name[:200], [0], [f"{pointer}/name"]),
        "words": View(words, [0], [f"{pointer}/name"]),
    }
    annotations = item.annotations
    titles = [(well_formed(value[:200]).lower(), f"{pointer}/{place}")
              for value, place in ((item.text("title"), "title"), (annotations.get("title"), "annotations/title"))
              if isinstance(value, str) and value]  # fmt: skip
    if titles:
        views["title"] = view_of(titles)
    description = item.text("description")
    if description:
        _prose(description, f"{pointer}/description", views)
    facts: dict[str, bool | int | str] = {}
    schema = item.mapping("inputSchema")
    if schema:
        walk = _SchemaWalk()
        walk.walk(schema, f"{pointer}/inputSchema", 0)
        if walk.names:
            views["params"] = view_of(walk.names)
        if walk.texts:
            views["param_text"] = view_of(walk.texts)
        if walk.enums:
            views["enums"] = view_of(walk.enums)
        facts["schema.nodes"], facts["schema.depth"] = walk.nodes, walk.depth
    facts["params.count"] = len(schema.get("properties", ())) if isinstance(schema.get("properties"), dict) else 0
    output = item.mapping("outputSchema")
    if output:
        walk = _SchemaWalk()
        walk.walk(output, f"{pointer}/outputSchema", 0)
        views["outputs"] = view_of(walk.names)
    facts["output_schema"] = bool(output)
    facts["description"] = bool(description)
    facts["annotations"] = bool(annotations)
    for key in ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"):
        if isinstance(annotations.get(key), bool):
            facts[key] = annotations[key]
    return Subject(pointer, item.kind, views, facts)


def strings_of(value: object, pointer: str, limit: int = 5_000) -> Iterable[tuple[str, str]]:
    """Every string inside a JSON value with its place, keys of objects too; iterative, so depth cannot hurt."""
    stack: list[tuple[object, str]] = [(value, pointer)]
    while stack and limit > 0:
        current, place = stack.pop()
        if isinstance(current, str):
            limit -= 1
            yield current, place
        elif isinstance(current, dict):
            stack.extend((inner, f"{place}/{escape(str(key))}") for key, inner in reversed(current.items()))
        elif isinstance(current, list):
            stack.extend((inner, f"{place}/{index}") for index, inner in reversed(list(enumerate(current))))
