"""How rules are gone through: the numbers of their tests, the order they are looked at in, and what calls for them.

A plan holds numbers and words only, no rules. Making one means walking through every test of every rule; a scan of a
few tools needs a dozen of them. So the plan of the shipped rules is kept beside them (:mod:`rulebook.cache`), and a
rule's own test is compiled when something first calls for it (:mod:`matching.match`).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.matching.openings import Asked, Vocabulary, opening_of, vocabulary
from mcp_threat_scoring.matching.predicate import predicate
from mcp_threat_scoring.matching.walk import families, in_order
from mcp_threat_scoring.model import ValidationError, read_json, to_json
from mcp_threat_scoring.patterns.sifter import Sifting
from mcp_threat_scoring.rulebook.compound import leaves
from mcp_threat_scoring.rulebook.documents import rule_cache
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.rule import (
    AbilityTest,
    DomainTest,
    EffectTest,
    FactTest,
    Over,
    SignalTest,
    Test,
    TextTest,
)
from mcp_threat_scoring.rulebook.signal_rule import SignalRule
from mcp_threat_scoring.structs import Struct, astuple, field


class ViewPlan(Struct):
    """The atoms of one view."""

    tried: list[int] = field(default_factory=list)
    """Those whose pattern is tried."""
    anything: list[int] = field(default_factory=list)
    """Those that any text answers."""
    openings: dict[int, Asked] = field(default_factory=dict)
    """Those that a look at the beginning of lines answers."""
    words: Sifting | None = None
    """What the patterns ask of the words of a text; looked up when a text is met."""


class Plan(Struct):
    """Every test of some rules, numbered: an *atom* is a test, however many rules ask for it."""

    order: list[int]
    """Places of the rules in the order they are looked at: a rule comes after those it mentions."""
    first_late: int
    """Place in that order of the first rule that waits for a conclusion."""
    atoms: list[list[int]] = field(default_factory=list)
    """Of each rule in that order: the atoms of its leaves, as :func:`compound.leaves` meets them."""
    places: list[tuple[int, int]] = field(default_factory=list)
    """Of each atom: a rule that asks for it, and which of its leaves it is."""
    triggered: dict[int, list[int]] = field(default_factory=dict)
    """Rules that are looked at when an atom holds."""
    always: list[int] = field(default_factory=list)
    always_late: list[int] = field(default_factory=list)
    """Rules that may fire without any atom."""
    signals: dict[str, list[int]] = field(default_factory=dict)
    """Atoms that a signal makes hold."""
    views: dict[str, ViewPlan] = field(default_factory=dict)
    facts: dict[str, list[int]] = field(default_factory=dict)
    judged: list[int] = field(default_factory=list)
    """Atoms that somebody else answers: conclusions, and signals of other rules."""
    words: Vocabulary = field(default_factory=Vocabulary)


def make_plan(rules: Sequence[SignalRule], lexicon: Lexicon) -> Plan:
    """Number the tests of some rules.

    Raises:
        RuleError: a word class is unknown, or rules refer to each other in a circle.
    """
    at = {str(rule.id): place for place, rule in enumerate(rules)}
    early, late = in_order(list(rules))
    numbering = _Numbering(Plan([at[str(rule.id)] for rule in (*early, *late)], len(early)))
    for rule in (*early, *late):
        numbering.add(rule)
    return numbering.done(at, families(rules), lexicon)


class _Numbering:
    """A plan in the making."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.known: dict[tuple[Any, ...], int] = {}
        self.judged: list[tuple[int, Test]] = []

    def add(self, rule: SignalRule) -> None:
        """Number the tests of one more rule."""
        plan, index = self.plan, len(self.plan.atoms)
        plan.atoms.append([self.atom(test, index, leaf) for leaf, test in enumerate(leaves(rule.test))])
        trigger = predicate(rule.test, lambda test: self.known[_key(test)]).trigger
        if trigger is None:
            (plan.always if index < plan.first_late else plan.always_late).append(index)
        for atom in sorted(trigger or ()):
            plan.triggered.setdefault(atom, []).append(index)

    def atom(self, test: Test, rule: int, leaf: int) -> int:
        """The number of a test, the same for the same test."""
        key = _key(test)
        if key in self.known:
            return self.known[key]
        plan = self.plan
        atom = self.known[key] = len(plan.places)
        plan.places.append((rule, leaf))
        if isinstance(test, TextTest):
            view = plan.views.setdefault(test.field, ViewPlan())
            asked = opening_of(test)
            if asked is not None:
                view.openings[atom] = asked
            else:
                (view.anything if test.regex == "." else view.tried).append(atom)
        elif isinstance(test, FactTest):
            plan.facts.setdefault(test.fact, []).append(atom)
        elif isinstance(test, AbilityTest | EffectTest | DomainTest | SignalTest):
            if isinstance(test, SignalTest):
                plan.signals.setdefault(test.signal, []).append(atom)
            self.judged.append((atom, test))
        return atom

    def done(self, own: dict[str, int], named: Mapping[str, Sequence[str]], lexicon: Lexicon) -> Plan:
        """The finished plan."""
        plan, signals = self.plan, dict(self.plan.signals)
        plan.signals.clear()
        for signal, atoms in signals.items():
            for one in named.get(signal, (signal,)):
                plan.signals.setdefault(one, []).extend(atoms)
        plan.judged = [
            atom for atom, test in self.judged if not (isinstance(test, SignalTest) and test.signal in named)
        ]
        wanted: defaultdict[str, int] = defaultdict(int)
        problems: list[RuleProblem] = []
        for view in plan.views.values():
            for atom, asked in view.openings.items():
                for name in asked.classes:
                    wanted[name] = wanted.get(name, atom)
        made, unknown = vocabulary(wanted, lexicon)
        plan.words = made
        names = list(own)
        for name in unknown:
            rule = names[plan.order[plan.places[wanted[name]][0]]]
            problems.append(RuleProblem(rule, 0, f"the word class {name.rstrip('!')!r} is not in the lexicon"))
        if problems:
            raise RuleError(problems)
        return plan


def _key(test: Test) -> tuple[Any, ...]:
    if isinstance(test, TextTest):
        return (test.field, test.regex, *(test.has or ()))
    return (type(test), *((type(v), tuple(v) if isinstance(v, list) else v) for v in astuple(test)))


def keep_plan(over: Over, plan: Plan) -> None:
    """Keep a plan of the shipped rules, as it then is, when the rules are next written down."""
    rule_cache().keep_plan(over, partial(to_json, plan))


def kept_plan(over: Over) -> Plan | None:
    """The plan of the shipped rules as it was kept, if they are what they were."""
    held = rule_cache().plan(over)
    with suppress(ValidationError):
        return None if held is None else read_json(Plan, held)
    return None
