"""The threat catalogue: what the rules may say of threats, controls and layers. Unknown keys are errors.

:mod:`maestro.catalogue` reads the files; :mod:`maestro.layers` holds them against what was observed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal

from mcp_threat_scoring.model import Model
from mcp_threat_scoring.report import LayerId, MitigationOut, ThreatLayer
from mcp_threat_scoring.structs import Meta, Struct

Polarity = Literal["presence", "weak", "gap", "control"]
Method = Literal["exact", "heuristic"]
ThreatSeverity = Literal["low", "medium", "high", "critical"]
Framework = Literal["maestro", "owasp_mcp", "owasp_asi", "owasp_llm", "owasp_t", "cosai", "safe_mcp", "atlas", "cwe"]
SignalName = Annotated[str, Meta(pattern=r"^[a-z]+(\.[a-z0-9_]+)+$")]


class SignalMeta(Struct, frozen=True):
    """What a signal is worth: a fault or ability seen, a possibility, missing information, or a safeguard seen.

    `settles` names the layers about which a safeguard (polarity "control") is evidence by itself.
    """

    polarity: Polarity
    method: Method
    settles: frozenset[LayerId] = frozenset()


class When(Model, frozen=True, kw_only=True):
    """The rule of a threat over the set of observed signals. An empty part asks nothing."""

    all: tuple[SignalName, ...] = ()
    any: tuple[SignalName, ...] = ()
    and_any: tuple[SignalName, ...] = ()
    none: tuple[SignalName, ...] = ()
    or_all: tuple[Annotated[tuple[SignalName, ...], Meta(min_length=1)], ...] = ()

    @property
    def asks(self) -> bool:
        """Whether the main branch asks for anything; a rule of alternatives only leaves it empty."""
        return bool(self.all or self.any or self.and_any)

    def branches(self, observed: frozenset[str]) -> list[list[tuple[str, ...]]]:
        """The branches that hold, each as groups of observed signals of which one would be enough.

        `none` is not looked at here.
        """
        held: list[list[tuple[str, ...]]] = []
        if self.asks and observed.issuperset(self.all):
            parts = [tuple(name for name in part if name in observed) for part in (self.any, self.and_any) if part]
            if all(parts):
                held.append([*((name,) for name in self.all), *parts])
        held += [[(name,) for name in alternative] for alternative in self.or_all if observed.issuperset(alternative)]
        return held

    def fired_by(self, observed: frozenset[str], excluded: frozenset[str] | None = None) -> tuple[str, ...]:
        """The observed signals that make the rule true, in the rule's order; empty if it does not fire.

        `excluded` is the set that `none` is held against, `observed` unless given: who asks whether a rule also
        fires on a part of the evidence must not lose sight of the whole.
        """
        if not (observed if excluded is None else excluded).isdisjoint(self.none):
            return ()
        return tuple(dict.fromkeys(name for branch in self.branches(observed) for group in branch for name in group))

    def wakers(self) -> Iterator[str]:
        """Signals of which at least one is observed wherever the rule is true."""
        if self.asks:
            yield from self.all[:1] or self.any or self.and_any
        for alternative in self.or_all:
            yield alternative[0]

    def names(self) -> Iterator[str]:
        """Every signal the rule names."""
        yield from (*self.all, *self.any, *self.and_any, *self.none)
        for alternative in self.or_all:
            yield from alternative


class Threat(Model, frozen=True, kw_only=True):
    """One threat of the catalogue."""

    id: Annotated[str, Meta(pattern=r"^MTC-[1-8][0-9]{2}$")]
    slug: Annotated[str, Meta(pattern=r"^[a-z0-9-]+$")]
    title: str
    layer: ThreatLayer
    related_layers: tuple[LayerId, ...] = ()
    severity: ThreatSeverity
    when: When
    per_tool: bool = False
    """The signals must meet on one tool (or other item); those of the whole server meet with every tool."""
    subjects: tuple[SignalName, ...] = ()
    """The signals whose tools ``{tools}`` names, as far as they were observed; else all that made the threat fire."""
    amplified_by: tuple[SignalName, ...] = ()
    dampened_by: tuple[SignalName, ...] = ()
    description: str
    mitigations: Annotated[tuple[str, ...], Meta(min_length=1)]
    response: Annotated[tuple[str, ...], Meta(min_length=2, max_length=4)]
    references: Mapping[Framework, Annotated[tuple[str, ...], Meta(min_length=1)]]

    def signal_names(self) -> frozenset[str]:
        """Every signal that the threat names anywhere."""
        return frozenset((*self.when.names(), *self.amplified_by, *self.dampened_by))

    def in_general(self) -> str:
        """The description with general words where a report names tools and server."""
        # A chain names the tools of each of its links, {private_data} and the like: those are some of the tools.
        words = defaultdict(lambda: "some tools", {"tools": "these tools", "server": "the server"})
        text = self.description.format_map(words)
        return text[:1].upper() + text[1:]


class Control(Model, frozen=True, kw_only=True):
    """One countermeasure, and who can put it in place."""

    id: Annotated[str, Meta(pattern=r"^K[0-9]{2}$")]
    owner: Literal["server", "client", "platform"]
    action: str
    references: Mapping[Framework, tuple[str, ...]] = {}


class Question(Model, frozen=True, kw_only=True):
    """What to ask the vendor. `only` and `unless` name signals: one of them must, none of them may be observed."""

    ask: str
    only: tuple[SignalName, ...] = ()
    unless: tuple[SignalName, ...] = ()


class Layer(Model, frozen=True, kw_only=True):
    """One MAESTRO layer: what it is, and what to say and ask when nothing was seen of it."""

    id: LayerId
    name: str
    definition: str
    risk: str
    """Leads over to its threats, named in ``{threats}``."""
    favour: str
    """Tells of safeguards, in ``{controls}``."""
    hint: str
    """Tells of weak signs, in ``{signs}``."""
    silent: str
    """Says that nothing was seen; ``{surface}`` is what there was to look at."""
    known: tuple[SignalName, ...] = ()
    """Signals that are worth telling although they do not make the layer certain."""
    known_words: str
    """Tells of them, in ``{facts}``."""
    fallback: str
    ask_next: Annotated[tuple[Question, ...], Meta(min_length=1)]


class ThreatFile(Model, frozen=True, kw_only=True):
    """The first document of a file in `threats/`."""

    threats: tuple[Threat, ...]


class ControlFile(Model, frozen=True, kw_only=True):
    """`controls.yaml`."""

    controls: tuple[Control, ...]


class LayerFile(Model, frozen=True, kw_only=True):
    """`layers.yaml`: the layers, a clause for each signal that can be told of, a question for each that is a gap."""

    layers: Annotated[tuple[Layer, ...], Meta(min_length=7, max_length=7)]
    clauses: Mapping[SignalName, str]
    questions: Mapping[SignalName, str]


class Catalogue(Struct, frozen=True, dict=True):
    """All threats, controls and layers, indexed."""

    threats: tuple[Threat, ...]
    controls: Mapping[str, MitigationOut]
    layers: tuple[Layer, ...]
    clauses: Mapping[str, str]
    questions: Mapping[str, str]

    @cached_property
    def _woken(self) -> Mapping[str, list[int]]:
        """By signal, the places of the threats that it may make fire."""
        woken: defaultdict[str, list[int]] = defaultdict(list)
        for place, threat in enumerate(self.threats):
            for name in threat.when.wakers():
                woken[name].append(place)
        return dict(woken)

    def awake(self, observed: Collection[str]) -> list[Threat]:
        """The threats that may fire on these signals, in their order; no other does."""
        woken = self._woken
        places = {place for name in observed if name in woken for place in woken[name]}
        return [self.threats[place] for place in sorted(places)]

    def get(self, threat_id: str) -> Threat | None:
        """The threat of that id or slug, however its letters are written."""
        wanted = threat_id.casefold()
        return next((t for t in self.threats if wanted in (t.id.casefold(), t.slug.casefold())), None)

    def of_layer(self, layer: str) -> tuple[Threat, ...]:
        """The threats whose primary layer that is ("X" for the chains)."""
        return tuple(t for t in self.threats if t.layer == layer)

    def citing(self, reference: str) -> tuple[Threat, ...]:
        """The threats that cite that id, in any framework; ``MCP06`` finds ``MCP06:2025``."""
        wanted = reference.upper()
        return tuple(
            t
            for t in self.threats
            if any(wanted in (i.upper(), i.upper().partition(":20")[0]) for ids in t.references.values() for i in ids)
        )
