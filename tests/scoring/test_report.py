"""The closed sets of words of a report, and what is graver or wider among them."""

from typing import get_args

import pytest

from mcp_threat_scoring.report import (
    BREADTHS,
    EFFECTS,
    LAYERS,
    SEVERITIES,
    Breadth,
    Effect,
    Severity,
    ThreatLayer,
    gravest,
    gravity,
    implies,
    reaches,
    severity_of,
)


def test_every_order_holds_each_word_of_its_set_once() -> None:
    assert SEVERITIES == ("info", "low", "medium", "high", "critical")
    assert EFFECTS == ("read", "write", "destructive")
    assert sorted(BREADTHS) == sorted(get_args(Breadth))
    assert get_args(ThreatLayer) == (*LAYERS, "X")


def test_a_severity_reaches_itself_and_what_is_milder() -> None:
    assert [one for one in SEVERITIES if reaches("medium", one)] == ["info", "low", "medium"]


@pytest.mark.parametrize(
    ("severities", "worst"), [(["low", "critical", "high"], "critical"), (["low"], "low"), ([], "info")]
)
def test_the_gravest_of_several(severities: list[Severity], worst: Severity) -> None:
    assert gravest(severities) == worst


def test_what_is_graver_is_sorted_before() -> None:
    assert sorted(SEVERITIES, key=gravity) == [*reversed(SEVERITIES)]


@pytest.mark.parametrize(
    ("effect", "implied"),
    [("read", ["read"]), ("write", ["read", "write"]), ("destructive", ["read", "write", "destructive"])],
)
def test_an_effect_implies_the_milder_ones(effect: Effect, implied: list[Effect]) -> None:
    assert [one for one in EFFECTS if implies(effect, one)] == implied


def test_a_severity_is_named_in_any_case_and_none_of_aivss_is_info() -> None:
    assert [severity_of(word) for word in ("None", "Low", "HIGH")] == ["info", "low", "high"]
    with pytest.raises(ValueError, match="grave"):
        severity_of("grave")
