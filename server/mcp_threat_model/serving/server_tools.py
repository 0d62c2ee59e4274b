"""The MCP tools about one server: its score, its threats, what its tools can do, and the arithmetic of AIVSS alone.

No logic lives here. A tool call becomes a target, a manifest or a listing; the scan does the rest; the answer is a
short text that stands alone, and the report as structured content, paged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import CallToolResult
from pydantic import Field

from mcp_threat_model.render.brief import inspect_text, maestro_text, score_text, sum_text
from mcp_threat_model.serving.access import Access
from mcp_threat_model.serving.answer import Tools, answer
from mcp_threat_model.serving.catalogue_view import ThreatsAnswer, catalogue_answer, choose, chosen, layers_answer
from mcp_threat_model.serving.named_server import Asked, ListingArg, ManifestArg, OffsetArg, TargetArg, report_on
from mcp_threat_model.serving.paging import INSPECT_ORDER, ReportPage, page
from mcp_threat_model.serving.what_if import what_if
from mcp_threat_model.subject import exactly_one, one_subject
from mcp_threat_scoring.errors import FactorError, UsageError
from mcp_threat_scoring.report import ThreatLayer
from mcp_threat_scoring.report_score import AivssOut, ProfileId

if TYPE_CHECKING:
    from mcp_threat_scoring.maestro.threat import Catalogue

ProfileArg = Annotated[
    ProfileId,
    Field(
        description="Which AIVSS profile leads: `graded` (factors in tenths, CVSS 3.1) or `owasp-0.8` (OWASP AIVSS "
        "v0.8 to the letter, CVSS 4.0). Where a server is scored, the other one stands beside it."
    ),
]


def add_server_tools(tools: Tools, access: Access) -> None:
    """Register the four tools."""

    @tools.add("How risky is this MCP server?", ReportPage, one_subject)
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
        given = {"target": target, "manifest": manifest, "listing": listing}
        report = await report_on(access, context, asked, profile, given)
        found = page(report, offset)
        return answer(score_text(report, found.page), found)

    @tools.add("MAESTRO threats of a server, or the catalogue", ThreatsAnswer, _threats)
    async def list_maestro_threats(
        context: Context,
        asked: Asked,
        target: TargetArg = None,
        manifest: ManifestArg = None,
        listing: ListingArg = None,
        layer: Annotated[
            ThreatLayer | None,
            Field(description="Only this MAESTRO layer, e.g. `L3`; `X` for the chains that cross layers."),
        ] = None,
        threat: Annotated[
            str | None,
            Field(
                max_length=60,
                description="Only this threat of the catalogue, by id (`MTC-301`), or those that a framework entry is "
                "mapped to (`MCP03:2025`, `ASI05`, `CWE-78`).",
            ),
        ] = None,
        offset: OffsetArg = 0,
    ) -> CallToolResult:
        """List the threats of one MCP server over the seven MAESTRO layers, each with evidence, fix and response.

        With a target, manifest or listing: which threats its tools support, which layers are mapped by evidence and
        which are not certain, and what to ask the vendor. Without one: the threat catalogue, by layer, id or framework
        entry. For the overall risk score use score_agent.
        """
        given = {"target": target, "manifest": manifest, "listing": listing}
        if exactly_one(**given) is None:
            return answer(*catalogue_answer(_catalogue(), layer=layer, reference=threat, offset=offset))
        report = await report_on(access, context, asked, "graded", given)
        report = chosen(report, _catalogue(), layer, threat)
        found, where = layers_answer(report, offset)
        return answer(maestro_text(report, where, layer, threat), found)

    @tools.add("What can this MCP server do?", ReportPage, one_subject)
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
        given = {"target": target, "manifest": manifest, "listing": listing}
        report = await report_on(access, context, asked, "graded", given)
        found = page(report, offset, INSPECT_ORDER)
        shown = found.capabilities.tools if found.capabilities else []
        return answer(inspect_text(report, shown, found.page), found)

    @tools.add("AIVSS calculator", AivssOut, _terms)
    async def calculate_aivss(
        context: Context,
        asked: Asked,
        profile: ProfileArg = "graded",
        cvss_base: Annotated[
            float | None, Field(ge=0, le=10, description="CVSS base score, 0.0 to 10.0. Or give cvss_vector.")
        ] = None,
        cvss_vector: Annotated[
            str | None,
            Field(
                max_length=400,
                description="CVSS vector: 3.1 for `graded`, 4.0 for `owasp-0.8`; only base metrics count. Example: "
                "`CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H`.",
            ),
        ] = None,
        factors: Annotated[
            dict[str, float] | None,
            Field(
                description="The profile's ten agentic factors, 0 to 1: in tenths for graded (autonomy_of_action, "
                "goal_driven_planning, …), 0 / 0.5 / 1 for owasp-0.8 (autonomy, tools, …). An error names what is "
                'missing. Example: {"autonomy_of_action": 0.7, "goal_driven_planning": 0.4, …}.'
            ),
        ] = None,
        threat_multiplier: Annotated[
            float | None, Field(description="graded 0.90 to 1.10, default 1.0; owasp-0.8 1.0, 0.97 (default) or 0.5.")
        ] = None,
        mitigation_factor: Annotated[
            float | None, Field(description="graded 0.50 to 1.00, default 1.0; owasp-0.8 1.0 (default), 0.83 or 0.67.")
        ] = None,
        target: TargetArg = None,
        manifest: ManifestArg = None,
        listing: ListingArg = None,
    ) -> CallToolResult:
        """Compute an OWASP AIVSS score from its terms, and show every step of the arithmetic.

        Give a CVSS base (or vector) and the ten factors; or a target, manifest or listing, whose own terms then stand
        for those left out: what would its score be with an autonomy of 0.2? To score a server as it is, use
        score_agent.
        """
        given = {"target": target, "manifest": manifest, "listing": listing}
        said = {
            "cvss_base": cvss_base,
            "cvss_vector": cvss_vector,
            "factors": factors,
            "threat_multiplier": threat_multiplier,
            "mitigation_factor": mitigation_factor,
        }
        try:
            report = await report_on(access, context, asked, profile, given) if exactly_one(**given) else None
            result = what_if(profile, {name: value for name, value in said.items() if value is not None}, report)
        except (UsageError, FactorError) as error:
            raise ToolError(str(error)) from None
        return answer(sum_text(result), result)


def _threats(given: Mapping[str, Any]) -> None:
    """What is asked for is in the catalogue.

    Raises:
        UsageError: it is not, or two servers are named.
    """
    one_subject(given)
    choose(_catalogue(), given.get("layer"), given.get("threat"))


def _terms(given: Mapping[str, Any]) -> None:
    """The terms that are given are some that the profile knows.

    Raises:
        UsageError: two servers are named.
        FactorError: a term is unknown or out of range.
    """
    from mcp_threat_scoring.aivss.calculator import check  # when somebody calculates, not when the server starts

    one_subject(given)
    about = ("target", "manifest", "listing")
    check({name: value for name, value in given.items() if value is not None and name not in about})


def _catalogue() -> Catalogue:
    from mcp_threat_scoring.analyze import knowledge  # the rules load when they are first asked, not at start

    return knowledge().catalogue
