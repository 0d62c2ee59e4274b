"""Words that could be verbs and are things: in compounds, in names of what is looked at, in headings and lists.

"Draft", "schedule", "broadcast" and "trades" are done by some tools and listed by others. The words beside them tell.
"""

from __future__ import annotations

from collections.abc import Mapping

from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.small_words import ARTICLES, EDGES, FURTHER_REACH, JOINS, NO_OBJECTS, OBJECTS
from mcp_threat_scoring.text.stems import stem

_GOING_ON = frozenset(["and", "or", "then", "to", ",", "/", "&", "and/or", "optionally", "by"])
"""Words between the verb that a clause opens with and a further one: "find a slot and book it"."""
_RELATING = frozenset(
    ["for", "of", "per", "by", "with", "in", "at", "during", "from", "plus", "that", "across", "over"]
)
"""Words that tie one thing to another."""
_GLOSSES = frozenset(["every", "each", "one", "all", "who", "which", "where", "when", "whose", "individual"])
"""Words that tell what the thing before a dash or a colon is: "draft results: every pick"."""
_LOOKUP = "lookup"
GLOSSED = 4
"""Words of a thing before its gloss."""
_PARTICLES = frozenset(["off", "up"])
OBJECT_REACH = 6
"""Words from a verb on in which the thing is named that it is done to: "resets the hourly view counter"."""
SHORTEST_DEED = 3
"""Letters of the shortest beginning by which a word of a name is known for a verb of its description: "set"."""


class Things(Struct, frozen=True):
    """Which words may be things though they are verbs too.

    `orders` are base forms ("delete"), `thirds` third persons ("deletes"), `gerunds` end in -ing. `nouns` are commands
    that are as often things ("comment", "issues"). `compounds` are, by their beginning, words that are one thing
    together and no verb ("pay scale", "drop off point").
    """

    nouns: frozenset[str] = frozenset()
    orders: frozenset[str] = frozenset()
    thirds: frozenset[str] = frozenset()
    gerunds: frozenset[str] = frozenset()
    compounds: Mapping[str, frozenset[str]] = {}
    looking: frozenset[str] = frozenset()
    """Commands that look: "lists", "get"."""
    reading: frozenset[str] = frozenset()
    """Commands that leave nothing behind: "list", "counts"."""
    acting: frozenset[str] = frozenset()
    """Commands that say of themselves what changes: "resets", not "starts"."""
    making: frozenset[str] = frozenset()
    """Those of them whose object may as well be all that is given back: "creates a report"."""
    told: frozenset[str] = frozenset()
    """Words that a sentence without a verb tells of as things: a schedule, not a transfer."""

    def one_thing(self, tokens: list[str]) -> int:
        """How many of the next words are one thing and no verb; none mostly."""
        first, second, third = (*tokens, "", "")[:3]
        if second in _PARTICLES:
            return 3 if third in self.compounds.get(f"{first} {second}", ()) else 0
        return 2 if second in self.compounds.get(first, ()) else 0

    def told_of(self, head: str, words: str, sentence: str) -> bool:
        """Whether the verb that a name turns on is a thing, by a sentence that is one about things."""
        verb = head.partition(" ")[0]
        if verb not in self.told or words.startswith(f"{verb} ") or not sentence.isascii():
            return False
        said = [token.strip(EDGES) for token in sentence.split(None, FURTHER_REACH)[:FURTHER_REACH]]
        if len(said) < 2 or said[1] in OBJECTS - _RELATING or "api" in said:
            return False  # "shorten the link" is done by a verb of nobody's list, "orders api post" by a method
        if self.one_thing(said[:3]):
            return True  # "draft results"
        if said[0].startswith(verb) and len(said[0]) - len(verb) < len("ing"):
            return False
        return not _RELATING.isdisjoint(said[1:]) or (len(said) <= GLOSSED and said[-1] == verb)

    def looked_at(self, head: str, words: str, lead: str) -> bool:
        """Whether the verb that a name turns on is a thing, by what the tool is said to look at."""
        verb, _, rest = head.partition(" ")
        opening, *said = (token.strip(EDGES) for token in lead.split(None, FURTHER_REACH)[:FURTHER_REACH])
        if verb not in self.nouns or verb in self.looking or opening not in self.looking:
            return False
        clause = lead.replace(",", " , ").replace("/", " / ").split(None, FURTHER_REACH)[:FURTHER_REACH]
        if any(token.startswith(verb) and clause[index] in _GOING_ON for index, token in enumerate(clause[1:])):
            return False  # "find a slot and book it", "get a link to share"
        if head != words or not rest:
            return True
        # "list the broadcast regions" of "broadcast regions", while "book table" that "finds a table" books one
        place = next((index for index, token in enumerate(said) if token not in ARTICLES), 0)
        return " ".join(said[place : place + 1 + head.count(" ")]).startswith(head)

    def worked_on(self, head: str, words: str, lead: str, sentence: str) -> str:
        """What a name turns on where the description opens with a deed: the thing that looks like a look is done to.

        "List purge" that "purges a list" turns on its last word; "view counter" that "resets the view counter" and
        "report withdrawal" that "withdraws a report" on none. "Check stock" that "sends an order" still checks.
        """
        verb = head.partition(" ")[0]
        if verb not in self.nouns or verb not in self.reading:
            return head
        said = [token.strip(EDGES) for token in (lead or sentence).split(None, OBJECT_REACH)[:OBJECT_REACH]]
        on_something = not OBJECTS.isdisjoint(said[1:2])
        if lead:
            opens = lead == sentence or on_something or said[0] in self.thirds  # not "exact duplicate detector"
            deed = opens and said[0] in self.acting
        else:
            deed = on_something and said[0].endswith("s") and not said[0].endswith("ss")  # "cashes a cheque"
        if not deed:
            return head
        tokens = words.split()
        beginning = stem(said[0])
        for index, token in enumerate(tokens):
            if token != verb and token.startswith(beginning) and len(beginning) >= SHORTEST_DEED:
                return " ".join(tokens[index:]) if token in self.orders else ""
        if not lead or not on_something or said[0] in self.making:
            return head
        last = next((index for index, token in enumerate(said) if token in NO_OBJECTS), len(said))
        return "" if verb in said[2:last] else head

    def is_heading(self, sentence: str, after: str) -> bool:
        """Whether a sentence that begins like an order is the name of a thing, told more of by the next.

        "Draft results — every pick of a round": a dash ends a sentence.
        """
        said = sentence.split()
        return (
            1 < len(said) <= GLOSSED
            and (said[0] in self.nouns or said[0] in self.gerunds)
            and OBJECTS.isdisjoint(said)
            and NO_OBJECTS.isdisjoint(said)
            and after.partition(" ")[0] in _GLOSSES
        )

    def tells_of_things(self, sentence: str) -> bool:
        """Whether a sentence that begins like a deed tells of things.

        "Batch post lookup", "trades offered to you", "posts quoting a post", "adds, drops and waivers for one week",
        "recruiting classes: individual commits".
        """
        first = sentence.partition(" ")[0].strip(EDGES)
        if not (first in self.nouns or first in self.gerunds):
            return False
        tokens = sentence.split(None, FURTHER_REACH)[:FURTHER_REACH]
        if len(tokens) < 3:
            return False
        if _LOOKUP in tokens[2 : GLOSSED + 1] and OBJECTS.isdisjoint(tokens[:GLOSSED]):
            return True
        second, third = (token.strip(EDGES) for token in tokens[1:3])
        if first in self.thirds:
            done = second.endswith("ed") and third in NO_OBJECTS
            doing = second.endswith("ing") and third in OBJECTS
            return done or doing or (tokens[0][-1] == "," and self._list_of_things(tokens))
        title, colon, rest = sentence.partition(": ")
        return bool(colon) and self.is_heading(title, rest)

    def _list_of_things(self, tokens: list[str]) -> bool:
        """Whether a list that begins in the third person is one of things, one of them no verb, and nothing acted on.

        "Adds, drops, trades and waivers for one week", not "adds, drops and lists tags".
        """
        odd = listed = False
        for token in tokens:
            word = token.strip(EDGES)
            if word in OBJECTS:
                return False
            if not word or (word in NO_OBJECTS and word not in JOINS):
                return odd
            if listed and word not in JOINS and word not in self.thirds and not word.endswith("ly"):
                odd = True
            listed = token[-1] == "," or word in JOINS
        return odd
