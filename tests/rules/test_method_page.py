"""The page on the method says what the program does, and its sums come out when they are done by hand."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import pytest
import yaml
from tests.made_pages.method import ADVISORIES, BLOCKS, PAGE, TOOL, compared, cvss31, example, made

from mcp_threat_scoring.aivss.cvss_base import cvss_base

TEXT = PAGE.read_text(encoding="utf-8")


def rows(name: str) -> list[list[str]]:
    """The cells of the first table of a block, without its head."""
    block = TEXT.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]
    lines = [line for line in block.split("\n\n")[0].splitlines() if line.startswith("|")]
    return [[cell.strip(" *") for cell in line.strip("| ").split(" | ")] for line in lines[2:]]


def test_the_committed_page_is_current() -> None:
    assert made(TEXT) == TEXT, "run `make docs`"


def test_every_block_has_something_to_say() -> None:
    assert all(len(block()) > 100 for block in BLOCKS.values())


def test_the_sum_of_the_tool_on_the_page_is_its_probability() -> None:
    *terms, total, odds = rows("tool")
    assert len(terms) > 3
    report = next(tool for tool in example()[1].capabilities.tools if tool.name == TOOL)
    added = [sum(float(term[column]) for term in terms) for column in (3, 4)]
    for got, said, probability in zip(added, total[-2:], odds[-2:], strict=True):
        assert got == pytest.approx(float(said), abs=0.03)
        assert 1 / (1 + math.exp(-float(said))) == pytest.approx(float(probability), abs=0.001)
    assert max(float(one) for one in odds[-2:]) == pytest.approx(report.confidence, abs=0.001)


def test_the_base_done_on_paper_is_the_base_of_the_report() -> None:
    cvss = example()[1].aivss.cvss
    assert cvss.vector is not None
    assert cvss31(cvss.vector)[1] == cvss.base_score


@pytest.mark.parametrize("advisory", yaml.safe_load(ADVISORIES.read_text(encoding="utf-8"))["advisories"])
def test_paper_and_library_agree_on_every_published_vector(advisory: dict[str, str]) -> None:
    known = cvss_base(advisory["vector"])
    if known.version == "3.1":
        assert cvss31(advisory["vector"])[1] == known.score
    else:
        assert 0 < known.score <= 10


def test_the_factors_on_the_page_add_up() -> None:
    *factors, total = rows("example-factors")
    assert len(factors) == 10
    aivss = example()[1].aivss
    assert sum(Decimal(factor[1]) for factor in factors) == Decimal(total[1])
    assert float(total[1]) == aivss.factor_sum
    for name, value, _, why in factors:
        parts = [float(said.split(" ")[-1]) for said in why.split(" because ")[:-1]]
        assert round(min(1.0, max(0.0, sum(parts))), 1) == float(value), name


def test_both_scores_come_out_by_hand() -> None:
    aivss = example()[1].aivss
    uplift = (10 - aivss.cvss.base_score) * aivss.factor_sum / 10 * aivss.threat_multiplier
    assert round((aivss.cvss.base_score + uplift) * aivss.mitigation_factor, 1) == aivss.score
    other = aivss.other_profile
    base, total, threat, mitigation = (
        Decimal(str(one))
        for one in (other.cvss.base_score, other.factor_sum, other.threat_multiplier, other.mitigation_factor)
    )
    exact = (base + (10 - base) * total / 10 * threat) * mitigation
    assert float(exact.quantize(Decimal("0.1"), ROUND_HALF_UP)) == other.score


def test_every_advisory_is_compared_or_set_aside_for_a_reason() -> None:
    document = yaml.safe_load(ADVISORIES.read_text(encoding="utf-8"))
    likes = {one["like"] for one in document["advisories"]}
    assert likes == {*document["likes"], "outside"}
    assert len({one["id"] for one in document["advisories"]}) == len(document["advisories"]) == 47
    assert len(compared()) > 20
