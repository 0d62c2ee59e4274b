"""Find the verb that a name or a sentence turns on, and the ones that it goes on with.

Which words are verbs is told by the lexicon in ``rules/``; here it is only looked where they stand. Plain string
methods again, as in :mod:`text.prose`: these run on every text of every tool.
"""

from __future__ import annotations

from collections.abc import Mapping

from mcp_threat_scoring.structs import Struct

LEAD_REACH = 12
"""Words of a sentence in which its verb is looked for; what comes later is an aside."""
UNKNOWN_BEFORE_VERB = 2
FURTHER_REACH = 40
"""Words of a clause in which further verbs are looked for."""
TITLES = 3
"""Titles before a sentence (“Orders: read: List …”) that are skipped; a target can write 100,000 of them."""
TITLE_WORDS = 3
"""Words before a colon that are a heading: "start here: …"."""

_ARTICLES = frozenset(["the", "a", "an", "this", "these", "those", "all", "any", "its", "your", "of", "by"])
_STOPS = frozenset(
    ["who", "whose", "whom", "where", "while", "before", "after", "because", "since", "once", "until", "if"]
)
_OF = (" of ", " about ", " that ", " which ", " are ", " is ")
_DETERMINERS = frozenset(
    ["a", "an", "the", "new", "existing", "any", "all", "its", "your", "one", "it", "them", ",", "/"]
)
_JOINS = frozenset([",", "/", "and", "or", "then", "&", "and/or", "+", "n"])
_EDGES = "*_`:,;.()[]{}\"'!?#<>/\\|…→-–—"


class Grammar(Struct, frozen=True):
    """Which words are verbs.

    `orders` are base forms ("delete"), `commands` also the third person ("deletes"), `gerunds` end in -ing. `nouns`
    are commands that are as often things ("comment", "issues"), `things_first` those that are things even at the
    beginning of a name ("order status"); `things` are what a name that only looks ends in ("status", "log").
    `skipped` words may stand before a sentence's verb ("this tool allows you to …").
    """

    orders: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    gerunds: frozenset[str] = frozenset()
    nouns: frozenset[str] = frozenset()
    things_first: frozenset[str] = frozenset()
    things: frozenset[str] = frozenset()
    compounds: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()

    def head(self, words: str) -> str:
        """A name's words from its verb on: ``asana create task`` → ``create task``; empty if no word is a verb."""
        tokens = words.split()
        last = len(tokens) - 1
        weak = -1
        for index, token in enumerate(tokens):
            if token not in self.orders:
                if index == 0 and token in self.commands and token not in self.nouns:
                    return words
            elif index < last and f"{token} {tokens[index + 1]}" in self.compounds:
                continue  # "pull request …"
            elif token not in self.nouns or (token not in self.things_first and (index == 0 or weak == 0)):
                # "comment get" gets: next to a thing that could be a verb, or last, a plainer verb wins
                if weak != 0 or index in (1, last):
                    return " ".join(tokens[index:])
            elif tokens[last] in self.things and index in (0, last):
                continue  # "order status", "git log"
            elif weak < 0 or (weak > 0 and index == last and tokens[weak] in self.things_first):
                weak = index  # "issue comment reply" replies, "pdf extract text" extracts
        if weak >= 0:
            return " ".join(tokens[weak:])
        return words if tokens and tokens[0] in self.gerunds else ""

    def further(self, clause: str) -> list[str]:
        """The verbs that a clause goes on with after its first: "list, create or delete a branch" → create, delete.

        A word that is as often a noun counts between verbs ("create, update, delete") or before an article ("or update
        the status"), not at the end of a list of things ("by author or commit").
        """
        found: list[str] = []
        tokens = clause.replace("/", " / ").replace(",", " , ").split(None, FURTHER_REACH)[:FURTHER_REACH]
        was_verb = True
        joined = False
        for index, raw in enumerate(tokens[1:], start=1):
            if raw in _JOINS:
                joined = True
                continue
            if raw in self.skipped and joined:
                continue
            token = raw.strip(_EDGES)
            is_verb = joined and token in self.commands
            if is_verb and token in self.nouns and not was_verb:
                after = tokens[index + 1] if index + 1 < len(tokens) else ""
                is_verb = after in _DETERMINERS
            if is_verb:
                found.append(token)
            was_verb = is_verb
            joined = False
        return found

    def lead(self, sentence: str, titles: int = TITLES) -> str:
        """A sentence from its verb on, fillers and `titles` skipped; empty if it does not begin with what is done."""
        title, colon, rest = sentence.partition(": ")
        if colon and titles and title.count(" ") < TITLE_WORDS and (found := self.lead(rest, titles - 1)):
            return found
        unknown = 0
        at = 0
        before = ""
        for raw in sentence.split(None, LEAD_REACH)[:LEAD_REACH]:
            place = sentence.find(raw, at)
            at = place + len(raw)
            token = raw.strip(_EDGES)
            if token in _STOPS:
                break
            if not token or token in self.skipped:
                before = token or before
                continue
            first = unknown == 0
            noun = token in self.nouns and (
                not first or before in _ARTICLES or sentence.startswith(_OF, at)  # "the messages", "replies of a user"
            )
            if (
                (token in self.commands and not noun)
                or (first and token in self.gerunds)
                or ("/" in token and token.partition("/")[0] in self.commands)
            ):
                return sentence[place:].lstrip(_EDGES)
            unknown += 1
            if unknown > UNKNOWN_BEFORE_VERB:
                break
            before = token
        return ""


NO_GRAMMAR = Grammar()


def forms_of(
    verbs: Mapping[str, list[str]],
    *,
    nouns: frozenset[str],
    things_first: frozenset[str],
    things: frozenset[str],
    compounds: frozenset[str],
    skipped: frozenset[str],
) -> Grammar:
    """A grammar from inflected verbs: base form → [base, -s, -ed, -ing]."""
    orders = frozenset(verbs)
    commands = orders | {forms[1] for forms in verbs.values()}
    both = frozenset(form for noun in nouns | things_first if noun in verbs for form in (noun, verbs[noun][1]))
    gerunds = frozenset(forms[3] for forms in verbs.values()) - commands
    return Grammar(orders, commands, gerunds, both, things_first, things, compounds, skipped)
