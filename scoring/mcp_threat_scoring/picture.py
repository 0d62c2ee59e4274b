"""The picture: everything the rules concluded about one target. What follows reads this, and never the manifest.

Rules run in three rounds, each seeing what the rounds before concluded:

1. over every tool (and prompt, resource, template) by itself, on its texts and schema;
2. over every tool again, for rules that ask what was concluded about it (its effect, abilities, domains);
3. over the server as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mcp_threat_scoring.capability import ToolProfile, profile
from mcp_threat_scoring.facts import server_subject
from mcp_threat_scoring.manifest import Item, Manifest
from mcp_threat_scoring.match import Matcher
from mcp_threat_scoring.neutralise import SafeText, trusted
from mcp_threat_scoring.report import Effect
from mcp_threat_scoring.rule import AbilityTest, AllOf, AnyOf, DomainTest, EffectTest, Not, SignalTest, Test
from mcp_threat_scoring.ruleset import Ruleset, SignalRule
from mcp_threat_scoring.signal import Evidence, Signal, SignalId, Signals
from mcp_threat_scoring.views import shared_prefix, split_words, tool_subject

_RANK: Mapping[Effect, int] = {"read": 0, "write": 1, "destructive": 2}
_KINDS = (
    ("tools", "tools"), ("prompts", "prompts"), ("resources", "resources"), ("resource_templates", "resource_templates"),
)  # fmt: skip


def _asks_conclusions(test: Test) -> bool:
    if isinstance(test, AbilityTest | EffectTest | DomainTest):
        return True
    if isinstance(test, AnyOf):
        return any(map(_asks_conclusions, test.any))
    if isinstance(test, AllOf):
        return any(map(_asks_conclusions, test.all))
    return isinstance(test, Not) and _asks_conclusions(test.negated)


@dataclass(frozen=True, slots=True, eq=False)
class Engine:
    """A rule set compiled for the three rounds."""

    ruleset: Ruleset
    rules: Mapping[SignalId, SignalRule]
    first: Mapping[str, Matcher]
    second: Matcher
    server: Matcher


@lru_cache(maxsize=4)
def engine(ruleset: Ruleset) -> Engine:
    """Compile a rule set once.

    Raises:
        RuleError: a pattern or reference in a rule is wrong.
    """
    lexicon = ruleset.lexicon
    first: dict[str, Matcher] = {}
    for over, _ in _KINDS:
        mine = [rule for rule in ruleset.rules if rule.over == over and not _asks_conclusions(rule.test)]
        first[over] = Matcher(mine, lexicon)
    second = Matcher([r for r in ruleset.rules if r.over == "tools" and _asks_conclusions(r.test)], lexicon)
    server = Matcher([rule for rule in ruleset.rules if rule.over == "server"], lexicon)
    return Engine(ruleset, {rule.id: rule for rule in ruleset.rules}, first, second, server)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Signals, tool profiles and facts of one target."""

    signals: Signals
    tools: tuple[ToolProfile, ...]
    facts: Mapping[str, bool | int | str]
    domains: tuple[str, ...]
    """Domains of the server, commonest first."""
    rules: Mapping[SignalId, SignalRule]
    ruleset: Ruleset
    server_name: SafeText

    def has(self, signal_id: str) -> bool:
        """Whether that signal fired anywhere."""
        return signal_id in self.signals

    def evidence(self, signal_id: str, limit: int = 5) -> list[Evidence]:
        """The first few pieces of evidence for it."""
        return self.signals.evidence(signal_id, limit)

    def able(self, ability: str) -> list[ToolProfile]:
        """The tools with that ability."""
        return [tool for tool in self.tools if ability in tool.abilities]

    def acting(self, effect: Effect) -> list[ToolProfile]:
        """The tools with at least that effect."""
        return [tool for tool in self.tools if _RANK[tool.effect] >= _RANK[effect]]

    def tool_at(self, pointer: str) -> ToolProfile | None:
        """The tool a JSON Pointer lies in."""
        return next((t for t in self.tools if pointer == t.pointer or pointer.startswith(t.pointer + "/")), None)


def _effect_evidence(tool: ToolProfile) -> Evidence:
    return tool.evidence[0] if tool.evidence else Evidence(SignalId("effect"), tool.pointer, tool.name)


def _enough(found: Sequence[Evidence], wanted: int, share: float | None, whole: int) -> Sequence[Evidence] | None:
    return found if len(found) >= max(wanted, 1) and (share is None or len(found) >= share * max(whole, 1)) else None


def _tool_judge(tool: ToolProfile, signals: Sequence[Signal]):  # type: ignore[no-untyped-def]  # noqa: ANN202
    def judge(test: AbilityTest | EffectTest | DomainTest | SignalTest) -> Sequence[Evidence] | None:
        if isinstance(test, AbilityTest):
            return tool.ability_evidence.get(test.ability) if test.ability in tool.abilities else None
        if isinstance(test, EffectTest):
            if test.effect == "read":
                return [_effect_evidence(tool)] if 1 - tool.write >= test.sure else None
            odds = tool.write if test.effect == "write" else tool.destructive
            return [_effect_evidence(tool)] if odds >= test.sure else None
        if isinstance(test, DomainTest):
            return next((s.evidence for s in signals if s.id == f"domain.{test.domain}"), None)
        return next((signal.evidence for signal in signals if signal.id == test.signal), None)

    return judge


def _server_judge(tools: Sequence[ToolProfile], signals: Signals):  # type: ignore[no-untyped-def]  # noqa: ANN202
    def judge(test: AbilityTest | EffectTest | DomainTest | SignalTest) -> Sequence[Evidence] | None:
        if isinstance(test, AbilityTest):
            found = [
                (tool.ability_evidence[test.ability] or (_effect_evidence(tool),))[0]
                for tool in tools
                if test.ability in tool.abilities
            ]
        elif isinstance(test, EffectTest):
            found = [
                _effect_evidence(tool)
                for tool in tools
                if (
                    1 - tool.write
                    if test.effect == "read"
                    else tool.write
                    if test.effect == "write"
                    else tool.destructive
                )
                >= test.sure
            ]
        else:
            name = f"domain.{test.domain}" if isinstance(test, DomainTest) else test.signal
            found = [signal.evidence[0] for signal in signals.of(name) if signal.evidence]
        return _enough(found, test.at_least, test.share, len(tools))

    return judge


def paint(manifest: Manifest, ruleset: Ruleset) -> Picture:
    """Run the three rounds of rules over a manifest."""
    compiled = engine(ruleset)
    signals = Signals()
    tools: list[ToolProfile] = []
    prefix = shared_prefix([split_words(tool.name[:200]) for tool in manifest.tools])
    groups: Mapping[str, tuple[Item, ...]] = {
        "tools": manifest.tools, "prompts": manifest.prompts, "resources": manifest.resources,
        "resource_templates": manifest.resource_templates,
    }  # fmt: skip
    for over, items in groups.items():
        matcher = compiled.first[over]
        for item in items:
            subject = tool_subject(item, prefix if over == "tools" else "")
            fired = matcher.match(subject)
            if over == "tools":
                tool = profile(item, fired, compiled.rules, ruleset)
                tools.append(tool)
                fired += compiled.second.match(subject, _tool_judge(tool, fired))
            for signal in fired:
                signals.add(signal)
    whole = server_subject(manifest)
    for signal in compiled.server.match(whole, _server_judge(tools, signals)):
        signals.add(signal)
    counted = Counter(domain for tool in tools for domain in tool.domains)
    for domain in ruleset.domains:
        counted[domain] += max(1, len(tools) // 4) if f"server-domain.{domain}" in signals else 0
    ranked = sorted(
        (d for d in ruleset.domains if counted[d]), key=lambda d: (-counted[d], list(ruleset.domains).index(d))
    )
    name = manifest.server.title or manifest.server.name or (manifest.listing.name if manifest.listing else "")
    from mcp_threat_scoring.neutralise import neutralise_name

    return Picture(
        signals=signals,
        tools=tuple(tools),
        facts=whole.facts,
        domains=tuple(ranked),
        rules=compiled.rules,
        ruleset=ruleset,
        server_name=neutralise_name(name) if name else trusted("this server"),
    )
