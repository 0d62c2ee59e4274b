"""The MCP tools about one server: its score, its threats, what its tools can do, and the arithmetic of AIVSS alone.

No logic lives here. A tool call becomes a target, a manifest or a listing; the scan does the rest; the answer is a
short text that stands alone, and the report as structured content, paged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult

from mcp_threat_model.render.brief import inspect_text, maestro_text, score_text, sum_text
from mcp_threat_model.serving.answer import Tools, answer
from mcp_threat_model.serving.catalogue_view import ThreatsAnswer, catalogue_answer, choose, chosen, layers_answer
from mcp_threat_model.serving.named_server import Asked, report_on
from mcp_threat_model.serving.paging import INSPECT_ORDER, ReportPage, page
from mcp_threat_model.serving.parameters import (
    CvssBaseArg,
    CvssVectorArg,
    FactorsArg,
    LayerArg,
    ListingArg,
    ManifestArg,
    MitigationFactorArg,
    OffsetArg,
    ProfileArg,
    TargetArg,
    ThreatArg,
    ThreatMultiplierArg,
)
from mcp_threat_model.serving.what_if import what_if
from mcp_threat_model.subject import Given
from mcp_threat_scoring.errors import FactorError, UsageError
from mcp_threat_scoring.report_score import AivssOut

if TYPE_CHECKING:
    from mcp_threat_scoring.maestro.threat import Catalogue


def add_server_tools(tools: Tools) -> None:
    """Register the four tools."""
    tools.add(score_agent, "How risky is this MCP server?", ReportPage, Given.of)
    tools.add(list_maestro_threats, "MAESTRO threats of a server, or the catalogue", ThreatsAnswer, _threats)
    tools.add(inspect_server_manifest, "What can this MCP server do?", ReportPage, Given.of)
    tools.add(calculate_aivss, "AIVSS calculator", AivssOut, _terms)


async def score_agent(
    context: Context,
    asked: Asked,
    target: TargetArg = None,
    manifest: ManifestArg = None,
    listing: ListingArg = None,
    profile: ProfileArg = "graded",
    offset: OffsetArg = 0,
) -> CallToolResult:
    """Answer "how risky is this MCP server?" with an OWASP AIVSS score, its terms, top threats and a verdict.

    Use it before installing or trusting a server, or to check one that is installed. Returns a short text (score
    with every term, what makes it risky, what to allow, confirm and deny) and the whole report as structured
    content. For one layer's threats or the catalogue use list_maestro_threats; for each tool's abilities and the
    evidence use inspect_server_manifest.
    """
    report = await report_on(context, asked, Given(target, manifest, listing), profile)
    found = page(report, offset)
    return answer(score_text(report, found.page), found)


async def list_maestro_threats(
    context: Context,
    asked: Asked,
    target: TargetArg = None,
    manifest: ManifestArg = None,
    listing: ListingArg = None,
    layer: LayerArg = None,
    threat: ThreatArg = None,
    offset: OffsetArg = 0,
) -> CallToolResult:
    """List the threats of one MCP server over the seven MAESTRO layers, each with evidence, fix and response.

    With a target, manifest or listing: which threats its tools support, which layers are mapped by evidence and
    which are not certain, and what to ask the vendor. Without one: the threat catalogue, by layer, id or framework
    entry. For the overall risk score use score_agent.
    """
    given = Given(target, manifest, listing)
    if given.by is None:
        return answer(*catalogue_answer(_catalogue(), layer=layer, reference=threat, offset=offset))
    report = await report_on(context, asked, given)
    report = chosen(report, _catalogue(), layer, threat)
    found, where = layers_answer(report, offset)
    return answer(maestro_text(report, where, layer, threat), found)


async def inspect_server_manifest(
    context: Context,
    asked: Asked,
    target: TargetArg = None,
    manifest: ManifestArg = None,
    listing: ListingArg = None,
    offset: OffsetArg = 0,
) -> CallToolResult:
    """Say what an MCP server is, what each of its tools can do, and how it is reached and authenticated.

    For every tool: whether it reads, writes or destroys (with a calibrated probability), its abilities such as
    process.exec or money.move, its business domain, and the words and parameters that show it. Also scopes,
    transport, findings, and what could not be observed. Long lists are paged. For a score use score_agent.
    """
    report = await report_on(context, asked, Given(target, manifest, listing))
    found = page(report, offset, INSPECT_ORDER)
    shown = found.capabilities.tools if found.capabilities else []
    return answer(inspect_text(report, shown, found.page), found)


async def calculate_aivss(
    context: Context,
    asked: Asked,
    profile: ProfileArg = "graded",
    cvss_base: CvssBaseArg = None,
    cvss_vector: CvssVectorArg = None,
    factors: FactorsArg = None,
    threat_multiplier: ThreatMultiplierArg = None,
    mitigation_factor: MitigationFactorArg = None,
    target: TargetArg = None,
    manifest: ManifestArg = None,
    listing: ListingArg = None,
) -> CallToolResult:
    """Compute an OWASP AIVSS score from its terms, and show every step of the arithmetic.

    Give a CVSS base (or vector) and the ten factors; or a target, manifest or listing, whose own terms then stand
    for those left out: what would its score be with an autonomy of 0.2? To score a server as it is, use
    score_agent.
    """
    given = Given(target, manifest, listing)
    said = {
        "cvss_base": cvss_base,
        "cvss_vector": cvss_vector,
        "factors": factors,
        "threat_multiplier": threat_multiplier,
        "mitigation_factor": mitigation_factor,
    }
    try:
        report = await report_on(context, asked, given, profile) if given.by else None
        result = what_if(profile, {name: value for name, value in said.items() if value is not None}, report)
    except (UsageError, FactorError) as error:
        raise ToolError(str(error)) from None
    return answer(sum_text(result), result)


def _threats(given: Mapping[str, Any]) -> None:
    """What is asked for is in the catalogue.

    Raises:
        UsageError: it is not, or two servers are named.
    """
    Given.of(given)
    choose(_catalogue(), given.get("layer"), given.get("threat"))


def _terms(given: Mapping[str, Any]) -> None:
    """The terms that are given are some that the profile knows.

    Raises:
        UsageError: two servers are named.
        FactorError: a term is unknown or out of range.
    """
    from mcp_threat_scoring.aivss.calculator import check  # when somebody calculates, not when the server starts

    about = Given.of(given).__struct_fields__
    check({name: value for name, value in given.items() if value is not None and name not in about})


def _catalogue() -> Catalogue:
    from mcp_threat_scoring.analyze import knowledge  # the rules load when they are first asked, not at start

    return knowledge().catalogue
