"""The server as a whole as a subject for rules: its own texts as views, and everything observed of it as facts.

Fact names are ``part.name``: ``transport.kind``, ``auth.requirement``, ``launch.package``, ``coverage.tools``,
``event.list_changed`` (a count), ``tools.count`` …
Views: ``words`` (name and title in words), ``instructions``, ``listing``, ``url``, ``argv``, ``env``, ``headers``,
``scopes``, ``schemes``, ``package``, ``protocol``, ``version``.
"""

from __future__ import annotations

from mcp_threat_scoring.manifest import Item, Manifest, well_formed
from mcp_threat_scoring.views import Subject, View, split_words, view_of

SERVER_TEXT = 20_000
"""Characters of instructions and listing prose that rules read."""


def _share(items: tuple[Item, ...], holds: int) -> int:
    return round(100 * holds / len(items)) if items else 0


def _facts(manifest: Manifest) -> dict[str, bool | int | str]:
    transport, auth, launch = manifest.transport, manifest.auth, manifest.launch
    tools = manifest.tools
    facts: dict[str, bool | int | str] = {
        "transport.kind": transport.kind,
        "transport.scope": transport.scope,
        "auth.requirement": auth.requirement,
        "auth.scopes": len(auth.scopes),
        "launch.declared": bool(launch.argv or launch.package),
        "launch.package": bool(launch.package),
        "launch.version_pinned": bool(launch.package_version),
        "launch.env": len(launch.env_names),
        "launch.secrets": len(launch.secret_env_names),
        "server.name": bool(manifest.server.name),
        "server.version": bool(manifest.server.version),
        "server.instructions": bool(manifest.server.instructions),
        "listing": manifest.listing is not None,
        "tools.count": len(tools),
        "prompts.count": len(manifest.prompts),
        "resources.count": len(manifest.resources),
        "resource_templates.count": len(manifest.resource_templates),
        "bad_items.count": len(manifest.bad_items),
        "tools.annotated": _share(tools, sum(bool(tool.annotations) for tool in tools)),
        "tools.output_schema": _share(tools, sum(bool(tool.mapping("outputSchema")) for tool in tools)),
    }
    for part, seen in manifest.coverage.items():
        facts[f"coverage.{part}"] = seen.status
    for event in manifest.events:
        facts[f"event.{event.code}"] = int(facts.get(f"event.{event.code}", 0)) + event.count
    for prefix, more in (("transport", transport.facts), ("auth", auth.facts), ("launch", launch.facts)):
        for name, value in more.items():
            facts[f"{prefix}.{name}"] = value
    for name, value in manifest.server.capabilities.items():
        facts[f"capability.{name}"] = True
        if isinstance(value, dict):
            for key, flag in value.items():
                if isinstance(flag, bool):
                    facts[f"capability.{name}.{key}"] = flag
    return facts


def server_subject(manifest: Manifest) -> Subject:
    """Views and facts of the server as a whole."""
    server, launch = manifest.server, manifest.launch
    views: dict[str, View] = {}

    def put(name: str, *segments: tuple[str, str]) -> None:
        kept = [(well_formed(text), pointer) for text, pointer in segments if text]
        if kept:
            views[name] = view_of(kept)

    put(
        "words",
        (split_words(server.name[:200]), "/initialize/serverInfo/name"),
        (split_words(server.title[:200]), "/initialize/serverInfo/title"),
        (split_words(launch.package[:200]), "/launch/package"),
        *(((split_words(manifest.listing.name[:200])), "/name") for _ in (0,) if manifest.listing),
    )
    put("instructions", (server.instructions[:SERVER_TEXT].lower(), "/initialize/instructions"))
    if manifest.listing:
        put("listing", (manifest.listing.description[:SERVER_TEXT].lower(), "/description"))
    put("version", (server.version[:200], "/initialize/serverInfo/version"))
    put("protocol", (server.protocol_version[:50], "/initialize/protocolVersion"))
    put("url", (manifest.transport.url[:2_000], "/transport/url"))
    put("package", (launch.package[:500], "/launch/package"))
    put("argv", *((word[:1_000], f"/launch/argv/{index}") for index, word in enumerate(launch.argv[:200])))
    put("env", *((name[:200], f"/launch/env/{index}") for index, name in enumerate(launch.env_names[:500])))
    put(
        "secret_env",
        *((name[:200], f"/launch/env/{index}") for index, name in enumerate(launch.secret_env_names[:500])),
    )
    put("headers", *((name[:200], f"/launch/headers/{index}") for index, name in enumerate(launch.header_names[:200])))
    scopes = manifest.auth.scopes[:500]
    put("scopes", *((scope.name[:300].lower(), f"/auth/scopes/{index}") for index, scope in enumerate(scopes)))
    put(
        "schemes",
        *((scheme[:100].lower(), f"/auth/schemes/{n}") for n, scheme in enumerate(manifest.auth.schemes[:50])),
    )
    return Subject("", "server", views, _facts(manifest))
