"""A signal: one rule fired somewhere in a manifest, with its evidence. What follows the rules reads only signals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NewType

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.neutralise import SafeText

SignalId = NewType("SignalId", str)


class EvidenceOut(Model, frozen=True):
    """One piece of evidence: the rule's id, the JSON Pointer, the (neutralised) words, and their weight in log-odds."""

    rule_id: str
    pointer: str
    excerpt: SafeText
    weight: float = 0.0


Evidence = EvidenceOut
"""Where and on which words a rule fired. It goes into the report as it is: its words are made safe before."""


class Signal:
    """One rule on one subject. `subject` is the item's pointer, or the empty string for the server as a whole."""

    __slots__ = ("_found", "id", "subject")

    def __init__(self, id: SignalId, subject: str, evidence: tuple[Evidence, ...]) -> None:
        self.id = id
        self.subject = subject
        self._found = evidence

    def __repr__(self) -> str:
        return f"Signal({self.id} on {self.subject or 'the server'})"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Where and on which words it fired."""
        return self._found

    @property
    def evident(self) -> bool:
        """Whether there is any evidence to show: a rule that fires on what is absent has none."""
        return bool(self._found)

    @property
    def first(self) -> Evidence | None:
        """The first piece of evidence."""
        return self.evidence[0] if self.evidence else None


class Signals:
    """An ordered, indexed set of signals."""

    def __init__(self, signals: Iterable[Signal] = ()) -> None:
        self._all: list[Signal] = []
        self._by_id: defaultdict[SignalId, list[Signal]] = defaultdict(list)
        for signal in signals:
            self.add(signal)

    def add(self, signal: Signal) -> None:
        """Add one more; order of addition is kept."""
        self._all.append(signal)
        self._by_id[signal.id].append(signal)

    def __iter__(self) -> Iterator[Signal]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, signal_id: object) -> bool:
        return signal_id in self._by_id

    def of(self, signal_id: str) -> list[Signal]:
        """All signals of that id, in manifest order unless they were arranged."""
        return self._by_id.get(SignalId(signal_id), [])

    def arrange(self, signal_id: str, rank: Callable[[Signal], int]) -> None:
        """Have those of one id told by rank, lowest first: who names a few of many names those that matter most."""
        self.of(signal_id).sort(key=rank)

    def evidence(self, signal_id: str, limit: int = 5) -> list[Evidence]:
        """The first few pieces of evidence of that signal."""
        found: list[Evidence] = []
        for signal in self.of(signal_id):
            found.extend(signal.evidence[: limit - len(found)])
            if len(found) >= limit:
                break
        return found

    def ids(self) -> frozenset[SignalId]:
        """Every signal that fired."""
        return frozenset(self._by_id)
