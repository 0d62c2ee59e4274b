"""Three rounds of rules, and what is left when they are done."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED, Listing, Manifest, ServerFacts
from mcp_threat_scoring.picture import CLAUSES, clauses, paint
from mcp_threat_scoring.rulebook.ruleset import default_ruleset


def manifest(*tools: dict[str, Any], **more: Any) -> Manifest:
    return build_manifest(target_kind="t", target_value="t", tools=tools, coverage={"tools": OBSERVED}, **more)


SHOP = (
    {"name": "shop_get_order", "description": "Get an order."},
    {"name": "shop_create_refund", "description": "Refund a payment."},
    {"name": "shop_delete_product", "description": "Delete a product from the catalog."},
)


def test_every_tool_gets_a_profile_in_the_order_in_which_it_was_listed() -> None:
    picture = paint(manifest(*SHOP), default_ruleset())
    assert [tool.raw_name for tool in picture.tools] == [tool["name"] for tool in SHOP]
    assert [tool.effect for tool in picture.tools] == ["read", "destructive", "destructive"]


def test_tools_are_found_by_what_they_can_do() -> None:
    picture = paint(manifest(*SHOP), default_ruleset())
    assert [tool.raw_name for tool in picture.able("money.move")] == ["shop_create_refund"]
    assert len(picture.acting("write")) == 2
    assert len(picture.acting("read")) == 3


def test_domains_are_ranked_by_how_many_tools_work_in_them() -> None:
    picture = paint(manifest(*SHOP, {"name": "shop_list_orders", "description": "List orders."}), default_ruleset())
    assert picture.domains[0] == "commerce"


@pytest.mark.parametrize(
    ("name", "description", "domain"),
    [
        ("Wix", "Manage sites, products and content of a site.", "cms"),
        ("ConfigCat", "Create, update and delete feature flags and environments.", "feature-flags"),
        ("Acme", "Read and write files and folders on disk.", "files"),
    ],
)
def test_a_listing_names_its_domain(name: str, description: str, domain: str) -> None:
    picture = paint(
        build_manifest(target_kind="t", target_value="t", coverage={}, listing=Listing(name, description)),
        default_ruleset(),
    )
    assert domain in picture.domains[:3]
    assert picture.from_listing


def test_a_listing_is_read_clause_by_clause() -> None:
    found = clauses(Listing("x", "Reads orders, deletes products; and sends mail. " * 100))
    assert [item.raw["description"] for item in found[:2]] == ["Reads orders", "deletes products"]
    assert len(found) == CLAUSES
    assert clauses(None) == ()


def test_two_runs_say_the_same() -> None:
    one, two = (paint(manifest(*SHOP), default_ruleset()) for _ in range(2))
    assert one.tools == two.tools
    assert [(s.id, s.subject, s.evidence) for s in one.signals] == [(s.id, s.subject, s.evidence) for s in two.signals]


def test_a_server_without_tools_is_painted_too() -> None:
    picture = paint(manifest(server=ServerFacts(name="empty")), default_ruleset())
    assert picture.tools == ()
    assert picture.server_name == "empty"
