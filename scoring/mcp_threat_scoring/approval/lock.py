"""The lock: what was approved of a server, in a file that people read, diff and commit.

How it is made of a server stands in :mod:`approval.pin`.

The words in it are for people: they are made inert and cut. What was approved is the hash of each part to the letter,
those words included. What was added to the format later may be missing from a lock, and is then not compared.

A target's secrets are not kept. Where something was left out of the target that is shown, a hash of the whole stands
beside it: two that look alike are told apart, and one that is named again is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from mcp_threat_scoring.manifest import Requirement
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.report import Breadth, Decision, Effect
from mcp_threat_scoring.report_score import AivssSeverity, ProfileId
from mcp_threat_scoring.structs import Meta, Struct

LOCK_VERSION: Literal[1] = 1


class LockedTool(Model, frozen=True, kw_only=True):
    """One approved tool."""

    sha256: str
    description: str
    input_schema: str
    output_schema: str
    annotations: str
    effect: Effect
    abilities: list[str]
    title: str | None = None
    rest: Annotated[str | None, Meta(description="Hash of every member that has none of its own.")] = None


class LockedServer(Model, frozen=True, kw_only=True):
    """One approved server."""

    target: Annotated[str, Meta(description="As it may be shown, and as the servers of this file are named.")]
    name: str
    version: str
    protocol_version: str
    manifest_sha256: str
    instructions: str
    transport: str
    url: str
    command: list[str]
    env_names: list[str]
    auth_requirement: Requirement
    auth_breadth: Breadth
    scopes: list[str]
    profile: ProfileId
    score: Annotated[float, Meta(ge=0, le=10)]
    severity: AivssSeverity
    verdict: Decision
    hostile: Annotated[
        list[str], Meta(description="Fingerprints of hostile content that was there when it was approved.")
    ]
    findings: Annotated[list[str], Meta(description="Fingerprints of everything else that was found then.")]
    tools: dict[str, LockedTool]
    prompts: dict[str, str]
    resources: dict[str, str]
    unseen: Annotated[list[str], Meta(description="Parts that were not observed, and so not approved.")]
    partial: Annotated[
        dict[str, str] | None,
        Meta(description="Parts that were only partly seen, each with a hash of what was missing."),
    ] = None
    damaged: Annotated[
        list[str] | None, Meta(description="Hashes of items that could not be used, and so not judged.")
    ] = None
    exact: Annotated[
        dict[str, str] | None,
        Meta(description="Hash of each part to the letter: of what is shown above, and of what is not shown."),
    ] = None
    declared: Annotated[
        dict[str, str] | None,
        Meta(description="Hash of each value that the file gives to start, reach or install it, by its name there."),
    ] = None
    authorization_servers: Annotated[
        dict[str, str] | None, Meta(description="Those that are named, with a hash of the addresses each of them has.")
    ] = None
    whole: Annotated[
        str, Meta(description="Hash of everything that was seen: tells that something changed, never that nothing did.")
    ] = ""
    locked_by: Annotated[str, Meta(description="The version of the program that judged it.")] = ""
    target_sha256: Annotated[
        str, Meta(description="Of the whole target, where something was left out of the one that is shown.")
    ] = ""


class Lock(Model, frozen=True, kw_only=True):
    """``mcp-threat-model.lock.json``."""

    lock_version: Annotated[Literal[1], Meta(description="Of this file's format.")] = LOCK_VERSION
    servers: dict[str, LockedServer]

    def name_of(self, target: Shown) -> str | None:
        """What the server of that target is called here; None when it is not here."""
        return _name_of(self.servers, target)


class Shown(Struct, frozen=True):
    """A target as a lock may know it. `sha256` is of the whole one, empty where nothing was left out of `text`."""

    text: str
    sha256: str = ""


def _name_of(servers: Mapping[str, LockedServer], target: Shown) -> str | None:
    if target.sha256:
        for name, server in servers.items():
            if server.target_sha256 == target.sha256:
                return name
    like = servers.get(target.text)  # without a hash: nothing was left out, or it was locked before there were any
    return target.text if like is not None and not like.target_sha256 else None


def with_pinned(
    servers: Mapping[str, LockedServer], new: Sequence[tuple[Shown, LockedServer]]
) -> dict[str, LockedServer]:
    """The servers of a lock with new ones, in order of their names.

    One that was there is replaced. Another that looks like one that is there gets a number.
    """
    kept = dict(servers)
    for target, server in sorted(new, key=lambda pair: (pair[0].text, pair[0].sha256)):
        name, count = _name_of(kept, target), 1
        while name is None:
            numbered = target.text if count == 1 else f"{target.text}#{count}"
            name, count = (None if numbered in kept else numbered), count + 1
        kept[name] = server.changed({"target": name, "target_sha256": target.sha256})
    return dict(sorted(kept.items()))
