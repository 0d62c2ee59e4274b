"""What was looked for, and whether it could be: "could not check" is never "clean".

A check is a rule that can become a finding. Its tests say which parts of the target, and which single observations, it
needs; when these were never made, its silence means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
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
from mcp_threat_scoring.rulebook.ruleset import SignalRule

Result = Literal["found", "not_found", "not_observed"]

Need = tuple[str, bool]
"""A part of the target that was to be looked at, and whether it was there to be looked at."""


def _needs(rule: SignalRule, test: Test, picture: Picture, seen: frozenset[str] = frozenset()) -> Iterator[Need]:
    """What a test asks to be there. A signal stands for what its own rule asks."""
    if isinstance(test, AnyOf | AllOf):
        for inner in test.any if isinstance(test, AnyOf) else test.all:
            yield from _needs(rule, inner, picture, seen)
    elif isinstance(test, TextTest):
        yield _shown(FIELDS[rule.over][test.field], True, picture)
    elif isinstance(test, FactTest):
        known = known_fact(rule.over, test.fact)
        if known is not None:
            yield _shown(known, test.fact in picture.facts, picture)
    elif isinstance(test, AbilityTest | EffectTest | DomainTest):
        yield "tools", _seen("tools", picture)
    elif isinstance(test, SignalTest) and test.signal not in seen:
        other = picture.rules.get(test.signal)  # type: ignore[call-overload]
        if other is not None and other.over == "server":
            yield from _needs(other, other.test, picture, seen | {test.signal})
        elif other is not None:
            part = _part_of(other)
            yield part, _seen(part, picture)


def _part_of(rule: SignalRule) -> str:
    """What a rule over items looks at."""
    return "tools" if rule.over == "any" else rule.over


def _seen(part: str, picture: Picture) -> bool:
    if part == "session":  # what only shows while the target is spoken with
        return picture.facts.get("coverage.server") == "observed" and _seen("transport", picture)
    return part == "document" or picture.facts.get(f"coverage.{part}", "not_observed") != "not_observed"


def _shown(known: Known, noted: bool, picture: Picture) -> Need:
    """The part that a field or fact is read from, and whether it would have shown there."""
    facts = picture.facts
    looked = noted or not known.probed
    able = known.given is None or facts.get(known.given[0]) == known.given[1]
    kept = any(fact in facts for fact in known.unless)
    return known.part, looked and able and not kept and _seen(known.part, picture)


def _examine(rule: SignalRule, test: Test, picture: Picture) -> tuple[bool, list[str]]:
    """Whether a test could be decided, and the parts it looked at or would have had to look at."""
    if isinstance(test, AllOf | AnyOf):
        answers = [_examine(rule, inner, picture) for inner in (test.all if isinstance(test, AllOf) else test.any)
                   if not isinstance(inner, Not)]  # fmt: skip
        parts = [part for _, inner in answers for part in inner]
        known = [decided for decided, _ in answers]
        return (all(known) if isinstance(test, AllOf) else any(known)), parts
    needs = list(_needs(rule, test, picture))
    return all(seen for _, seen in needs), [part for part, _ in needs]


def _result(rule: SignalRule, picture: Picture) -> tuple[Result, list[str]]:
    if rule.over == "server":
        decided, parts = _examine(rule, rule.test, picture)
    else:
        decided, parts = _seen(_part_of(rule), picture), [_part_of(rule)]
    surfaces = sorted(set(parts) or {"server"})
    if picture.has(rule.id):
        return "found", surfaces
    return ("not_found" if decided else "not_observed"), surfaces


def checks(picture: Picture) -> list[CheckOut]:
    """Every check that can become a finding, with its result and the parts of the target that it is about."""
    rows: list[CheckOut] = []
    for rule in sorted(picture.rules.values(), key=lambda rule: rule.id):
        if rule.finding is not None:
            result, surfaces = _result(rule, picture)
            rows.append(CheckOut(id=rule.id, title=rule.title, result=result, surfaces=surfaces))
    return rows
