"""Saved descriptions by a publisher: a registry's ``server.json``, an MCPB ``manifest.json``, a client's entry.

They say how a server is started or reached, and which secrets it wants; what only a running server can list stays
`not_observed`. Values of environment variables and headers are never kept, only their names, and hashes for a lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from mcp_threat_model.guard.secret import redact_argv
from mcp_threat_model.source.parts import Parts, mapping, objects, shown_url, text, url_scope, wrong_shape
from mcp_threat_scoring.declared import Declared
from mcp_threat_scoring.manifest import (
    OBSERVED,
    Coverage,
    LaunchFacts,
    Listing,
    PartName,
    ServerFacts,
    TransportFacts,
    not_observed,
    partial,
)
from mcp_threat_scoring.neutralise import neutralise_name

ENTRY_KEYS: Final = ("mcpServers", "servers", "context_servers", "mcp_servers")
"""Under which key the clients keep their servers: most of them, VS Code, Zed, Codex."""

URL_KEYS: Final = ("url", "httpUrl", "serverUrl")

_RUNNERS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "npm": (("npx", "-y"), "@"),
    "pypi": (("uvx",), "=="),
    "oci": (("docker", "run", "-i", "--rm"), ":"),
    "nuget": (("dnx",), "@"),
}
"""How clients start a package of each registry type, and how a version is joined to its name."""

_ONLY_LIVE: Final = not_observed("only the running server can list them")


def _coverage(source: str, *, launch: bool, transport: bool) -> dict[PartName, Coverage]:
    return {
        "server": partial(f"as {source} has it; the server itself was not asked"),
        "instructions": not_observed("only the running server can give them"),
        "tools": _ONLY_LIVE,
        "prompts": _ONLY_LIVE,
        "resources": _ONLY_LIVE,
        "resource_templates": _ONLY_LIVE,
        "launch": OBSERVED if launch else not_observed(f"{source} names no command or package"),
        "transport": OBSERVED if transport else not_observed(f"{source} names no transport"),
        "auth": not_observed("how callers are authenticated can only be seen at the running server"),
    }


def server_json(value: Mapping[str, Any]) -> Parts:
    """A registry entry (``server.json``), or the registry's answer that wraps one."""
    entry = mapping(value.get("server")) or value
    packages, remotes = objects(entry.get("packages")), objects(entry.get("remotes"))
    package, remote = next(iter(packages), {}), next(iter(remotes), {})
    variables = objects(package.get("environmentVariables"))
    headers = objects(remote.get("headers")) + objects(mapping(package.get("transport")).get("headers"))
    registry = text(package.get("registryType")) or text(package.get("registry_type"))
    name, version = text(entry.get("name")), text(entry.get("version"))
    coverage = _coverage("the registry entry", launch=bool(package), transport=bool(remote or package))
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
        launch=LaunchFacts(
            argv=_argv(package, registry),
            env_names=_names(variables),
            secret_env_names=_names([one for one in variables if one.get("isSecret") is True]),
            header_names=_names(headers),
            package=text(package.get("identifier")),
            package_version=text(package.get("version")),
            registry=registry,
            facts=_published(entry, mapping(value.get("_meta")), ("websiteUrl", "website_url")),
            declared=Declared({**around, **_unread(entry, ("name", "version", "title", "description"))}),
        ),
        listing=_listing(name, entry.get("description")),
    )


def mcpb(value: Mapping[str, Any]) -> Parts:
    """The manifest of an MCPB bundle. It may list tools, by name and description only."""
    server = mapping(value.get("server"))
    config = mapping(server.get("mcp_config"))
    env = mapping(config.get("env"))
    secret_settings = [
        f"${{user_config.{key}}}"
        for key, setting in mapping(value.get("user_config")).items()
        if mapping(setting).get("sensitive") is True
    ]
    name = text(value.get("name"))
    prose = "long_description" if value.get("long_description") else "description"
    coverage = _coverage("the bundle's manifest", launch=bool(config or server), transport=True)
    tools, coverage["tools"] = _declared(value, "tools", coverage["tools"])
    prompts, coverage["prompts"] = _declared(value, "prompts", coverage["prompts"])
    return Parts(
        coverage=coverage,
        tools=tools,
        prompts=prompts,
        server=ServerFacts(name=name, version=text(value.get("version")), title=text(value.get("display_name"))),
        transport=TransportFacts(kind="stdio"),
        launch=LaunchFacts(
            argv=_command(config),
            env_names=tuple(env),
            secret_env_names=tuple(key for key, held in env.items() if _names_any(text(held), secret_settings)),
            package=name,
            package_version=text(value.get("version")),
            registry="mcpb",
            facts=_published(value, {}, ("homepage", "documentation", "support")),
            declared=Declared(_unread(value, ("name", "version", "display_name", prose), ("tools", "prompts"))),
        ),
        listing=_listing(name, value.get(prose)),
    )


def config_entry(value: Mapping[str, Any]) -> Parts:
    """One server of a client's configuration: the entry itself, or a configuration that holds exactly one."""
    name, entry = _only_entry(value)
    url = next((text(entry[key]) for key in URL_KEYS if text(entry.get(key))), "")
    argv = _command(entry)
    if not argv and not url:
        raise wrong_shape("the client's entry has neither a command nor a url", "Save one whole entry.")
    return Parts(
        coverage=_coverage("the client's entry", launch=bool(argv), transport=True),
        server=ServerFacts(name=name),
        transport=TransportFacts(kind=_kind(text(entry.get("type")), url), url=shown_url(url), scope=url_scope(url))
        if url
        else TransportFacts(kind="stdio"),
        launch=LaunchFacts(
            argv=argv,
            env_names=tuple(mapping(entry.get("env"))),
            header_names=tuple(mapping(entry.get("headers"))),
            declared=Declared(entry, secret=True),
        ),
    )


def _only_entry(value: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    for key in ENTRY_KEYS:
        if isinstance(value.get(key), dict):
            entries = value[key]
            if len(entries) != 1:
                names = ", ".join(neutralise_name(name) for name in list(entries)[:5])
                more = ", …" if len(entries) > 5 else ""
                raise wrong_shape(
                    f"the client configuration holds {len(entries)} servers" + (f" ({names}{more})" if names else ""),
                    "Save one entry into a file of its own.",
                )
            name, entry = next(iter(entries.items()))
            return name, mapping(entry)
    return "", value


def _command(entry: Mapping[str, Any]) -> tuple[str, ...]:
    command, args = entry.get("command"), entry.get("args")
    if isinstance(command, dict):  # Zed, before 2025: {"path": …, "args": […]}
        args, command = command.get("args"), command.get("path")
    if not text(command):
        return ()
    words = [text(command), *((one for one in args if isinstance(one, str)) if isinstance(args, list) else ())]
    return redact_argv(words)  # people keep keys in their configuration


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


def _unread(entry: Mapping[str, Any], texts: Sequence[str], lists: Sequence[str] = ()) -> dict[str, Any]:
    """What the manifest does not hold already: everything but those members, where they are what they should be."""
    return {
        key: held
        for key, held in entry.items()
        if not (key in texts and text(held).strip()) and not (key in lists and isinstance(held, list))
    }


def _names_any(held: str, names: Sequence[str]) -> bool:
    return any(name in held for name in names)


def _names(declared: list[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(name for one in declared if (name := text(one.get("name"))))


def _kind(declared: str, url: str) -> Literal["stdio", "http", "sse"]:
    if declared in ("sse", "http", "streamable-http", "streamableHttp"):
        return "sse" if declared == "sse" else "http"
    return "sse" if url.rstrip("/").endswith("/sse") else "http"


def _remote(remote: Mapping[str, Any]) -> TransportFacts:
    url = text(remote.get("url"))
    declared = text(remote.get("type")) or text(remote.get("transport_type"))
    return TransportFacts(kind=_kind(declared, url), url=shown_url(url), scope=url_scope(url))


def _package_transport(package: Mapping[str, Any]) -> TransportFacts:
    transport = mapping(package.get("transport"))
    if text(transport.get("type")) in ("sse", "streamable-http"):
        return _remote(transport)
    return TransportFacts(kind="stdio") if package else TransportFacts()


_OFFICIAL: Final = "io.modelcontextprotocol.registry/official"
"""Under which key of ``_meta`` the registry keeps what it says itself, around the publisher's entry or inside it."""


def _published(
    entry: Mapping[str, Any], around: Mapping[str, Any], pages: Sequence[str]
) -> dict[str, str | bool | int]:
    """What a published description tells of who answers for it, and what its registry says of it."""
    source = entry.get("repository")
    author = mapping(entry.get("author"))
    named = bool(text(source) or text(mapping(source).get("url")))
    reached = [entry.get(page) for page in pages] + [author.get("url"), author.get("email")]
    facts: dict[str, str | bool | int] = {
        "source_named": named,
        "contact_named": named or any(text(one).strip() for one in reached),
    }
    official = mapping(around.get(_OFFICIAL)) or mapping(mapping(entry.get("_meta")).get(_OFFICIAL))
    if status := text(official.get("status")) or text(entry.get("status")):
        facts["deprecated"] = status in ("deprecated", "deleted")
    return facts


def _listing(name: str, description: object) -> Listing | None:
    prose = text(description)
    return Listing(name, prose) if prose.strip() else None


def _declared(
    value: Mapping[str, Any], key: Literal["tools", "prompts"], absent: Coverage
) -> tuple[Sequence[object], Coverage]:
    held = value.get(key)
    if not isinstance(held, list):
        return [], absent
    reason = f"the bundle names its {key} without their schemas"
    if value.get(f"{key}_generated") is True:
        reason += f", and says that it makes more {key} as it runs"
    return held, partial(reason)
