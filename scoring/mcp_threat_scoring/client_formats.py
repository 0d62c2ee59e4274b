"""How each client's configuration says what an MCP server may do: the writers of its files.

Each client's own documentation was read in November 2026:

===============  =====================================================================================================
``claude-code``  code.claude.com/docs, "Configure permissions": ``permissions`` of a settings file, rules
                 ``mcp__SERVER__TOOL``; deny before ask before allow. Names are written with ``_`` for every character
                 that is no letter, digit, ``_`` or ``-``; ``mcp__SERVER`` alone is every tool of the server.
``cursor``       cursor.com/docs, "permissions.json reference": ``mcpAllowlist`` of ``SERVER:TOOL``, what is not listed
                 is asked; "CLI permissions": ``Mcp(SERVER:TOOL)`` under ``allow`` and ``deny`` of ``cli.json``, where
                 ``*`` is every tool.
``vscode``       code.visualstudio.com/docs, "Custom agents": ``tools`` of an agent file, ``SERVER/TOOL``; "Use tools
                 with agents" and the enterprise policies: ``chat.tools.eligibleForAutoApproval``, where ``false``
                 always asks.
``gemini``       geminicli.com/docs, "MCP servers": ``includeTools``, ``excludeTools`` (which wins) and ``trust`` of a
                 server's entry; "Configuration": ``mcp.excluded``, servers that are not started at all.
``codex``        developers.openai.com/codex, "Configuration reference": ``enabled_tools``, ``disabled_tools`` (applied
                 after it), ``default_tools_approval_mode`` and ``tools.TOOL.approval_mode`` of a server's table;
                 ``prompt`` asks, ``approve`` does not; ``enabled = false`` switches the server off.
===============  =====================================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.phrases import joined, quoted
from mcp_threat_scoring.structs import Meta, Struct

ClientId = Literal["claude-code", "cursor", "vscode", "gemini", "codex", "generic"]
"""The formats by name, as the schemas of the MCP tools list them: one for each row of :data:`FORMATS`."""

_UNUSUAL = pattern(r"[^A-Za-z0-9_-]")
_BARE = pattern(r"^[A-Za-z0-9_-]+$")
_PLAIN = pattern(r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,127}$")
"""Names that mean themselves in every client's rules: no quotes, white space, wildcards, colons or brackets."""
_LISTABLE = pattern(r"^[A-Za-z0-9](?:[A-Za-z0-9_./ -]{0,126}[A-Za-z0-9_./-])?$")
"""Names that mean themselves in a plain list, which nothing reads as rules: with blanks inside, too."""
NAMES_TOLD = 5
SERVER_NAME = 64


class ConfigFile(Model, frozen=True, kw_only=True):
    """A piece of configuration, and where it belongs."""

    path: Annotated[str, Meta(description="The client's file that it belongs into; merge it with what is there.")]
    language: Literal["json", "toml", "markdown"]
    text: str


class Sorted(Model, frozen=True, kw_only=True):
    """The tools of a server by what is to become of them."""

    allow: list[str]
    confirm: list[str]
    deny: list[str]

    @property
    def offered(self) -> list[str]:
        """Those that may be called at all."""
        return [*self.allow, *self.confirm]


Written = tuple[list[ConfigFile], list[str]]
"""The files, and what they cannot say."""


class ClientFormat(Struct, frozen=True):
    """How one client's configuration is written, and what its rules can and cannot do."""

    write: Callable[[str, Sorted], Written]
    """From the server's key and its tools."""
    block: Callable[[str, Sequence[str]], Written]
    """The same for a server that is to be kept away whole, and the tools whose names can be written."""
    blocked: str = "These rules deny the whole server."
    """What the rules do for a server to block."""
    one_by_one: bool = False
    """Whether rules name single tools only, so that none speaks of a whole server."""
    listed_only: bool = False
    """Whether the list says what there is at all: a tool that is not on it does not exist for the client."""
    writable: Any = _PLAIN
    """The pattern of names that mean themselves there; others are left out, and told."""


def few(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - NAMES_TOLD
    return joined([*map(quoted, names[:NAMES_TOLD]), *([f"{more} more"] if more > 0 else [])])


def server_key(name: str) -> str:
    """A server's name as it can stand in any client's rules; ``server`` when nothing of it can."""
    return _UNUSUAL.sub("-", name)[:SERVER_NAME].strip("-_") or "server"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _claude_code(server: str, limits: Sorted) -> Written:
    def rules(names: Iterable[str]) -> list[str]:
        return [f"mcp__{server}__{_UNUSUAL.sub('_', name)}" for name in names]

    # Two names may be written the same way; the stricter rule wins in the client, so it may be written as well.
    held = {"allow": rules(limits.allow), "ask": rules(limits.confirm), "deny": rules(limits.deny)}
    text = _json({"permissions": {key: list(dict.fromkeys(names)) for key, names in held.items() if names}})
    return [ConfigFile(path=".claude/settings.json", language="json", text=text)], []


def _cursor(server: str, limits: Sorted) -> Written:
    allowed = [f"{server}:{name}" for name in limits.allow]
    lines = {
        "allow": [f"Mcp({server}:{name})" for name in limits.allow],
        "deny": [f"Mcp({server}:{name})" for name in limits.deny],
    }
    notes = ["In Cursor, an mcpAllowlist replaces the list in its settings; tools that are not on it are asked for."]
    if limits.deny:
        notes.append(
            "Cursor's editor has no file that switches a tool off: do that for "
            f"{few(limits.deny)} under Settings, Tools & MCP. Its command line obeys cli.json."
        )
    return [
        ConfigFile(path=".cursor/permissions.json", language="json", text=_json({"mcpAllowlist": allowed})),
        ConfigFile(path=".cursor/cli.json", language="json", text=_json({"permissions": lines})),
    ], notes


def _vscode(server: str, limits: Sorted) -> Written:
    tools = json.dumps([f"{server}/{name}" for name in limits.offered], ensure_ascii=False)
    agent = (
        f"---\nname: {server}\ndescription: Works with {server}, without the tools that cannot be undone.\n"
        f"tools: {tools}\n---\n"
    )
    files = [ConfigFile(path=f".github/agents/{server}.agent.md", language="markdown", text=agent)]
    asked = {f"{server}/{name}": False for name in (*limits.confirm, *limits.deny)}
    if asked:
        settings = _json({"chat.tools.eligibleForAutoApproval": asked})
        files.append(ConfigFile(path=".vscode/settings.json", language="json", text=settings))
    notes = ["VS Code leaves a tool out only for the agent above; in other agents, uncheck it in the tools picker."]
    return files, notes


def _gemini(server: str, limits: Sorted) -> Written:
    entry = {"includeTools": limits.offered, "excludeTools": limits.deny, "trust": False}
    notes = ["Gemini CLI asks before every call of a server that is not trusted, also of the tools that only read."]
    text = _json({"mcpServers": {server: entry}})
    return [ConfigFile(path=".gemini/settings.json", language="json", text=text)], notes


def _toml_key(name: str) -> str:
    return name if _BARE.search(name) else json.dumps(name)


def _toml_list(names: Sequence[str]) -> str:
    return "[" + ", ".join(json.dumps(name) for name in names) + "]"


def _codex(server: str, limits: Sorted) -> Written:
    table = f"mcp_servers.{_toml_key(server)}"
    lines = [
        f"[{table}]",
        f"enabled_tools = {_toml_list(limits.offered)}",
        f"disabled_tools = {_toml_list(limits.deny)}",
        'default_tools_approval_mode = "prompt"',
    ]
    for name in limits.allow:
        lines += ["", f"[{table}.tools.{_toml_key(name)}]", 'approval_mode = "approve"']
    return [ConfigFile(path=".codex/config.toml", language="toml", text="\n".join(lines) + "\n")], []


def _generic(server: str, limits: Sorted) -> Written:
    text = _json({"server": server, "allow": limits.allow, "confirm": limits.confirm, "deny": limits.deny})
    return [ConfigFile(path="limits.json", language="json", text=text)], []


def _block_claude_code(server: str, _: Sequence[str]) -> Written:
    text = _json({"permissions": {"deny": [f"mcp__{server}"]}})
    return [ConfigFile(path=".claude/settings.json", language="json", text=text)], []


def _block_cursor(server: str, _: Sequence[str]) -> Written:
    text = _json({"permissions": {"allow": [], "deny": [f"Mcp({server}:*)"]}})
    files = [
        ConfigFile(path=".cursor/permissions.json", language="json", text=_json({"mcpAllowlist": []})),
        ConfigFile(path=".cursor/cli.json", language="json", text=text),
    ]
    return files, ["For Cursor's editor, switch the server off under Settings, Tools & MCP."]


def _block_vscode(server: str, names: Sequence[str]) -> Written:
    notes = ["VS Code has no rule for a whole server: leave it out of mcp.json, or disable it in its list of servers."]
    if not names:
        return [], notes
    text = _json({"chat.tools.eligibleForAutoApproval": {f"{server}/{name}": False for name in names}})
    return [ConfigFile(path=".vscode/settings.json", language="json", text=text)], notes


def _block_gemini(server: str, _: Sequence[str]) -> Written:
    return [ConfigFile(path=".gemini/settings.json", language="json", text=_json({"mcp": {"excluded": [server]}}))], []


def _block_codex(server: str, _: Sequence[str]) -> Written:
    text = f"[mcp_servers.{_toml_key(server)}]\nenabled = false\n"
    return [ConfigFile(path=".codex/config.toml", language="toml", text=text)], []


def _block_generic(server: str, names: Sequence[str]) -> Written:
    return _generic(server, Sorted(allow=[], confirm=[], deny=list(names)))


FORMATS: Mapping[ClientId, ClientFormat] = {
    "claude-code": ClientFormat(_claude_code, _block_claude_code),
    "cursor": ClientFormat(
        _cursor,
        _block_cursor,
        blocked="These rules deny it on Cursor's command line, every tool of it; the editor asks before each call.",
    ),
    "vscode": ClientFormat(
        _vscode,
        _block_vscode,
        blocked="These settings only keep the tools they name from running unasked.",
        one_by_one=True,
        listed_only=True,
    ),
    "gemini": ClientFormat(_gemini, _block_gemini, listed_only=True),
    "codex": ClientFormat(_codex, _block_codex, listed_only=True),
    "generic": ClientFormat(
        _generic,
        _block_generic,
        blocked="This list denies the tools it names, and cannot know those the server will offer tomorrow.",
        one_by_one=True,
        writable=_LISTABLE,
    ),
}
"""Everything that is known of a format. What the command line and the MCP tools offer is read here."""
