"""The score in text: every term of it, the ten factors, and what would lower it."""

from __future__ import annotations

from mcp_threat_model.render.layout import Page, Span, Style
from mcp_threat_model.render.wording import BASES
from mcp_threat_scoring.report_score import AivssProfileOut, ServerAivssOut


def between(low: float, high: float, value: float) -> str:
    """The range of a value, to be said behind it; nothing where it is certain."""
    return "" if low == high == value else f" (between {low:.1f} and {high:.1f})"


def making(page: Page, aivss: ServerAivssOut) -> None:
    """How the score is made: its terms, its formula, and what the other profile says."""
    page.heading("How the score is made", f"profile {aivss.profile}")
    _terms(page, aivss)
    other = aivss.other_profile
    page.flow(
        f"{other.score:.1f} {other.severity}{between(other.range.low, other.range.high, other.score)}: {other.formula}",
        first=[Span(f"  {'Profile ' + other.profile:<20}", "dim")],
        indent=22,
    )


def _terms(page: Page, aivss: AivssProfileOut) -> None:
    cvss = aivss.cvss
    version = f"CVSS {cvss.version} base" if cvss.version else "CVSS base"
    rows: list[tuple[str, str, str]] = [
        (version, f"{cvss.base_score:.1f}", " ".join(filter(None, (cvss.scenario, cvss.vector or "")))),
        ("Sum of factors", f"{aivss.factor_sum:.1f}", "of 10; each below"),
        ("AARS", f"{aivss.aars:.2f}", "what the agentic factors add: (10 - base) x sum/10 x multiplier"),
        ("Threat multiplier", f"{aivss.threat_multiplier:.2f}", aivss.threat_multiplier_reason),
        ("Mitigation factor", f"{aivss.mitigation_factor:.2f}", aivss.mitigation_reason),
    ]
    for label, value, reason in rows:
        page.flow(reason, first=[Span(f"  {label:<20}", "dim"), Span(f"{value:>5}  ", "strong")], indent=29)
    for number, step in enumerate(aivss.formula.split("; ")):
        label = "" if number else "Formula"
        page.flow(step, first=[Span(f"  {label:<20}", "dim")], indent=22, style="strong")
    if aivss.below_cvss_base and aivss.repaired_score is not None:
        page.flow(
            "The mitigation factor takes the score below its CVSS base; counted on the agentic part alone it would be "
            f"{aivss.repaired_score:.1f}.",
            first=[Span(" " * 22)],
            indent=22,
            style="dim",
        )


def factors(page: Page, aivss: AivssProfileOut) -> None:
    """The ten factors, each with what it could be and why."""
    page.heading("Agentic factors", "0 to 1, and what each could be, given what is not known")
    for factor in aivss.factors:
        spread = "" if factor.low == factor.high else f"  ({factor.low:.1f} to {factor.high:.1f})"
        style: Style = "bad" if factor.value >= 0.8 else "fair" if factor.value >= 0.5 else "plain"
        basis = "" if factor.basis == "server" else f"  {BASES[factor.basis]}"
        page.add(
            Span(f"  {factor.value:.1f}  ", style),
            Span(factor.name, "strong"),
            Span(spread),
            Span(basis, "dim"),
        )
        page.flow(factor.rationale, first=[Span(" " * 7)], indent=7)


def levers(page: Page, aivss: AivssProfileOut) -> None:
    """What would lower the score most."""
    if not aivss.levers:
        return
    page.heading("What would lower the score")
    for lever in aivss.levers[:5]:
        page.flow(
            lever.change, first=[Span(f"  → {lever.score_after:.1f} {lever.severity_after:<9}", "good")], indent=17
        )
