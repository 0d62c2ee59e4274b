"""What a walk through a rule's test tells: what it asks for, what speaks for it, and after which rules it comes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.rulebook.compound import Compound, leaves
from mcp_threat_scoring.rulebook.rule import AbilityTest, DomainTest, EffectTest, Not, SignalTest, Test
from mcp_threat_scoring.rulebook.signal_rule import SignalRule


def mentions(test: Test) -> set[str]:
    """The signals a test asks for."""
    return {one.signal for one in leaves(test) if isinstance(one, SignalTest)}


def families(rules: Iterable[SignalRule]) -> Mapping[str, Sequence[str]]:
    """The rules that a signal may stand for: itself, or, by the name of a file of variants, each of them."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for rule in rules:
        for name in {str(rule.id), str(rule.doc.id)}:
            found[name].append(str(rule.id))
    return found


def supporters(test: Test, *, positive: bool = True) -> Iterator[Test]:
    """The tests in a test that speak for it."""
    if isinstance(test, Not):
        yield from supporters(test.negated, positive=not positive)
    elif isinstance(test, Compound):
        # what can be pointed at comes before what is made of several parts
        for one in sorted(test.parts, key=lambda one: isinstance(one, Compound)):
            yield from supporters(one, positive=positive)
    elif positive:
        yield test


def asks_conclusions(test: Test) -> bool:
    """Whether a test asks what was concluded, and not only what was seen."""
    return any(isinstance(one, AbilityTest | EffectTest | DomainTest) for one in leaves(test))


def in_order(rules: list[SignalRule]) -> tuple[list[SignalRule], list[SignalRule]]:
    """Rules that mention a signal come after the rule that makes it; those that wait for a conclusion come last."""
    by_id, named = {str(rule.id): rule for rule in rules}, families(rules)
    needs = {
        name: [needed for signal in sorted(mentions(rule.test)) for needed in named.get(signal, ())]
        for name, rule in by_id.items()
    }
    ordered: dict[str, bool] = {}
    open_: set[str] = set()

    def visit(name: str) -> bool:
        """Whether the rule has to wait."""
        if name in ordered:
            return ordered[name]
        if name in open_:
            raise RuleError([RuleProblem(name, 0, "rules refer to each other in a circle")])
        open_.add(name)
        late = any(list(map(visit, needs[name]))) or asks_conclusions(by_id[name].test)
        open_.discard(name)
        ordered[name] = late
        return late

    for rule in rules:
        visit(str(rule.id))
    early = [by_id[name] for name, late in ordered.items() if not late]
    return early, [by_id[name] for name, late in ordered.items() if late]
