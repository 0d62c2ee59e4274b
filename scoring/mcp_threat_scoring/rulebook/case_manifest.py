"""The manifest that a case of a rule or a threat writes down."""

from __future__ import annotations

from typing import Any

from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import (
    OBSERVED,
    AuthFacts,
    Coverage,
    Event,
    LaunchFacts,
    Listing,
    Manifest,
    PartName,
    ScopeFact,
    ServerFacts,
    Shortened,
    TransportFacts,
)
from mcp_threat_scoring.rulebook.case import CaseAuth, CaseHello, CaseLaunch, CaseManifest, CaseTransport
from mcp_threat_scoring.structs import asdict


def manifest_of(case: CaseManifest) -> Manifest:
    """A case's manifest, as a source would have built it."""
    hello, transport, launch, auth = case.initialize, case.transport, case.launch, case.auth
    parts: dict[PartName, object] = {
        "server": hello, "instructions": hello, "transport": transport, "auth": auth, "launch": launch,
        "tools": case.tools, "prompts": case.prompts, "resources": case.resources,
        "resource_templates": case.resourceTemplates,
    }  # fmt: skip
    coverage = {part: OBSERVED for part, held in parts.items() if held is not None}
    coverage |= {part: Coverage(said.status, said.reason) for part, said in case.coverage.items()}
    hello, launch, auth = hello or CaseHello(), launch or CaseLaunch(), auth or CaseAuth()
    started: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in asdict(launch).items()}
    return build_manifest(
        target_kind="manifest",
        target_value="case",
        tools=[
            Shortened(raw, case.cut[raw["name"]]) if raw.get("name") in case.cut else raw for raw in case.tools or ()
        ],
        prompts=case.prompts or (),
        resources=case.resources or (),
        resource_templates=case.resourceTemplates or (),
        coverage=coverage,
        server=ServerFacts(
            name=hello.serverInfo.name,
            version=hello.serverInfo.version,
            title=hello.serverInfo.title,
            protocol_version=hello.protocolVersion,
            instructions=hello.instructions,
            capabilities=hello.capabilities,
        ),
        transport=TransportFacts(**asdict(transport or CaseTransport())),
        launch=LaunchFacts(**started),
        auth=AuthFacts(
            auth.requirement,
            tuple(auth.schemes),
            tuple(ScopeFact(scope.name, scope.source) for scope in auth.scopes),
            auth.facts,
            auth.servers,
        ),
        events=[Event(event.code, event.detail, event.count) for event in case.events],
        listing=None if case.name is None else Listing(case.name, case.description),
    )
