"""What was looked for, and whether it could be: "could not check" is never "clean".

A check is a rule that can become a finding. Its tests say which parts of the target, and which single observations, it
needs; when these were never made, its silence means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.report import CheckOut
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

_FIELDS: Mapping[str, str] = {
    "url": "transport", "argv": "launch", "env": "launch", "headers": "launch", "secret_env": "launch",
    "package": "launch", "scopes": "auth", "schemes": "auth", "instructions": "instructions", "words": "server",
    "version": "server", "protocol": "server", "listing": "server", "events": "session",
}  # fmt: skip
_FACTS: Mapping[str, str] = {
    "transport": "transport", "auth": "auth", "scopes": "auth", "launch": "launch", "env": "launch", "argv": "launch",
    "package": "launch", "event": "session", "capability": "server", "server": "server", "brand": "server",
    "tools": "tools", "hints": "tools", "prompts": "prompts", "resources": "resources", "listing": "server",
}  # fmt: skip
_NOTED = ("auth", "transport", "launch")
"""Parts whose single observations are made by probing: a fact that is absent was not looked for."""
_PREVENTED: Mapping[str, tuple[str, ...]] = {"list.changed": ("event.second_read_failed", "event.second_read_skipped")}
"""Oddities that kept a check from being made although its part was seen."""


def _leaves(test: Test, picture: Picture, seen: frozenset[str] = frozenset()) -> Iterator[Test]:
    """What a test asks to be there. A signal stands for what its own rule asks."""
    if isinstance(test, AnyOf | AllOf):
        for inner in test.any if isinstance(test, AnyOf) else test.all:
            yield from _leaves(inner, picture, seen)
    elif isinstance(test, TextTest | FactTest | AbilityTest | EffectTest | DomainTest):
        yield test
    elif isinstance(test, SignalTest) and test.signal not in seen:
        rule = picture.rules.get(test.signal)  # type: ignore[call-overload]
        if rule is not None:
            if rule.over == "server":
                yield from _leaves(rule.test, picture, seen | {test.signal})
            else:
                yield EffectTest(effect="read", sure=0.0)  # it is about the tools


def _seen(part: str, picture: Picture) -> bool:
    if part in ("session", "document"):  # what only shows while the target is spoken with, or only in a saved file
        spoken = picture.facts.get("coverage.server") == "observed" and _seen("transport", picture)
        return spoken is (part == "session")
    return picture.facts.get(f"coverage.{part}", "not_observed") != "not_observed"


def _need(leaf: Test, picture: Picture) -> tuple[str, bool]:
    """The part of the target that a leaf looks at, and whether it was there to be looked at."""
    if isinstance(leaf, TextTest):
        part = _FIELDS.get(leaf.field, "tools")
        return part, _seen(part, picture)
    if isinstance(leaf, FactTest):
        head, _, _rest = leaf.fact.partition(".")
        part = leaf.fact.removeprefix("coverage.") if head == "coverage" else _FACTS.get(head, "tools")
        part = "document" if leaf.fact == "event.repeated_key" else part
        noted = head not in _NOTED or leaf.fact in picture.facts
        return part, noted and _seen(part, picture)
    return "tools", _seen("tools", picture)


def _examine(test: Test, picture: Picture) -> tuple[bool, list[str]]:
    """Whether a test could be decided, and the parts it looked at or would have had to look at."""
    if isinstance(test, AllOf | AnyOf):
        answers = [_examine(inner, picture) for inner in (test.all if isinstance(test, AllOf) else test.any)
                   if not isinstance(inner, Not)]  # fmt: skip
        parts = [part for _, inner in answers for part in inner]
        known = [decided for decided, _ in answers]
        return (all(known) if isinstance(test, AllOf) else any(known)), parts
    needs = [_need(leaf, picture) for leaf in _leaves(test, picture)]
    return all(seen for _, seen in needs), [part for part, _ in needs]


def _result(rule: SignalRule, picture: Picture) -> tuple[Result, list[str]]:
    if rule.over == "server":
        decided, parts = _examine(rule.test, picture)
    else:
        decided, parts = _seen(rule.over, picture), [rule.over]
    decided = decided and not any(fact in picture.facts for fact in _PREVENTED.get(rule.id, ()))
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
