"""The AIVSS arithmetic against every published figure, and the laws it must obey."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.aivss.cvss_base import cvss_base
from mcp_threat_scoring.aivss.formula import Aivss, aivss, factor_sum, round_half_up
from mcp_threat_scoring.aivss.tables import GRADED, OWASP_0_8, PROFILES, Allowed, ProfileTable, severity
from mcp_threat_scoring.errors import FactorError

VECTORS: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    Path(__file__).with_name("vectors_aivss.yaml").read_text("utf-8")
)


def of(case: dict[str, Any], table: ProfileTable) -> Aivss:
    total = factor_sum(case["factors"]) if "factors" in case else case["sum"]
    return aivss(table, float(case["base"]), float(total), float(case["threat"]), float(case["mitigation"]))


@pytest.mark.parametrize("case", VECTORS["owasp"], ids=lambda case: case["id"])
def test_owasp_reproduces_every_published_figure(case: dict[str, Any]) -> None:
    result = of(case, OWASP_0_8)

    assert case["score"] == result.score
    if "severity" in case:
        assert case["severity"] == result.severity
    if "aars" in case:
        assert case["aars"] == result.aars
    if "raw" in case:
        raw = (Decimal(str(case["base"])) + Decimal(str(result.aars))) * Decimal(str(case["mitigation"]))
        assert Decimal(str(case["raw"])) == raw
    if "vector" in case:
        assert case["base"] == cvss_base(case["vector"]).score


@pytest.mark.parametrize("case", VECTORS["graded"], ids=lambda case: case["id"])
def test_graded_reproduces_every_listing_to_the_printed_digit(case: dict[str, Any]) -> None:
    result = of(case, GRADED)

    assert (case["sum"], case["aars"], case["score"], case["severity"]) == (
        result.factor_sum,
        result.aars,
        result.score,
        result.severity,
    )


@pytest.mark.parametrize("case", VECTORS["rounding_owasp"], ids=lambda case: case["id"])
def test_owasp_rounds_half_up(case: dict[str, Any]) -> None:
    assert case["rounded"] == round_half_up(Decimal(case["value"]))


def test_the_two_profiles_round_a_tie_differently() -> None:
    assert aivss(GRADED, 8.5, 5.0, 1.0, 1.0).score == 9.2
    assert aivss(OWASP_0_8, 8.5, 5.0, 1.0, 1.0).score == 9.3


@pytest.mark.parametrize("table", PROFILES.values(), ids=lambda table: table.id)
def test_no_impact_stays_no_impact(table: ProfileTable) -> None:
    result = aivss(table, 0.0, 10.0, table.threat.high, 1.0)

    assert (result.score, result.severity, result.aars, result.below_cvss_base) == (0.0, "None", 0.0, False)
    assert "nothing can be harmed" in result.formula


def test_a_score_under_its_cvss_base_is_flagged_and_repaired() -> None:
    result = aivss(GRADED, 8.5, 4.6, 1.05, 0.85)

    assert result.score == 7.8
    assert result.below_cvss_base
    assert result.repaired == 9.1  # 8.5 + 0.7245 x 0.85 = 9.116


def test_a_score_over_its_cvss_base_needs_no_repair() -> None:
    result = aivss(GRADED, 8.5, 4.5, 1.05, 0.95)

    assert (result.score, result.below_cvss_base, result.repaired) == (8.7, False, None)


def test_the_formula_can_be_recomputed_by_hand() -> None:
    assert (
        aivss(GRADED, 8.5, 4.6, 1.05, 0.85).formula
        == "AARS = (10 - 8.5) x 4.6/10 x 1.05 = 0.72; AIVSS = (8.5 + 0.72) x 0.85 = 7.8"
    )
    assert (
        aivss(GRADED, 5.0, 10.0, 1.1, 1.0).formula
        == "AARS = (10 - 5) x 10/10 x 1.1, at most 10 - 5, = 5; AIVSS = (5 + 5) x 1 = 10.0"
    )


def test_ten_tenths_make_one() -> None:
    assert factor_sum([0.1] * 10) == 1.0


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0.0, "None"),
        (0.1, "Low"),
        (3.9, "Low"),
        (4.0, "Medium"),
        (6.9, "Medium"),
        (7.0, "High"),
        (8.9, "High"),
        (9.0, "Critical"),
        (10.0, "Critical"),
    ],
)
def test_bands(score: float, band: str) -> None:
    assert band == severity(score)


def tenths(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low, high).map(lambda tenth: tenth / 10)


def within(allowed: Allowed) -> st.SearchStrategy[float]:
    if allowed.levels:
        return st.sampled_from(allowed.levels)
    return st.integers(round(allowed.low * 100), round(allowed.high * 100)).map(lambda hundredth: hundredth / 100)


@st.composite
def inputs(draw: st.DrawFn) -> tuple[ProfileTable, list[float]]:
    table = draw(st.sampled_from(list(PROFILES.values())))
    return table, [
        draw(tenths(0, 100)),
        draw(tenths(0, 100)),
        draw(within(table.threat)),
        draw(within(table.mitigation)),
    ]


@given(inputs())
def test_a_score_stays_on_its_scale(case: tuple[ProfileTable, list[float]]) -> None:
    table, values = case
    result = aivss(table, *values)

    assert 0.0 <= result.score <= 10.0
    assert 0.0 <= result.aars <= 10.0 - result.cvss_base + 0.01
    assert result.repaired is None or result.score <= result.repaired <= 10.0
    assert result.score == round(result.score, 1)


@given(inputs(), st.data())
def test_no_input_that_rises_lowers_the_score(case: tuple[ProfileTable, list[float]], data: st.DataObject) -> None:
    table, values = case
    domains = [tenths(0, 100), tenths(0, 100), within(table.threat), within(table.mitigation)]
    which = data.draw(st.integers(0, 3))
    raised = list(values)
    raised[which] = max(values[which], data.draw(domains[which]))

    assert aivss(table, *values).score <= aivss(table, *raised).score


class TestCvssBase:
    """Base scores come from the vector, and only from its base metrics."""

    def test_exploit_maturity_and_environment_do_not_count(self) -> None:
        base = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H"

        assert cvss_base(base + "/E:U/CR:L") == cvss_base(base)
        assert cvss_base(base).score == 9.4

    def test_version_3_1(self) -> None:
        found = cvss_base("CVSS:3.1/C:H/I:H/A:H/AV:N/AC:L/PR:N/UI:R/S:C/E:U")

        assert (
            found.version,
            found.vector,
            found.score,
        ) == ("3.1", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:H", 9.6)
        assert found.metrics[0] == ("AV", "N")

    @pytest.mark.parametrize(
        ("vector", "says"),
        [
            ("", "starts with CVSS:3.1/ or CVSS:4.0/"),
            ("CVSS:2.0/AV:N", "starts with CVSS:3.1/ or CVSS:4.0/"),
            ("CVSS:4.0/AV:N", "Missing mandatory metrics"),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:H/A:H", "Duplicate metric"),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:Q", "Unknown value"),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:H/ZZ:1", "Unknown metric"),
            ("CVSS:3.1/" + "A" * 10_000, "longer than 512"),
            ("CVSS:3.1/AV:N/\x1b[31m<script>", "cannot be read"),
        ],
    )
    def test_a_vector_that_is_none_is_one_clear_sentence(self, vector: str, says: str) -> None:
        with pytest.raises(FactorError, match=says) as caught:
            cvss_base(vector)

        assert "\n" not in str(caught.value)
        assert "\x1b" not in str(caught.value)
        assert "<" not in str(caught.value)
