"""Match all rules against a subject in one pass.

Every pattern of every rule becomes an atom. The atoms over one view form one RE2 set, so that a view is read once
whatever the number of rules; only rules that one of the matched atoms belongs to are then evaluated. RE2 runs in linear
time, whatever the target wrote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Any

import re2

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.lexicon import Lexicon
from mcp_threat_scoring.neutralise import excerpt, neutralise, neutralise_name, neutralise_pointer
from mcp_threat_scoring.rule import (
    AbilityTest,
    AllOf,
    AnyOf,
    DomainTest,
    EffectTest,
    FactTest,
    Not,
    SignalTest,
    Test,
    TextTest,
)
from mcp_threat_scoring.ruleset import SignalRule
from mcp_threat_scoring.signal import Evidence, Signal, SignalId
from mcp_threat_scoring.structs import Struct, astuple, field
from mcp_threat_scoring.views import Subject

MAX_EVIDENCE = 3
"""Pieces of evidence kept per rule and subject."""

Predicate = Callable[[set[int]], bool]
Judge = Callable[[AbilityTest | EffectTest | DomainTest | SignalTest], "Signal | Sequence[Evidence] | None"]
"""Answers tests about what was concluded so far (None: does not hold), with the evidence when it holds."""


class _Compiled(Struct):
    rule: SignalRule
    predicate: Predicate
    positives: tuple[int, ...]
    only: int | None


class _Field(Struct):
    atoms: list[int] = field(default_factory=list)
    compiled: Any = field(default_factory=lambda: re2.Set.SearchSet(_options()))


_OPENING = re2.compile(r"^\^(?:\(\?:)?((?:\{[a-z][a-z_-]*!?\}\|?)+)\)?(\\b|\$)$")
"""A test that asks for nothing but the class of a line's first word, or of the whole line: ``^{delete}\\b``,
``^(?:{create}|{update})\\b``, ``^{delete}$``."""


class _Openings(Struct):
    """First words of lines by class. A dictionary answers at once what would be the largest patterns of all."""

    words: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    lines: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    phrases: defaultdict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    """By their first word."""

    def add(self, forms: Iterable[str], atom: int, *, whole: bool) -> None:
        """Note the words of a class for an atom: as a line's first, or as the `whole` line."""
        for form in forms:
            if whole:
                self.lines[form].append(atom)
            elif form.isalnum():
                self.words[form].append(atom)
            else:
                self.phrases[form.partition(" ")[0]].append((form, atom))

    def read(self, text: str, hits: set[int]) -> None:
        """The atoms of every line's first word, and of the phrases that lines begin with."""
        for line in text.split("\n"):
            same = self.lines.get(line)
            if same:
                hits.update(same)
            word = line.partition(" ")[0]
            if not word.isalnum():
                end = next((at for at, char in enumerate(word) if not char.isalnum()), len(word))
                word = "" if word[end : end + 1] == "_" else word[:end]
            found = self.words.get(word)
            if found:
                hits.update(found)
            for phrase, atom in self.phrases.get(word, ()):
                if line.startswith(phrase) and not line[len(phrase) : len(phrase) + 1].isalnum():
                    hits.add(atom)


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 256 << 20
    return options


def pattern_of(test: TextTest, lexicon: Lexicon) -> str:
    """The RE2 pattern of a text test, macros expanded. Lines are segments: ``^`` and ``$`` are theirs."""
    if test.has is not None:
        return "(?m)^(?:" + "|".join(lexicon.expand(entry) for entry in test.has) + ")$"
    return "(?m)" + lexicon.expand(test.regex or "")


class Matcher:
    """All rules over one kind of subject, compiled.

    Raises:
        RuleError: a pattern is not valid RE2, a word class is unknown, or rules refer to each other in a circle.
    """

    def __init__(self, rules: Iterable[SignalRule], lexicon: Lexicon) -> None:
        self._fields: dict[str, _Field] = {}
        self._openings: defaultdict[str, _Openings] = defaultdict(_Openings)
        self._facts: defaultdict[str, list[tuple[int, FactTest]]] = defaultdict(list)
        self._judged: list[tuple[int, AbilityTest | EffectTest | DomainTest | SignalTest]] = []
        self._sources: list[TextTest | FactTest | AbilityTest | EffectTest | DomainTest | SignalTest] = []
        self._memo: dict[tuple[Any, ...], int] = {}
        self._regex: dict[int, Any] = {}
        self._lexicon = lexicon
        self._signal_atoms: defaultdict[str, list[int]] = defaultdict(list)
        self._rules: list[_Compiled] = []
        self._by_atom: defaultdict[int, list[int]] = defaultdict(list)
        self._always: list[int] = []
        problems: list[RuleProblem] = []
        for rule in _in_order(list(rules)):
            try:
                self._add(rule)
            except KeyError as error:
                problems.append(RuleProblem(str(rule.id), 0, f"the word class {error} is not in the lexicon"))
            except re2.error as error:
                problems.append(RuleProblem(str(rule.id), 0, f"not a valid RE2 pattern: {error}"))
        if problems:
            raise RuleError(problems)
        for view in self._fields.values():
            view.compiled.Compile()

    def _atom(self, test: Any) -> int:
        key = (type(test), *(tuple(v) if isinstance(v, list) else (type(v), v) for v in astuple(test)))
        if key in self._memo:
            return self._memo[key]
        index = len(self._sources)
        if isinstance(test, TextTest):
            opening = _OPENING.match(test.regex) if test.regex else None
            if opening:
                for name in opening.group(1).replace("{", "").replace("}", "").strip("|").split("|"):
                    forms = self._lexicon.forms(name.rstrip("!"), plain=name.endswith("!"))
                    self._openings[test.field].add(forms, index, whole=opening.group(2) == "$")
            else:
                view = self._fields.setdefault(test.field, _Field())
                view.compiled.Add(pattern_of(test, self._lexicon))  # raises on what is no RE2
                view.atoms.append(index)
            self._sources.append(test)
        elif isinstance(test, FactTest):
            self._facts[test.fact].append((index, test))
            self._sources.append(test)
        else:
            if isinstance(test, SignalTest):
                self._signal_atoms[test.signal].append(index)
            self._judged.append((index, test))
            self._sources.append(test)
        self._memo[key] = index
        return index

    def _build(self, test: Test, positives: list[int], every: list[int], *, positive: bool) -> Predicate:
        if isinstance(test, AnyOf | AllOf):
            inner = test.any if isinstance(test, AnyOf) else test.all
            plain = [one for one in inner if not isinstance(one, AnyOf | AllOf | Not)]
            atoms = frozenset(self._note(one, positives, every, positive=positive) for one in plain)
            parts = [self._build(one, positives, every, positive=positive) for one in inner if one not in plain]
            return _any_of(atoms, parts) if isinstance(test, AnyOf) else _all_of(atoms, parts)
        if isinstance(test, Not):
            negated = self._build(test.negated, positives, every, positive=not positive)
            return lambda hits: not negated(hits)
        atom = self._note(test, positives, every, positive=positive)
        return lambda hits: atom in hits

    def _note(self, test: Test, positives: list[int], every: list[int], *, positive: bool) -> int:
        atom = self._atom(test)
        every.append(atom)
        if positive:
            positives.append(atom)
        return atom

    def _add(self, rule: SignalRule) -> None:
        positives: list[int] = []
        every: list[int] = []
        predicate = self._build(rule.test, positives, every, positive=True)
        only = positives[0] if isinstance(rule.test, TextTest | FactTest) else None
        index = len(self._rules)
        self._rules.append(_Compiled(rule, predicate, tuple(dict.fromkeys(positives)), only))
        if predicate(set()):
            self._always.append(index)
        for atom in dict.fromkeys(every):
            self._by_atom[atom].append(index)

    def match(self, subject: Subject, judge: Judge | None = None) -> list[Signal]:
        """Every rule that fires on the subject, in a fixed order, with evidence."""
        hits: set[int] = set()
        known: dict[int, Signal | Sequence[Evidence]] = {}
        self._read(subject, hits)
        if judge is not None:
            for atom, judged in self._judged:
                answer = judge(judged)
                if answer is not None:
                    hits.add(atom)
                    known[atom] = answer
        by_atom, rules, signal_atoms = self._by_atom, self._rules, self._signal_atoms
        look = _Look(self, hits, known, subject)
        # Rules stand after those they mention, so taking the lowest index first sees every signal before its readers.
        waiting = list({index for atom in hits for index in by_atom[atom]}.union(self._always))
        heapify(waiting)
        fired: list[Signal] = []
        last = -1
        while waiting:
            index = heappop(waiting)
            if index == last:
                continue
            last = index
            compiled = rules[index]
            if compiled.only is None and not compiled.predicate(hits):
                continue
            signal = _Fired(compiled, look)
            fired.append(signal)
            for atom in signal_atoms.get(compiled.rule.id, ()):
                if atom not in hits:
                    hits.add(atom)
                    known[atom] = signal
                    for reader in by_atom[atom]:
                        heappush(waiting, reader)
        return fired

    def _read(self, subject: Subject, hits: set[int]) -> None:
        """The atoms that hold of the subject's texts and facts."""
        views, facts = subject.views, subject.facts
        for name, view in self._fields.items():
            seen = views.get(name)
            if seen is not None and seen.text:
                found = view.compiled.Match(seen.text)
                if found:
                    atoms = view.atoms
                    hits.update([atoms[index] for index in found])
        for name, openings in self._openings.items():
            seen = views.get(name)
            if seen is not None and seen.text:
                openings.read(seen.text, hits)
        for name, tests in self._facts.items():
            value = facts.get(name)
            if value is not None:
                for atom, test in tests:
                    if _holds(test, value):
                        hits.add(atom)

    def evidence(self, compiled: _Compiled, look: _Look, limit: int) -> tuple[Evidence, ...]:
        """The first few pieces of evidence of a rule that fired."""
        hits, known, subject = look.hits, look.known, look.subject
        rule_id = compiled.rule.id
        found: list[Evidence] = []
        for atom in compiled.positives:
            if atom not in hits:
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
        regex = self._regex.get(atom)
        if regex is None:
            regex = self._regex[atom] = re2.compile(pattern_of(source, self._lexicon), _options())
        start, end = _span(regex, view.text)
        if start < 0:  # the set and the search disagree only where the set ran out of memory
            return Evidence(rule_id, subject.pointer, neutralise(""))
        return Evidence(rule_id, neutralise_pointer(view.pointer_at(start)), excerpt(view.shown(start, end)))


class _Look(Struct):
    """What is needed to find the evidence for any rule that fired on one subject."""

    matcher: Matcher
    hits: set[int]
    known: Mapping[int, Signal | Sequence[Evidence]]
    subject: Subject


class _Fired(Signal):
    """A signal whose evidence is looked for when somebody asks: most are only ever counted."""

    __slots__ = ("_compiled", "_look")

    def __init__(self, compiled: _Compiled, look: _Look) -> None:
        self.id = compiled.rule.id
        self.subject = look.subject.pointer
        self._compiled = compiled
        self._look: _Look | None = look
        self._found = ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Where and on which words it fired; looked up once."""
        if self._look is not None:
            self._found = self._look.matcher.evidence(self._compiled, self._look, MAX_EVIDENCE)
            self._look = None  # lets go of the subject's texts
        return self._found

    @property
    def first(self) -> Evidence | None:
        """The first piece of evidence, without a search for the others."""
        found = self._look.matcher.evidence(self._compiled, self._look, 1) if self._look is not None else self._found
        return found[0] if found else None


def _any_of(atoms: frozenset[int], parts: Sequence[Predicate]) -> Predicate:
    if not parts:
        return lambda hits: not atoms.isdisjoint(hits)
    return lambda hits: not atoms.isdisjoint(hits) or any(part(hits) for part in parts)


def _all_of(atoms: frozenset[int], parts: Sequence[Predicate]) -> Predicate:
    if not parts:
        return atoms.issubset
    return lambda hits: atoms.issubset(hits) and all(part(hits) for part in parts)


_UNANCHORED = re2._re2.RE2.Anchor.UNANCHORED if hasattr(re2, "_re2") else None


def _span(regex: Any, text: str) -> tuple[int, int]:
    """Where a pattern matches first, (-1, -1) if nowhere.

    The wrapper's own `search` costs five times the match, most of it for groups that nobody asks for; the matcher
    below it is asked directly where it is there.
    """
    core = getattr(regex, "_regexp", None)
    if core is None or _UNANCHORED is None:
        found = regex.search(text)
        return (found.start(), found.end()) if found else (-1, -1)
    data = text.encode()
    start, end = core.Match(_UNANCHORED, data, 0, len(data))[0]
    if start < 0 or len(data) == len(text):
        return start, end
    return len(data[:start].decode()), len(data[:end].decode())


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


def mentions(test: Test) -> set[str]:
    """The signals a test asks for."""
    if isinstance(test, SignalTest):
        return {test.signal}
    if isinstance(test, AnyOf):
        return set().union(*map(mentions, test.any))
    if isinstance(test, AllOf):
        return set().union(*map(mentions, test.all))
    return mentions(test.negated) if isinstance(test, Not) else set()


def _in_order(rules: list[SignalRule]) -> list[SignalRule]:
    """Rules that mention a signal come after the rule that makes it."""
    by_id = {str(rule.id): rule for rule in rules}
    ordered: dict[str, SignalRule] = {}
    open_: set[str] = set()

    def visit(name: str) -> None:
        if name in ordered or name not in by_id:
            return
        if name in open_:
            raise RuleError([RuleProblem(name, 0, "rules refer to each other in a circle")])
        open_.add(name)
        for needed in sorted(mentions(by_id[name].test)):
            visit(needed)
        open_.discard(name)
        ordered[name] = by_id[name]

    for rule in rules:
        visit(str(rule.id))
    return list(ordered.values())
