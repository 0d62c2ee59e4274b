"""Find the verb that a name or a sentence turns on, the ones that it goes on with, and what a tool does besides.

Which words are verbs is told by the lexicon in ``rules/``; here it is only looked where they stand. Plain string
methods again, as in :mod:`text.prose`: these run on every text of every tool.
"""

from __future__ import annotations

from collections.abc import Mapping

from mcp_threat_scoring.text.small_words import ARTICLES, EDGES, FURTHER_REACH, JOINS, NO_OBJECTS, OBJECTS
from mcp_threat_scoring.text.things import Things

LEAD_REACH = 12
"""Words of a sentence in which its verb is looked for; what comes later is an aside."""
UNKNOWN_BEFORE_VERB = 2
TITLES = 3
"""Titles before a sentence (“Orders: read: List …”) that are skipped; a target can write 100,000 of them."""
TITLE_WORDS = 3
"""Words before a colon that are a heading: "start here: …"."""

_STOPS = frozenset(
    ["who", "whose", "whom", "where", "while", "before", "after", "because", "since", "once", "until", "if"]
)
_OF = (" of ", " about ", " that ", " which ", " are ", " is ")
_DETERMINERS = frozenset(
    ["a", "an", "the", "new", "existing", "any", "all", "its", "your", "one", "it", "them", ",", "/"]
)
_OPENERS = frozenset(
    ["also", "additionally", "furthermore", "moreover", "besides", "then", "afterwards", "afterward", "subsequently",
     "finally", "next", "thereafter", "thereby", "and", "it", "this", "the", "tool", "call", "command", "function",
     "method", "action", "operation", "endpoint"]
)  # fmt: skip
"""Words before the verb of a sentence that goes on about the tool: "it also deletes …"; so is any adverb in -ly."""
_ADDING = frozenset(["also", "additionally"])
"""Those that carry on in the imperative too ("also delete …"); "then delete …" may as well be advice."""
_INTRODUCING = frozenset(["after", "once", "on", "upon", "when", "whenever", "while", "if", "in", "for", "by"])
INTRODUCTION = 8
"""Words before a comma that say when: "after reading, deletes …"."""
_NOTICES = frozenset(["side effect", "side effects", "note", "warning", "caution", "important", "attention", "beware"])
_SUBORDINATE = _STOPS | {
    "that", "which", "what", "whatever", "when", "whenever", "wherever", "how", "why", "whether", "unless", "as",
    "than", "so", "like", "someone", "somebody", "user", "users", "agent", "agents", "client", "clients", "you", "they",
    "we",
}  # fmt: skip
"""What follows them in a sentence is somebody else's doing: "files that a build creates and deletes"."""
_VALUES = frozenset(
    [f"{word}:" for word in ("verdict", "result", "status", "state", "outcome", "decision", "answer", "rating", "level",
                             "severity", "grade", "value", "values")]
)  # fmt: skip
"""What the values that an answer may have are listed after."""
MANNERS = frozenset(
    ["direct", "auto", "bulk", "batch", "mass", "force", "hard", "soft", "remote", "hot", "fast", "quick", "live"]
)
"""How something is done, joined to the verb: "direct-debits the dues", "bulk-deletes rows"."""
_JOINED_BY = frozenset(["and", "then", "also"])
_CERTAIN = frozenset(["then", "also"])
SHORTEST_THIRD = 4
"""Letters of the shortest verb in the third person: "adds"."""


class Grammar(Things, frozen=True):
    """Which words are verbs.

    `commands` are orders and third persons. `things_first` are those of the `nouns` that
    are things even at the beginning of a name ("order status"); `things` are what a name that only looks ends in
    ("status", "log"). `skipped` words may stand before a sentence's verb ("this tool allows you to …").
    """

    commands: frozenset[str] = frozenset()
    things_first: frozenset[str] = frozenset()
    things: frozenset[str] = frozenset()
    last_things: frozenset[str] = frozenset()
    """Verbs that are things as the last of several words in a name: "attachment text"."""
    skipped: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()
    """The first words of compounds."""
    abroad: frozenset[str] = frozenset()
    """Orders of code that are small words elsewhere: "key del" deletes, "saldo del cliente" does not."""

    def head(self, words: str, lead: str = "", sentence: str = "") -> str:
        """A name's words from its verb on: ``asana create task`` → ``create task``; empty if no word is a verb.

        A verb that is as often a thing is none in the name of what a description opens with looking at, its `lead`:
        ``fleet broadcast regions`` that "list broadcast regions". Nor is one that a name hardly ever ends in as a
        verb, unless the description opens with it: ``attachment text``. Nor where the `sentence` that it opens with has
        no verb and tells of things: ``fleet schedule``, "sailings of a ferry, by date".
        """
        found = self._head(words)
        if found in self.last_things and found != words and not lead.startswith(found):
            return ""
        if found and lead:
            return "" if self.looked_at(found, words, lead) else found
        return "" if found and sentence and self.told_of(found, words, sentence) else found

    def _head(self, words: str) -> str:
        tokens = words.split()
        last = len(tokens) - 1
        weak = -1
        one_thing = 0
        for index, token in enumerate(tokens):
            if index < one_thing:
                continue
            if token in self.begun and (one_thing := index + self.one_thing(tokens[index : index + 3])) > index:
                continue  # "pull request …", "pay scale"
            if token in self.abroad and 0 < index < last:
                continue
            if token not in self.orders:
                if index == 0 and token in self.commands and token not in self.nouns:
                    return words
            elif token not in self.nouns or (token not in self.things_first and (index == 0 or weak == 0)):
                # "comment get" gets: next to a thing that could be a verb, or last, a plainer verb wins
                if weak != 0 or index in (1, last):
                    return " ".join(tokens[index:])
            elif tokens[last] in self.things and (
                index in (0, last) or (weak < 0 and index == last - 1 and token in self.things_first)
            ):
                continue  # "order status", "git log", "map place details"
            elif weak < 0 or (weak > 0 and index == last and tokens[weak] in self.things_first):
                weak = index  # "issue comment reply" replies, "pdf extract text" extracts
        if weak >= 0:
            return " ".join(tokens[weak:])
        gerund = bool(tokens) and tokens[0] in self.gerunds
        return words if gerund and not self.one_thing(tokens[:3]) else ""

    def further(self, clause: str) -> list[str]:
        """The verbs that a clause goes on with after its first: "list, create or delete a branch" → create, delete.

        A word that is as often a noun counts between verbs ("create, update, delete") or before an article ("or update
        the status"), not at the end of a list of things ("by author or commit"); in the plural or third person, not
        after an order either ("search web, news, or images"). What an answer may be is no verb ("a verdict: allow, …").
        """
        found: list[str] = []
        tokens = clause.replace("/", " / ").replace(",", " , ").split(None, FURTHER_REACH)[:FURTHER_REACH]
        order = bool(tokens) and tokens[0] in self.orders
        was_verb = True
        joined = False
        for index, raw in enumerate(tokens[1:], start=1):
            if raw in JOINS:
                joined = True
                continue
            if raw in self.skipped and joined:
                continue
            if raw in _VALUES:
                break
            token = raw.strip(EDGES)
            is_verb = joined and token in self.commands
            if is_verb and token in self.nouns and not was_verb:
                after = tokens[index + 1] if index + 1 < len(tokens) else ""
                is_verb = after in _DETERMINERS and (token in self.orders or not order)
            if is_verb:
                found.append(token)
            was_verb = is_verb
            joined = False
        return found

    def besides(self, sentence: str, lead: str = "") -> list[str]:
        """What a sentence says that the tool itself does, from each such verb on, beside the `lead` that it opens with.

        Told in the form of the first verb: "lists kennels and deletes the empty ones", "get the next message and
        remove it"; or, in a later sentence (without `lead`), in the third person: "it also deletes the empty ones".
        """
        tokens = (lead or sentence).replace(",", " , ").split(None, FURTHER_REACH)[:FURTHER_REACH]
        if not tokens:
            return []
        start, third = (0, tokens[0] not in self.orders) if lead else self._opening(tokens)
        found: list[str] = []
        joined = sure = True
        for index in range(start, len(tokens)):
            token = tokens[index].strip(EDGES)
            if token in _JOINED_BY or (joined and (not token or token.endswith("ly"))):
                joined, sure = True, sure or token in _CERTAIN
                continue
            listed = third and index > start and tokens[index - 1] == "," and token in self.thirds
            if joined or listed:
                after = tokens[index + 1].strip(EDGES) if index + 1 < len(tokens) else ""
                acts = (
                    tokens[index][-1] != ":"
                    and (joined or after in OBJECTS)
                    and self._acts(token, after, third=third, sure=sure)
                )
                if acts and not (lead and index == 0):
                    found.append(" ".join(tokens[index:]).replace(" , ", ", "))
                elif index == start and not acts and not lead:
                    break
                joined = sure = False
            if token in _SUBORDINATE:
                break
        return found

    def _opening(self, tokens: list[str]) -> tuple[int, bool]:
        """Where the verb of a later sentence may stand, openers passed over, and whether in the third person."""
        start = 0
        for words in (2, 1):
            if tokens[words - 1 : words] and tokens[words - 1][-1] == ":" and " ".join(tokens[:words])[:-1] in _NOTICES:
                start = words
        if tokens[0] in _INTRODUCING and "," in tokens[1:INTRODUCTION]:
            start = tokens.index(",") + 1
        adding = False
        while start < len(tokens):
            token = tokens[start].strip(EDGES)
            if token and token not in _OPENERS and not token.endswith("ly"):
                break
            adding = adding or token in _ADDING
            start += 1
        if start < len(tokens) and tokens[start] in self.orders:
            return (start, False) if adding else (len(tokens), False)
        return start, True

    def _acts(self, token: str, after: str, *, third: bool, sure: bool) -> bool:
        """Whether a word is a verb of that form: by what it is, or by what it is done to."""
        if not third:
            return token in self.orders and after in OBJECTS
        if len(token) < SHORTEST_THIRD or not token.isalpha() or not token.endswith("s") or token.endswith("ss"):
            return False
        if after in OBJECTS:
            return True
        return token in self.thirds and token not in self.nouns and after not in NO_OBJECTS and (sure or bool(after))

    def _without_manner(self, sentence: str) -> str:
        """A sentence without how it is done, where that is joined to its verb: "bulk-deletes rows" deletes."""
        first, _, _ = sentence.partition(" ")
        how, dash, verb = first.partition("-")
        plain = verb in self.thirds or (verb in self.orders and verb not in self.nouns)  # "bulk-rate letters" rate none
        return sentence[len(how) + 1 :] if dash and how in MANNERS and plain else sentence

    def lead(self, sentence: str, titles: int = TITLES) -> str:
        """A sentence from its verb on, fillers and `titles` skipped; empty if it does not begin with what is done.

        Empty too where a word of no list is joined to one that only reads: "vacuum and analyze a table" does more.
        """
        sentence = self._without_manner(sentence)
        title, colon, rest = sentence.partition(": ")
        if colon and title.startswith("one "):
            return ""  # "one draft's configuration: type, rounds and status"
        if colon and titles and title.count(" ") < TITLE_WORDS and (found := self.lead(rest, titles - 1)):
            return found
        if sentence.startswith("like "):
            # "like other_tool, but reads files": what it resembles, and no verb
            other, comma, rest = sentence.removeprefix("like ").partition(", ")
            if comma and " " not in other and other not in OBJECTS:
                return self.lead(rest.removeprefix("but "), titles)
        if self.tells_of_things(sentence):
            return ""
        unknown = 0
        at = one_thing = 0
        before = ""
        words = sentence.split(None, LEAD_REACH)[:LEAD_REACH]
        for index, raw in enumerate(words):
            place = sentence.find(raw, at)
            at = place + len(raw)
            token = raw.strip(EDGES)
            if token in _STOPS:
                break
            if not token or token in self.skipped:
                before = token or before
                continue
            first = unknown == 0
            if token in self.begun:
                following = [token, *(one.strip(EDGES) for one in words[index + 1 : index + 3])]
                one_thing = max(one_thing, index + self.one_thing(following))
            noun = token in self.nouns and (
                not first or before in ARTICLES or sentence.startswith(_OF, at)  # "the messages", "replies of a user"
            )
            if index >= one_thing and (
                (token in self.commands and not noun)
                or (first and token in self.gerunds)
                or ("/" in token and token.partition("/")[0] in self.commands)
            ):
                if unknown == 1 and words[index - 1] in _JOINED_BY and token in self.reading:
                    return ""
                return sentence[place:].lstrip(EDGES)
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
    last_things: frozenset[str],
    compounds: Mapping[str, frozenset[str]],
    skipped: frozenset[str],
    looking: frozenset[str],
    reading: frozenset[str],
    acting: frozenset[str],
    making: frozenset[str],
    doings: frozenset[str],
    abroad: frozenset[str],
) -> Grammar:
    """A grammar from inflected verbs: base form → [base, -s, -ed, -ing]."""
    orders = frozenset(verbs)
    thirds = frozenset(forms[1] for forms in verbs.values()) - orders
    commands = orders | thirds
    both = frozenset(form for noun in nouns | things_first | abroad if noun in verbs for form in (noun, verbs[noun][1]))
    gerunds = frozenset(forms[3] for forms in verbs.values()) - commands
    begun = frozenset(first.partition(" ")[0] for first in compounds)

    def spoken(classes: frozenset[str]) -> frozenset[str]:
        return frozenset(form for verb in classes if verb in verbs for form in verbs[verb][:2])

    return Grammar(
        orders=orders, thirds=thirds, commands=commands, gerunds=gerunds, nouns=both, things_first=things_first,
        things=things, last_things=last_things, compounds=compounds, skipped=skipped, begun=begun, abroad=abroad,
        looking=spoken(looking), reading=spoken(reading), acting=spoken(acting), making=spoken(making),
        told=things_first - doings,
    )  # fmt: skip
