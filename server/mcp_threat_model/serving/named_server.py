"""The server that a tool call names, and the report on it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from mcp.server.mcpserver import Context, Resolve
from mcp.server.mcpserver.exceptions import ToolError

from mcp_threat_model.audit import audited
from mcp_threat_model.reading import read_target
from mcp_threat_model.serving.access import Access, access_of
from mcp_threat_model.serving.advice import ONE_SERVER, Instead, in_a_client, scanning, told
from mcp_threat_model.serving.asking import Agreed, AtClient, agreed
from mcp_threat_model.serving.relay import relayed
from mcp_threat_model.serving.turns import THINKING_S
from mcp_threat_model.source.interface import Target
from mcp_threat_model.subject import Given
from mcp_threat_model.target import is_json, parse_target
from mcp_threat_scoring.errors import LockedError, TargetError, ThreatModelError, UsageError
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.report import Report
from mcp_threat_scoring.report_score import ProfileId
from mcp_threat_scoring.structs import replace

if TYPE_CHECKING:
    from mcp_threat_scoring.manifest import Manifest

Asked = Annotated[Agreed, Resolve(agreed)]


async def report_on(context: Context, asked: Agreed, given: Given, profile: ProfileId = "graded") -> Report:
    """Read what was named and analyse it. Every foreseen failure becomes a sentence the caller can act on.

    Raises:
        ToolError: that sentence.
    """
    access = access_of(context)
    options = asked.options(access.options)
    instead = _instead(given.target, asked)
    try:
        if given.by is None:
            raise UsageError("name the server to look at: give one of target, manifest, listing")
        with audited(options.audit, _asked_for(given), via="mcp", profile=profile) as call:
            async with relayed(context) as say, access.turns.turn(options.limits.total_s + THINKING_S) as turn:
                if given.target is not None:
                    consent = AtClient(asked, context, instead)
                    target = _target(given.target, access)
                    try:
                        manifest = await read_target(target, options, consent=consent, say=say)
                    except LockedError as locked:
                        raise await turn.think(_locked, locked, options.rules) from None
                else:
                    manifest = await turn.think(given.inline, options.limits)
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


def _asked_for(given: Given) -> str:
    """What a call is about, as the audit log may show it."""
    if given.target is None:
        return f"inline {given.by}"
    try:
        return parse_target(given.target).label
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
