"""The lock: what was approved of a server, in a file that people read, diff and commit.

Hashes are of canonical JSON, so order and white space do not matter. Names in it are neutralised; a name that stands
twice gets a number, so that nothing is lost.

The words in it are for people: they are made inert and cut. What was approved is the hash of each part to the letter,
those words included. What was added to the format later may be missing from a lock, and is then not compared.

A target's secrets are not kept. Where something was left out of the target that is shown, a hash of the whole stands
beside it: two that look alike are told apart, and one that is named again is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from mcp_threat_scoring.declared import HASH_LENGTH
from mcp_threat_scoring.manifest import Item, Manifest, sha256_of
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.neutralise import as_address, neutralise, neutralise_name
from mcp_threat_scoring.report import Breadth, Decision, Effect, Report
from mcp_threat_scoring.report_score import AivssSeverity, ProfileId
from mcp_threat_scoring.structs import Meta, Struct, asdict, to_builtins

LOCK_VERSION: Literal[1] = 1
LOCK_NAME = "mcp-threat-model.lock.json"
COMMAND_SHOWN = 300
_OWN = ("title", "description", "inputSchema", "outputSchema", "annotations")
"""Members of a tool that have a hash of their own."""
T = TypeVar("T")


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
    auth_requirement: Literal["none", "optional", "required", "unknown"]
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


def digest(value: Any) -> str:
    """A short hash of a JSON value; the empty string for what is not there."""
    return "" if value in (None, "", {}, []) else sha256_of(value)[:HASH_LENGTH]


def numbered(pairs: Iterable[tuple[str, T]], shown: Callable[[str], str] = neutralise_name) -> dict[str, T]:
    """Things by name, made inert by `shown`; the second of a name is ``name#2``."""
    found: dict[str, T] = {}
    last: dict[str, int] = {}  # of each name: counting from one again would take a square of the time
    for raw, thing in pairs:
        name = key = str(shown(raw))
        while key in found:
            last[name] = last.get(name, 1) + 1
            key = f"{name}#{last[name]}"
        found[key] = thing
    return found


def named(items: Iterable[Item]) -> dict[str, Item]:
    """Items by name, in an order that does not depend on the target's."""
    return numbered((item.name, item) for item in sorted(items, key=lambda one: (one.name, one.sha256)))


def _hashes(items: Iterable[Item]) -> dict[str, str]:
    return {name: item.sha256[:HASH_LENGTH] for name, item in named(items).items()}


def _tools(manifest: Manifest, report: Report) -> dict[str, LockedTool]:
    judged = {tool.pointer: tool for tool in report.capabilities.tools}
    return {
        name: LockedTool(
            sha256=item.sha256[:HASH_LENGTH],
            description=digest(item.raw.get("description")),
            input_schema=digest(item.raw.get("inputSchema")),
            output_schema=digest(item.raw.get("outputSchema")),
            annotations=digest(item.raw.get("annotations")),
            effect=judged[item.pointer].effect,
            abilities=sorted(judged[item.pointer].abilities),
            title=digest(item.raw.get("title")),
            # An empty member has the digest of an absent one, so that it counts with the rest.
            rest=digest({key: held for key, held in item.raw.items() if key not in _OWN or not digest(held)}),
        )
        for name, item in named(manifest.tools).items()
        if item.pointer in judged
    }


def _exact(manifest: Manifest) -> dict[str, str]:
    server, launch, auth = manifest.server, manifest.launch, manifest.auth
    return {
        "address": digest([manifest.transport.kind, manifest.transport.url]),
        "capabilities": digest(dict(server.capabilities)),
        "command": digest(list(launch.argv)),
        "environment": digest(sorted(launch.env_names)),
        "further_words_about_itself": digest(dict(server.info)),
        "listing": digest(manifest.listing.description if manifest.listing else ""),
        "metadata_of_answers": digest(dict(server.beside)),
        "name": digest(server.name),
        "protocol_version": digest(server.protocol_version),
        "schemes": digest(sorted(auth.schemes)),
        "scopes": digest(sorted({scope.name for scope in auth.scopes})),
        "title": digest(server.title),
        "version": digest(server.version),
    }


def _declared(manifest: Manifest) -> dict[str, str]:
    return numbered(manifest.launch.declared.hashes(manifest.target_value))


def whole_of(manifest: Manifest) -> str:
    """One hash of all that a report is made from, whatever the order of lists; empty if it cannot be spelt as JSON."""
    m = manifest
    seen = (
        m.target_kind, m.target_value, m.sha256, m.server, m.bad_items, m.coverage, m.transport,
        asdict(m.launch) | {"declared": _declared(m)}, m.auth, m.events,
    )  # fmt: skip
    try:
        return sha256_of(to_builtins(seen))[:HASH_LENGTH]
    except (ValueError, TypeError, RecursionError):
        return ""


def locked(manifest: Manifest, report: Report, program: str = "") -> LockedServer:
    """What is pinned of one server; `program` is the version of whoever judged it."""
    prints: Mapping[bool, list[str]] = {
        hostile: sorted({f.fingerprint for f in report.findings if (f.kind == "hostile_content") is hostile})
        for hostile in (True, False)
    }
    return LockedServer(
        target=report.target.value,
        name=report.server.name,
        version=report.server.version,
        protocol_version=report.server.protocol_version,
        manifest_sha256=manifest.sha256,
        instructions=digest(manifest.server.instructions),
        transport=manifest.transport.kind,
        url=neutralise(manifest.transport.url, COMMAND_SHOWN),
        command=[neutralise(word, COMMAND_SHOWN) for word in manifest.launch.argv],
        env_names=sorted(neutralise_name(name) for name in manifest.launch.env_names),
        auth_requirement=report.auth.requirement,
        auth_breadth=report.auth.breadth,
        scopes=sorted({scope.name for scope in report.auth.scopes}),
        profile=report.aivss.profile,
        score=report.aivss.score,
        severity=report.aivss.severity,
        verdict=report.verdict.decision,
        hostile=prints[True],
        findings=prints[False],
        tools=_tools(manifest, report),
        prompts=_hashes(manifest.prompts),
        resources=_hashes((*manifest.resources, *manifest.resource_templates)),
        unseen=sorted(part for part, seen in report.coverage.items() if seen.status == "not_observed"),
        partial={
            part: digest(seen.reason) for part, seen in sorted(report.coverage.items()) if seen.status == "partial"
        },
        damaged=sorted(bad.sha256[:HASH_LENGTH] for bad in manifest.bad_items),
        exact=_exact(manifest),
        declared=_declared(manifest),
        authorization_servers=numbered(
            [(name, addresses[:HASH_LENGTH]) for name, addresses in sorted(manifest.auth.servers.items())], as_address
        ),
        whole=whole_of(manifest),
        locked_by=program,
    )
