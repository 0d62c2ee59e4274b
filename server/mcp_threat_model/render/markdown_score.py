"""The score in Markdown: every term under both profiles, the ten factors, the scenarios and their metrics."""

from __future__ import annotations

from collections.abc import Iterator

from mcp_threat_model.render import wording
from mcp_threat_model.render.marks import Room, code, details, sentence, table, why
from mcp_threat_scoring.report_score import AivssProfileOut, ServerAivssOut


def score(aivss: AivssProfileOut) -> str:
    """The score, its band, and its range."""
    spread = wording.spread(aivss.range.low, aivss.range.high)
    return f"**{aivss.score:.1f} {aivss.severity}**" + (f" ({spread})" if spread else "")


def making(aivss: ServerAivssOut, room: Room) -> Iterator[str]:
    """How the score is made."""
    both: tuple[AivssProfileOut, AivssProfileOut] = (aivss, aivss.other_profile)
    yield "### How the score is made\n"
    yield "  \n".join(map(code, aivss.formula.split("; "))) + "\n"
    if aivss.below_cvss_base and aivss.repaired_score is not None:
        yield (
            "The mitigation factor takes the score below its CVSS base; counted on the agentic part alone it would be "
            f"{aivss.repaired_score:.1f}.\n"
        )
    yield from table(
        ("Term", *(one.profile for one in both)),
        [
            ("AIVSS", *map(score, both)),
            ("CVSS base", *(f"{one.cvss.base_score:.1f}: {sentence(one.cvss.scenario)}" for one in both)),
            ("Vector", *(code(one.cvss.vector or "") for one in both)),
            ("Sum of factors", *(f"{one.factor_sum:.1f}" for one in both)),
            (
                "Threat multiplier",
                *(f"{one.threat_multiplier:.2f}: {sentence(one.threat_multiplier_reason)}" for one in both),
            ),
            ("Mitigation", *(f"{one.mitigation_factor:.2f}: {sentence(one.mitigation_reason)}" for one in both)),
            ("Formula", *(sentence(one.formula) for one in both)),
        ],
    )
    for one in both:
        yield from details(f"Ten agentic factors, profile {one.profile}: {one.factor_sum:.1f}", _factors(one, room))
        version = f"CVSS {one.cvss.version} " if one.cvss.version else ""
        metrics = table(
            ("Metric", "Value", "Why"),
            (
                (sentence(metric.id), sentence(metric.value), sentence(metric.reason) + why(metric.evidence, room))
                for metric in one.cvss.metrics
            ),
        )
        ways = table(
            ("Scenario", "CVSS base", "AIVSS", "Vector"),
            (
                (sentence(way.title), f"{way.base_score:.1f}", f"{way.score:.1f}", code(way.vector))
                for way in one.scenarios
            ),
        )
        yield from details(f"{version}metrics and all scenarios, profile {one.profile}", [*metrics, *ways])


def _factors(aivss: AivssProfileOut, room: Room) -> list[str]:
    return table(
        ("Factor", "Value", "Could be", "Basis", "Why"),
        (
            (
                sentence(factor.name), f"{factor.value:.1f}", wording.spread(factor.low, factor.high) or "-",
                wording.BASES[factor.basis], sentence(factor.rationale) + why(factor.evidence, room),
            )
            for factor in aivss.factors
        ),
    )  # fmt: skip
