"""A registry's ``server.json``: the packages and remotes that a publisher names, and what the registry says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcp_threat_model.json_value import mapping, objects, text
from mcp_threat_model.source.parts import Parts
from mcp_threat_model.source.saved.publisher import coverage_of, prose_of, published, reached_at, started_by, unread
from mcp_threat_scoring.declared import Declared
from mcp_threat_scoring.manifest import ServerFacts, TransportFacts, partial
from mcp_threat_scoring.structs import replace

_RUNNERS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "npm": (("npx", "-y"), "@"),
    "pypi": (("uvx",), "=="),
    "oci": (("docker", "run", "-i", "--rm"), ":"),
    "nuget": (("dnx",), "@"),
}
"""How clients start a package of each registry type, and how a version is joined to its name."""


def server_json(value: Mapping[str, Any]) -> Parts:
    """A registry entry (``server.json``), or the registry's answer that wraps one."""
    entry = mapping(value.get("server")) or value
    packages, remotes = objects(entry.get("packages")), objects(entry.get("remotes"))
    package, remote = next(iter(packages), {}), next(iter(remotes), {})
    variables = objects(package.get("environmentVariables"))
    headers = objects(remote.get("headers")) + objects(mapping(package.get("transport")).get("headers"))
    registry = text(package.get("registryType")) or text(package.get("registry_type"))
    name, version, argv = text(entry.get("name")), text(entry.get("version")), _argv(package, registry)
    coverage = coverage_of("the registry entry", launch=bool(package), transport=bool(remote or package))
    if len(packages) > 1:
        coverage["launch"] = partial(f"the first of {len(packages):,} packages was read")
    if len(remotes) > 1:
        coverage["transport"] = partial(f"the first of {len(remotes):,} remotes was read")
    elif len(packages) > 1 and not remotes:
        coverage["transport"] = coverage["launch"]
    around = {} if entry is value else {"answer": {key: held for key, held in value.items() if key != "server"}}
    return Parts(
        coverage=coverage,
        server=ServerFacts(name=name, version=version, title=text(entry.get("title"))),
        transport=_remote(remote) if remote else _package_transport(package),
        launch=replace(
            started_by(argv),
            env_names=_names(variables),
            secret_env_names=_names([one for one in variables if one.get("isSecret") is True]),
            header_names=_names(headers),
            package=text(package.get("identifier")),
            package_version=text(package.get("version")),
            registry=registry,
            facts=published(entry, mapping(value.get("_meta")), ("websiteUrl", "website_url")),
            declared=Declared({**around, **unread(entry, ("name", "version", "title", "description"))}),
        ),
        listing=prose_of(name, entry.get("description")),
    )


def _argv(package: Mapping[str, Any], registry: str) -> tuple[str, ...]:
    identifier, version = text(package.get("identifier")), text(package.get("version"))
    if not identifier:
        return ()
    runner, joint = _RUNNERS.get(registry, ((), "@"))
    hint = text(package.get("runtimeHint"))
    if hint and (not runner or hint != runner[0]):
        runner = (hint,)
    pinned = f"{identifier}{joint}{version}" if version and joint not in identifier[1:] else identifier
    return (
        *runner,
        *_arguments(package.get("runtimeArguments")),
        pinned,
        *_arguments(package.get("packageArguments")),
    )


def _arguments(declared: object) -> tuple[str, ...]:
    words: list[str] = []
    for argument in objects(declared):
        if argument.get("type") == "named" and text(argument.get("name")):
            words.append(text(argument.get("name")))
        held = text(argument.get("value")) or text(argument.get("default"))
        if argument.get("isSecret") is True or (not held and argument.get("type") != "named"):
            held = f"{{{text(argument.get('valueHint')) or text(argument.get('name')) or 'value'}}}"
        if held:
            words.append(held)
    return tuple(words)


def _names(declared: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(name for one in declared if (name := text(one.get("name"))))


def _remote(remote: Mapping[str, Any]) -> TransportFacts:
    url = text(remote.get("url"))
    declared = text(remote.get("type")) or text(remote.get("transport_type"))
    return reached_at(url, declared)


def _package_transport(package: Mapping[str, Any]) -> TransportFacts:
    transport = mapping(package.get("transport"))
    if text(transport.get("type")) in ("sse", "streamable-http"):
        return _remote(transport)
    return TransportFacts(kind="stdio") if package else TransportFacts()
