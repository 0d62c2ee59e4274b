"""Cut names into words and descriptions into sentences, and find the verb that a name or sentence turns on.

Done with plain string methods, one pass each: these run on every text of every tool, where one call of a regular
expression's `sub` costs more than all of this together.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from mcp_threat_scoring.manifest import well_formed
from mcp_threat_scoring.structs import Struct, field

MAX_TEXT = 8_000
"""Characters of one description that the effect and ability rules read; what a tool does is said at the beginning."""
MAX_SENTENCES = 60
NEGATED_LENGTH = 80
LEAD_REACH = 12
"""Words of a sentence in which its verb is looked for; what comes later is an aside."""
UNKNOWN_BEFORE_VERB = 2
FURTHER_REACH = 40
"""Words of a clause in which further verbs are looked for."""
TITLES = 3
"""Titles before a sentence (“Orders: read: List …”) that are skipped; a target can write 100,000 of them."""
TITLE_WORDS = 3
"""Words before a colon that are a heading: "start here: …"."""

_BREAKS = (("! ", ". "), ("? ", ". "), ("; ", ". "), (" — ", ". "), (" – ", ". "), (" - ", ". "), ("e.g. ", "e.g "),
           ("i.e. ", "i.e "), (": 1. ", ": "))  # fmt: skip
_NEGATIONS = ("not ", "n't ", "never ", "without ", "cannot ", "instead of ", "rather than ", "unlike ", "no longer ")
_NEGATION_HINTS = (
    " not ",
    "n't ",
    "never ",
    "without ",
    "cannot ",
    "instead of ",
    "rather than ",
    "unlike ",
    " longer ",
)
_NOT_NEGATED = ("not only", "not yet")
_SECTIONS = frozenset(
    ["arg", "args", "argument", "arguments", "param", "params", "parameter", "parameters", "input", "inputs", "return",
     "returns", "response", "output", "outputs", "example", "examples", "usage", "raise", "raises", "yields", "note",
     "notes", "prerequisite", "prerequisites", "error", "errors"]
)  # fmt: skip
_ARTICLES = frozenset(["the", "a", "an", "this", "these", "those", "all", "any", "its", "your", "of", "by"])
_STOPS = frozenset(
    ["who", "whose", "whom", "where", "while", "before", "after", "because", "since", "once", "until", "if"]
)
_OF = (" of ", " about ", " that ", " which ", " are ", " is ")
_DETERMINERS = frozenset(
    ["a", "an", "the", "new", "existing", "any", "all", "its", "your", "one", "it", "them", ",", "/"]
)
_JOINS = frozenset([",", "/", "and", "or", "then", "&", "and/or", "+", "n"])
_TRIM = " \t\r*#_`>-•–—.:|"
_EDGES = "*_`:,;.()[]{}\"'!?#<>/\\|…→-–—"


@lru_cache(maxsize=16_384)
def split_words(name: str) -> str:
    """``getOrCreate_user-v2`` → ``get or create user v2``. Letters of any script are kept."""
    if not name.isascii():
        name = well_formed(name)
    if name.islower():
        return " ".join("".join(c if c.isalnum() else " " for c in name).split())
    out: list[str] = []
    before = after_upper = ""
    for index, char in enumerate(name):
        if not char.isalnum():
            out.append(" ")
            before = after_upper = ""
            continue
        upper = char.isupper() and char.lower() != char  # 𝔄 is a capital that has no small letter
        if upper and before and (not after_upper or name[index + 1 : index + 2].islower()):
            out.append(" ")
        out.append(char)
        before, after_upper = char, char if upper else ""
    return " ".join("".join(out).lower().split())


class Prose(Struct, frozen=True):
    """A description, taken apart. All lower case."""

    sentences: list[str] = field(default_factory=list)
    negated: list[str] = field(default_factory=list)
    """Clauses that say what is not done, taken out of the sentences."""
    sections: str = ""
    """From the first argument, return or example heading on."""


def _is_heading(line: str) -> bool:
    word, colon, rest = line.partition(":")
    word = word.strip(_TRIM)
    if word in _SECTIONS:
        return bool(colon) or not rest
    return bool(colon) and len(word) < 40 and word.startswith(("supported ", "available "))


def _take_negated(sentence: str, negated: list[str]) -> str:
    kept: list[str] = []
    rest = sentence
    while True:
        starts = [at for word in _NEGATIONS if (at := rest.find(word)) >= 0]
        if not starts:
            break
        start = min(starts)
        inside = start and rest[start - 1].isalpha() and not rest.startswith("n't", start)
        if inside or rest.startswith(_NOT_NEGATED, start):  # "note ", "knot "; "not only this, also that"
            kept.append(rest[: start + 3])
            rest = rest[start + 3 :]
            continue
        ends = [at for mark in ",:()" if (at := rest.find(mark, start)) >= 0]
        end = min([*ends, start + NEGATED_LENGTH, len(rest)])
        negated.append(rest[start:end])
        kept.append(rest[:start])
        rest = rest[end:]
    return " ".join(" ".join([*kept, rest]).split()) if kept else sentence


def read_prose(description: str) -> Prose:
    """Take a description apart. Linear in its length, which is cut at `MAX_TEXT`."""
    text = description[:MAX_TEXT].lower()
    if "’" in text:
        text = text.replace("’", "'")
    inline = text.find(" args: ")
    sections = ""
    if inline > 0:
        text, sections = text[:inline], text[inline + 1 :]
    sentences: list[str] = []
    at = 0
    for raw in text.split("\n"):
        line = raw.strip(_TRIM)
        if line:
            if sentences and _is_heading(raw.strip()):
                sections = text[at:] + sections
                break
            for old, new in _BREAKS:
                if old in line:
                    line = line.replace(old, new)
            for piece in line.split(". "):
                trimmed = piece.strip(_TRIM)
                if len(trimmed) > 2 and len(sentences) < MAX_SENTENCES:
                    sentences.append(trimmed)
        at += len(raw) + 1
    negated: list[str] = []
    if any(hint in text for hint in _NEGATION_HINTS) or text.startswith("not "):
        sentences = [kept for one in sentences if (kept := _take_negated(one, negated))]
    return Prose(sentences, negated, sections.strip())


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


def shared_prefix(names: list[str], grammar: Grammar = NO_GRAMMAR) -> str:
    """The leading words (with the blank after) that all names of a server share, if at least three names do.

    A verb is never taken off: a server of which every tool begins with "get" says something by it.
    """
    if len(names) < 3:  # two names share a prefix by chance
        return ""
    low, high = min(names).split(), max(names).split()  # what these two share, all share
    shortest = min(len(name.split()) for name in names)
    prefix: list[str] = []
    for first, second in zip(low, high, strict=False):
        if first != second or first in grammar.orders or len(prefix) == shortest - 1:
            break
        prefix.append(first)
    return " ".join(prefix) + " " if prefix else ""


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
