"""A name one slip away from a well-known package is pointed out; the well-known ones are themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.facts.well_known import known_names, lookalike

REAL = "mcp-server-fetch"


class TestLookalike:
    @pytest.mark.parametrize(
        "name",
        [
            "mcp-sevrer-fetch",
            "mcp-server-fech",
            "mcp-server-fetchh",
            "mcp-server-fetcn",
            "mcp_server_fetch",
            "mcp-server-f\u0435tch",
        ],
    )
    def test_a_swap_an_omission_an_addition_a_change_or_another_script(self, name: str) -> None:
        assert lookalike(name) == REAL

    @pytest.mark.parametrize("name", ["", "corner-shop-mcp", "mcp", "mcp-server", "mcp-server-fetch-plus"])
    def test_other_names_are_their_own(self, name: str) -> None:
        assert lookalike(name) == ""

    @pytest.mark.parametrize("name", sorted(known_names().values()))
    def test_no_well_known_name_is_taken_for_another(self, name: str) -> None:
        assert lookalike(name) == ""

    @given(st.text(max_size=60))
    def test_no_name_is_too_odd(self, name: str) -> None:
        assert isinstance(lookalike(name), str)
