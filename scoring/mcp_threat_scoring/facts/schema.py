"""One walk over a tool's input schema for what no pattern can tell: which parameters are free, open or undescribed,
what defaults give away, where references lead, and what the schema costs to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_threat_scoring.facts.leak import KEY_LENGTH, credential_in, redact
from mcp_threat_scoring.manifest import well_formed
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.text.prose import split_words
from mcp_threat_scoring.text.schema_walk import MAX_NODES, escape

Places = list[tuple[str, str]]

MAX_EXPANSION = 1_000_000
_SLOW_PATTERN = pattern(r"\((?:\?:)?(?:\\.|\[[^\]]*\]|[^\\()\[\]*+?|])[+*]\)[+*]")
"""A group that repeats what already repeats, with nothing between: ``(a+)+``, CWE-1333."""
_LITERAL_KEYS = frozenset({"default", "const", "example"})
_REFERENCES = frozenset({"$ref", "$dynamicRef"})
_TELLING = _LITERAL_KEYS | _REFERENCES | {"pattern"}
_BY_NAME = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
_Step = tuple[Mapping[str, Any], str, str, str]
"""A schema to look at, its place, the parameter it describes (or none), and that parameter's place."""
_META_SCHEMA = pattern(r"^https?://json-schema\.org/")
_PAGING = frozenset(
    ("limit", "max", "results", "page", "cursor", "offset", "count", "top", "first", "take", "skip", "page size",
     "per page", "page token", "next token", "page number", "max results", "max items", "max count", "num results",
     "number of results", "start index", "next page token", "continuation token", "starting after", "n results",
     "max records", "record limit", "row limit", "max rows", "page limit", "batch size", "num", "size", "rows")
)  # fmt: skip
"""Parameter names, in words, that keep an answer to a part of the whole."""


class SchemaFacts:
    """What was seen. Lists hold (JSON Pointer, words) or, where a view is made of them, (words, JSON Pointer)."""

    __slots__ = (
        "closed", "flags", "free", "freeform", "given", "headers", "nodes", "open", "paged", "refs", "secrets", "slow",
        "undescribed", "weight",
    )  # fmt: skip

    def __init__(self) -> None:
        self.free: Places = []
        self.freeform: Places = []
        self.flags: Places = []
        self.given: Places = []
        self.headers: Places = []
        self.refs: Places = []
        self.secrets: Places = []
        self.slow: Places = []
        self.open: Places = []
        self.undescribed: Places = []
        self.paged = self.closed = False
        self.nodes = self.weight = 0

    def read(self, root: Mapping[str, Any], pointer: str) -> None:
        """Walk the schema whose place is `pointer`, through every keyword that may hold another one."""
        self.closed = root.get("additionalProperties") is False
        stack: list[_Step] = [(root, pointer, "", pointer)]
        while stack and self.nodes < MAX_NODES:
            node, place, name, owner = stack.pop()
            self.nodes += 1
            if name:
                self._parameter(node, place, name, owner)
            for key, value in node.items():
                if isinstance(value, str):
                    self.weight += len(key) + len(value) + 6
                    if key in _TELLING:
                        self._text(key, value, f"{place}/{escape(key)}")
                elif isinstance(value, dict):
                    self.weight += len(key) + 5
                    if key not in _LITERAL_KEYS:
                        self._inner(key, value, (node, f"{place}/{escape(key)}", name, owner), stack)
                elif isinstance(value, list):
                    self._list(key, value, (node, f"{place}/{escape(key)}", name, owner), stack)
                else:
                    self.weight += len(key) + 8

    def _text(self, key: str, value: str, place: str) -> None:
        if key in _LITERAL_KEYS:
            self._literal(value, place)
        elif key == "pattern":
            if _SLOW_PATTERN.search(well_formed(value[:2_000])):
                self.slow.append((place, value[:200]))
        elif not _META_SCHEMA.match(well_formed(value[:100])):
            self.refs.append((value[:500], place))

    def _inner(self, key: str, value: Mapping[str, Any], step: _Step, stack: list[_Step]) -> None:
        node, place, name, owner = step
        if key not in _BY_NAME:
            stack.append((value, place, name, owner))
            return
        if key == "properties" and not name:
            self._required(value, node.get("required"), place)
        for inner, child in value.items():
            self.weight += len(inner) + 5
            if isinstance(child, dict):
                where = f"{place}/{escape(inner)}"
                stack.append((child, where, (inner[:100] or "?") if key == "properties" else "", where))

    def _required(self, properties: Mapping[str, Any], required: object, place: str) -> None:
        """What a caller cannot leave out, where it is a value and no text."""
        for name in required[:200] if isinstance(required, list) else ():
            child = properties.get(name) if isinstance(name, str) else None
            if isinstance(child, dict) and (kind := value_kind(child)):
                self.given.append((f"{kind} {split_words(name[:100])}", f"{place}/{escape(name)}"))

    def _list(self, key: str, values: list[Any], step: _Step, stack: list[_Step]) -> None:
        _, place, name, owner = step
        nested = key not in ("enum", "examples", "required", "default")
        for index, value in enumerate(values[:200]):
            if isinstance(value, str):
                self.weight += len(value) + 3
                if key in ("examples", "enum"):
                    self._literal(value, f"{place}/{index}")
            elif nested and isinstance(value, dict):
                stack.append((value, f"{place}/{index}", name, owner))

    def _literal(self, value: str, place: str) -> None:
        if len(value) >= KEY_LENGTH and (found := credential_in(value)):
            self.secrets.append((place, redact(found)))

    def _parameter(self, node: Mapping[str, Any], place: str, name: str, owner: str) -> None:
        kind = node.get("type")
        if place == owner:
            if not node.get("description") and not node.get("title"):
                self.undescribed.append((owner, name))
            if node.get("x-mcp-header") not in (None, False, ""):
                self.headers.append((split_words(name), owner))
            if not self.paged and split_words(name) in _PAGING:
                self.paged = True
        if kind == "boolean" and "const" not in node:  # what has but one value decides nothing
            self.flags.append((split_words(name), owner))
        elif kind == "object" or (isinstance(kind, list) and "object" in kind):
            if not node.get("properties") and node.get("additionalProperties", True) in (True, {}):
                self.open.append((owner, name))
        elif (kind == "string" or (isinstance(kind, list) and "string" in kind)) and not (
            node.keys() & {"enum", "const", "pattern"}
        ):
            self.free.append((split_words(name), owner))
            if not node.keys() & {"format", "maxLength"}:
                self.freeform.append((owner, name))


def value_kind(schema: Mapping[str, Any]) -> str:
    """``number``, ``switch`` or ``choice``: what a schema takes that is a value and no text; else empty."""
    values = schema.get("enum")
    if isinstance(values, list):
        return "choice" if len(values) > 1 else ""
    kinds = schema.get("type")
    said = kinds if isinstance(kinds, list) else (kinds,)
    if "number" in said or "integer" in said:
        return "number"
    return "switch" if "boolean" in said and "const" not in schema else ""


def expansion(schema: Mapping[str, Any]) -> int:
    """Nodes of the schema once every local reference is written out, cycles cut; at most about `MAX_EXPANSION`."""
    sizes: dict[str, int] = {}
    tables: dict[str, Mapping[str, Any]] = {}
    for table in ("$defs", "definitions"):
        held = schema.get(table)
        if isinstance(held, dict):
            tables |= {f"#/{table}/{escape(name)}": child for name, child in held.items() if isinstance(child, dict)}
    if not tables:
        return 0

    def parts(node: Mapping[str, Any]) -> tuple[int, list[str]]:
        own, refs, stack, left = 0, [], [node], MAX_NODES
        while stack and left:
            left -= 1
            for key, value in stack.pop().items():
                own += 1
                if key == "$ref" and isinstance(value, str):
                    refs.append(value)
                elif key not in ("$defs", "definitions"):
                    inner = value.values() if isinstance(value, dict) and key == "properties" else (
                        value if isinstance(value, list) else [value]
                    )  # fmt: skip
                    stack.extend(one for one in inner if isinstance(one, dict))
        return own, refs

    split = {name: parts(child) for name, child in list(tables.items())[:MAX_NODES]}
    state: dict[str, int] = {}
    for start in split:  # depth first, without recursion: a chain of references may be long
        todo = [start]
        while todo:
            name = todo[-1]
            if name in sizes:
                todo.pop()
                continue
            own, refs = split[name]
            waiting = [ref for ref in refs if ref in split and ref not in sizes and state.get(ref) != 1]
            if state.get(name) != 1 and waiting:
                state[name] = 1
                todo.extend(dict.fromkeys(waiting))
                continue
            sizes[name] = min(MAX_EXPANSION, own + sum(sizes.get(ref, 0) for ref in refs))
            state[name] = 2
            todo.pop()
    own, refs = parts(schema)
    return min(MAX_EXPANSION, own + sum(sizes.get(ref, 0) for ref in refs))
