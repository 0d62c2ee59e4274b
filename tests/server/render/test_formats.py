"""What every format does, whichever it is: a new one is held to this as soon as it stands in the table."""

from __future__ import annotations

import pytest
from tests.server.render.page_case import ERROR, full_report, hostile_report

from mcp_threat_model.render import FORMATS, renderer
from mcp_threat_scoring.errors import UsageError

EACH = pytest.mark.parametrize("name", FORMATS)


@EACH
def test_a_server_is_shown_by_the_name_that_it_gives_itself(name: str) -> None:
    assert "shop-backoffice" in renderer(name)([full_report()])


@EACH
def test_what_could_not_be_read_is_shown_beside_what_was(name: str) -> None:
    text = renderer(name)([full_report(), ERROR])

    assert "shop-backoffice" in text
    assert ERROR.target in text


@EACH
def test_nothing_at_all_is_no_error(name: str) -> None:
    assert isinstance(renderer(name)([]), str)


@EACH
def test_the_same_results_give_the_same_text(name: str) -> None:
    assert renderer(name)([hostile_report()]) == renderer(name)([hostile_report()])


def test_a_format_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"--format pdf; use one of text, json"):
        renderer("pdf")
