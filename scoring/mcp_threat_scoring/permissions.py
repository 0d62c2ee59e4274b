"""The limits of a verdict as a client's own configuration: reads allowed, what acts confirmed, destruction denied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from mcp_threat_scoring.client_formats import (
    FORMATS,
    ClientFormat,
    ClientId,
    ConfigFile,
    Sorted,
    few,
    server_key,
)
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.phrases import quoted
from mcp_threat_scoring.report import Decision, Report
from mcp_threat_scoring.structs import Meta

__all__ = ["ClientId", "Permissions", "permissions", "server_key", "written"]


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


def _unwritable(form: ClientFormat, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    what = f"The name of {few(names)} cannot be written into a rule as it is"
    if form.listed_only:
        return [f"{what}; it is denied by not being on the list."]
    return [f"{what}: no rule allows it, and you should not when asked. If you can, do without this server."]


def _unwritten_of_blocked(form: ClientFormat, names: Sequence[str]) -> list[str]:
    """The tools that a list of single tools has to leave out; a rule for the whole server leaves out none."""
    if not names or not form.one_by_one:
        return []
    return [f"The name of {few(names)} cannot be written into it as it is: nothing here keeps that away."]


def permissions(report: Report, client: ClientId, server: str) -> Permissions:
    """The limits of a report's verdict in one client's own words.

    `server` is the name the server has there. Tools whose names are not plain are left out, which every client takes as
    "ask" or "not there", and named in the notes. A server to block is denied whole where the client has a rule for it.
    """
    limits = report.verdict.limits
    form = FORMATS[client]
    every = (*limits.allow_tools, *limits.confirm_tools, *limits.deny_tools)
    odd = [name for name in every if not form.writable.search(name)]
    blocked = report.verdict.decision == "block"
    notes: list[str] = []
    if blocked:
        notes.append(f"The verdict is to block this server: do not install it. {form.blocked}")
    elif report.verdict.decision == "review":
        notes.append("The verdict is to review this server first; apply these limits only after somebody has looked.")
    key = server_key(server)
    if key != server:
        notes.append(f"The rules call the server {quoted(key)}; give it that name in the client's configuration.")
    if blocked:
        files, more = form.block(key, [name for name in every if form.writable.search(name)])
        unwritten = _unwritten_of_blocked(form, odd)
    else:
        chosen = {
            kind: [name for name in names if form.writable.search(name)]
            for kind, names in (
                ("allow", limits.allow_tools),
                ("confirm", limits.confirm_tools),
                ("deny", limits.deny_tools),
            )
        }
        files, more = form.write(key, Sorted.read(chosen))
        unwritten = _unwritable(form, odd)
    scopes = report.auth.scopes
    grant = list(dict.fromkeys(scope.name for scope in scopes if scope.breadth in ("none", "narrow")))
    refuse = list(dict.fromkeys(scope.name for scope in scopes if scope.breadth in ("broad", "admin")))
    return Permissions(
        client=client,
        server=key,
        decision=report.verdict.decision,
        files=files,
        notes=[*notes, *unwritten, *more, *_about_scopes(grant, refuse)],
        scopes_to_grant=grant,
        scopes_to_refuse=refuse,
    )


def _about_scopes(grant: Sequence[str], refuse: Sequence[str]) -> list[str]:
    notes = []
    if grant:
        notes.append(f"Grant only the scopes you need of {few(grant)}.")
    if refuse:
        notes.append(f"Do not grant {few(refuse)}: ask the vendor for a narrower scope.")
    return notes


def written(limits: Permissions) -> str:
    """All of it as one text for a person: each file under its name, then the notes."""
    blocks = [f"# {file.path} (merge it with what is there)\n{file.text}" for file in limits.files]
    notes = "".join(f"# {note}\n" for note in limits.notes)
    return "\n".join([*blocks, *([notes] if notes else [])])
