"""The ``manifest.json`` of an MCPB bundle: how the bundle is started, and the tools that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mcp_threat_model.json_value import mapping, text
from mcp_threat_model.source.parts import Parts
from mcp_threat_model.source.saved.publisher import command_of, coverage_of, prose_of, published, started_by, unread
from mcp_threat_scoring.declared import Declared
from mcp_threat_scoring.manifest import Coverage, ServerFacts, TransportFacts, partial
from mcp_threat_scoring.structs import replace


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
    name, argv = text(value.get("name")), command_of(config)
    prose = "long_description" if value.get("long_description") else "description"
    coverage = coverage_of("the bundle's manifest", launch=bool(config or server), transport=True)
    tools, coverage["tools"] = _declared(value, "tools", coverage["tools"])
    prompts, coverage["prompts"] = _declared(value, "prompts", coverage["prompts"])
    return Parts(
        coverage=coverage,
        tools=tools,
        prompts=prompts,
        server=ServerFacts(name=name, version=text(value.get("version")), title=text(value.get("display_name"))),
        transport=TransportFacts(kind="stdio"),
        launch=replace(
            started_by(argv),
            env_names=tuple(env),
            secret_env_names=tuple(key for key, held in env.items() if _names_any(text(held), secret_settings)),
            package=name,
            package_version=text(value.get("version")),
            registry="mcpb",
            facts=published(value, {}, ("homepage", "documentation", "support")),
            declared=Declared(unread(value, ("name", "version", "display_name", prose), ("tools", "prompts"))),
        ),
        listing=prose_of(name, value.get(prose)),
    )


def _names_any(held: str, names: Sequence[str]) -> bool:
    return any(name in held for name in names)


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
