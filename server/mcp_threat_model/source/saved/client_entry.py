"""A client's entry: the command or address of one server, as a client's configuration has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mcp_threat_model.json_value import mapping, text
from mcp_threat_model.source.parts import Parts, wrong_shape
from mcp_threat_model.source.saved.publisher import command_of, coverage_of, reached_at, started_by
from mcp_threat_scoring.declared import Declared
from mcp_threat_scoring.manifest import ServerFacts, TransportFacts
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.structs import replace

ENTRY_KEYS: Final = ("mcpServers", "servers", "context_servers", "mcp_servers")
"""Under which key the clients keep their servers: most of them, VS Code, Zed, Codex."""

URL_KEYS: Final = ("url", "httpUrl", "serverUrl")


def config_entry(value: Mapping[str, Any]) -> Parts:
    """One server of a client's configuration: the entry itself, or a configuration that holds exactly one.

    Raises:
        TargetError: `malformed`: the entry names nothing to start or reach, or there is not exactly one.
    """
    name, entry = _only_entry(value)
    url = next((text(entry[key]) for key in URL_KEYS if text(entry.get(key))), "")
    argv = command_of(entry)
    if not argv and not url:
        raise wrong_shape("the client's entry has neither a command nor a url", "Save one whole entry.")
    return Parts(
        coverage=coverage_of("the client's entry", launch=bool(argv), transport=True),
        server=ServerFacts(name=name),
        transport=reached_at(url, text(entry.get("type"))) if url else TransportFacts(kind="stdio"),
        launch=replace(
            started_by(argv),
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
