"""The limits of a verdict as a client's own configuration: reads allowed, what acts confirmed, destruction denied.

Each client's own documentation was read in November 2026:

===============  =====================================================================================================
``claude-code``  code.claude.com/docs, "Configure permissions": ``permissions`` of a settings file, rules
                 ``mcp__SERVER__TOOL``; deny before ask before allow. Names are written with ``_`` for every character
                 that is no letter, digit, ``_`` or ``-``.
``cursor``       cursor.com/docs, "permissions.json reference": ``mcpAllowlist`` of ``SERVER:TOOL``, what is not listed
                 is asked; "CLI permissions": ``Mcp(SERVER:TOOL)`` under ``allow`` and ``deny`` of ``cli.json``.
``vscode``       code.visualstudio.com/docs, "Custom agents": ``tools`` of an agent file, ``SERVER/TOOL``; "Use tools
                 with agents" and the enterprise policies: ``chat.tools.eligibleForAutoApproval``, where ``false``
                 always asks.
``gemini``       geminicli.com/docs, "MCP servers": ``includeTools``, ``excludeTools`` (which wins) and ``trust`` of a
                 server's entry.
``codex``        developers.openai.com/codex, "Configuration reference": ``enabled_tools``, ``disabled_tools`` (applied
                 after it), ``default_tools_approval_mode`` and ``tools.TOOL.approval_mode`` of a server's table;
                 ``prompt`` asks, ``approve`` does not.
===============  =====================================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.phrases import joined, quoted
from mcp_threat_scoring.report import Decision, Report
from mcp_threat_scoring.structs import Meta

ClientId = Literal["claude-code", "cursor", "vscode", "gemini", "codex", "generic"]
CLIENTS: tuple[ClientId, ...] = ("claude-code", "cursor", "vscode", "gemini", "codex", "generic")

_WRITABLE = pattern(r"^[A-Za-z0-9][A-Za-z0-9_./-]{0,127}$")
"""Names that mean themselves in every client's rules: no quotes, white space, wildcards, colons or brackets."""
_UNUSUAL = pattern(r"[^A-Za-z0-9_-]")
_BARE = pattern(r"^[A-Za-z0-9_-]+$")
NAMES_TOLD = 5
SERVER_NAME = 64


class ConfigFile(Model, frozen=True, kw_only=True):
    """A piece of configuration, and where it belongs."""

    path: Annotated[str, Meta(description="The client's file that it belongs into; merge it with what is there.")]
    language: Literal["json", "toml", "markdown"]
    text: str


class Permissions(Model, frozen=True, kw_only=True):
    """The least privilege of one server, for one client."""

    client: ClientId
    server: Annotated[str, Meta(description="The name the server is assumed to have in the client's configuration.")]
    decision: Decision
    files: list[ConfigFile]
    notes: Annotated[
        list[str], Meta(description="What the configuration cannot say, or what a person has to do besides.")
    ]
    scopes_to_grant: list[str]
    scopes_to_refuse: list[str]


class _Sorted(Model, frozen=True, kw_only=True):
    allow: list[str]
    confirm: list[str]
    deny: list[str]

    @property
    def offered(self) -> list[str]:
        return [*self.allow, *self.confirm]


def server_key(name: str) -> str:
    """A server's name as it can stand in any client's rules; ``server`` when nothing of it can."""
    return _UNUSUAL.sub("-", name)[:SERVER_NAME].strip("-_") or "server"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _claude_code(server: str, limits: _Sorted) -> tuple[list[ConfigFile], list[str]]:
    def rules(names: Iterable[str]) -> list[str]:
        return [f"mcp__{server}__{_UNUSUAL.sub('_', name)}" for name in names]

    # Two names may be written the same way; the stricter rule wins in the client, so it may be written as well.
    held = {"allow": rules(limits.allow), "ask": rules(limits.confirm), "deny": rules(limits.deny)}
    text = _json({"permissions": {key: list(dict.fromkeys(names)) for key, names in held.items() if names}})
    return [ConfigFile(path=".claude/settings.json", language="json", text=text)], []


def _cursor(server: str, limits: _Sorted) -> tuple[list[ConfigFile], list[str]]:
    allowed = [f"{server}:{name}" for name in limits.allow]
    lines = {
        "allow": [f"Mcp({server}:{name})" for name in limits.allow],
        "deny": [f"Mcp({server}:{name})" for name in limits.deny],
    }
    notes = ["In Cursor, an mcpAllowlist replaces the list in its settings; tools that are not on it are asked for."]
    if limits.deny:
        notes.append(
            "Cursor's editor has no file that switches a tool off: do that for "
            f"{_few(limits.deny)} under Settings, Tools & MCP. Its command line obeys cli.json."
        )
    return [
        ConfigFile(path=".cursor/permissions.json", language="json", text=_json({"mcpAllowlist": allowed})),
        ConfigFile(path=".cursor/cli.json", language="json", text=_json({"permissions": lines})),
    ], notes


def _vscode(server: str, limits: _Sorted) -> tuple[list[ConfigFile], list[str]]:
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


def _gemini(server: str, limits: _Sorted) -> tuple[list[ConfigFile], list[str]]:
    entry = {"includeTools": limits.offered, "excludeTools": limits.deny, "trust": False}
    notes = ["Gemini CLI asks before every call of a server that is not trusted, also of the tools that only read."]
    text = _json({"mcpServers": {server: entry}})
    return [ConfigFile(path=".gemini/settings.json", language="json", text=text)], notes


def _toml_key(name: str) -> str:
    return name if _BARE.search(name) else json.dumps(name)


def _toml_list(names: Sequence[str]) -> str:
    return "[" + ", ".join(json.dumps(name) for name in names) + "]"


def _codex(server: str, limits: _Sorted) -> tuple[list[ConfigFile], list[str]]:
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


def _generic(server: str, limits: _Sorted) -> tuple[list[ConfigFile], list[str]]:
    text = _json({"server": server, "allow": limits.allow, "confirm": limits.confirm, "deny": limits.deny})
    return [ConfigFile(path="limits.json", language="json", text=text)], []


_WRITERS: Mapping[ClientId, Callable[[str, _Sorted], tuple[list[ConfigFile], list[str]]]] = {
    "claude-code": _claude_code,
    "cursor": _cursor,
    "vscode": _vscode,
    "gemini": _gemini,
    "codex": _codex,
    "generic": _generic,
}
_LISTED_ONLY: frozenset[ClientId] = frozenset({"vscode", "gemini", "codex"})
"""Clients whose list says what there is at all: a tool that is not on it does not exist for them."""


def _few(names: Sequence[str]) -> str:
    more = len(names) - NAMES_TOLD
    return joined([*map(quoted, names[:NAMES_TOLD]), *([f"{more} more"] if more > 0 else [])])


def _unwritable(client: ClientId, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    what = f"The name of {_few(names)} cannot be written into a rule as it is"
    if client in _LISTED_ONLY:
        return [f"{what}; it is denied by not being on the list."]
    return [f"{what}: no rule allows it, and you should not when asked. If you can, do without this server."]


def permissions(report: Report, client: ClientId, server: str) -> Permissions:
    """The limits of a report's verdict in one client's own words.

    `server` is the name the server has there. Tools whose names are not plain are left out, which every client takes as
    "ask" or "not there", and named in the notes.
    """
    limits = report.verdict.limits
    plain = {
        kind: [name for name in names if _WRITABLE.search(name)]
        for kind, names in (
            ("allow", limits.allow_tools),
            ("confirm", limits.confirm_tools),
            ("deny", limits.deny_tools),
        )
    }
    every = (*limits.allow_tools, *limits.confirm_tools, *limits.deny_tools)
    odd = [name for name in every if not _WRITABLE.search(name)]
    chosen = _Sorted.read(plain)
    notes: list[str] = []
    if report.verdict.decision == "block":
        notes.append("The verdict is to block this server: do not install it. These rules deny all of its tools.")
    elif report.verdict.decision == "review":
        notes.append("The verdict is to review this server first; apply these limits only after somebody has looked.")
    key = server_key(server)
    if key != server:
        notes.append(f"The rules call the server {quoted(key)}; give it that name in the client's configuration.")
    files, more = _WRITERS[client](key, chosen)
    scopes = report.auth.scopes
    grant = list(dict.fromkeys(scope.name for scope in scopes if scope.breadth in ("none", "narrow")))
    refuse = list(dict.fromkeys(scope.name for scope in scopes if scope.breadth in ("broad", "admin")))
    return Permissions(
        client=client,
        server=key,
        decision=report.verdict.decision,
        files=files,
        notes=[*notes, *_unwritable(client, odd), *more, *_about_scopes(grant, refuse)],
        scopes_to_grant=grant,
        scopes_to_refuse=refuse,
    )


def _about_scopes(grant: Sequence[str], refuse: Sequence[str]) -> list[str]:
    notes = []
    if grant:
        notes.append(f"Grant only the scopes you need of {_few(grant)}.")
    if refuse:
        notes.append(f"Do not grant {_few(refuse)}: ask the vendor for a narrower scope.")
    return notes


def written(limits: Permissions) -> str:
    """All of it as one text for a person: each file under its name, then the notes."""
    blocks = [f"# {file.path} (merge it with what is there)\n{file.text}" for file in limits.files]
    notes = "".join(f"# {note}\n" for note in limits.notes)
    return "\n".join([*blocks, *([notes] if notes else [])])
