"""What holds of one subject, and which rules that makes fire, in the order in which they build on each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from mcp_threat_scoring.matching.evidence import MAX_EVIDENCE, Compiled, Judge
from mcp_threat_scoring.signal import Evidence, Signal
from mcp_threat_scoring.text.views import Subject

if TYPE_CHECKING:
    from mcp_threat_scoring.matching.match import Matcher


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
        self._waiting = list(matcher.plan.always)
        self._late = list(matcher.plan.always_late)
        self._take(holding)

    def _take(self, holding: Iterable[int]) -> None:
        triggered, first_late = self.matcher.plan.triggered, self.matcher.plan.first_late
        candidates: set[int] = set()
        hits = self.hits
        for atom in holding:
            hits |= 1 << atom
            if atom in triggered:
                candidates.update(triggered[atom])
        self.hits = hits
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

    def evidence(self, compiled: Compiled, limit: int) -> tuple[Evidence, ...]:
        """The first few pieces of evidence of a rule that fired."""
        return self.matcher.shown.of(compiled, self.subject, self.hits, self.known, limit)

    def _fire(self, waiting: list[int]) -> list[Signal]:
        # Rules stand after those they mention, so taking the lowest index first sees every signal before its readers.
        plan, compiled_at, known = self.matcher.plan, self.matcher.compiled, self.known
        signal_atoms, triggered, first_late = plan.signals, plan.triggered, plan.first_late
        waiting.sort()
        hits = self.hits
        fired: list[Signal] = []
        last = -1
        while waiting:
            index = heappop(waiting)
            if index == last:
                continue
            last = index
            compiled = compiled_at[index]
            if not compiled.holds(hits):
                continue
            signal = _Fired(compiled, self)
            fired.append(signal)
            for atom in signal_atoms.get(signal.id, ()):
                if not hits >> atom & 1:
                    hits |= 1 << atom
                    known[atom] = signal
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

    def __init__(self, compiled: Compiled, look: Reading) -> None:
        self.id = compiled.id
        self.subject = look.subject.pointer
        self._compiled = compiled
        self._look: Reading | None = look
        self._found = ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Where and on which words it fired; looked up once."""
        if self._look is not None:
            self._found = self._look.evidence(self._compiled, MAX_EVIDENCE)
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
        found = self._look.evidence(self._compiled, 1) if self._look is not None else self._found
        return found[0] if found else None
