"""Where a JSON Pointer stands in the text of a scanned file, for outputs that point at lines."""

from __future__ import annotations

from typing import Self

import yaml

from mcp_threat_model.guard.files import UnreadableError, read_regular
from mcp_threat_model.source.saved.document import MAX_DEPTH, extent

MAX_BYTES = 4 * 1024 * 1024
"""A larger file gets no lines: parsing with positions costs some ten times as much as without."""
_WRAPPERS = ("result", "server")
"""Members that a whole JSON-RPC response, or a registry's answer, wraps around what is described."""
_FLAT = "initialize"
"""A member of the manifest whose own members a file may hold beside its lists."""


class Places:
    """The lines of one JSON document. JSON is YAML's flow style, so a YAML parser knows where each value begins."""

    def __init__(self, text: str) -> None:
        self._root: yaml.Node | None = None
        # The depth first: the parser's own stack is not guarded.
        if len(text) <= MAX_BYTES and extent(text)[0] <= MAX_DEPTH:
            try:
                self._root = yaml.compose(text.lstrip("\ufeff").replace("\t", " "), Loader=yaml.CSafeLoader)
            except (yaml.YAMLError, RecursionError, ValueError):
                self._root = None

    @classmethod
    def of(cls, path: str) -> Self:
        """Of a file, read again; of nothing if it is gone, was a pipe, or is too large to be worth it."""
        try:
            return cls(read_regular(path, MAX_BYTES).decode("utf-8-sig", "replace"))
        except UnreadableError:
            return cls("")

    def line(self, pointer: str) -> int | None:
        """The line, counted from 1, of the deepest part of the pointer that the file has; None if there is none."""
        node = self._start(pointer)
        if node is None or not pointer:
            return None
        line: int | None = None
        tokens = pointer.lstrip("/").split("/")
        for token in tokens[tokens[0] == _FLAT and _member(node, _FLAT) is None :]:
            key = token.replace("~1", "/").replace("~0", "~")
            found = _member(node, key)
            if found is None:
                break
            node, line = found
        return line

    def _start(self, pointer: str) -> yaml.Node | None:
        """Pointers are into the manifest; a file may hold its lists bare, or inside a response."""
        node = self._root
        first = pointer.lstrip("/").partition("/")[0]
        for _ in _WRAPPERS:
            if isinstance(node, yaml.MappingNode) and _member(node, first) is None:
                node = next((held[0] for name in _WRAPPERS if (held := _member(node, name))), node)
        if isinstance(node, yaml.SequenceNode) and first == "tools":
            return yaml.MappingNode("", [(yaml.ScalarNode("", "tools", node.start_mark), node)], node.start_mark)
        return node


def _member(node: yaml.Node, key: str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if isinstance(name, yaml.ScalarNode) and name.value == key:
                return value, name.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        value = node.value[int(key)]
        return value, value.start_mark.line + 1
    return None
