"""Bounds are positive, changeable one by one, and explained."""

import ast
import inspect

import pytest
from msgspec.structs import fields, replace

from mcp_threat_model.guard import limits
from mcp_threat_model.guard.limits import DEFAULT_LIMITS, Limits


def test_every_bound_gives_its_reason() -> None:
    tree = ast.parse(inspect.getsource(limits))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body[1:]
    for bound, reason in zip(body[:-2:2], body[1:-2:2], strict=True):
        assert isinstance(bound, ast.AnnAssign)
        assert isinstance(reason, ast.Expr), f"{ast.unparse(bound.target)} has no reason"


@pytest.mark.parametrize("value", [0, -1, float("nan")])
@pytest.mark.parametrize("name", [spec.name for spec in fields(Limits)])
def test_a_bound_that_bounds_nothing_is_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        replace(DEFAULT_LIMITS, **{name: value})


def test_no_request_outlasts_the_whole() -> None:
    assert DEFAULT_LIMITS.with_total(3).request_s == 3
    assert DEFAULT_LIMITS.with_total(300).request_s == DEFAULT_LIMITS.request_s


def test_one_message_cannot_hold_more_than_everything() -> None:
    assert DEFAULT_LIMITS.message_bytes <= DEFAULT_LIMITS.total_bytes
    assert DEFAULT_LIMITS.nodes_per_message <= DEFAULT_LIMITS.nodes_total
