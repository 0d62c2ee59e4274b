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
from mcp_threat_scoring.matching.fact_tests import FactTests
from mcp_threat_scoring.matching.plan import Plan, keep_plan, kept_plan, make_plan
from mcp_threat_scoring.matching.predicate import predicate
from mcp_threat_scoring.matching.reading import Reading
from mcp_threat_scoring.matching.view_tests import ViewTests, fault_of, options, pattern_of
from mcp_threat_scoring.matching.walk import supporters
from mcp_threat_scoring.rulebook.compound import leaves
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.rule import Over, Test, TextTest
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.rulebook.signal_rule import SignalRule
from mcp_threat_scoring.signal import Signal
from mcp_threat_scoring.text.views import Subject


class _Rules(dict[int, Compiled]):
    """Rules by their places."""

    def __init__(self, compile_: Callable[[int], Compiled]) -> None:
        super().__init__()
        self._compile = compile_

    def __missing__(self, index: int) -> Compiled:
        made = self[index] = self._compile(index)
        return made


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
        self.compiled = _Rules(self._compile)
        """The rules by their places, compiled when something first asks for them."""
        grown = partial(keep, plan)
        self.fields = {
            name: ViewTests(view, plan.words, lexicon, self._source, grown) for name, view in plan.views.items()
        }
        """The tests of each view, by the view's name."""
        self._facts: dict[str, FactTests] = {}
        self.shown = Shown(self._source, self.fields, orders=any(rule.over == "any" for rule in rules))

    @cached_property
    def judged(self) -> list[tuple[int, Judged]]:
        """The tests that somebody else answers."""
        return [(atom, self._source(atom)) for atom in self.plan.judged]  # type: ignore[misc]  # of the kinds the plan sorted out

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
        for view in self.fields.values():
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

    def _compile(self, index: int) -> Compiled:
        rule = self.rules[index]
        # the very objects: tests alike have one number, and comparing them would cost more than all the rest
        atoms = {id(test): atom for test, atom in zip(self._leaves_of(index), self.plan.atoms[index], strict=True)}
        positives = tuple(dict.fromkeys(atoms[id(test)] for test in supporters(rule.test)))
        return Compiled(rule.id, predicate(rule.test, lambda test: atoms[id(test)]).holds, positives)

    def match(self, subject: Subject, judge: Judge | None = None) -> list[Signal]:
        """Every rule that fires on the subject, in a fixed order, with evidence."""
        reading = self.read(subject)
        if judge is not None:
            reading.ask(judge)
        return [*reading.fire(), *reading.fire_late()]

    def read(self, subject: Subject) -> Reading:
        """Find the atoms that hold of the subject's texts and facts."""
        fields = self.fields
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
                    about = [(atom, self._source(atom)) for atom in asked[name]]
                    tests[name] = FactTests(about)  # type: ignore[arg-type]  # the plan put tests of facts there
                found.update(tests[name][(value,) if value is True or value is False else value])
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
