"""Three rounds of rules, and what is left when they are done."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED, Listing, Manifest, ServerFacts
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.rulebook.ruleset import default_ruleset


def manifest(*tools: dict[str, Any], **more: Any) -> Manifest:
    return build_manifest(target_kind="manifest", target_value="t", tools=tools, coverage={"tools": OBSERVED}, **more)


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
    ("name", "description", "domain", "works"),
    [
        ("get_rows", "Get the rows of a table.", "databases", True),
        ("get_tide", "Tide table of a gauge.", "databases", False),
        ("get_policy", "Get an access policy.", "identity", True),
        ("get_policy", "Get the insurance policy of a car.", "identity", False),
        ("add_member", "Add a member to the workspace.", "identity", True),
        ("get_roster", "Roster of a crew member for a month.", "identity", False),
        ("renew", "Renew the TLS certificate of a host.", "secrets", True),
        ("renew", "Renew the vaccination certificate of a dog.", "secrets", False),
        ("open_terminal", "Open a terminal.", "host", True),
        ("close_terminal", "Close a payment terminal for the day.", "host", False),
        ("recall", "Recall facts about somebody.", "memory", True),
        ("issue_recall", "Issue a recall notice.", "memory", False),
        ("get_issue", "Get an issue of a repository.", "project-management", True),
        ("issue_permit", "Issue a permit.", "project-management", False),
        ("charge_card", "Charge the card on file.", "files", False),
        ("encode", "Encode a CAN message for the bus.", "messaging", False),
        ("send_message", "Send a message to a friend.", "messaging", True),
        ("assign_role", "Make a role assignment.", "education", False),
        ("grade_homework", "Submit homework assignments.", "education", True),
        ("list_balances", "List all crypto balances of the budget.", "crypto", False),
        ("send_coins", "Transfer coins from a wallet.", "crypto", True),
        ("dump", "Dump process memory.", "memory", False),
        ("remember", "Store a memory.", "memory", True),
        ("move_node", "Set the position of a node.", "trading", False),
        ("close", "Close an open position.", "trading", True),
        ("resume", "Resumes execution.", "people", False),
        ("run", "Run a code snippet.", "documentation", False),
        ("stack", "Show the call stack.", "cloud", False),
        ("get_positions", "Get current positions.", "trading", True),
        ("get_position", "Get the current position of a track.", "trading", False),
        ("get_account", "Get account information and balances.", "accounting", True),
        ("show_rules", "Show the NAT rulebase of a package.", "cloud", True),
        ("create_workflow", "Create an automation workflow.", "automation", True),
        ("approve", "Change the approval workflow of a sheet.", "automation", False),
        ("push_notes", "Push release notes to App Store Connect.", "app-stores", True),
        ("find_app", "Find apps in the App Store.", "app-stores", False),
        ("run_command", "Run a command for Microsoft 365.", "workspace", True),
        ("follow_net", "Traces through the parts of a circuit.", "analytics", False),
        ("set_alert", "Create a price alert.", "analytics", False),
        ("get_status", "Status of the server: credentials configured, cache age.", "secrets", False),
    ],
)
def test_a_word_of_many_trades_tells_its_domain_by_its_company(
    name: str, description: str, domain: str, *, works: bool
) -> None:
    picture = paint(manifest({"name": name, "description": description}), default_ruleset())
    assert (domain in picture.domains) == works


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
        build_manifest(target_kind="manifest", target_value="t", coverage={}, listing=Listing(name, description)),
        default_ruleset(),
    )
    assert domain in picture.domains[:3]
    assert picture.from_listing


@pytest.mark.parametrize(
    ("prose", "acts"),
    [
        ("Shows the tides. Requires an API key.", False),
        ("Shows where every barge and tug is. It is read-only.", False),
        ("If a boat is stolen, immobilise it from afar.", True),
    ],
)
def test_a_listing_acts_where_its_prose_says_so(prose: str, acts: bool) -> None:
    listed = build_manifest(target_kind="manifest", target_value="t", coverage={}, listing=Listing("Harbour", prose))
    picture = paint(listed, default_ruleset())
    assert bool(picture.acting("write")) == acts
    assert "secrets" not in picture.domains


def test_what_people_are_or_own_is_told_before_the_rest_that_belongs_to_somebody() -> None:
    painted = paint(
        manifest(
            {"name": "get_table", "description": "Get a table of the database."},
            {"name": "get_folder", "description": "Get a folder."},
            {"name": "get_invoice", "description": "Get an invoice."},
        ),
        default_ruleset(),
    )
    order = {"/tools/2": "invoice", "/tools/0": "table", "/tools/1": "folder"}
    assert [order[signal.subject] for signal in painted.signals.of("tool.private_data")] == list(order.values())


def test_two_runs_say_the_same() -> None:
    one, two = (paint(manifest(*SHOP), default_ruleset()) for _ in range(2))
    assert one.tools == two.tools
    assert [(s.id, s.subject, s.evidence) for s in one.signals] == [(s.id, s.subject, s.evidence) for s in two.signals]


def test_a_server_without_tools_is_painted_too() -> None:
    picture = paint(manifest(server=ServerFacts(name="empty")), default_ruleset())
    assert picture.tools == ()
    assert picture.server_name == "empty"


def test_that_nothing_is_changed_is_no_proof_that_what_is_read_belongs_to_somebody() -> None:
    tool = {"name": "crypto_wallet", "description": "A crypto wallet, as text, without writing anything to disk."}
    (signal,) = paint(manifest(tool), default_ruleset()).signals.of("tool.private_data")
    assert all("disk" not in one.excerpt for one in signal.evidence)
    assert signal.evidence
