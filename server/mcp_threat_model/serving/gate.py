"""The gate of the MCP server: what a caller gives is checked before a tool sees it, and no error repeats it raw.

It holds for whatever tool, prompt or resource is asked for. The SDK's own answers to the same mistakes quote the
arguments as they came, call them an internal error, or print a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import anyio.to_thread
from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError, ToolError, UnexpectedToolError
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolResult, GetPromptResult, InputRequiredResult, TextContent
from pydantic import AnyUrl, ValidationError

from mcp_threat_model.serving.access import Access
from mcp_threat_model.serving.answer import Check
from mcp_threat_model.serving.arguments import complaint, opened
from mcp_threat_scoring.errors import FactorError, UsageError
from mcp_threat_scoring.neutralise import neutralise, neutralise_name
from mcp_threat_scoring.phrases import joined, quoted

SHOWN = 300
"""Characters of an argument that an error may repeat."""
UNREADABLE_FORM = (
    "consent_required: the form that asks a person came back without an answer that can be read. Nothing was started. "
    "Call again and have it filled in: `start`, and `network` where it is asked for, are true or false."
)
_OF_A_FORM = "Resolver "
"""How the SDK begins what it says of a form that was accepted and holds nothing, or something else."""
_LONGEST_NAME = 10
"""Characters that the visible name of an invisible one takes: ``⟨U+10FFFF⟩``."""


class GatedServer(MCPServer[Access]):
    """The SDK's server behind the gate. `checks` of tools are made before a person is asked for anything."""

    def __init__(self, name: str, *, checks: Mapping[str, Check], **options: Any) -> None:
        super().__init__(name, **options)
        self._checks = checks

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Access, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool with arguments that keep its schema.

        A tool that is not there is a result that says so: a model reads results and can mend its call, while an error
        of the protocol stays with the client. It is no `ToolError`, which the SDK logs with the name as it came.

        Raises:
            ToolError: its arguments are off, or it says what is wrong.
        """
        schemas = {tool.name: tool.input_schema for tool in await self.list_tools()}
        if name not in schemas:
            said = f"There is no tool {quoted(neutralise_name(name))}; there are {joined(list(schemas))}."
            return CallToolResult(content=[TextContent(type="text", text=said)], is_error=True)
        given = opened(schemas[name], arguments)
        if wrong := complaint(schemas[name], given):
            raise ToolError(wrong)
        try:
            if name in self._checks:
                await anyio.to_thread.run_sync(self._checks[name], given)
            return await super().call_tool(name, given, context)
        except (UsageError, FactorError) as error:
            raise ToolError(harmless(str(error), given)) from None
        except UnexpectedToolError:
            raise  # says only that it is one
        except ToolError as error:
            if str(error.__cause__).startswith(_OF_A_FORM):
                raise ToolError(UNREADABLE_FORM) from None
            if isinstance(error.__cause__, ValidationError):
                raise ToolError("The arguments do not keep the schema of the tool; see tools/list.") from None
            # The SDK puts the tool's name before it, which the caller knows; a fault of the arguments is told without.
            raise ToolError(harmless(str(error.__cause__ or error), given)) from error

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Access, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """Fill a prompt.

        Raises:
            MCPError: there is no such prompt, or its arguments are off.
        """
        prompts = {prompt.name: prompt.arguments or [] for prompt in await self.list_prompts()}
        if name not in prompts:
            raise _invalid(f"There is no prompt {quoted(neutralise_name(name))}; there is {joined(list(prompts))}.")
        schema = {
            "properties": {one.name: {"type": "string"} for one in prompts[name]},
            "required": [one.name for one in prompts[name] if one.required],
        }
        if wrong := complaint(schema, arguments or {}):
            raise _invalid(wrong)
        return await super().get_prompt(name, arguments, context)

    async def read_resource(
        self, uri: AnyUrl | str, context: Context[Access, Any] | None = None
    ) -> Iterable[ReadResourceContents] | InputRequiredResult:
        """Read a resource.

        Raises:
            ResourceNotFoundError: there is no such resource.
        """
        try:
            return await super().read_resource(uri, context)
        except ResourceNotFoundError as error:
            said = str(error)
            if str(uri) in said:  # the SDK's own sentence, with the address as it came
                said = f"There is no resource {neutralise(str(uri))}; resources/list names them all."
            raise ResourceNotFoundError(said) from None


def _invalid(message: str) -> MCPError:
    return MCPError(code=INVALID_PARAMS, message=message)


def harmless(message: str, given: Mapping[str, Any]) -> str:
    """An error with what it repeats of the arguments neutralised, and nothing in it that cannot be seen."""
    for value in given.values():
        if isinstance(value, str) and value in message and _is_odd(value):
            message = message.replace(value, neutralise(value, SHOWN))
    return "".join(
        text if plain else neutralise(text, _LONGEST_NAME * len(text)) or " "
        for plain, text in ((plain, "".join(run)) for plain, run in groupby(message, _is_plain))
    )


def _is_odd(value: str) -> bool:
    """Whether neutralising changes more than its white space."""
    return neutralise(value, SHOWN) != " ".join(value.split())


def _is_plain(char: str) -> bool:
    return char == "\n" or " " <= char <= "~"
