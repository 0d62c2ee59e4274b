"""The parameters of our tools: what each may be, and the words by which an assistant fills it in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from mcp_threat_scoring.client_formats import ClientId
from mcp_threat_scoring.report import ThreatLayer
from mcp_threat_scoring.report_score import ProfileId

# Which server is looked at, and which part of the answer is wanted.
TargetArg = Annotated[
    str | None,
    Field(
        description="The MCP server to look at: `https://host/mcp` (or http://), `stdio:COMMAND ARG …` (a program to "
        "start; a person is asked first), `config:CLIENT/NAME` (a server of an installed client's configuration), or "
        "the path of a saved description: a tools/list result, a capture, a registry server.json, an MCPB "
        "manifest.json, a client's entry, or a name with prose. Examples: `https://mcp.example.com/mcp`, "
        "`stdio:npx -y some-mcp-server`, `config:claude-desktop/github`, `./tools.json`. Give exactly one of target, "
        "manifest and listing."
    ),
]
ManifestArg = Annotated[
    str | dict[str, Any] | list[Any] | None,
    Field(
        description="The server's description as JSON, where it is not reached: a tools/list result, a list of tools, "
        'a capture, a server.json or a client\'s entry. Example: {"tools": [{"name": "delete_order"}]}.'
    ),
]
ListingArg = Annotated[
    str | dict[str, str] | None,
    Field(
        description="Prose about a server whose tool list nobody has, alone or with its name. "
        'Example: {"name": "Shop MCP", "description": "Manages orders and refunds of an online shop."}.'
    ),
]
OffsetArg = Annotated[
    int, Field(ge=0, le=1_000_000, description="Where to go on in long lists: `next_offset` of the answer before.")
]
LayerArg = Annotated[
    ThreatLayer | None,
    Field(description="Only this MAESTRO layer, e.g. `L3`; `X` for the chains that cross layers."),
]
ThreatArg = Annotated[
    str | None,
    Field(
        max_length=60,
        description="Only this threat of the catalogue, by id (`MTC-301`), or those that a framework entry is "
        "mapped to (`MCP03:2025`, `ASI05`, `CWE-78`).",
    ),
]

# The terms of a score.
ProfileArg = Annotated[
    ProfileId,
    Field(
        description="Which AIVSS profile leads: `graded` (factors in tenths, CVSS 3.1) or `owasp-0.8` (OWASP AIVSS "
        "v0.8 to the letter, CVSS 4.0). Where a server is scored, the other one stands beside it."
    ),
]
CvssBaseArg = Annotated[
    float | None, Field(ge=0, le=10, description="CVSS base score, 0.0 to 10.0. Or give cvss_vector.")
]
CvssVectorArg = Annotated[
    str | None,
    Field(
        max_length=400,
        description="CVSS vector: 3.1 for `graded`, 4.0 for `owasp-0.8`; only base metrics count. Example: "
        "`CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H`.",
    ),
]
FactorsArg = Annotated[
    dict[str, float] | None,
    Field(
        description="The profile's ten agentic factors, 0 to 1: in tenths for graded (autonomy_of_action, "
        "goal_driven_planning, …), 0 / 0.5 / 1 for owasp-0.8 (autonomy, tools, …). An error names what is "
        'missing. Example: {"autonomy_of_action": 0.7, "goal_driven_planning": 0.4, …}.'
    ),
]
ThreatMultiplierArg = Annotated[
    float | None, Field(description="graded 0.90 to 1.10, default 1.0; owasp-0.8 1.0, 0.97 (default) or 0.5.")
]
MitigationFactorArg = Annotated[
    float | None, Field(description="graded 0.50 to 1.00, default 1.0; owasp-0.8 1.0 (default), 0.83 or 0.67.")
]

# The user's own clients, and what was locked.
ClientArg = Annotated[
    Literal["claude-desktop", "claude-code", "cursor", "vscode", "windsurf", "zed", "codex", "gemini"] | None,
    Field(description="Only this client. Without it, all eight that are known."),
]
ScanArg = Annotated[
    bool,
    Field(
        description="Also score each server that is in use, and look for paths over several of them. A person agrees "
        "to the list of commands before any program starts; addresses are read at once."
    ),
]
LockArg = Annotated[
    str,
    Field(max_length=1_000, description="Path of the lock file that `mcp-threat-model lock` wrote."),
]
LimitsForArg = Annotated[
    ClientId,
    Field(description="Whose configuration the limits are written as, e.g. `claude-code`; `generic` is a plain list."),
]
NameArg = Annotated[
    str | None,
    Field(max_length=120, description="The name that the server has, or will have, in the client's configuration."),
]
LockedArg = Annotated[
    str | None,
    Field(max_length=8_192, description="Only this server of the lock file, as it is written there."),
]
