"""What the other tools of a server say about one of them."""

import pytest

from mcp_threat_scoring.facts.siblings import Kin, shared_prefix
from mcp_threat_scoring.rulebook.ruleset import default_ruleset


@pytest.fixture(scope="module")
def kin() -> Kin:
    lexicon = default_ruleset().lexicon
    return Kin(lexicon, lexicon.grammar())


def test_shares_are_counted_by_class_of_verb(kin: Kin) -> None:
    prefix, facts = kin.read(["shop_get_a", "shop_list_b", "shop_create_c", "shop_delete_d"])
    assert prefix == "shop "
    assert (facts["siblings.look"], facts["siblings.create"], facts["siblings.destroy"]) == (50, 25, 25)
    assert (facts["siblings.reading"], facts["siblings.changing"]) == (50, 50)


def test_names_without_a_verb_count_into_the_whole(kin: Kin) -> None:
    _, facts = kin.read(["get_a", "weather", "tides", "moon"])
    assert facts["siblings.reading"] == 25


@pytest.mark.parametrize("names", [[], ["get_a"], ["get_a", "get_b", "get_c"]])
def test_few_tools_say_nothing(kin: Kin, names: list[str]) -> None:
    assert kin.read(names)[1] == {}


def test_names_of_any_kind_are_read(kin: Kin) -> None:
    assert kin.read(["", "\ud800", "x" * 10_000, "删除"])[1]["siblings.changing"] == 0


def test_what_a_server_is_about_is_told_by_names_and_descriptions(kin: Kin) -> None:
    names = ["list_pods", "delete_application", "sync", "get_user"]
    _, facts = kin.read(names, ["", "", "Syncs a Deployment with its manifest", "Get a user"])
    assert facts["siblings.about-hosting"] == 50
    assert facts["siblings.about-notebooks"] == 0


def test_descriptions_may_be_missing(kin: Kin) -> None:
    assert kin.read(["list_pods", "a", "b", "c"])[1]["siblings.about-hosting"] == 25


def test_a_shared_prefix_is_found() -> None:
    assert shared_prefix(["kong list routes", "kong get route", "kong delete route"]) == "kong "
    assert shared_prefix(["kong list", "kong"]) == ""
    assert shared_prefix(["a b", "a b", "a b"]) == "a "


def test_a_verb_that_all_names_share_says_something() -> None:
    names = ["get user", "get order", "get price"]
    assert shared_prefix(names, default_ruleset().lexicon.grammar()) == ""


def test_a_product_that_is_called_like_a_verb_says_nothing() -> None:
    names = ["protect list doors", "protect get door", "protect delete door", "protect door"]
    assert shared_prefix(names, default_ruleset().lexicon.grammar()) == "protect "


def test_what_a_verb_is_done_to_may_look_like_verbs() -> None:
    names = ["run query", "run search", "run scan", "run filter"]
    assert shared_prefix([f"{name} now" for name in names], default_ruleset().lexicon.grammar()) == ""
