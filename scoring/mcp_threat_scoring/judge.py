"""Answers to rules that ask what was concluded so far: effects, abilities, domains, signals of an earlier round."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_scoring.capability import ToolProfile
from mcp_threat_scoring.matching.evidence import MAX_EVIDENCE, Judge
from mcp_threat_scoring.report import Effect
from mcp_threat_scoring.rulebook.rule import AbilityTest, DomainTest, EffectTest, SignalTest
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.signal import Evidence, Signal, SignalId, Signals

_LEVELS = ("high", "medium", "low")
Question = AbilityTest | EffectTest | DomainTest | SignalTest


def conclusions(tool: ToolProfile, ruleset: Ruleset) -> dict[str, bool | int | str]:
    """What was concluded about a tool, as facts for the second round: ``domain.private``, ``domain.sensitive``.

    What is written about a private subject for everybody to read (its documentation, news of it) is public.
    """
    domains = [ruleset.domains[name] for name in tool.domains]
    public = any(domain.sensitivity == "low" and not domain.private for domain in domains)
    return {
        "domain.private": not public and any(domain.private for domain in domains),
        "domain.sensitive": any(domain.sensitivity == "high" for domain in domains),
    }


def delicacy(tool: ToolProfile, ruleset: Ruleset) -> int:
    """How soon to name a tool among those that read what belongs to somebody, lowest first: secrets, then what people
    are, own or say to each other, then the rest by how sensitive its line of business is."""
    domains = [ruleset.domains[name] for name in tool.domains]
    if "secrets.read" in tool.abilities:
        return 0
    if any(domain.personal for domain in domains):
        return 1
    return 2 + min((_LEVELS.index(domain.sensitivity) for domain in domains), default=len(_LEVELS))


def _effect_evidence(tool: ToolProfile) -> Evidence:
    return tool.evidence[0] if tool.evidence else Evidence(SignalId("effect"), tool.pointer, tool.name)


def _odds(tool: ToolProfile, effect: Effect) -> float:
    return 1.0 - tool.write if effect == "read" else tool.write if effect == "write" else tool.destructive


def tool_judge(tool: ToolProfile, signals: Sequence[Signal]) -> Judge:
    """Answers about one tool."""
    first: dict[str, Signal] = {}
    for signal in signals:
        first.setdefault(signal.id, signal)

    def judge(test: Question) -> Signal | Sequence[Evidence] | None:
        if isinstance(test, AbilityTest):
            return tool.ability_evidence.get(test.ability) if test.ability in tool.abilities else None
        if isinstance(test, EffectTest):
            if test.effect != "read" and tool.silent:
                return None
            return [_effect_evidence(tool)] if _odds(tool, test.effect) >= test.sure else None
        return first.get(f"domain.{test.domain}" if isinstance(test, DomainTest) else test.signal)

    return judge


def server_judge(tools: Sequence[ToolProfile], signals: Signals) -> Judge:
    """Answers about the server as a whole: how many tools, and which."""

    def enough(test: Question, count: int) -> bool:
        return count >= max(test.at_least, 1) and (test.share is None or count >= test.share * max(len(tools), 1))

    def judge(test: Question) -> Sequence[Evidence] | None:
        """The evidence of the first few; finding that of all of a thousand tools would be for nobody."""
        if isinstance(test, AbilityTest):
            able = [tool for tool in tools if test.ability in tool.abilities]
            if enough(test, len(able)):
                return [
                    (tool.ability_evidence[test.ability] or (_effect_evidence(tool),))[0]
                    for tool in able[:MAX_EVIDENCE]
                ]
        elif isinstance(test, EffectTest):
            acting = [tool for tool in tools if _odds(tool, test.effect) >= test.sure]
            if enough(test, len(acting)):
                return [_effect_evidence(tool) for tool in acting[:MAX_EVIDENCE]]
        else:
            wanted = f"domain.{test.domain}" if isinstance(test, DomainTest) else test.signal
            seen = [signal for signal in signals.of(wanted) if signal.evident]
            if enough(test, len(seen)):
                return [first for signal in seen[:MAX_EVIDENCE] if (first := signal.first) is not None]
        return None

    return judge
