"""What the other tools of a server say about one of them: who lives among clickers clicks.

A tool called "fill" fills in a form where its siblings are called "click" and "navigate", and a cup elsewhere. So the
verbs of all names are counted once per server, and every tool gets the shares as facts ``siblings.CLASS`` (per cent of
the server's tools whose name turns on a verb of that class), besides ``siblings.reading`` and ``siblings.changing``.

And a tool called "delete_application" takes down what runs where its siblings speak of pods and deployments, and a job
seeker's letter elsewhere. Every word class of the lexicon called ``about-TOPIC`` is therefore looked for in the names
and the beginnings of the descriptions, and its share is the fact ``siblings.about-TOPIC``.

What all the names begin with says nothing of any one tool, and is taken off first (:func:`shared_prefix`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from itertools import zip_longest

from mcp_threat_scoring.patterns.pattern import matches, pattern
from mcp_threat_scoring.patterns.sifter import Sifter, sifting
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.vocabulary import ABOUT
from mcp_threat_scoring.text.grammar import NO_GRAMMAR, Grammar
from mcp_threat_scoring.text.prose import split_words

FEWEST = 4
"""Tools below which shares say nothing."""
OPENING = 200
"""Characters of a description that are read for what a server is about."""


class Topics:
    """The word classes of what a server may be about."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.names = [name for name in lexicon.words if name.startswith(ABOUT)]
        spelled = [rf"\b(?:{lexicon.alternation(name)})\b" for name in self.names]
        self._patterns = [pattern(one) for one in spelled]
        asked = [(at, rf"\b(?:{{{name}}})\b", partial(spelled.__getitem__, at)) for at, name in enumerate(self.names)]
        self._sifter = Sifter(lexicon.sieve, sifting(lexicon.sieve, asked))

    def of(self, text: str) -> list[str]:
        """Those of a text in lower case."""
        sure, maybe = self._sifter.sift(text)
        if maybe:
            data = text.encode(errors="replace")
            sure.update([number for number in maybe if matches(self._patterns[number], data)])
        return [self.names[number] for number in sure]


class Kin:
    """The verb classes of a rule set, ready to count with."""

    def __init__(self, lexicon: Lexicon, grammar: Grammar) -> None:
        self._grammar = grammar
        self._classes = {verb: name for name, verbs in lexicon.verbs.items() for verb in verbs}
        self._groups = {name: frozenset(classes) for name, classes in lexicon.groups.items()}
        self._lexicon = lexicon

    def read(self, names: Sequence[str], descriptions: Sequence[str] = ()) -> tuple[str, Mapping[str, int]]:
        """The prefix that all names share, and the facts that every tool of the server gets."""
        words = [split_words(name[:200]) for name in names]
        prefix = shared_prefix(words, self._grammar)
        if len(words) < FEWEST:
            return prefix, {}
        seen: Counter[str] = Counter()
        for one in words:
            head = self._grammar.head(one.removeprefix(prefix)).partition(" ")[0]
            if head in self._classes:
                seen[self._classes[head]] += 1
        facts = {f"siblings.{name}": round(100 * count / len(words)) for name, count in seen.items()}
        for group, classes in self._groups.items():
            facts[f"siblings.{group}"] = round(100 * sum(seen[name] for name in classes) / len(words))
        about = Counter(
            topic
            for name, text in zip_longest(words, descriptions, fillvalue="")
            for topic in self._topics.of(f"{name} {text[:OPENING].lower()}")
        )
        for topic in self._topics.names:
            facts[f"siblings.{topic}"] = round(100 * about[topic] / len(words))
        return prefix, facts

    @cached_property
    def _topics(self) -> Topics:
        return Topics(self._lexicon)


def shared_prefix(names: list[str], grammar: Grammar = NO_GRAMMAR) -> str:
    """The leading words (with the blank after) that all names of a server share, if at least three names do.

    A verb is not taken off: a server of which every tool begins with "get" says something by it. Where most names go
    on with another verb, it is a product's name: nobody protects what "protect list cameras" lists.
    """
    if len(names) < 3:  # two names share a prefix by chance
        return ""
    low, high = min(names).split(), max(names).split()  # what these two share, all share
    shortest = min(len(name.split()) for name in names)
    prefix: list[str] = []
    for first, second in zip(low, high, strict=False):
        if first != second or len(prefix) == shortest - 1:
            break
        if first in grammar.orders and not _verbs_follow(names, len(prefix) + 1, grammar):
            break
        prefix.append(first)
    return " ".join(prefix) + " " if prefix else ""


def _verbs_follow(names: list[str], at: int, grammar: Grammar) -> bool:
    """Whether more than half of the names have a verb at a place, and a quarter one that is never a thing.

    What is run may be called "query" and "search" without being a verb there; "get" and "delete" are verbs everywhere.
    """
    words = [name.split()[at] for name in names]
    verbs = sum(word in grammar.orders and word not in grammar.things_first for word in words)
    plain = sum(word in grammar.orders and word not in grammar.nouns for word in words)
    return 2 * verbs > len(names) and 4 * plain >= len(names)
