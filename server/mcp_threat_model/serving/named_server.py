"""The server that a tool call names: as a target, a manifest or a listing. How it is named, and the report on it.

The arguments that several tools take are declared here.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from mcp.server.mcpserver import Context, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from mcp_threat_model.audit import audited
from mcp_threat_model.reading import read_target
from mcp_threat_model.serving.access import Access
from mcp_threat_model.serving.advice import ONE_SERVER, Instead, in_a_client, scanning, told
from mcp_threat_model.serving.asking import Agreed, agreed, consent_from
from mcp_threat_model.serving.relay import relayed
from mcp_threat_model.serving.turns import THINKING_S
from mcp_threat_model.source.interface import Target
from mcp_threat_model.subject import exactly_one, inline_listing, inline_manifest
from mcp_threat_model.target import is_json, parse_target
from mcp_threat_scoring.errors import LockedError, TargetError, ThreatModelError, UsageError
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.report import Report
from mcp_threat_scoring.report_score import ProfileId
from mcp_threat_scoring.structs import replace

if TYPE_CHECKING:
    from mcp_threat_scoring.manifest import Manifest

TargetArg = Annotated[
    str | None,
    Field(
        description="The MCP server to look at: `https://host/mcp` (or http://), `stdio:COMMAND ARG …` (a program to "
        "start; a person is asked first), `config:CLIENT/NAME` (a server of an installed client's configuration), or "
        "the path of a saved description: a tools/list result, a capture, a registry server.json, an MCPB "
        "manifest.json, a client's entry, or a name with prose. Examples: `https://mcp.example.com/mcp`, "
        "`stdio:npx -y some-mcp-server`, `config:claude-desktop/github`, `./tools.json`. Give exactly one of target, "
        "manifest and listing."
    ),
]
ManifestArg = Annotated[
    str | dict[str, Any] | list[Any] | None,
    Field(
        description="The server's description as JSON, where it is not reached: a tools/list result, a list of tools, "
        'a capture, a server.json or a client\'s entry. Example: {"tools": [{"name": "delete_order"}]}.'
    ),
]
ListingArg = Annotated[
    str | dict[str, str] | None,
    Field(
        description="Prose about a server whose tool list nobody has, alone or with its name. "
        'Example: {"name": "Shop MCP", "description": "Manages orders and refunds of an online shop."}.'
    ),
]
OffsetArg = Annotated[
    int, Field(ge=0, le=1_000_000, description="Where to go on in long lists: `next_offset` of the answer before.")
]
Asked = Annotated[Agreed, Resolve(agreed)]


async def report_on(
    access: Access, context: Context, asked: Agreed, profile: ProfileId, given: dict[str, Any]
) -> Report:
    """Read what was named and analyse it. Every foreseen failure becomes a sentence the caller can act on.

    Raises:
        ToolError: that sentence.
    """
    options = asked.options(access.options)
    instead = _instead(given["target"], asked)
    try:
        which = exactly_one(**given)
        if which is None:
            raise UsageError("name the server to look at: give one of target, manifest, listing")
        with audited(options.audit, _asked_for(which, given), via="mcp", profile=profile) as call:
            async with relayed(context) as say, access.turns.turn(options.limits.total_s + THINKING_S) as turn:
                if which == "target":
                    consent = consent_from(asked, context, instead)
                    target = _target(given["target"], access)
                    try:
                        manifest = await read_target(target, options, consent=consent, say=say)
                    except LockedError as locked:
                        raise await turn.think(_locked, locked, options.rules) from None
                elif which == "manifest":
                    manifest = await turn.think(inline_manifest, given["manifest"], options.limits)
                else:
                    manifest = inline_listing(given["listing"], options.limits)
                say("analysing")
                report = await turn.think(_analyze, manifest, options.rules, profile)
            if call:
                call.end(report)
            return report
    except ThreatModelError as error:
        raise _told(error, instead) from None
    except ExceptionGroup as group:  # a task group wraps what is raised inside it
        foreseen, others = group.split(ThreatModelError)
        if foreseen is None or others is not None:
            raise
        raise _told(foreseen, instead) from None


def _target(text: str, access: Access) -> Target:
    if is_json(text):
        raise UsageError("target is the server's description itself; pass that JSON as `manifest` instead")
    target = parse_target(text)
    if target.takes_stdin:
        raise UsageError("'-' is this server's own protocol stream; pass the JSON as `manifest` instead")
    if target.on_this_machine and not access.files:
        raise UsageError("files cannot be named to a server on another machine; pass the JSON as `manifest` instead")
    return target


def _asked_for(which: str, given: Mapping[str, Any]) -> str:
    """What a call is about, as the audit log may show it."""
    if which != "target":
        return f"inline {which}"
    try:
        return parse_target(given["target"]).label
    except (UsageError, TargetError):
        return "a target that cannot be understood"


def _analyze(manifest: Manifest, rules: tuple[Path, ...], profile: ProfileId) -> Report:
    from mcp_threat_scoring.analyze import analyze, knowledge  # the rules load when they are first asked, not at start

    known = knowledge(extra=rules)
    report = analyze(manifest, known, profile)
    known.ruleset.keep()  # a server runs until it is ended, so there is no better moment
    return report


def _locked(locked: LockedError, rules: tuple[Path, ...]) -> TargetError:
    from mcp_threat_scoring.analyze import knowledge
    from mcp_threat_scoring.locked import told as found

    return found(locked, knowledge(extra=rules).ruleset)


def printing(target: str | None, asked: Agreed, client: str, name: str | None) -> str:
    """The command that prints the least privilege of the server in a terminal."""
    of = _instead(target, asked) if target else replace(ONE_SERVER, target="FILE")
    named = f" --as {shlex.quote(neutralise_name(name))}" if name else ""
    return replace(of, words="limits", target=f"{of.target} --client {client}{named}").command()


def _instead(target: str | None, asked: Agreed) -> Instead:
    """What the user can do in a terminal: for a target that can be understood, the command as it can be typed."""
    try:
        named = parse_target(target or "")
    except (UsageError, TargetError):
        return ONE_SERVER
    return scanning(named, starts=bool(asked.plan.programs or named.command))


def _told(error: BaseException, instead: Instead) -> ToolError:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TargetError):
        return ToolError(told(error, instead))
    return ToolError(in_a_client(str(error), instead))
