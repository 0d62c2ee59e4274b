"""What the scoring rules are asked about: a picture, with some tools taken away, and unknowns taken at their worst.

A :class:`World` is computed once per picture; a :class:`Scene` is a cheap variation of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Literal, NamedTuple

from mcp_threat_scoring.judge import server_judge
from mcp_threat_scoring.neutralise import neutralise
from mcp_threat_scoring.phrases import listed, quoted
from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.report import EvidenceOut
from mcp_threat_scoring.rule import AllOf, AnyOf, FactTest, Not, SignalTest, Test, TextTest
from mcp_threat_scoring.signal import Evidence, SignalId

DataLevel = Literal["private", "sensitive"]
Certainty = Literal["likely", "sure", "conceivable"]

# Probability from which a tool is taken to write (or destroy): as reported, for the lower bound of the range, and for
# the upper one. Between "sure" and "conceivable" the evidence is too thin to build a bound on.
THRESHOLDS: Mapping[Certainty, float] = {"likely": 0.5, "sure": 0.8, "conceivable": 0.2}

EVIDENCE_SHOWN = 3
NAMES_SHOWN = 3


class Question(NamedTuple):
    """What a condition asks of a tool; None does not ask."""

    effect: str | None
    ability: str | None
    domain: str | None
    data: DataLevel | None


# A browser works in sessions that somebody has signed in to.
_PRIVATE_ABILITIES = ("secrets.read", "fs.read", "db.query", "identity.admin", "browser")
_SENSITIVE_ABILITIES = ("secrets.read", "money.move", "identity.admin")


class World:
    """Bit masks over the tools of one picture: bit n is tool n."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.all = (1 << len(picture.tools)) - 1
        self.facts: dict[str, bool | int | str] = dict(picture.facts)
        self.abilities: dict[str, int] = {}
        self.domains: dict[str, int] = {}
        self.effects: dict[tuple[Certainty, str], int] = {
            (certainty, effect): 0 for certainty in THRESHOLDS for effect in ("write", "destructive")
        }
        self._signals: dict[str, int] = {}
        self._names: dict[int, str] = {}
        homeless = 0
        for index, tool in enumerate(picture.tools):
            bit = 1 << index
            for ability in tool.abilities:
                self.abilities[ability] = self.abilities.get(ability, 0) | bit
            for domain in tool.domains:
                self.domains[domain] = self.domains.get(domain, 0) | bit
            if not tool.domains:
                homeless |= bit
            for certainty, threshold in THRESHOLDS.items():
                if tool.write >= threshold:
                    self.effects[certainty, "write"] |= bit
                if tool.destructive >= threshold:
                    self.effects[certainty, "destructive"] |= bit
        for name in picture.ruleset.domains:
            # A server that is called after a line of business works in it also where a tool does not say so.
            if picture.has(f"server-domain.{name}"):
                self.domains[name] = self.domains.get(name, 0) | homeless
        self.data = {"private": self._private(), "sensitive": self._sensitive()}
        self.facts["hostile"] = self._hostile()
        self.facts["nothing_known"] = self._nothing_known()

    def _able(self, names: Iterable[str]) -> int:
        mask = 0
        for name in names:
            mask |= self.abilities.get(name, 0)
        return mask

    def _private(self) -> int:
        mask = self._able(_PRIVATE_ABILITIES)
        for name, members in self.domains.items():
            if self.picture.ruleset.domains[name].private:
                mask |= members
        return mask | self._sensitive()

    def _sensitive(self) -> int:
        mask = self._able(_SENSITIVE_ABILITIES)
        for name, members in self.domains.items():
            if self.picture.ruleset.domains[name].sensitivity == "high":
                mask |= members
        return mask

    def _hostile(self) -> bool:
        """Whether the server carries text that is an attack by itself."""
        for signal_id in self.picture.signals.ids():
            rule = self.picture.rules.get(signal_id)
            finding = rule.finding if rule else None
            if finding and finding.kind == "hostile_content" and finding.severity in ("high", "critical"):
                return True
        return False

    def _nothing_known(self) -> bool:
        """Nobody listed the tools, and what is written of the server says nothing of what they do."""
        if self.facts.get("coverage.tools") != "not_observed":
            return False
        return not (self.abilities or self.domains or self.effects["likely", "write"])

    def names(self, mask: int) -> str:
        """The tools of a mask for a sentence: "`a`, `b` and three more"; "the server" where nobody named any."""
        if self.picture.from_listing or not mask:
            return "the server"
        if mask not in self._names:
            first = [quoted(self.picture.tools[index].name) for index in islice(bits(mask), NAMES_SHOWN + 1)]
            self._names[mask] = listed(first, mask.bit_count(), NAMES_SHOWN)
        return self._names[mask]

    def tool_evidence(self, mask: int, asked: Question) -> list[Evidence]:
        """The first few pieces of evidence that tools are what a condition asks."""
        found: list[Evidence] = []
        for index in islice(bits(mask), EVIDENCE_SHOWN):
            tool = self.picture.tools[index]
            if asked.ability and tool.ability_evidence.get(asked.ability):
                found.append(tool.ability_evidence[asked.ability][0])
            elif (asked.effect or not asked.domain) and tool.evidence:
                found.append(tool.evidence[0])
            else:
                rule = f"domain.{asked.domain}" if asked.domain else "tool"
                found.append(Evidence(SignalId(rule), tool.pointer, tool.name))
        return found

    def fact_evidence(self, name: str) -> Evidence:
        """A fact as evidence."""
        value = self.facts.get(name)
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        part = name.partition(".")[0]
        pointer = f"/{part}" if part in ("auth", "transport", "launch") else ""
        return Evidence(SignalId(name), pointer, neutralise(f"{name}: {shown}"))

    def signal_mask(self, signal_id: str) -> int:
        """The tools a signal fired on; 0 if it fired on something else, or on the server as a whole."""
        if signal_id not in self._signals:
            mask = 0
            places = {signal.subject for signal in self.picture.signals.of(signal_id) if signal.subject}
            if places:
                for index, tool in enumerate(self.picture.tools):
                    if tool.pointer in places:
                        mask |= 1 << index
            self._signals[signal_id] = mask
        return self._signals[signal_id]

    def elsewhere(self, signal_id: str) -> bool:
        """Whether a signal fired on something that is no tool: the server, a prompt, a resource."""
        return any(
            signal.subject == "" or not signal.subject.startswith(("/tools/", "/description"))
            for signal in self.picture.signals.of(signal_id)
        )


@dataclass(frozen=True, eq=False)
class Scene:
    """A world with only the tools of `allowed`, and assumptions made."""

    world: World
    allowed: int
    certainty: Certainty = "likely"
    assumed: frozenset[str] = frozenset()
    fires: dict[str, bool] = field(default_factory=dict)
    masks: dict[Question, int] = field(default_factory=dict)

    def vary(self, *, deny: int = 0, assume: frozenset[str] = frozenset()) -> Scene:
        """The same scene without some tools, or with more assumed."""
        return Scene(self.world, self.allowed & ~deny, self.certainty, self.assumed | assume)

    def tools(self, asked: Question) -> int:
        """The tools that are everything that is asked."""
        mask = self.masks.get(asked)
        if mask is None:
            mask = self.allowed
            if asked.effect:
                mask &= self.world.effects[self.certainty, asked.effect]
            if asked.ability:
                mask &= self.world.abilities.get(asked.ability, 0)
            if asked.domain:
                mask &= self.world.domains.get(asked.domain, 0)
            if asked.data:
                mask &= self.world.data[asked.data]
            self.masks[asked] = mask
        return mask

    def signal_tools(self, signal_id: str) -> int:
        """The tools of this scene that a signal fired on."""
        return self.world.signal_mask(signal_id) & self.allowed

    def has(self, signal_id: str) -> bool:
        """Whether a signal fires here."""
        known = self.fires.get(signal_id)
        if known is None:
            known = self.fires[signal_id] = self._decide(signal_id)
        return known

    @property
    def _partial(self) -> bool:
        return self.allowed != self.world.all

    def _decide(self, signal_id: str) -> bool:
        if not self._partial:
            return signal_id in self.world.picture.signals
        rule = self.world.picture.rules.get(SignalId(signal_id))
        if rule is not None and rule.over == "server" and _asks_tools(rule.test):
            return self._recomputed(rule.test, signal_id)
        return bool(self.signal_tools(signal_id)) or self.world.elsewhere(signal_id)

    @cached_property
    def _judge(self):  # type: ignore[no-untyped-def]
        tools = [self.world.picture.tools[index] for index in bits(self.allowed)]
        return server_judge(tools, self.world.picture.signals)

    def _recomputed(self, test: Test, signal_id: str) -> bool:
        """A rule over the server, asked again with fewer tools. What it read in texts has not changed."""
        if isinstance(test, AnyOf):
            return any(self._recomputed(part, signal_id) for part in test.any)
        if isinstance(test, AllOf):
            return all(self._recomputed(part, signal_id) for part in test.all)
        if isinstance(test, Not):
            return not self._recomputed(test.negated, signal_id)
        if isinstance(test, TextTest):
            return any(not e.pointer.startswith("/tools/") for e in self.world.picture.evidence(signal_id))
        if isinstance(test, FactTest):
            return _holds(test, self.world.facts.get(test.fact))
        if isinstance(test, SignalTest):
            members = self.signal_tools(test.signal).bit_count()
            if test.at_least <= 1 and test.share is None:
                return self.has(test.signal)
            return members >= test.at_least and members >= (test.share or 0) * max(self.allowed.bit_count(), 1)
        return self._judge(test) is not None


def _asks_tools(test: Test) -> bool:
    if isinstance(test, AnyOf):
        return any(map(_asks_tools, test.any))
    if isinstance(test, AllOf):
        return any(map(_asks_tools, test.all))
    return _asks_tools(test.negated) if isinstance(test, Not) else not isinstance(test, TextTest | FactTest)


def _holds(test: FactTest, value: object) -> bool:
    if test.at_least is not None:
        return isinstance(value, int) and value >= test.at_least
    if test.at_most is not None:
        return isinstance(value, int) and value <= test.at_most
    wanted = test.equals if isinstance(test.equals, list) else [test.equals]
    return any(type(one) is type(value) and one == value for one in wanted)


def bits(mask: int) -> Iterator[int]:
    """The positions of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def shown(evidence: Iterable[Evidence]) -> list[EvidenceOut]:
    """The first few pieces of evidence, as a report carries them."""
    found = list(evidence)[:EVIDENCE_SHOWN]
    return [EvidenceOut(rule_id=e.rule_id, pointer=e.pointer, excerpt=e.excerpt, weight=e.weight) for e in found]
