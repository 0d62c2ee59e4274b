"""What a rule that fired can be shown by: the target's own words with their place, or the fact that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mcp_threat_scoring.matching.predicate import Holds
from mcp_threat_scoring.matching.view_tests import ViewTests
from mcp_threat_scoring.neutralise import SafeText, excerpt, neutralise, neutralise_name, neutralise_pointer
from mcp_threat_scoring.rulebook.rule import AbilityTest, DomainTest, EffectTest, FactTest, SignalTest, Test, TextTest
from mcp_threat_scoring.signal import Evidence, Signal, SignalId
from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.run_on import in_words
from mcp_threat_scoring.text.views import Subject, View

MAX_EVIDENCE = 3
"""Pieces of evidence kept per rule and subject."""
WORD = 24
"""Letters that are added on either side of what matched, at most."""
_PARTED = "\u2e80"
"""Below it, code points are of scripts that part their words."""

Judged = AbilityTest | EffectTest | DomainTest | SignalTest
Judge = Callable[[Judged], "Signal | Sequence[Evidence] | None"]
"""Answers tests about what was concluded so far (None: does not hold), with the evidence when it holds."""
_OURS = frozenset({"items.unread"})
"""Facts whose places hold words of ours, which may be a sentence."""
_HINTS = frozenset({"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"})


class Compiled(Struct, frozen=True, eq=False):
    """A rule, ready to be asked."""

    id: SignalId
    """Of the rule."""
    holds: Holds
    positives: tuple[int, ...]
    """Atoms that can be shown as evidence."""


class Shown:
    """Finds the evidence of rules in one kind of subject."""

    def __init__(self, source: Callable[[int], Test], fields: Mapping[str, ViewTests], *, orders: bool = False) -> None:
        """`source` gives the test of an atom; `orders` says that the rules look for some, in names as well."""
        self._orders = orders
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
        rule_id = compiled.id
        found: list[Evidence] = []
        aside: list[Evidence] = []  # that nothing is changed proves nothing of what is read
        faint: list[Evidence] = []  # that there is a text at all is told only where a rule asked for nothing else
        for atom in compiled.positives:
            if not hits >> atom & 1:
                continue
            source = self._source(atom)
            if isinstance(source, TextTest):
                view = subject.views[source.field]
                start, end = self._fields[source.field].span(atom, view)
                (found if end - start > 1 else faint).append(_shown(rule_id, view, start, end, orders=self._orders))
            elif isinstance(source, FactTest) and (places := subject.where(source.fact)):
                found.extend(
                    Evidence(rule_id, neutralise_pointer(pointer), _told(source.fact, words))
                    for pointer, words in places[:MAX_EVIDENCE]
                )
            elif isinstance(source, FactTest):
                shown = neutralise(f"{source.fact}: {_spell(subject.facts.get(source.fact))}")
                found.append(Evidence(rule_id, _fact_pointer(subject, source.fact), shown))
            else:
                answer = known.get(atom, ())
                reads = isinstance(source, EffectTest) and source.effect == "read"
                (aside if reads else found).extend(answer.evidence if isinstance(answer, Signal) else answer)
            if len(found) >= limit:
                break
        return tuple((found or aside or faint)[:limit])


def _shown(rule_id: SignalId, view: View, start: int, end: int, *, orders: bool) -> Evidence:
    """What matched, with the rest of a word that a pattern knows only the beginning or the end of."""
    text = view.text
    first, last = max(0, start - WORD), min(len(text), end + WORD)
    while start > first and _one_word(text[start - 1 : start + 1]):
        start -= 1
    while start < end < last and _one_word(text[end - 1 : end + 1]):
        end += 1
    words, pointer = view.shown(start, end), view.pointer_at(start)
    joined = orders or not pointer.endswith("/name")
    return Evidence(rule_id, neutralise_pointer(pointer), excerpt((in_words(words) if joined else "") or words))


def _one_word(pair: str) -> bool:
    return pair.isalnum() and max(pair) < _PARTED


def _told(fact: str, words: str) -> SafeText:
    """The words of a place: a part of a line where its wording was judged, else mostly a name."""
    if fact in _OURS:
        return neutralise(words)
    if fact.startswith("hostile."):  # evidence of another rule, which was made safe when it was found
        return SafeText(words)
    return excerpt(words) if fact.startswith("learned.") else neutralise_name(words)


def _spell(value: object) -> str:
    return neutralise_name(value) if isinstance(value, str) else str(value).lower()


def _fact_pointer(subject: Subject, name: str) -> str:
    if name in _HINTS:
        return f"{subject.pointer}/annotations/{name}"
    return subject.pointer
