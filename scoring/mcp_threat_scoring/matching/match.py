"""Match all rules against a subject.

Every pattern of every rule becomes an atom. The words of a view say which of its atoms are worth trying
(:mod:`patterns.sieve`), whatever the number of rules; only rules that one of the matched atoms belongs to are then
evaluated.
Patterns are RE2's, which runs in linear time, whatever the target wrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import Any

import re2

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.matching.predicate import Predicate, predicate
from mcp_threat_scoring.matching.view_tests import ViewTests, options, pattern_of
from mcp_threat_scoring.matching.walk import in_order, leaves, supporters
from mcp_threat_scoring.neutralise import excerpt, neutralise, neutralise_name, neutralise_pointer
from mcp_threat_scoring.rulebook.lexicon import Lexicon
from mcp_threat_scoring.rulebook.rule import (
    AbilityTest,
    DomainTest,
    EffectTest,
    FactTest,
    SignalTest,
    Test,
    TextTest,
)
from mcp_threat_scoring.rulebook.ruleset import SignalRule
from mcp_threat_scoring.signal import Evidence, Signal, SignalId
from mcp_threat_scoring.structs import Struct, astuple
from mcp_threat_scoring.text.views import Subject

MAX_EVIDENCE = 3
"""Pieces of evidence kept per rule and subject."""

Judged = AbilityTest | EffectTest | DomainTest | SignalTest
Judge = Callable[[Judged], "Signal | Sequence[Evidence] | None"]
"""Answers tests about what was concluded so far (None: does not hold), with the evidence when it holds."""


class _Compiled(Struct, frozen=True, eq=False):
    rule: SignalRule
    predicate: Predicate
    positives: tuple[int, ...]
    """Atoms that can be shown as evidence."""


class Matcher:
    """All rules over one kind of subject, compiled.

    Raises:
        RuleError: a word class is unknown, or rules refer to each other in a circle.
    """

    def __init__(self, rules: Iterable[SignalRule], lexicon: Lexicon) -> None:
        self._fields: dict[str, ViewTests] = {}
        self._facts: defaultdict[str, list[tuple[int, FactTest]]] = defaultdict(list)
        self.judged: list[tuple[int, Judged]] = []
        self._sources: list[Test] = []
        self._memo: dict[tuple[Any, ...], int] = {}
        self._lexicon = lexicon
        self.signal_atoms: defaultdict[str, list[int]] = defaultdict(list)
        self.rules: list[_Compiled] = []
        self.triggered: defaultdict[int, list[int]] = defaultdict(list)
        self.always: list[int] = []
        self.always_late: list[int] = []
        """Rules that may fire without any atom."""
        problems: list[RuleProblem] = []
        early, late = in_order(list(rules))
        self.first_late = len(early)
        """Index of the first rule that waits for a conclusion."""
        for rule in (*early, *late):
            try:
                self._add(rule)
            except KeyError as error:
                problems.append(RuleProblem(str(rule.id), 0, f"the word class {error} is not in the lexicon"))
        if problems:
            raise RuleError(problems)
        own = {str(compiled.rule.id) for compiled in self.rules}
        self.judged = [
            (atom, test) for atom, test in self.judged if not (isinstance(test, SignalTest) and test.signal in own)
        ]

    def compile(self) -> None:
        """Compile every pattern now, not when a subject first needs it.

        Raises:
            RuleError: with every pattern that is not valid RE2, and every unknown word class.
        """
        problems: list[RuleProblem] = []
        for compiled in self.rules:
            for test in leaves(compiled.rule.test):
                if not isinstance(test, TextTest):
                    continue
                try:
                    re2.compile(pattern_of(test, self._lexicon), options())
                except KeyError as error:
                    problems.append(
                        RuleProblem(str(compiled.rule.id), 0, f"the word class {error} is not in the lexicon")
                    )
                except re2.error as error:
                    problems.append(RuleProblem(str(compiled.rule.id), 0, f"not a valid RE2 pattern: {error}"))
        if problems:
            raise RuleError(problems)
        for view in self._fields.values():
            view.prepare()

    def _atom(self, test: Test) -> int:
        """The number of a test, the same for the same test."""
        if isinstance(test, TextTest):
            key: tuple[Any, ...] = (test.field, test.regex, *(test.has or ()))
        else:
            key = (type(test), *((type(v), tuple(v) if isinstance(v, list) else v) for v in astuple(test)))
        if key in self._memo:
            return self._memo[key]
        atom = self._memo[key] = len(self._sources)
        self._sources.append(test)
        if isinstance(test, TextTest):
            view = self._fields.get(test.field)
            if view is None:
                view = self._fields[test.field] = ViewTests(self._lexicon)
            view.add(test, atom)
        elif isinstance(test, FactTest):
            self._facts[test.fact].append((atom, test))
        elif isinstance(test, AbilityTest | EffectTest | DomainTest | SignalTest):
            if isinstance(test, SignalTest):
                self.signal_atoms[test.signal].append(atom)
            self.judged.append((atom, test))
        return atom

    def _add(self, rule: SignalRule) -> None:
        index = len(self.rules)
        made = predicate(rule.test, self._atom)
        positives = tuple(dict.fromkeys(self._atom(test) for test in supporters(rule.test)))
        self.rules.append(_Compiled(rule, made, positives))
        if made.trigger is None:
            (self.always if index < self.first_late else self.always_late).append(index)
        for atom in made.trigger or ():
            self.triggered[atom].append(index)

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
        tests = self._facts
        found: set[int] = set()
        for name, value in facts.items():
            if name in tests:
                found.update([atom for atom, test in tests[name] if _holds(test, value)])
        return found

    def evidence(self, compiled: _Compiled, look: Reading, limit: int) -> tuple[Evidence, ...]:
        """The first few pieces of evidence of a rule that fired."""
        hits, known, subject = look.hits, look.known, look.subject
        rule_id = compiled.rule.id
        found: list[Evidence] = []
        for atom in compiled.positives:
            if not hits >> atom & 1:
                continue
            source = self._sources[atom]
            if isinstance(source, TextTest):
                found.append(self._locate(rule_id, atom, source, subject))
            elif isinstance(source, FactTest) and (places := subject.places.get(source.fact)):
                found.extend(
                    Evidence(rule_id, neutralise_pointer(pointer), neutralise_name(words))
                    for pointer, words in places[:MAX_EVIDENCE]
                )
            elif isinstance(source, FactTest):
                shown = neutralise(f"{source.fact}: {_spell(subject.facts.get(source.fact))}")
                found.append(Evidence(rule_id, _fact_pointer(subject, source.fact), shown))
            else:
                answer = known.get(atom, ())
                found.extend(answer.evidence if isinstance(answer, Signal) else answer)
            if len(found) >= limit:
                break
        return tuple(found[:limit])

    def _locate(self, rule_id: SignalId, atom: int, source: TextTest, subject: Subject) -> Evidence:
        view = subject.views[source.field]
        start, end = self._fields[source.field].span(atom, view)
        return Evidence(rule_id, neutralise_pointer(view.pointer_at(start)), excerpt(view.shown(start, end)))


class Reading:
    """What holds of one subject, and the rules that fire on it.

    Rules that ask for a conclusion (:class:`AbilityTest` and the like) and those that read what these make come last,
    once they are answered: :meth:`ask`, :meth:`fire_late`.
    """

    __slots__ = ("_late", "_waiting", "hits", "known", "matcher", "subject")

    def __init__(self, matcher: Matcher, subject: Subject, holding: set[int]) -> None:
        self.matcher, self.subject = matcher, subject
        self.hits = 0
        self.known: dict[int, Signal | Sequence[Evidence]] = {}
        self._waiting = list(matcher.always)
        self._late = list(matcher.always_late)
        self._take(holding)

    def _take(self, holding: Iterable[int]) -> None:
        triggered = self.matcher.triggered
        candidates: set[int] = set()
        for atom in holding:
            self.hits |= 1 << atom
            if atom in triggered:
                candidates.update(triggered[atom])
        first_late = self.matcher.first_late
        self._waiting += [index for index in candidates if index < first_late]
        self._late += [index for index in candidates if index >= first_late]

    def fire(self) -> list[Signal]:
        """The rules that texts and facts alone decide, in a fixed order."""
        return self._fire(self._waiting)

    def fire_late(self) -> list[Signal]:
        """The others, in a fixed order."""
        return self._fire(self._late)

    def learn(self, facts: Mapping[str, bool | int | str]) -> None:
        """Take in facts that were concluded."""
        self.subject.facts |= facts
        self._take(self.matcher.holding(facts))

    def ask(self, judge: Judge) -> None:
        """Have what the rules ask answered."""
        holding: list[int] = []
        for atom, judged in self.matcher.judged:
            answer = judge(judged)
            if answer is not None:
                holding.append(atom)
                self.known[atom] = answer
        self._take(holding)

    def _fire(self, waiting: list[int]) -> list[Signal]:
        # Rules stand after those they mention, so taking the lowest index first sees every signal before its readers.
        rules, signal_atoms, triggered = self.matcher.rules, self.matcher.signal_atoms, self.matcher.triggered
        first_late = self.matcher.first_late
        waiting.sort()
        hits = self.hits
        fired: list[Signal] = []
        last = -1
        while waiting:
            index = heappop(waiting)
            if index == last:
                continue
            last = index
            compiled = rules[index]
            if not compiled.predicate.holds(hits):
                continue
            signal = _Fired(compiled, self)
            fired.append(signal)
            for atom in signal_atoms.get(compiled.rule.id, ()):
                if not hits >> atom & 1:
                    hits |= 1 << atom
                    self.known[atom] = signal
                    for reader in triggered.get(atom, ()):
                        if reader >= first_late > index:
                            self._late.append(reader)
                        else:
                            heappush(waiting, reader)
        self.hits = hits
        return fired


class _Fired(Signal):
    """A signal whose evidence is looked for when somebody asks: most are only ever counted."""

    __slots__ = ("_compiled", "_look")

    def __init__(self, compiled: _Compiled, look: Reading) -> None:
        self.id = compiled.rule.id
        self.subject = look.subject.pointer
        self._compiled = compiled
        self._look: Reading | None = look
        self._found = ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Where and on which words it fired; looked up once."""
        if self._look is not None:
            self._found = self._look.matcher.evidence(self._compiled, self._look, MAX_EVIDENCE)
            self._look = None  # lets go of the subject's texts
        return self._found

    @property
    def evident(self) -> bool:
        """Whether anything that can be pointed at holds; nothing is searched for."""
        if self._look is None:
            return bool(self._found)
        hits = self._look.hits
        return any(hits >> atom & 1 for atom in self._compiled.positives)

    @property
    def first(self) -> Evidence | None:
        """The first piece of evidence, without a search for the others."""
        found = self._look.matcher.evidence(self._compiled, self._look, 1) if self._look is not None else self._found
        return found[0] if found else None


def _spell(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_HINTS = frozenset({"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"})


def _fact_pointer(subject: Subject, name: str) -> str:
    if name in _HINTS:
        return f"{subject.pointer}/annotations/{name}"
    return subject.pointer


def _holds(test: FactTest, value: bool | int | str) -> bool:
    if test.at_least is not None:
        return isinstance(value, int) and value >= test.at_least
    if test.at_most is not None:
        return isinstance(value, int) and value <= test.at_most
    wanted = test.equals if isinstance(test.equals, list) else [test.equals]
    return any(type(one) is type(value) and one == value for one in wanted)
