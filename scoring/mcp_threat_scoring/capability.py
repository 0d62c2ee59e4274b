"""What each tool can do: sums of log-odds over its signals, squashed to probabilities.

For every question (does it write? destroy? run processes? …) the score is the question's bias plus the weight of every
signal that fired, and the probability is ``1 / (1 + e^-score)``: logistic regression with named, signed, readable
terms. Biases and weights come from ``rules/`` and are fitted there, never here; a graded rule has its weight from a
fact about the tool.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from math import exp

from mcp_threat_scoring.manifest import Item
from mcp_threat_scoring.neutralise import SafeText, excerpt, neutralise_name
from mcp_threat_scoring.reconcile import reconciled
from mcp_threat_scoring.report import Effect
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.rulebook.signal_rule import SignalRule
from mcp_threat_scoring.signal import Evidence, Signal, SignalId
from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.views import HINTS, spelt

_DOMAIN = "domain."
HUNDREDTHS = 100.0
SURE: Mapping[str, float] = {"write": 2.0, "destructive": 4.0}
"""Log-odds of writing, either way, at which rules leave nothing open for a graded one to say of an effect; nearer to
even, it counts in proportion. What the rules of verbs know well, single words only blur."""
UNTOLD: Mapping[str, float] = {"destructive": -0.2}
"""Log-odds up to which graded rules alone may carry a question that no other rule speaks for: short of an even chance,
since words that often stand beside a loss are not yet one."""
SPOKEN = 1.0
"""Log-odds from which a rule speaks for a question; what adds less only leans to it."""
HAIR = 0.4
"""Probability of writing from which a tool that is called reading may as well change something."""
DECLARED = 0.1
"""The same of a tool that its own server declares not to be read-only: nobody is served by saying so of a reader."""
_NOTHING: Mapping[str, bool | str] = {}
EVEN = 0.5
"""Confidence in the call of a tool that no word tells of: that most tools read says nothing of this one."""
TOLD = 0.5
"""Log-odds, whatever their sign, from which words tell what a tool does. A lesser lean (a 2 in a name) says so little
that the common lot of tools would decide; of public tools that are called reading, two in a thousand have no more."""
EVIDENCE_PER_TOOL = 8
EVIDENCE_PER_ABILITY = 3
_READING = ".read"
"""How the names of abilities end that are reading; of others, such as fetching an address, it is the lesser part."""
_WORDS = ("name", "title", "annotations/title", "description")


def probability(log_odds: float) -> float:
    """The logistic function, safe at both ends."""
    if log_odds < 0:
        raised = exp(max(log_odds, -700.0))
        return raised / (1.0 + raised)
    return 1.0 / (1.0 + exp(-min(log_odds, 700.0)))


def unclear(effect: Effect, confidence: float, declared: Mapping[str, bool | str] = _NOTHING) -> bool:
    """Whether a tool that is called reading may change something, for all that is told of it.

    It is called so by a hair, for want of a word that says what it does (one or two public tools in a hundred), or
    against what its server declares: that it destroys is declared of no reader, unless of all tools alike. Read from
    what a report says of a tool, so that all who read one find the same.
    """
    reads = declared.get("readOnlyHint")
    if effect == "read" and declared.get("destructiveHint") is True and reads is not True:
        return True
    hair = DECLARED if reads is False else HAIR
    return effect == "read" and round(1.0 - confidence, 3) >= hair


class ToolProfile(Struct, frozen=True):
    """What one tool can do, and why we say so."""

    pointer: str
    name: SafeText
    raw_name: str
    """As sent, for matching against configuration. Never shown."""
    sha256: str
    effect: Effect
    write: float
    """Probability that it changes anything (at least that of destroying)."""
    destructive: float
    """Probability that it destroys, overwrites, or cannot be undone."""
    abilities: Mapping[str, float]
    """Probability by ability; only those more likely than not."""
    domains: tuple[str, ...]
    declared: Mapping[str, bool | str]
    """Its hints as they were given; one that is no boolean as JSON spells it: ``"true"``, ``1``, ``null``."""
    evidence: tuple[Evidence, ...]
    """For the effect, strongest first."""
    ability_evidence: Mapping[str, tuple[Evidence, ...]]
    log_odds: Mapping[str, float] = {}
    """Of every question, with everything added up, before :mod:`reconcile` makes them agree."""
    graded: Mapping[str, float] = {}
    """The part of it that has no weight of its own, by question: what single words say."""

    @property
    def confidence(self) -> float:
        """Probability that the read-or-write call is right; even where it is a guess."""
        return self.write if self.effect != "read" else 1.0 - self.write if self.told else EVEN

    @property
    def told(self) -> bool:
        """Whether the words of its name, title or description say what it does: enough of its effect, or that it
        reads."""
        words = tuple(f"{self.pointer}/{place}" for place in _WORDS)
        if sum(abs(one.weight) for one in self.evidence if one.pointer.startswith(words)) >= TOLD:
            return True
        reading = (seen for ability, seen in self.ability_evidence.items() if ability.endswith(_READING))
        return any(one.pointer.startswith(words) for one in chain.from_iterable(reading))

    @property
    def unclear(self) -> bool:
        """Whether it is called reading, and may change something for all that is told of it."""
        return unclear(self.effect, self.confidence, self.declared)

    @property
    def silent(self) -> bool:
        """A clause of prose that says nothing of what is done: no ground to call it writing, nor to rule it out."""
        return not self.raw_name and not self.evidence


Terms = Mapping[str, Sequence[tuple[float, Signal]]]
"""The weights that were added up for each question, with the signals they are of."""


Facts = Mapping[str, bool | int | str]
_NO_FACTS: Facts = {}


def graded_by(rule: SignalRule, facts: Facts) -> dict[str, float]:
    """Log-odds by question that facts about the item give a rule."""
    return {question: int(facts[fact]) / HUNDREDTHS for question, fact in rule.graded.items() if fact in facts}


def room(question: str, writes: float) -> float:
    """How much a graded rule may say, from 0 to 1, beside rules that come to these log-odds of writing."""
    sure = SURE.get(question)
    return 1.0 if sure is None else max(0.0, 1.0 - abs(writes) / sure)


def scores(
    signals: Sequence[Signal],
    rules: Mapping[SignalId, SignalRule],
    bias: Mapping[str, float],
    facts: Facts = _NO_FACTS,
) -> tuple[dict[str, float], Terms]:
    """Log-odds of every question, from the signals of one item. A rule counts once, however often it fired."""
    totals = dict(bias)
    terms: dict[str, list[tuple[float, Signal]]] = {}
    graded: dict[SignalId, Signal] = {}
    seen: set[SignalId] = set()

    def add(question: str, weight: float, signal: Signal) -> None:
        totals[question] = totals.get(question, 0.0) + weight
        terms.setdefault(question, []).append((weight, signal))

    for signal in signals:
        rule = rules[signal.id]
        if rule.graded:
            graded.setdefault(signal.id, signal)
        elif rule.weights and signal.id not in seen:
            seen.add(signal.id)
            for question, weight in rule.weights.items():
                add(question, weight, signal)
    writes = totals.get("write", 0.0)
    for name, signal in graded.items():
        for question, said in graded_by(rules[name], facts).items():
            weight = said * room(question, writes)
            if question in UNTOLD and not any(term >= SPOKEN for term, _ in terms.get(question, ())):
                weight = min(weight, max(0.0, UNTOLD[question] - totals.get(question, 0.0)))
            if weight:
                add(question, weight, signal)
    return totals, terms


def _weighed(terms: Terms, *questions: str, limit: int) -> tuple[Evidence, ...]:
    """The strongest evidence for an answer; only what is kept is looked up in the text."""
    strongest: dict[SignalId, tuple[float, Signal]] = {}
    for question in questions:
        for weight, signal in terms.get(question, ()):
            if weight and (signal.id not in strongest or abs(weight) > abs(strongest[signal.id][0])):
                strongest[signal.id] = weight, signal
    found: list[Evidence] = []
    for name in sorted(strongest, key=lambda name: (-abs(strongest[name][0]), name)):
        weight, signal = strongest[name]
        first = signal.first
        if first is not None:
            found.append(Evidence(name, first.pointer, first.excerpt, round(weight, 2)))
            if len(found) == limit:
                break
    return tuple(found)


def profile(item: Item, signals: Sequence[Signal], ruleset: Ruleset, facts: Facts) -> ToolProfile:
    """Judge one tool by its signals, and by the facts that some of them take their weight from."""
    totals, terms = scores(signals, ruleset.by_id, ruleset.bias, facts)
    settled = reconciled(totals, ruleset.entailing)
    destructive = probability(settled["destructive"])
    write = max(probability(settled["write"]), destructive)
    effect: Effect = "destructive" if destructive >= 0.5 else "write" if write >= 0.5 else "read"
    abilities = {name: probability(settled[name]) for name in ruleset.abilities if settled[name] >= 0.0}
    tipped = ruleset.entailing & abilities.keys() if settled["write"] > totals["write"] else ()
    declared: dict[str, bool | str] = {
        key: value if isinstance(value, bool) else excerpt(spelt(value))
        for key, value in ((hint, item.annotations[hint]) for hint in HINTS if hint in item.annotations)
    }
    return ToolProfile(
        pointer=item.pointer,
        name=neutralise_name(item.name),
        raw_name=item.name,
        sha256=item.sha256,
        effect=effect,
        write=write,
        destructive=destructive,
        abilities=abilities,
        domains=tuple(signal.id[len(_DOMAIN) :] for signal in signals if signal.id.startswith(_DOMAIN)),
        declared=declared,
        evidence=_weighed(terms, "write", "destructive", *sorted(tipped), limit=EVIDENCE_PER_TOOL),
        ability_evidence={name: _weighed(terms, name, limit=EVIDENCE_PER_ABILITY) for name in abilities},
        log_odds=totals,
        graded={
            question: sum(weight for weight, signal in found if ruleset.by_id[signal.id].graded)
            for question, found in terms.items()
        },
    )
