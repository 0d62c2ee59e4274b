"""The verb that a name or a sentence turns on, and the ones that it goes on with."""

import pytest

from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.text.grammar import Grammar


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return default_ruleset().lexicon.grammar()


@pytest.mark.parametrize(
    ("words", "head"),
    [
        ("asana create task", "create task"),
        ("board item delete", "delete"),
        ("comment delete", "delete"),
        ("pdf extract text", "extract text"),
        ("router add firewall filter", "add firewall filter"),
        ("my comment update", "update"),
        ("comment on issue", "comment on issue"),
        ("list merge requests", "list merge requests"),
        ("list deleted users", "list deleted users"),
        ("pull request list", "list"),
        ("mark all as read", "mark all as read"),
        ("set auto delete", "set auto delete"),
        ("batch update tags", "update tags"),
        ("order status", ""),
        ("map place details", ""),
        ("shop place order", "place order"),
        ("pay scale", ""),
        ("drop off points", ""),
        ("building permits", ""),
        ("cash register", ""),
        ("pay scale update", "update"),
        ("key del", "del"),
        ("del key", "del key"),
        ("saldo del cliente", ""),
        ("drop tables", "drop tables"),
        ("log", ""),
        ("target widget", ""),
        ("deleting rows", "deleting rows"),
        ("attachment text", ""),
        ("text", "text"),
        ("text member", "text member"),
    ],
)
def test_a_name_turns_on_its_verb(grammar: Grammar, words: str, head: str) -> None:
    assert grammar.head(words) == head


def test_a_name_that_ends_in_a_thing_turns_on_it_where_the_description_opens_with_it(grammar: Grammar) -> None:
    assert grammar.head("bulk text", "text all members") == "text"
    assert grammar.head("bulk text", "sort the members") == ""


@pytest.mark.parametrize(
    ("sentence", "lead"),
    [
        ("this tool allows you to create an order", "create an order"),
        ("permanently delete a document", "delete a document"),
        ("deletes a record", "deletes a record"),
        ("creating a backup", "creating a backup"),
        ("purpose: retrieves objects", "retrieves objects"),
        ("replies of a message", ""),
        ("trades offered to a member", ""),
        ("posts quoting a post", ""),
        ("adds, drops and waivers for one week", ""),
        ("adds, drops and lists tags for one week", "adds, drops and lists tags for one week"),
        ("updates linked records", "updates linked records"),
        ("batch order lookup by numbers", ""),
        ("schedule changes: every sailing of a week", ""),
        ("one order: reads it", ""),
        ("del a key", "del a key"),
        ("bulk-deletes old rows", "deletes old rows"),
        ("direct-debits the dues of a club", "debits the dues of a club"),
        ("read-only look at rows", ""),
        ("bulk-rate letters", ""),
        ("estado del pedido", ""),
        ("drop zones of an airfield", ""),
        ("pick up points for parcels", ""),
        ("closing prices of a day", ""),
        ("drops zones of an airfield", "drops zones of an airfield"),
        ("the messages in a mailbox", ""),
        ("the manager who may delete things", ""),
        ("create/update a flag", "create/update a flag"),
        ("like other_tool, but reads a file", "reads a file"),
        ("like posts of a user", "like posts of a user"),
        ("bolster and inspect a field", ""),
        ("bolsters and verifies a field", ""),
        ("bolster and delete a field", "delete a field"),
        ("", ""),
    ],
)
def test_a_sentence_leads_with_what_is_done(grammar: Grammar, sentence: str, lead: str) -> None:
    assert grammar.lead(sentence) == lead


@pytest.mark.parametrize(
    ("clause", "verbs"),
    [
        ("list, create or delete branches", ["create", "delete"]),
        ("get and then update the status", ["update"]),
        ("view history by author, file or commit", []),
        ("list branches", []),
        ("search pages, comments, or tags", []),
        ("list the rules, or give a verdict: allow, update or delete", ["give"]),
    ],
)
def test_a_clause_may_go_on_with_further_verbs(grammar: Grammar, clause: str, verbs: list[str]) -> None:
    assert grammar.further(clause) == verbs


@pytest.mark.parametrize(
    ("sentence", "besides"),
    [
        ("also deletes those that are empty", ["deletes those that are empty"]),
        ("it permanently deletes empty ones", ["deletes empty ones"]),
        ("side effect: removes empty kennels", ["removes empty kennels"]),
        ("after reading, deletes all messages", ["deletes all messages"]),
        ("also delete those that are empty", ["delete those that are empty"]),
        ("updates the counter", ["updates the counter"]),
        ("updates are shown in order", []),
        ("delete them with another tool", []),
        ("use this before you delete a kennel", []),
        ("the user deletes the kennel", []),
        ("", []),
    ],
)
def test_a_later_sentence_goes_on_in_the_third_person(grammar: Grammar, sentence: str, besides: list[str]) -> None:
    assert grammar.besides(sentence) == besides


@pytest.mark.parametrize(
    ("lead", "besides"),
    [
        ("lists kennels and deletes the empty ones", ["deletes the empty ones"]),
        ("checks the valve, then closes it", ["closes it"]),
        ("reports it, deletes the duties and pays", ["deletes the duties and pays"]),
        ("get the next message and remove it", ["remove it"]),
        ("list, create or delete branches", []),
        ("lists what a build creates and deletes", []),
        ("counts opens and unsubscribes", []),
        ("lists users and follows", []),
        ("deletes a kennel", []),
    ],
)
def test_an_opening_sentence_goes_on_in_the_form_of_its_first_verb(
    grammar: Grammar, lead: str, besides: list[str]
) -> None:
    assert grammar.besides(lead, lead) == besides
