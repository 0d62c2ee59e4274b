"""What a rule that fired can be shown by: the target's own words with their place, or the fact that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mcp_threat_scoring.matching.predicate import Predicate
from mcp_threat_scoring.matching.view_tests import ViewTests
from mcp_threat_scoring.neutralise import excerpt, neutralise, neutralise_name, neutralise_pointer
from mcp_threat_scoring.rulebook.rule import AbilityTest, DomainTest, EffectTest, FactTest, SignalTest, Test, TextTest
from mcp_threat_scoring.rulebook.ruleset import SignalRule
from mcp_threat_scoring.signal import Evidence, Signal, SignalId
from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.views import Subject

MAX_EVIDENCE = 3
"""Pieces of evidence kept per rule and subject."""

Judged = AbilityTest | EffectTest | DomainTest | SignalTest
Judge = Callable[[Judged], "Signal | Sequence[Evidence] | None"]
"""Answers tests about what was concluded so far (None: does not hold), with the evidence when it holds."""
_HINTS = frozenset({"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"})


class Compiled(Struct, frozen=True, eq=False):
    """A rule, ready to be asked."""

    rule: SignalRule
    predicate: Predicate
    positives: tuple[int, ...]
    """Atoms that can be shown as evidence."""


class Shown:
    """Finds the evidence of rules in one kind of subject."""

    def __init__(self, source: Callable[[int], Test], fields: Mapping[str, ViewTests]) -> None:
        """`source` gives the test of an atom."""
        self._source = source
        self._fields = fields

    def of(
        self,
        compiled: Compiled,
        subject: Subject,
        hits: int,
        known: Mapping[int, Signal | Sequence[Evidence]],
        limit: int,
    ) -> tuple[Evidence, ...]:
        """The first few pieces of evidence of a rule that fired, where some atoms hold and some were answered."""
        rule_id = compiled.rule.id
        found: list[Evidence] = []
        for atom in compiled.positives:
            if not hits >> atom & 1:
                continue
            source = self._source(atom)
            if isinstance(source, TextTest):
                found.append(self._locate(rule_id, atom, source, subject))
            elif isinstance(source, FactTest) and (places := subject.where(source.fact)):
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


def _spell(value: object) -> str:
    return neutralise_name(value) if isinstance(value, str) else str(value).lower()


def _fact_pointer(subject: Subject, name: str) -> str:
    if name in _HINTS:
        return f"{subject.pointer}/annotations/{name}"
    return subject.pointer
