"""What a tool of ours is to the SDK, and what it answers: a text that stands alone, and the same as data.

The data are our own models. The SDK would describe and check them through pydantic; it takes a schema without a model
too, and then only publishes it, which is all that is wanted: they were built from typed code.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp.types import CallToolResult, TextContent, ToolAnnotations

from mcp_threat_scoring.model import Model, json_schema

Check = Callable[[Mapping[str, Any]], object]
"""Looks at the arguments of a call alone; raises UsageError or FactorError."""
Handler = Callable[..., Awaitable[CallToolResult]]

# Not read-only: with a person's consent a stdio target, somebody else's program, is started.
REACHES_OUT = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True)


def answer(text: str, data: Model) -> CallToolResult:
    """Both forms of an answer."""
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=data.to_plain())


class AsGiven(FuncMetadata):
    """How a tool takes its arguments: as they come through the gate, which has read and checked them.

    The SDK would read every text that is JSON, so that the text ``null`` would be no argument at all.
    """

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:
        """The arguments as they are."""
        return data


class Tools:
    """The tools of our server, as they are declared."""

    def __init__(self) -> None:
        self.all: list[Tool] = []
        self.checks: dict[str, Check] = {}

    def add(self, handler: Handler, title: str, answers: type[Model], check: Check | None = None) -> None:
        """Declare a tool; its docstring is what an assistant chooses it by, `answers` its structured content.

        `check` is called before anything else: what is wrong with a call from the start is said before a person is
        asked or a program started for it.
        """
        tool = Tool.from_function(handler, title=title, description=inspect.getdoc(handler), annotations=REACHES_OUT)
        tool.fn_metadata = AsGiven(arg_model=tool.fn_metadata.arg_model, output_schema=json_schema(answers))
        tool.parameters["additionalProperties"] = False
        self.all.append(tool)
        if check is not None:
            self.checks[tool.name] = check
