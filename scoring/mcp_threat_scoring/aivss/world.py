"""The tools of a picture as bit masks, so that a scoring rule asks all of them at once: of "sends", 0b101 says that the
first and the third tool do.

A :class:`World` is computed once per picture; :mod:`aivss.scene` varies it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from mcp_threat_scoring.aivss.answers import Answers
from mcp_threat_scoring.aivss.witness import DataLevel, Question, Witnesses
from mcp_threat_scoring.capability import ToolProfile
from mcp_threat_scoring.hostile.suspicion import CERTAIN, LIKELY
from mcp_threat_scoring.picture import Picture

if TYPE_CHECKING:
    from mcp_threat_scoring.aivss.atoms import Atoms
    from mcp_threat_scoring.aivss.factors import Factor, Known, Valued
    from mcp_threat_scoring.report_score import ProfileId

Certainty = Literal["likely", "sure", "conceivable", "told"]


class Threshold(NamedTuple):
    """Probabilities from which a tool counts as having an effect, and an ability."""

    effect: float
    ability: float


# As scored, for the lower bound of the range, and for the upper one. An ability moves the score by whole classes (a
# browser, a shell), so more than an even chance is asked of it; what is only more likely than not widens the range.
# Reasons and levers name and count the tools that the report's table and its threats name, from an even chance on.
THRESHOLDS: Mapping[Certainty, Threshold] = {
    "likely": Threshold(0.5, 0.65),
    "sure": Threshold(0.8, 0.85),
    "conceivable": Threshold(0.2, 0.5),
    "told": Threshold(0.5, 0.5),
}
_ADDS_ONLY = "tool.new_file"
"""The signal of tools that write without touching what exists."""
_NOBODYS, _SOMEBODYS = "tool.impersonal", "tool.private_data"
"""The signals of tools that read what is nobody's own, and what is somebody's."""
LEVELS: tuple[DataLevel, ...] = ("private", "sensitive")
_DELICATE_ABILITIES: Mapping[DataLevel, Sequence[str]] = {
    "sensitive": ("secrets.read", "money.move", "identity.admin"),
    # A browser works in sessions that somebody has signed in to.
    "private": ("secrets.read", "money.move", "identity.admin", "fs.read", "db.query", "browser"),
}


class World:
    """Bit masks over the tools of one picture: bit n is tool n."""

    def __init__(self, picture: Picture, atoms: Atoms) -> None:
        self.picture = picture
        self.answers = Answers(self, atoms)
        self.all = 0
        self.facts: dict[str, bool | int | str] = dict(picture.facts)
        self.abilities: dict[Certainty, dict[str, int]] = {certainty: {} for certainty in THRESHOLDS}
        self.effects: dict[Certainty, dict[str, int]] = {
            certainty: {"write": 0, "destructive": 0} for certainty in THRESHOLDS
        }
        self.hostile: dict[Certainty, int] = dict.fromkeys(THRESHOLDS, 0)
        self.domains: dict[str, int] = {}
        self._signals: dict[str, int] = {}
        self._elsewhere: dict[str, bool] = {}
        self.factors: dict[tuple[ProfileId, int], Valued] = {}
        """By profile and answers, the factors, once they were asked for."""
        self.valued: dict[tuple[Factor, int], Known] = {}
        """The same of single factors, by the answers that they depend on."""
        self.unclear = 0
        """The tools that are called reading, and may change something for all that is told of them."""
        homeless = unsaid = 0
        spoken = _speaking(picture)
        acts = any(picture.tools[index].evidence for index in spoken)
        for index in spoken:
            tool = picture.tools[index]
            self.all |= 1 << index
            self._place(tool, 1 << index)
            homeless |= 0 if tool.domains else 1 << index
            unsaid |= 1 << index if picture.from_listing and not tool.evidence else 0
        business = _business(picture, spoken)
        for name in business:
            # A server that is called after a line of business works in it also where a tool does not say so.
            self.domains[name] = self.domains.get(name, 0) | homeless
        lines = picture.ruleset.domains
        self.facts["business.sensitive"] = any(lines[name].sensitivity == "high" for name in business)
        self.data: dict[tuple[Certainty, DataLevel], int] = {}
        for level in LEVELS:
            held = self._delicate(level)
            for certainty, able in self.abilities.items():
                self.data[certainty, level] = held
                for name in _DELICATE_ABILITIES[level]:
                    self.data[certainty, level] |= able.get(name, 0)
        # "Billing" names a line of business and no act. Whoever serves somebody's own data mostly changes it too,
        # unless another clause says what is done; of public data nobody would think so.
        served = 0 if acts else unsaid & self.data["likely", "private"]
        for certainty, effects in self.effects.items():
            effects["write"] &= ~unsaid
            effects["write"] |= served if certainty != "sure" else 0
        readers = self.all & ~self.effects["likely"]["write"]  # the same for both bounds: a doubt may not hide one
        additions = self.signal_mask(_ADDS_ONLY)
        for effects in self.effects.values():
            effects["read"] = readers
            effects["change"] = (effects["write"] & ~additions) | effects["destructive"]
        self.witnesses = Witnesses(picture, self.facts, readers)
        self.facts["hostile"] = self._hostile()
        self.facts["nothing_known"] = self._nothing_known()

    def _place(self, tool: ToolProfile, bit: int) -> None:
        for domain in tool.domains:
            self.domains[domain] = self.domains.get(domain, 0) | bit
        for certainty, threshold in THRESHOLDS.items():
            able, effects = self.abilities[certainty], self.effects[certainty]
            # Prose has no schema to make sure of an ability by.
            enough = min(threshold.ability, 0.5) if self.picture.from_listing else threshold.ability
            for ability, odds in tool.abilities.items():
                if odds >= enough:
                    able[ability] = able.get(ability, 0) | bit
            if tool.write >= threshold.effect:
                effects["write"] |= bit
            if tool.destructive >= threshold.effect:
                effects["destructive"] |= bit
        if tool.unclear and not self.picture.from_listing:
            self.unclear |= bit
            self.effects["conceivable"]["write"] |= bit
            # Where no word is understood, none rules out the worst.
            self.effects["conceivable"]["destructive"] |= 0 if tool.told else bit

    def _delicate(self, level: DataLevel) -> int:
        """The tools that work on such data by their lines of business."""
        delicate = 0
        public = 0 if self.picture.from_listing else self.signal_mask(_NOBODYS) & ~self.signal_mask(_SOMEBODYS)
        for name, members in self.domains.items():
            line = self.picture.ruleset.domains[name]
            if line.sensitivity == "high" or (level == "private" and line.private):
                delicate |= members
            elif line.sensitivity == "low" and not line.private:
                public |= members
        # What is for everybody to read, or was handed over by the caller, is nobody's whatever it is about:
        # documentation, news, a shop's catalogue, a chart. The score and the verdict say the same of each tool.
        return delicate & ~public

    def _hostile(self) -> bool:
        """Mark the tools that carry text which is an attack by itself; whether anything else of the server does."""
        places = {tool.pointer: 1 << index for index, tool in enumerate(self.picture.tools)}
        elsewhere = False
        for one in self.picture.hostile:
            bit = 0 if self.picture.from_listing else places.get(one.pointer, 0)
            for certainty in THRESHOLDS:
                if one.log_odds >= (LIKELY if certainty == "conceivable" else CERTAIN):
                    self.hostile[certainty] |= bit
                    elsewhere |= not bit and certainty == "likely"
        return elsewhere

    def _nothing_known(self) -> bool:
        """No tool could be read, and what is written of the server says nothing of what they do; or more of them could
        not be read than could: one good tool in front may not stand for those behind it."""
        if self.picture.tools and not self.picture.from_listing:
            return int(self.facts.get("tools.unread", 0)) > len(self.picture.tools)
        if self.facts.get("coverage.tools") != "not_observed" and not self.facts.get("tools.lacking"):
            return False
        told = any(clause.evidence or clause.abilities for clause in self.picture.tools)
        return not told and not any(self.domains.values())

    def tools(self, asked: Question, certainty: Certainty) -> int:
        """The tools that are everything that is asked."""
        mask = self.all
        if asked.effect:
            mask &= self.effects[certainty][asked.effect]
        if asked.ability:
            mask &= self.abilities[certainty].get(asked.ability, 0)
        if asked.domain:
            mask &= self.domains.get(asked.domain, 0)
        if asked.hostile:
            mask &= self.hostile[certainty]
        if asked.data:
            mask &= self.data[certainty, asked.data]
        # What single clauses of prose do is not told apart: each may stand for tools of several kinds.
        if asked.does and not self.picture.from_listing:
            mask &= self.signal_mask(asked.does)
        return mask

    def enough(self, wanted: int) -> int:
        """How many tools are enough where a condition wants so many: a clause of prose may stand for any number."""
        return 1 if self.picture.from_listing else wanted

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
        if signal_id not in self._elsewhere:
            self._elsewhere[signal_id] = any(
                not signal.subject.startswith(("/tools/", "/description"))
                for signal in self.picture.signals.of(signal_id)
            )
        return self._elsewhere[signal_id]


# An API key that a listing speaks of is what callers need, not what the server keeps.
_NO_BUSINESS = frozenset({"secrets"})


def _speaking(picture: Picture) -> Sequence[int]:
    """The tools; of a listing, the clauses that say what is done, or what it is done on ("read pages, API key")."""
    every = range(len(picture.tools))
    if not picture.from_listing:
        return every
    return [
        index
        for index, clause in enumerate(picture.tools)
        if clause.evidence or clause.abilities or not _NO_BUSINESS.issuperset(clause.domains)
    ] or every


def _business(picture: Picture, spoken: Sequence[int]) -> list[str]:
    """The lines of business a server is called after; those its prose names only where a clause that counts does."""
    named: list[str] = []
    for name in picture.ruleset.domains:
        for signal in picture.signals.of(f"server-domain.{name}"):
            by_name = not picture.from_listing or any(one.pointer != "/description" for one in signal.evidence)
            if by_name or any(name in picture.tools[index].domains for index in spoken):
                named.append(name)
    return named
