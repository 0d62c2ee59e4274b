"""What a report says could follow: abilities before trades, trades only where a server is about them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED, ServerFacts
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.stakes import CHANGED_BY, CHANGED_THINGS, GONE, GONE_THINGS, Stakes, stakes

RULES = default_ruleset()
NOTES = ({"name": "list_marks", "description": "List all marks."}, {"name": "add_mark", "description": "Add a mark."})


def at_stake(*tools: Mapping[str, object], server: str = "thing") -> Stakes:
    manifest = build_manifest(
        target_kind="manifest",
        target_value="t",
        coverage={"tools": OBSERVED},
        server=ServerFacts(name=server),
        tools=list(tools),
    )
    return stakes(paint(manifest, RULES))


def tool(name: str, description: str, *parameters: str) -> Mapping[str, object]:
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in parameters}}
    return {"name": name, "description": description, "inputSchema": schema}


def changed_by(*names: str) -> tuple[str, ...]:
    return (CHANGED_BY.format(" and ".join(f"`{name}`" for name in names)),)


class TestAbilitiesComeFirst:
    def test_running_code_is_named_though_a_word_tells_of_another_trade(self) -> None:
        said = at_stake(tool("run_code", "Run a code snippet of the documentation and return the result.", "code"))
        assert said.harms == (RULES.abilities["code.eval"].harm,)

    def test_one_grave_tool_among_many_is_told_before_the_trade(self) -> None:
        cards = [
            tool(f"{verb}_sprint", f"{verb.title()} a sprint of the board.") for verb in ("create", "update", "list")
        ]
        said = at_stake(*cards, tool("run_command", "Run a shell command on the host.", "command"))
        assert said.harms == (RULES.abilities["process.exec"].harm, RULES.domains["project-management"].harm)

    @pytest.mark.parametrize("beside", ["set_log_level", "add_mark", "create_invoice"])
    def test_secrets_are_told_whatever_small_change_stands_beside_them(self, beside: str) -> None:
        said = at_stake(
            tool("get_secret", "Returns a secret of the vault by its name.", "name"),
            tool(beside, f"{beside.replace('_', 's ', 1).replace('_', ' ').capitalize()}."),
        )
        assert said.harms[0] == RULES.abilities["secrets.read"].harm

    def test_they_are_told_where_nothing_else_is_done(self) -> None:
        said = at_stake(tool("get_env", "Returns all environment variables."))
        assert said.harms == (RULES.abilities["secrets.read"].harm,)

    def test_a_trade_that_says_as_much_stands_for_the_ability(self) -> None:
        said = at_stake(tool("run_shell", "Run a shell command.", "command"), server="shell")
        assert said.harms[0] == RULES.domains["host"].harm
        assert RULES.abilities["process.exec"].harm not in said.harms

    def test_what_is_grave_is_told_of_each_however_many_there_are(self) -> None:
        said = at_stake(
            tool("run_command", "Run a shell command on the host.", "command"),
            tool("get_secret", "Returns a secret of the vault by its name.", "name"),
            tool("pay_bill", "Pays a bill from the account.", "bill", "amount"),
            tool("open_barrier", "Opens the barrier of the car park."),
            *(tool(f"list_{name}", f"List the {name}.") for name in ("leaves", "marks", "foxes")),
        )
        grave = ("process.exec", "secrets.read", "money.move", "device.control")
        assert said.harms == tuple(RULES.abilities[able].harm for able in grave)

    def test_what_more_of_the_tools_can_do_comes_first(self) -> None:
        said = at_stake(
            tool("get_secret", "Returns a secret of the vault by its name.", "name"),
            tool("open_barrier", "Opens the barrier of the car park."),
            tool("start_pump", "Starts a pump of the car park."),
        )
        assert said.harms == (RULES.domains["devices"].harm, RULES.abilities["secrets.read"].harm)

    @pytest.mark.parametrize(
        "able", [able for able in RULES.abilities.values() if able.grave], ids=lambda able: able.id
    )
    def test_every_grave_ability_has_a_harm(self, able: object) -> None:
        assert getattr(able, "harm", "")

    def test_what_says_as_much_exists(self) -> None:
        known = {*RULES.domains, *RULES.abilities}
        assert all(known.issuperset(able.within) for able in RULES.abilities.values())


class TestWhatIsToldOfPeopleIsNamedBesideTheHarm:
    CALLERS = tool("regulars", "Customers who come every day, with their home addresses.", "day")

    def test_of_an_ability(self) -> None:
        said = at_stake(self.CALLERS, tool("pay_miller", "Pays a bill of the miller.", "bill", "amount"))
        assert said.harms == (RULES.abilities["money.move"].harm,)
        assert said.people == ("regulars",)

    def test_of_what_cannot_be_brought_back(self) -> None:
        said = at_stake(self.CALLERS, tool("delete_dough", "Deletes a dough for good."))
        assert said.people == ("regulars",)

    def test_not_where_nobody_is_told_of(self) -> None:
        assert at_stake(NOTES[0], tool("pay_miller", "Pays a bill of the miller.", "bill", "amount")).people == ()

    def test_not_beside_a_trade_that_says_itself_what_can_leak(self) -> None:
        cards = (tool(f"{verb}_customer", f"{verb.title()} a customer of the CRM.") for verb in ("get", "update"))
        assert at_stake(self.CALLERS, *cards).people == ()


class TestTradesSpeakForAServerThatIsAboutThem:
    def test_lines_that_are_taken_over_open_more_than_themselves(self) -> None:
        said = at_stake(
            tool("swap_sim", "Moves a number to another SIM card."), tool("list_lines", "List phone lines.")
        )
        assert said.harms == (RULES.domains["telephony"].harm,)

    def test_a_town_can_be_alarmed(self) -> None:
        said = at_stake(tool("sound_siren", "Sounds the sirens of a district."), tool("list_marks", "List all marks."))
        assert said.harms == (RULES.abilities["device.control"].harm, RULES.domains["emergency"].harm)

    def test_what_happens_to_ships_is_no_complaint(self) -> None:
        said = at_stake(
            tool("log_incident", "Adds an entry to the harbour log."), tool("list_marks", "List all marks.")
        )
        assert RULES.domains["support"].harm not in said.harms

    def test_by_its_tools(self) -> None:
        said = at_stake(*(tool(f"{verb}_invoice", f"{verb.title()} an invoice.") for verb in ("get", "list", "update")))
        assert said.harms == (RULES.domains["payments"].harm,)

    def test_by_its_name_and_some_of_its_tools(self) -> None:
        few = (
            tool("get_table", "Get a table."),
            *(tool(f"set_{n}", f"Set the {n}.") for n in ("shade", "width", "pace")),
        )
        assert RULES.domains["databases"].harm in at_stake(*few, server="postgres").harms
        assert RULES.domains["databases"].harm not in at_stake(*few).harms

    def test_not_by_a_name_that_no_tool_bears_out(self) -> None:
        assert at_stake(*NOTES, server="postgres").harms == (CHANGED_THINGS.format("marks"),)

    def test_not_by_one_stray_word_of_one_tool(self) -> None:
        stray = tool("add_leaf", "Add a leaf, as told in an e-mail.")
        assert at_stake(stray, tool("list_leaves", "List the leaves.")).harms == changed_by("add_leaf")

    def test_harm_comes_of_the_trades_of_what_changes(self) -> None:
        reading = [tool(f"list_{n}", f"List the {n} of the web page.") for n in ("links", "words", "heads")]
        said = at_stake(*reading, tool("add_leaf", "Add a leaf."))
        assert said == Stakes(changed_by("add_leaf"), (RULES.domains["search"].assets,))


class TestThoughtsOfTheCaller:
    def test_are_neither_looked_up_nor_models_and_agents(self) -> None:
        said = at_stake(tool("sequential_thinking", "Think a problem through in steps.", "thought"), server="steps")
        assert said == Stakes(assets=(RULES.domains["reasoning"].assets,), answers=True)

    def test_a_server_for_models_is_still_about_those(self) -> None:
        said = at_stake(
            tool("ask_llm", "Ask a language model.", "prompt"), tool("list_llms", "List the language models.")
        )
        assert said.assets == (RULES.domains["ai"].assets,)


class TestWhereNothingIsCertain:
    def test_the_effect_is_said_plainly(self) -> None:
        assert at_stake(tool("add_mark", "Add a mark.")).harms == changed_by("add_mark")
        assert at_stake(tool("delete_leaf", "Delete a leaf for good.")).harms == (GONE,)

    def test_of_what_is_only_read_nothing_is_said_but_its_names(self) -> None:
        readers = (tool("list_leaves", "List the leaves."), tool("get_leaves", "Get some leaves."))
        assert at_stake(readers[0]) == Stakes(answers=True)
        assert at_stake(*readers) == Stakes(things=("leaves",), answers=True)

    def test_what_anybody_may_read_of_a_trade_is_not_what_could_leak(self) -> None:
        goods = [tool(f"{verb}_products", f"{verb.title()} products of the shop.") for verb in ("list", "search")]
        assert at_stake(*goods) == Stakes(things=("products",), answers=True)
        orders = [tool(f"{verb}_orders", f"{verb.title()} customer orders.") for verb in ("list", "search")]
        assert at_stake(*orders).assets == (RULES.domains["commerce"].assets,)

    def test_where_no_noun_says_what_can_leak_those_who_read_it_are_named(self) -> None:
        said = at_stake(tool("get_case", "Get the medical records."), tool("show_pad", "Show what employees earn."))
        assert said == Stakes(readers=("get_case", "show_pad"), answers=True)

    def test_what_can_leak_comes_before_a_change_of_nothing_known(self) -> None:
        mail = (tool("ask_mail", "Search the e-mails."), tool("list_mails", "List e-mails in the inbox."))
        said = at_stake(*mail, tool("accept_terms", "Accept the terms."))
        assert said.assets == (RULES.domains["messaging"].assets,)
        assert said.leak_first
        assert not at_stake(*mail, tool("send_mail", "Send an e-mail.")).leak_first

    def test_things_that_are_lost_are_named(self) -> None:
        pairs = [tool(f"{verb}_fox", f"{verb.title()} a fox for good.") for verb in ("delete", "add")]
        assert at_stake(*pairs).harms == (GONE_THINGS.format("foxes"),)

    def test_things_are_named_that_the_names_of_several_tools_end_in(self) -> None:
        pairs = [tool(f"{verb}_{n}", f"{verb.title()} a {n}.") for verb in ("add", "set") for n in ("ink_pad", "fox")]
        assert at_stake(*NOTES).harms == (CHANGED_THINGS.format("marks"),)
        assert at_stake(NOTES[1], tool("list_mark_names", "List.")).harms == (CHANGED_THINGS.format("marks"),)
        assert at_stake(*pairs).harms == (CHANGED_THINGS.format("pads and foxes"),)

    @pytest.mark.parametrize("name", ["all_data", "m4rks", "ma", "mark" * 5])
    def test_no_word_is_told_that_is_none_or_says_nothing(self, name: str) -> None:
        assert at_stake(*(tool(f"{verb}_{name}", "Do it.") for verb in ("add", "rename"))).harms == changed_by(
            f"add_{name}", f"rename_{name}"
        )

    def test_things_of_a_lesser_part_of_the_changing_tools_are_not_told(self) -> None:
        others = (tool(f"rename_{n}", f"Rename a {n}.") for n in ("pad", "lid"))
        assert at_stake(*NOTES, *others).harms[0].startswith("unwanted changes with `add_mark`")

    def test_without_tools_nothing_is(self) -> None:
        assert at_stake() == Stakes()
