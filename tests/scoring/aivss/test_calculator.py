"""The calculator: exact figures for good input, one clear sentence for bad input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.aivss.calculator import calculate
from mcp_threat_scoring.aivss.score import score
from mcp_threat_scoring.aivss.tables import GRADED, OWASP_0_8, PROFILES
from mcp_threat_scoring.errors import FactorError
from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.report_score import AivssProfileOut

VECTORS = yaml.safe_load(Path(__file__).with_name("vectors_aivss.yaml").read_text("utf-8"))
SHOP = {
    "autonomy_of_action": 0.7,
    "goal_driven_planning": 0.4,
    "self_modification": 0.1,
    "dynamic_tool_use": 0.8,
    "persistent_memory": 0.3,
    "contextual_awareness": 0.5,
    "dynamic_identity": 0.6,
    "multi_agent_interactions": 0.5,
    "non_determinism": 0.4,
    "opacity_reflexivity": 0.3,
}
WITHOUT_ONE = {key: value for key, value in SHOP.items() if key != "non_determinism"}
LEVELS = {spec.id: 0.5 for spec in OWASP_0_8.factors}
V31 = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"
V40 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


def graded(**changes: Any) -> dict[str, Any]:
    document = {
        "profile": "graded",
        "cvss_base": 8.5,
        "factors": SHOP,
        "threat_multiplier": 1.05,
        "mitigation_factor": 0.85,
    }
    return {key: value for key, value in {**document, **changes}.items() if value is not None}


def test_a_published_listing_comes_out_to_the_printed_digit() -> None:
    result = calculate(graded())

    assert (result.score, result.severity, result.aars, result.factor_sum) == (7.8, "High", 0.72, 4.6)
    assert (result.below_cvss_base, result.repaired_score) == (True, 9.1)
    assert "(8.5 + 0.72) x 0.85 = 7.8" in result.formula
    assert result.range.low == result.score == result.range.high
    assert list(SHOP) == [factor.id for factor in result.factors]
    assert {"given"} == {factor.basis for factor in result.factors}
    assert (result.cvss.version, result.cvss.vector) == (None, None)


@pytest.mark.parametrize("case", [case for case in VECTORS["owasp"] if "vector" in case], ids=lambda case: case["id"])
def test_the_worked_examples_of_v0_8_come_out_of_their_vectors(case: dict[str, Any]) -> None:
    factors = {spec.id: value for spec, value in zip(OWASP_0_8.factors, case["factors"], strict=True)}

    result = calculate({"profile": "owasp-0.8", "cvss_vector": case["vector"], "factors": factors})

    assert (case["score"], case["severity"]) == (result.score, result.severity)
    assert len(result.cvss.metrics) == 11


def test_what_is_not_given_takes_the_profile_s_default_and_says_so() -> None:
    plain = calculate(graded(threat_multiplier=None, mitigation_factor=None, profile=None))
    strict = calculate({"profile": "owasp-0.8", "cvss_base": 5, "factors": LEVELS})

    assert (plain.profile, plain.threat_multiplier, plain.mitigation_factor) == ("graded", 1.0, 1.0)
    assert (strict.threat_multiplier, strict.mitigation_factor) == (0.97, 1.0)
    assert "default" in strict.threat_multiplier_reason
    assert "default" in strict.mitigation_reason


def test_base_and_vector_may_both_be_given_when_they_agree() -> None:
    assert calculate(graded(cvss_base=8.8, cvss_vector=V31)).cvss.base_score == 8.8


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "one JSON object"),
        ("graded", "one JSON object"),
        (graded(profile="owasp"), "profile is one of graded, owasp-0.8; not owasp"),
        (graded(profile=["graded"]), "not a list"),
        (graded(cvss_base=None), "cvss_base or cvss_vector is missing"),
        (graded(cvss_base=10.1), r"cvss_base is 0.00 to 10.00; not 10.1"),
        (graded(cvss_base=-1), "cvss_base is 0.00 to 10.00"),
        (graded(cvss_base="8.5"), "cvss_base is a number, 0.00 to 10.00; not the text “8.5”."),
        (graded(cvss_base=True), "cvss_base is a number, 0.00 to 10.00; not true"),
        (graded(cvss_base=float("nan")), "not nan"),
        (graded(cvss_base=float("inf")), "not inf"),
        (graded(cvss_base=10**5000), "not a very large number"),
        (graded(cvss_vector=7), "cvss_vector is a string"),
        (graded(cvss_vector=V31), "disagree: the vector's base score is 8.8"),
        (graded(cvss_base=None, cvss_vector=V40), "use profile owasp-0.8"),
        ({"profile": "owasp-0.8", "cvss_vector": V31, "factors": LEVELS}, "use profile graded"),
        (graded(factors=None), "factors is missing: profile graded needs autonomy_of_action"),
        (graded(factors=[0.1] * 10), "factors is an object"),
        (graded(factors={**SHOP, "opacity": 1}), "Factor opacity belongs to profile owasp-0.8"),
        (graded(factors={**SHOP, "persistant_memory": 1}), "no factor persistant_memory. Did you mean pers"),
        (graded(factors={**SHOP, "\x1b[2J": 1}), "There are: autonomy_of_action"),
        (graded(factors=WITHOUT_ONE), "Factor non_determinism is missing"),
        (graded(factors={}), "Factors autonomy_of_action, goal_driven_planning"),
        (graded(factors={**SHOP, "non_determinism": 1.1}), "Factor non_determinism is 0.00 to 1.00; not 1.1"),
        (graded(factors={**SHOP, "non_determinism": None}), "non_determinism is a number, 0.00 to 1.00; not null"),
        (graded(factors={**SHOP, "non_determinism": {}}), "not a dict"),
        (graded(threat_multiplier=1.2), "threat_multiplier is 0.90 to 1.10; not 1.2"),
        (graded(mitigation_factor=0.4), "mitigation_factor is 0.50 to 1.00; not 0.4"),
        (graded(threat_multiplyer=1), "no field threat_multiplyer. Did you mean threat_multiplier"),
        (
            {"profile": "owasp-0.8", "cvss_base": 5, "factors": {**LEVELS, "tools": 0.7}},
            "Factor tools is one of 0, 0.5, 1; not 0.7",
        ),
        (
            {"profile": "owasp-0.8", "cvss_base": 5, "factors": LEVELS, "threat_multiplier": 0.9},
            "threat_multiplier is one of 1, 0.97, 0.5; not 0.9",
        ),
        (
            {"profile": "owasp-0.8", "cvss_base": 5, "factors": LEVELS, "mitigation_factor": 0.9},
            "mitigation_factor is one of 1, 0.83, 0.67; not 0.9",
        ),
    ],
)
def test_bad_input_is_one_clear_sentence(document: object, says: str) -> None:
    with pytest.raises(FactorError, match=says) as caught:
        calculate(document)

    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


SCALARS = st.none() | st.booleans() | st.floats() | st.integers() | st.text()
KEYS = st.sampled_from(["profile", "cvss_base", "cvss_vector", "factors", "autonomy"])


@given(st.recursive(SCALARS, lambda some: st.lists(some, max_size=3) | st.dictionaries(KEYS, some, max_size=4)))
def test_nothing_but_a_factor_error_comes_out_of_nonsense(document: object) -> None:
    with pytest.raises(FactorError):
        calculate(document)


@given(st.sampled_from(list(PROFILES.values())), st.data())
def test_whatever_is_in_range_is_scored(table: Any, data: st.DataObject) -> None:
    value = st.sampled_from([0, 0.5, 1]) if table is OWASP_0_8 else st.floats(0, 1)
    factors = {spec.id: data.draw(value) for spec in table.factors}

    result = calculate({"profile": table.id, "cvss_base": data.draw(st.floats(0, 10)), "factors": factors})

    assert 0 <= result.score <= 10
    assert len(result.factors) == 10


def test_the_ten_factors_stand_in_the_published_order() -> None:
    assert list(SHOP) == [spec.id for spec in GRADED.factors]
    assert [spec.id for spec in OWASP_0_8.factors] == [
        "autonomy",
        "tools",
        "language",
        "context",
        "non_determinism",
        "opacity",
        "persistence",
        "identity",
        "multi_agent",
        "self_mod",
    ]


class TestBehindAServer:
    """Terms that are left out are a server's own, with all that is said of them."""

    @pytest.fixture(params=["graded", "owasp-0.8"])
    def own(self, request: pytest.FixtureRequest, fake: Callable[..., Picture]) -> AivssProfileOut:
        return score(fake(facts={"coverage.tools": "not_observed", "auth.requirement": "unknown"}), request.param)

    def test_where_nothing_is_given_it_is_the_score_of_the_server(self, own: AivssProfileOut) -> None:
        found = calculate({"profile": own.profile}, own)

        assert own.range.low < own.score < own.range.high
        for term in ("score", "range", "cvss", "factors", "formula", "mitigation_reason", "threat_multiplier_reason"):
            assert getattr(found, term) == getattr(own, term)

    def test_only_what_is_given_is_called_given(self, own: AivssProfileOut) -> None:
        first, *others = own.factors
        found = calculate({"profile": own.profile, "factors": {first.id: 1.0}}, own)

        assert found.factors[1:] == others
        assert (found.factors[0].basis, found.factors[0].low, found.factors[0].high) == ("given", 1.0, 1.0)
        assert "given" not in {one.basis for one in others}
        assert found.cvss == own.cvss

    def test_the_range_is_that_of_what_is_still_not_known(self, own: AivssProfileOut) -> None:
        based = calculate({"profile": own.profile, "cvss_base": 5.0}, own)
        settled = calculate({"profile": own.profile, "factors": dict.fromkeys(ids(own), 0.5)}, own)
        every = {"cvss_base": 5.0, "factors": dict.fromkeys(ids(own), 0.5)}
        whole = calculate({"profile": own.profile, **every}, own)

        assert own.range.high - own.range.low > based.range.high - based.range.low > 0
        assert settled.range.low < settled.score < settled.range.high
        assert whole.range.low == whole.score == whole.range.high
        assert whole.range.spanned_by == []

    def test_a_claim_that_is_not_overridden_does_not_count_at_the_worst(self, own: AivssProfileOut) -> None:
        claimed = own.changed({"mitigation_factor": 0.83, "mitigation_high": 1.0})
        high = own.range.high

        assert calculate({"profile": own.profile}, claimed).range.high == high
        assert calculate({"profile": own.profile, "mitigation_factor": 0.83}, claimed).range.high < high


def ids(own: AivssProfileOut) -> list[str]:
    return [factor.id for factor in own.factors]
