"""Decides which threats fire on the observed signals, how likely and how grave.

The rules of judgement (DESIGN, "a layer is mapped only by its own evidence"):

- A threat that fires on exact observations of presence alone is *confirmed*; with heuristic ones, *likely*; one that
  needs a weak sign or a missing piece of information is *possible* and one severity step lower.
- A threat that rests on missing information only is no threat: it becomes a question.
- An observed amplifier raises the severity by one step, an observed dampener lowers it by one. Missing information
  does neither.
- A threat that says so (`per_tool`) fires only if its signals meet on one tool; signals of the whole server, which name
  no tool of their own, meet with every tool.
- A layer is mapped if a threat of its own fired on presence alone, or a safeguard that settles the layer was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from mcp_threat_scoring.maestro.threat import SignalMeta, Threat
from mcp_threat_scoring.report import SEVERITIES, Severity
from mcp_threat_scoring.signal import Signals
from mcp_threat_scoring.structs import Struct

_UNDECLARED = SignalMeta("presence", "heuristic")


class Judgement(Struct, frozen=True):
    """A threat that fired: through which signals, how likely, how grave."""

    threat: Threat
    used: tuple[str, ...]
    likelihood: Literal["confirmed", "likely", "possible"]
    severity: Severity
    worse: tuple[str, ...]
    better: tuple[str, ...]
    items: frozenset[str] | None = None
    """Pointers of the items on which the signals of a `per_tool` threat meet; None if nothing restricts them."""

    @property
    def maps(self) -> bool:
        """Whether it is evidence enough to call its layer mapped."""
        return self.likelihood != "possible"


class Observed:
    """The observed signals, sorted by what they are worth."""

    def __init__(self, signals: Signals, meta: Mapping[str, SignalMeta]) -> None:
        ids: frozenset[str] = frozenset(signals.ids())
        known = {signal_id: meta.get(signal_id, _UNDECLARED) for signal_id in ids}
        self.ids = ids
        self.gaps = frozenset(i for i, m in known.items() if m.polarity == "gap")
        self.presence = frozenset(i for i, m in known.items() if m.polarity == "presence")
        self.exact = frozenset(i for i in self.presence if known[i].method == "exact")
        self.controls = tuple(sorted(i for i, m in known.items() if m.polarity == "control"))
        self.settles = {i: known[i].settles for i in self.controls}
        self._signals = signals

    def anywhere(self, signal_ids: Sequence[str]) -> frozenset[str] | None:
        """The items on which any of the signals fired; None if one of them speaks of the whole server."""
        found = frozenset(signal.subject for signal_id in signal_ids for signal in self._signals.of(signal_id))
        return None if "" in found else found

    def meeting(self, threat: Threat) -> frozenset[str] | None:
        """The items on which the signals of a threat that fired meet; None if nothing restricts them."""
        places = [_common(self.anywhere(group) for group in branch) for branch in threat.when.branches(self.ids)]
        restricted = [place for place in places if place is not None]
        return frozenset().union(*restricted) if len(restricted) == len(places) else None


def _common(places: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    restricted = [place for place in places if place is not None]
    return frozenset.intersection(*restricted) if restricted else None


def judge(threat: Threat, observed: Observed) -> Judgement | None:
    """Whether the threat fires on what was observed; None if not, or if only missing information speaks for it."""
    return judged(threat, threat.when.fired_by(observed.ids), observed)


def judged(threat: Threat, used: tuple[str, ...], observed: Observed) -> Judgement | None:
    """The same, given the observed signals that make it fire, if any do."""
    if not used or observed.gaps.issuperset(used):
        return None
    items = observed.meeting(threat) if threat.per_tool else None
    if items is not None and not items:
        return None
    likelihood: Literal["confirmed", "likely", "possible"] = "possible"
    for name, part in (("confirmed", observed.exact), ("likely", observed.presence)):
        if part.isdisjoint(used):
            continue
        if strong := threat.when.fired_by(part, observed.ids):
            likelihood = "confirmed" if name == "confirmed" else "likely"
            weaker = [signal for signal in used if signal not in strong]
            used = (*strong, *weaker)
            break
    worse = tuple(s for s in threat.amplified_by if s in observed.ids and s not in observed.gaps)
    better = tuple(s for s in threat.dampened_by if s in observed.ids and s not in observed.gaps)
    step = SEVERITIES.index(threat.severity) - (likelihood == "possible") + bool(worse) - bool(better)
    severity = SEVERITIES[max(0, min(step, len(SEVERITIES) - 1))]
    return Judgement(threat, used, likelihood, severity, worse, better, items)
