"""What a scoring rule asks of tools ("does one move money?"), and the few of them that are called up to show it.

A thousand tools may answer; a report names two or three, those of which it is surest, with the words that say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from itertools import islice
from typing import Literal, NamedTuple

from mcp_threat_scoring.neutralise import neutralise, neutralise_name
from mcp_threat_scoring.phrases import listed, quoted
from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.signal import Evidence, SignalId

DataLevel = Literal["private", "sensitive"]
EVIDENCE_SHOWN = 3
NAMES_SHOWN = 2


class Question(NamedTuple):
    """What a condition asks of a tool; None does not ask."""

    effect: str | None
    ability: str | None
    domain: str | None
    data: DataLevel | None
    hostile: bool = False
    does: str | None = None


class Witnesses:
    """The tools and facts of one picture, as evidence. `readers` are the tools that change nothing."""

    def __init__(self, picture: Picture, facts: Mapping[str, bool | int | str], readers: int) -> None:
        self._picture = picture
        self._facts = facts
        self._readers = readers
        self._ranked: dict[str, list[int]] = {}
        self._shown: dict[tuple[int, Question], tuple[list[int], list[Evidence]]] = {}
        self._facts_shown: dict[str, Evidence] = {}

    def show(self, mask: int, asked: Question) -> tuple[list[int], list[Evidence]]:
        """The few tools of a mask that show best what was asked, and the evidence of it."""
        key = (mask, asked)
        if key not in self._shown:
            first = self._first(mask, asked)
            self._shown[key] = first, self._tool_evidence(first, asked)
        return self._shown[key]

    def _first(self, mask: int, asked: Question) -> list[int]:
        """The surest ones; readers where nothing was changed."""
        if asked.effect and asked.effect != "read":
            order: Iterable[int] = self._surest(asked.effect)
            return list(islice((index for index in order if mask >> index & 1), NAMES_SHOWN + 1))
        if asked.ability:
            tools, ability = self._picture.tools, asked.ability
            return nlargest(NAMES_SHOWN + 1, bits(mask), key=lambda index: (tools[index].abilities[ability], -index))
        readers = mask & self._readers
        return list(islice(bits(readers or mask), NAMES_SHOWN + 1))

    def _surest(self, effect: str) -> list[int]:
        if effect not in self._ranked:
            tools = self._picture.tools
            odds = [tool.destructive if effect == "destructive" else tool.write for tool in tools]
            self._ranked[effect] = sorted(range(len(tools)), key=lambda index: -odds[index])
        return self._ranked[effect]

    def names(self, shown: Sequence[int], count: int) -> str:
        """Tools for a sentence: "`a`, `b` and three more"; "the server" where nobody named any."""
        if self._picture.from_listing or not count:
            return "the server"
        return listed([quoted(self._picture.tools[index].name) for index in shown], count, NAMES_SHOWN)

    def _tool_evidence(self, tools: Iterable[int], asked: Question) -> list[Evidence]:
        found: list[Evidence] = []
        for index in islice(tools, EVIDENCE_SHOWN):
            tool = self._picture.tools[index]
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
        if name in self._facts_shown:
            return self._facts_shown[name]
        value = self._facts.get(name)
        shown = neutralise_name(value) if isinstance(value, str) else str(value).lower()
        part = name.partition(".")[0]
        pointer = f"/{part}" if part in ("auth", "transport", "launch") else ""
        self._facts_shown[name] = Evidence(SignalId(name), pointer, neutralise(f"{name}: {shown}"))
        return self._facts_shown[name]


def bits(mask: int) -> Iterator[int]:
    """The positions of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def shown(evidence: Iterable[Evidence]) -> list[Evidence]:
    """The first few pieces of evidence, as a report carries them."""
    return list(evidence)[:EVIDENCE_SHOWN]
