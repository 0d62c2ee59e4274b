"""Property names, descriptions and permitted values of a JSON schema, nested ones too, within bounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mcp_threat_scoring.manifest import well_formed
from mcp_threat_scoring.text.prose import split_words
from mcp_threat_scoring.text.schema_arguments import argument_places

MAX_NODES = 3_000
"""Schema nodes looked at per tool. The largest honest tool seen has some 1,900."""
MAX_DEPTH = 24
MAX_VALUES = 200
DESCRIPTION_LENGTH = 600

_ACTIONS = frozenset(
    ["action", "actions", "method", "methods", "operation", "operations", "op", "ops", "mode", "command", "commands",
     "cmd", "verb", "subcommand", "sub command", "http method", "request method", "action type", "operation type",
     "command type", "method name",
     # the same in other languages
     "aktion", "vorgang", "befehl", "operación", "operacion", "acción", "accion", "opération", "ação", "acao",
     "operação", "operacao", "azione", "operazione", "sens", "actie", "akcja", "operacja",
     "действие", "операция", "команда", "操作", "動作", "动作", "アクション", "処理", "작업", "동작"]
)  # fmt: skip
_OPERATION_LISTS = frozenset(["operations", "actions", "steps", "commands", "ops", "batch", "requests"])


def escape(token: str) -> str:
    """One reference token of a JSON Pointer (RFC 6901, section 3)."""
    return token.replace("~", "~0").replace("/", "~1") if "~" in token or "/" in token else token


_WHOLE = frozenset(
    ["items", "additionalProperties", "not", "properties", "if", "then", "else", "contains", "unevaluatedProperties",
     "unevaluatedItems", "additionalItems"]
)  # fmt: skip
_LISTS = frozenset(["anyOf", "oneOf", "allOf", "prefixItems", "items"])
_BY_NAME = frozenset(["$defs", "definitions", "patternProperties", "dependentSchemas"])


def _inside(schema: Mapping[str, Any], pointer: str) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    """The schemas directly inside one, in the order in which they were sent, with keyword and place."""
    for key, value in schema.items():
        if isinstance(value, list):
            if key in _LISTS:
                for index, option in enumerate(value[:50]):
                    if isinstance(option, dict):
                        yield key, f"{pointer}/{key}/{index}", option
        elif not isinstance(value, dict):
            continue
        elif key in _WHOLE:
            yield key, f"{pointer}/{key}", value
        elif key in _BY_NAME:
            for name, option in value.items():
                if isinstance(option, dict):
                    yield key, f"{pointer}/{key}/{escape(str(name))}", option


class SchemaWalk:
    """What a walk over a schema collects: (text, JSON Pointer) pairs."""

    __slots__ = ("actions", "args", "depth", "enums", "names", "nodes", "texts")

    def __init__(self) -> None:
        self.args: list[tuple[str, str]] = []
        self.names: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.enums: list[tuple[str, str]] = []
        self.actions: list[tuple[str, str]] = []
        self.nodes = 0
        self.depth = 0

    def read(self, schema: Mapping[str, Any], pointer: str) -> None:
        """Walk the schema of a tool. Its arguments are its own properties, and those of a wrapper around them."""
        self._walk(schema, pointer, 0, acting=False)
        places = argument_places(schema, pointer)
        self.args = [(name, place) for name, place in self.names if place.rpartition("/")[0] in places]

    def _values(self, values: list[Any], pointer: str, *, acting: bool) -> None:
        for value in values[:MAX_VALUES]:
            if isinstance(value, str):
                words = split_words(value[:100])
                self.enums.append((words, pointer))
                if acting:
                    self.actions.append((words, pointer))

    def _walk(self, schema: Mapping[str, Any], pointer: str, depth: int, *, acting: bool) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            return
        self.depth = max(self.depth, depth)
        self._own(schema, pointer, acting=acting)
        for key, place, inner in _inside(schema, pointer):
            if key == "properties":
                self._properties(inner, place, depth, acting=acting)
            else:
                self._walk(inner, place, depth + 1, acting=acting)

    def _own(self, schema: Mapping[str, Any], pointer: str, *, acting: bool) -> None:
        description = schema.get("description")
        if description and isinstance(description, str):
            text = well_formed(description[:DESCRIPTION_LENGTH]).lower().replace("\n", " ")
            self.texts.append((text, f"{pointer}/description"))
        values = schema.get("enum")
        if isinstance(values, list):
            self._values(values, f"{pointer}/enum", acting=acting)
        elif "const" in schema:
            self._values([schema["const"]], f"{pointer}/const", acting=acting)

    def _properties(self, properties: Mapping[str, Any], pointer: str, depth: int, *, acting: bool) -> None:
        for key, value in properties.items():
            place = f"{pointer}/{escape(key)}"
            name = split_words(key[:100])
            self.names.append((name, place))
            if isinstance(value, dict):
                # the kind of each step in a list of operations is an action too
                chosen = name in _ACTIONS or (acting and name in ("type", "kind", "op")) or name in _OPERATION_LISTS
                self._walk(value, place, depth + 1, acting=chosen)
