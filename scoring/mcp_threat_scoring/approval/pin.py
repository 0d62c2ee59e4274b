"""What is pinned of one server: a hash of each part to the letter, and beside it the words that show it to people.

Hashes are of canonical JSON, so order and white space do not matter. Names are neutralised; a name that stands twice
gets a number, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from mcp_threat_scoring.approval.lock import LockedServer, LockedTool
from mcp_threat_scoring.declared import HASH_LENGTH
from mcp_threat_scoring.manifest import Item, Manifest, sha256_of
from mcp_threat_scoring.neutralise import as_address, neutralise, neutralise_name
from mcp_threat_scoring.report import Report
from mcp_threat_scoring.structs import asdict, to_builtins

COMMAND_SHOWN: Final = 300
"""Characters of an address, or of a word of a command."""
_OWN: Final = ("title", "description", "inputSchema", "outputSchema", "annotations")
"""Members of a tool that have a hash of their own."""
T = TypeVar("T")


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
