"""Match all rules against a subject.

Every test in a rule is an atom (:mod:`matching.plan`). The words of a view say which of its atoms are worth trying
(:mod:`patterns.sieve`), whatever the number of rules; only rules that one of the matched atoms belongs to are then
evaluated.
Patterns are RE2's, which runs in linear time, whatever the target wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial

import re2

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.matching.evidence import Compiled, Judge, Judged, Shown
from mcp_threat_scoring.matching.plan import Plan, keep_plan, kept_plan, make_plan
from mcp_threat_scoring.matching.predicate import predicate
from mcp_threat_scoring.matching.reading import Reading
from mcp_threat_scoring.matching.view_tests import ViewTests, fault_of, options, pattern_of
from mcp_threat_scoring.matching.walk import leaves, supporters
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.rule import (
    FactTest,
    Over,
    Test,
    TextTest,
)
from mcp_threat_scoring.rulebook.ruleset import Ruleset, SignalRule
from mcp_threat_scoring.signal import Signal
from mcp_threat_scoring.text.views import Subject


class Matcher:
    """All rules over one kind of subject; each is compiled when something first calls for it."""

    def __init__(
        self,
        rules: Sequence[SignalRule],
        lexicon: Lexicon,
        plan: Plan | None = None,
        keep: Callable[[Plan], None] = lambda _: None,
    ) -> None:
        """Make ready what a plan of those rules says; without one it is made. `keep` gets a plan that has grown.

        Raises:
            RuleError: a word class is unknown, or rules refer to each other in a circle.
        """
        if plan is None:
            plan = make_plan(rules, lexicon)
            keep(plan)
        self.plan = plan
        self.rules = [rules[place] for place in plan.order]
        self._lexicon = lexicon
        self._leaves: dict[int, list[Test]] = {}
        self._compiled: dict[int, Compiled] = {}
        grown = partial(keep, plan)
        self._fields = {
            name: ViewTests(view, plan.words, lexicon, self._source, grown) for name, view in plan.views.items()
        }
        self._facts: dict[str, list[tuple[int, FactTest]]] = {}
        self.shown = Shown(self._source, self._fields)

    @cached_property
    def judged(self) -> list[tuple[int, Judged]]:
        """The tests that somebody else answers."""
        return [(atom, self._source(atom)) for atom in self.plan.judged]  # type: ignore[misc]

    def compile(self) -> None:
        """Compile every pattern now, not when a subject first needs it.

        Raises:
            RuleError: with every pattern that is not valid RE2, and every unknown word class.
        """
        problems: list[RuleProblem] = []
        for rule in self.rules:
            for test in leaves(rule.test):
                if not isinstance(test, TextTest):
                    continue
                try:
                    re2.compile(pattern_of(test, self._lexicon), options())
                except KeyError as error:
                    problems.append(RuleProblem(str(rule.id), 0, f"the word class {error} is not in the lexicon"))
                except re2.error as error:
                    problems.append(RuleProblem(str(rule.id), 0, f"not a valid RE2 pattern: {fault_of(error)}"))
        if problems:
            raise RuleError(problems)
        for view in self._fields.values():
            view.prepare()

    def _leaves_of(self, index: int) -> list[Test]:
        held = self._leaves.get(index)
        if held is None:
            held = self._leaves[index] = list(leaves(self.rules[index].test))
        return held

    def _source(self, atom: int) -> Test:
        """The test of an atom."""
        rule, leaf = self.plan.places[atom]
        return self._leaves_of(rule)[leaf]

    def compiled(self, index: int) -> Compiled:
        """A rule by its place, compiled."""
        held = self._compiled.get(index)
        if held is None:
            rule = self.rules[index]
            # the very objects: tests alike have one number, and comparing them would cost more than all the rest
            atoms = {id(test): atom for test, atom in zip(self._leaves_of(index), self.plan.atoms[index], strict=True)}
            positives = tuple(dict.fromkeys(atoms[id(test)] for test in supporters(rule.test)))
            made = predicate(rule.test, lambda test: atoms[id(test)])
            held = self._compiled[index] = Compiled(rule, made, positives)
        return held

    def match(self, subject: Subject, judge: Judge | None = None) -> list[Signal]:
        """Every rule that fires on the subject, in a fixed order, with evidence."""
        reading = self.read(subject)
        if judge is not None:
            reading.ask(judge)
        return [*reading.fire(), *reading.fire_late()]

    def read(self, subject: Subject) -> Reading:
        """Find the atoms that hold of the subject's texts and facts."""
        fields = self._fields
        holding = self.holding(subject.facts)
        for name, view in subject.views.items():
            if name in fields and view.text:
                holding.update(fields[name].read(view))
        return Reading(self, subject, holding)

    def holding(self, facts: Mapping[str, bool | int | str]) -> set[int]:
        """The atoms that hold of some facts."""
        asked, tests = self.plan.facts, self._facts
        found: set[int] = set()
        for name, value in facts.items():
            if name in asked:
                if name not in tests:
                    tests[name] = [(atom, self._source(atom)) for atom in asked[name]]  # type: ignore[misc]
                found.update([atom for atom, test in tests[name] if _holds(test, value)])
        return found


def matcher_over(ruleset: Ruleset, over: Over) -> Matcher:
    """The rules of a rule set over one kind of thing.

    Raises:
        RuleError: a word class is unknown, or rules refer to each other in a circle.
    """
    rules = [rule for rule in ruleset.rules if rule.over == over]
    if not ruleset.shipped:
        return Matcher(rules, ruleset.lexicon)
    return Matcher(rules, ruleset.lexicon, kept_plan(over), partial(keep_plan, over))


def _holds(test: FactTest, value: bool | int | str) -> bool:
    if test.at_least is not None:
        return isinstance(value, int) and value >= test.at_least
    if test.at_most is not None:
        return isinstance(value, int) and value <= test.at_most
    wanted = test.equals if isinstance(test.equals, list) else [test.equals]
    return any(type(one) is type(value) and one == value for one in wanted)
