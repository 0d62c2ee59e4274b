"""What was looked for, and whether it could be: "could not check" is never "clean".

A check is a rule that can become a finding. Its tests say which parts of the target, and which single observations, it
needs; when these were never made, its silence means nothing. What it needs is worked out once per rule set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Literal

from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.report import CheckOut
from mcp_threat_scoring.rulebook.fields import FIELDS, known_fact
from mcp_threat_scoring.rulebook.observed import Known
from mcp_threat_scoring.rulebook.rule import (
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
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.rulebook.signal_rule import SignalRule
from mcp_threat_scoring.signal import SignalId
from mcp_threat_scoring.structs import Struct

Result = Literal["found", "not_found", "not_observed"]
Rules = Mapping[SignalId, SignalRule]
Decided = Callable[[int], bool]
"""Whether a check could be made, given which needs were met."""


class Need(Struct, frozen=True):
    """Something that has to be there to be looked at: a part of the target, and a field or fact read from it."""

    part: str
    known: Known | None = None
    fact: str = ""

    def met(self, picture: Picture) -> bool:
        """Whether it was there, and would have shown."""
        known, facts = self.known, picture.facts
        if known is not None:
            noted = not self.fact or self.fact in facts
            looked = noted or not known.probed
            able = known.given is None or facts.get(known.given[0]) == known.given[1]
            if not (looked and able) or any(fact in facts for fact in known.unless):
                return False
        return _seen(self.part, picture)


def _seen(part: str, picture: Picture) -> bool:
    if part == "session":  # what only shows while the target is spoken with
        return picture.facts.get("coverage.server") == "observed" and _seen("transport", picture)
    return part == "document" or picture.facts.get(f"coverage.{part}", "not_observed") != "not_observed"


def _needs(rule: SignalRule, test: Test, rules: Rules, seen: frozenset[str] = frozenset()) -> Iterator[Need]:
    """What a test asks to be there. A signal stands for what its own rule asks."""
    if isinstance(test, AnyOf | AllOf):
        for inner in test.parts:
            yield from _needs(rule, inner, rules, seen)
    elif isinstance(test, TextTest):
        known = FIELDS[rule.over][test.field]
        yield Need(known.part, known)
    elif isinstance(test, FactTest):
        if (told := known_fact(rule.over, test.fact)) is not None:
            yield Need(told.part, told, test.fact)
    elif isinstance(test, AbilityTest | EffectTest | DomainTest):
        yield Need("tools")
    elif isinstance(test, SignalTest) and test.signal not in seen:
        other = rules.get(SignalId(test.signal))
        if other is not None and other.over == "server":
            yield from _needs(other, other.test, rules, seen | {test.signal})
        elif other is not None:
            yield _item_need(other)


def _item_need(rule: SignalRule) -> Need:
    """What a rule over items looks at."""
    return Need("tools" if rule.over == "any" else rule.over)


class _Check(Struct, frozen=True, eq=False):
    """A check, with its row for each result."""

    id: SignalId
    rows: Mapping[Result, CheckOut]
    decided: Decided


class Checks:
    """Every check of a rule set. Needs are numbered over all of them: a target meets each or not, bit by bit."""

    def __init__(self, ruleset: Ruleset) -> None:
        rules = ruleset.by_id
        self._bits: dict[Need, int] = {}
        reporting = sorted((rule for rule, _ in ruleset.reporting), key=lambda rule: rule.id)
        self._checks = tuple(self._check(rule, rules) for rule in reporting)

    def rows(self, picture: Picture) -> list[CheckOut]:
        """The row of each check."""
        met = sum([bit for need, bit in self._bits.items() if need.met(picture)])
        return [
            one.rows["found" if one.id in picture.signals else "not_found" if one.decided(met) else "not_observed"]
            for one in self._checks
        ]

    def _check(self, rule: SignalRule, rules: Rules) -> _Check:
        parts: set[str] = set()
        if rule.over == "server":
            decided = self._decided(rule, rule.test, rules, parts)
        else:
            decided = self._all([_item_need(rule)], parts)
        surfaces = sorted(parts or {"server"})
        results: tuple[Result, ...] = ("found", "not_found", "not_observed")
        rows = {one: CheckOut(id=rule.id, title=rule.title, result=one, surfaces=surfaces) for one in results}
        return _Check(rule.id, rows, decided)

    def _decided(self, rule: SignalRule, test: Test, rules: Rules, parts: set[str]) -> Decided:
        """Whether a test can be decided; the parts it looks at, or would have to look at, join `parts`."""
        if not isinstance(test, AllOf | AnyOf):
            return self._all(list(_needs(rule, test, rules)), parts)
        inner = [self._decided(rule, one, rules, parts) for one in test.parts if not isinstance(one, Not)]
        if isinstance(test, AllOf):
            return lambda met: all(decided(met) for decided in inner)
        return lambda met: any(decided(met) for decided in inner)

    def _all(self, needs: list[Need], parts: set[str]) -> Decided:
        parts.update(need.part for need in needs)
        mask = sum({self._bits.setdefault(need, 1 << len(self._bits)) for need in needs})
        return lambda met: met & mask == mask


@lru_cache(maxsize=4)
def _checks(ruleset: Ruleset) -> Checks:
    return Checks(ruleset)


def checks(picture: Picture) -> list[CheckOut]:
    """Every check that can become a finding, with its result and the parts of the target that it is about."""
    return _checks(picture.ruleset).rows(picture)
