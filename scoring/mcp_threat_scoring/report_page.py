"""Which part of a report a page of it is: `page` of what the MCP tools return."""

from __future__ import annotations

from typing import Annotated

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.structs import Meta

ALWAYS = ("schema_version", "target", "server", "page")
"""Members that every page of a report has; the first page has all of them."""


class PageOut(Model, frozen=True, kw_only=True):
    """Which part of the long lists this is. The first page has every member, later ones what they go on with."""

    offset: Annotated[int, Meta(description="Where this page begins among everything that is paged.")]
    total: Annotated[int, Meta(description="How much is paged in all: an offset is less than that.")]
    tools_total: int
    findings_total: int
    threats_total: int
    checks_total: int
    limits_offset: Annotated[int, Meta(description="Index of the first name shown of each list of limits.")]
    allow_tools_total: int
    confirm_tools_total: int
    deny_tools_total: int
    threat_tools_total: Annotated[
        dict[str, int],
        Meta(description="By id, the threats here of which not all tools are shown, and how many there are."),
    ]
    next_offset: Annotated[int | None, Meta(description="Pass it as `offset` for the next page; null on the last one.")]
