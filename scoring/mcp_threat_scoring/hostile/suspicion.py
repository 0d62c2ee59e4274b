"""Whether a target's text gives orders: log-odds of named acts, added up and squashed to a probability.

The same arithmetic as for effects (:mod:`capability`): a bias, plus the weight of every rule under
``rules/signals/hostile/`` that fires on the item; weights fitted by `evaluate` stand in ``rules/weights_hostile.yaml``.
Rules that find an ordinary reason for the wording take away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from mcp_threat_scoring.capability import probability
from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.hostile.learned import Learned, load_learned
from mcp_threat_scoring.hostile.lines import SHOWN, UNREAD
from mcp_threat_scoring.hostile.screen import Screen, ScreenDoc, texts_of, worth_reading
from mcp_threat_scoring.hostile.structures import NOBODY, Known
from mcp_threat_scoring.hostile.views import JOINED, Reader, hostile_subject, item_subject
from mcp_threat_scoring.hostile.vocabulary import ActsDoc, compile_acts
from mcp_threat_scoring.manifest import Item, Manifest, sha256_of
from mcp_threat_scoring.matching.match import Matcher, matcher_over
from mcp_threat_scoring.neutralise import neutralise_pointer
from mcp_threat_scoring.report import Level
from mcp_threat_scoring.rulebook.documents import load_document
from mcp_threat_scoring.rulebook.fields import sought_in
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.rulebook.signal_rule import SignalRule
from mcp_threat_scoring.rulebook.vocabulary import WeightsDoc
from mcp_threat_scoring.signal import Signal, SignalId
from mcp_threat_scoring.structs import Struct, replace
from mcp_threat_scoring.text.passages import pieces, says
from mcp_threat_scoring.text.views import Subject

QUESTION = "hostile"
LEARNED = ".wording"
"""End of the names of rules that tell what the wording of lines says; see :mod:`hostile.learned`."""
PRIOR_BIAS = -5.0
"""Log-odds of an item being hostile before anything is known of it. Of 18,321 public tools none was."""
LIKELY = 0.0
"""Log-odds from which a finding has medium confidence: the budget of false alarms is 0.1 % of honest items."""
CERTAIN = 2.5
"""Log-odds from which it has high confidence."""
DOUBTFUL = -1.0
"""Log-odds from which it is worth mentioning at all."""
TO_A_MODEL = 2.0
"""What the wording of instructions, prompts and resources counts less than that of tools: telling a model what to do is
what they are for. Of 29 instructions of servers that nobody had looked at, three were called hostile for it alone."""
PLAIN = 0.9
"""What acts in sentences, none decisive by itself, count less where no line is worded like an order. Of 40 items that
were called hostile on 131 servers that nobody had looked at, nine were for one such act or two; of 278 attacks by
authors who knew neither the rules nor the words that were learned, none."""
SENTENCES = frozenset({"said", "described", "prose", "openly"})
"""Fields that hold sentences: what is read in keys, values and markup has no wording."""
LITERAL = -0.5
"""Log-odds of an item that gives orders only with the parts that it seems to show and not to say: for a person to read,
since whoever writes an order knows how to put it in quotes."""


class Suspicion(Struct, frozen=True):
    """One item (or the server's own texts) that may give orders."""

    pointer: str
    name: str
    """As sent. Never shown without :func:`neutralise_name`."""
    kind: str
    log_odds: float
    signals: tuple[Signal, ...]
    sha256: str = ""
    """Of everything that was read: when any of it changes, this is another thing to look at."""
    orders: tuple[str, ...] = ()
    """Names and the like that a rule read as orders though there is no blank in them; as sent."""
    unread: bool = False
    """It holds more than is read of one item."""

    @property
    def probability(self) -> float:
        """That the item is hostile."""
        return probability(self.log_odds)

    @property
    def level(self) -> Level:
        """The same in words."""
        return "high" if self.log_odds >= CERTAIN else "medium" if self.log_odds >= LIKELY else "low"


class HostileEngine:
    """The rules over any text, the screen that decides what is read closely, and the vocabulary, loaded when needed."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._ruleset = ruleset
        problems: list[RuleProblem] = []
        screen = load_document(ScreenDoc, ruleset.root / "screen.yaml", "screen.yaml", problems)
        weights = load_document(WeightsDoc, ruleset.root / "weights_hostile.yaml", "weights_hostile.yaml", problems)
        if problems or screen is None or weights is None:
            raise RuleError(problems)
        self.rules: Mapping[SignalId, SignalRule] = {rule.id: rule for rule in ruleset.rules if rule.over == "any"}
        self.weights: dict[str, float] = {
            str(rule.id): weights.weights.get(str(rule.id), {}).get(QUESTION, rule.prior.get(QUESTION, 0.0))
            for rule in self.rules.values()
        }
        self.bias = weights.bias.get(QUESTION, PRIOR_BIAS)
        self.screen = Screen.of(screen)

    @cached_property
    def reader(self) -> Reader:
        """What close reading needs. Most targets never get there.

        Raises:
            RuleError: the vocabulary, or what was learned, cannot be read.
        """
        return replace(self.plain_reader, learned=self.learned)

    @cached_property
    def literal_reader(self) -> Reader:
        """The same for reading everything as said."""
        return replace(self.reader, screen=replace(self.screen, mentions=self.screen.mentions.literal()))

    @cached_property
    def plain_reader(self) -> Reader:
        """The same without what was learned, which is learned with it.

        Raises:
            RuleError: the vocabulary is wrong.
        """
        problems: list[RuleProblem] = []
        acts = load_document(ActsDoc, self._ruleset.root / "acts.yaml", "acts.yaml", problems)
        if acts is None:
            raise RuleError(problems)
        return Reader(compile_acts(acts), self.screen)

    @cached_property
    def learned(self) -> Learned:
        """What was learned of the wording of orders.

        Raises:
            RuleError: it cannot be read.
        """
        return load_learned(self._ruleset.root, self.screen.phrases)

    @cached_property
    def matcher(self) -> Matcher:
        """The rules, compiled.

        Raises:
            RuleError: a pattern in a rule is wrong.
        """
        return matcher_over(self._ruleset, "any")

    def judge(self, subject: Subject, name: str, sha256: str = "") -> Suspicion:
        """Weigh what the rules find in one subject; `sha256` is of all that it says."""
        fired = self.matcher.match(subject)
        odds = self.bias + sum(self.weights[str(signal.id)] for signal in fired if not is_learned(signal.id))
        learned = int(subject.facts.get("learned", 0)) / 100
        spared = 0.0 if subject.kind == "tool" else min(TO_A_MODEL, max(learned, 0.0))
        odds += learned - spared
        if learned <= 0.0 and fired:
            said = [self._said(signal) for signal in fired]
            odds -= min(PLAIN, sum(said)) if max(said) < -self.bias else 0.0
        for signal in fired:
            _ = signal.evidence  # found now, so that the views can go: they take thirty times the space of their text
        unread = UNREAD in subject.facts
        orders = self._orders(subject, fired, odds)
        return Suspicion(subject.pointer, name, subject.kind, odds, tuple(fired), sha256, orders, unread)

    def _said(self, signal: Signal) -> float:
        """What a rule adds that fired on sentences; nothing for any other."""
        weight = self.weights[str(signal.id)]
        return 0.0 if weight <= 0.0 or SENTENCES.isdisjoint(sought_in(self.rules[signal.id].test)) else weight

    def _orders(self, subject: Subject, fired: Sequence[Signal], odds: float) -> tuple[str, ...]:
        """Texts without blanks where a rule fired; in an item that gives orders, all of them but its name."""
        blamed = [signal for signal in fired if self.weights[str(signal.id)] > 0 or is_learned(signal.id)]
        places = {one.pointer for signal in blamed for one in signal.evidence}
        return tuple(
            text
            for place, text in subject.where(JOINED)
            if neutralise_pointer(place) in places or (odds >= LIKELY and not place.endswith("/name"))
        )

    def item(self, item: Item, siblings: Collection[str] = (), named: Collection[str] = ()) -> Suspicion | None:
        """Judge one tool, prompt, resource or template; None when nothing in it called for a close look. `named` are
        facts about its name (:func:`hostile.names.odd_names`)."""
        if not named and not self.calls_for_it(item):
            return None

        def judged(reader: Reader) -> tuple[Subject, Suspicion]:
            subject = item_subject(item, reader, siblings)
            for fact in named:
                subject.facts[fact] = 1
                subject.places[fact] = ((f"{item.pointer}/name", item.name[:64]),)
            return subject, self.judge(subject, item.name, item.sha256)

        return self._said_or_shown(judged)

    def _said_or_shown(self, judged: Callable[[Reader], tuple[Subject, Suspicion]]) -> Suspicion:
        """What is made of texts without the parts that they only show; with those parts, it is doubtful at most."""
        subject, meant = judged(self.reader)
        if SHOWN not in subject.facts or meant.log_odds > LITERAL:
            return meant
        _, literal = judged(self.literal_reader)
        return replace(literal, log_odds=LITERAL) if literal.log_odds >= LITERAL else meant

    def calls_for_it(self, item: Item) -> bool:
        """Whether anything in an item calls for a close look. This is all that an ordinary item costs."""
        return self._suspect(item.raw)

    def _suspect(self, raw: Mapping[str, Any]) -> bool:
        """Whether the form of a text, or the wording of a line, calls for a close look."""
        if worth_reading(raw, self.screen):
            return True
        touches = self.learned.touches
        return any(touches(text) for text in texts_of(raw))

    def server(self, manifest: Manifest, siblings: Collection[str]) -> list[Suspicion]:
        """Judge what the server says of itself, with what stands beside its answers, and a listing's prose."""
        server, listing = manifest.server, manifest.listing
        said = {
            "/initialize/serverInfo": {
                "name": server.name, "title": server.title, "version": server.version, **server.info
            },
            "/initialize": {
                "instructions": server.instructions,
                "capabilities": server.capabilities,
                "protocolVersion": server.protocol_version if says(server.protocol_version) else "",
                **server.beside.get("initialize", {}),
            },
            "": {place: held for place, held in server.beside.items() if place != "initialize"},
        }  # fmt: skip
        told = {"": {"name": listing.name, "description": listing.description}} if listing is not None else {}
        known = Known(server.name.lower(), siblings)
        found = (self._own("/initialize", server.name, said, known), self._own("", server.name, told, NOBODY))
        return [one for one in found if one is not None]

    def _own(self, pointer: str, name: str, said: Mapping[str, Mapping[str, Any]], known: Known) -> Suspicion | None:
        """Judge texts of the server itself, each with its place; None when nothing in them called for a close look."""
        if not self._suspect(said):
            return None
        kind = "server" if pointer else "listing"
        left_out: list[str] = []
        texts = [piece for place, raw in said.items() for piece in pieces(raw, place, left_out=left_out)]
        digest = sha256_of(said)

        def judged(reader: Reader) -> tuple[Subject, Suspicion]:
            subject = hostile_subject(pointer, kind, texts, reader, known)
            if left_out:
                subject.facts[UNREAD] = len(left_out)
            return subject, self.judge(subject, name, digest)

        return self._said_or_shown(judged)


def is_learned(signal: str) -> bool:
    """Whether a rule only names what the learned model found: its weight ranks it and is not added."""
    return signal.endswith(LEARNED)


@lru_cache(maxsize=4)
def hostile_engine(ruleset: Ruleset) -> HostileEngine:
    """Load the rules over any text once per rule set.

    Raises:
        RuleError: the screen or the weights cannot be read.
    """
    return HostileEngine(ruleset)
