"""Holds the catalogue against the observed signals: which threats fired, how likely, how grave, in which layer.

:mod:`maestro.assess` decides; this module orders what it decided and has it put into words.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import zip_longest
from typing import Literal

from mcp_threat_scoring.maestro.assess import Judgement, Observed, judged
from mcp_threat_scoring.maestro.layer_words import LayerTelling, layer_paragraph
from mcp_threat_scoring.maestro.threat import Catalogue, Layer, SignalMeta
from mcp_threat_scoring.phrases import Seen, evidence_of, joined, listed, quoted, see
from mcp_threat_scoring.report import LayerOut, MaestroOut, ThreatOut, gravity
from mcp_threat_scoring.signal import Signals
from mcp_threat_scoring.words import WordsContext

EVIDENCE_PER_THREAT = 6
KNOWN_TOLD = 2
_NARROWER: Mapping[str, str] = {"tool.write": "tool.destructive"}
"""Whoever destroys also writes: where both are observed, the wider clause names the others."""
_LIKELIHOODS: tuple[Literal["confirmed", "likely", "possible"], ...] = ("confirmed", "likely", "possible")


def _in_prose(tools: Sequence[str]) -> str:
    return listed([quoted(name) for name in tools[:4]], len(tools)) or "this server"


class _Places(dict[str, str]):
    """What stands in the places of a description; ``{private_data}`` are the tools of the signal tool.private_data."""

    def __init__(self, seen: Callable[[str], Seen], **known: str) -> None:
        super().__init__(known)
        self._seen = seen

    def __missing__(self, place: str) -> str:
        return _in_prose(self._seen(f"tool.{place}").tools)


class _Writer:
    """Turns judgements into report parts; looks each signal up once."""

    def __init__(self, signals: Signals, catalogue: Catalogue, context: WordsContext) -> None:
        self.signals = signals
        self.catalogue = catalogue
        self.context = context
        self._seen: dict[str, Seen] = {}
        self.spoken: set[str] = set()
        self.repeated: set[str] = set()

    def seen(self, signal_id: str) -> Seen:
        if signal_id not in self._seen:
            params = "{params}" in self.catalogue.clauses.get(signal_id, "")
            self._seen[signal_id] = see(self.signals, signal_id, self.context.names, parameters=params)
        return self._seen[signal_id]

    def say(self, signal_id: str, beside: Collection[str] = ()) -> str:
        """The clause of a signal; `beside` are those that are told with it."""
        clause = self.catalogue.clauses.get(signal_id)
        if not clause:
            return ""
        seen = self.seen(signal_id)
        narrower = _NARROWER.get(signal_id)
        if narrower in beside and narrower in self.signals:
            others = see(self.signals, signal_id, self.context.names, skip=self.seen(str(narrower)).items)
            seen = others if others.items else seen
        return seen.say(clause)

    def told(self, signal_ids: Sequence[str]) -> list[str]:
        """The clauses of these signals, each once, those without a clause left out."""
        return [said for said in dict.fromkeys(self.say(one, signal_ids) for one in signal_ids) if said]

    def threat(self, judgement: Judgement) -> ThreatOut:
        threat = judgement.threat
        naming = [signal for signal in threat.subjects if signal in self.signals] or judgement.used
        tools = list(dict.fromkeys(name for signal in naming for name in self.seen(signal).tools))
        if judgement.items is not None:
            names = self.context.names
            tools = [names[p] for p in names if p in judgement.items and p.startswith("/tools/")]
        places = _Places(self.seen, tools=_in_prose(tools), server=self.context.name)
        description = threat.description.format_map(places)
        if worse := self.told([s for s in judgement.worse if s not in judgement.used]):
            description += f" It is worse here because {joined(worse)}."
        if better := self.told(judgement.better):
            description += f" What holds it back: {joined(better)}."
        return ThreatOut(
            id=threat.id,
            title=threat.title,
            likelihood=judgement.likelihood,
            severity=judgement.severity,
            description=description[:1].upper() + description[1:],
            tools=tools,
            evidence=evidence_of(
                self.signals, dict.fromkeys((*judgement.used, *naming)), EVIDENCE_PER_THREAT, judgement.items
            ),
            mitigations=[self.catalogue.controls[control] for control in threat.mitigations],
            response=list(threat.response),
            references={framework: list(ids) for framework, ids in threat.references.items()},
        )

    def news(self, layer: Layer, observed: Observed) -> list[str]:
        """What is worth telling of a layer that is not certain: first of all what no other layer has told."""
        known = [s for s in layer.known if s in observed.ids and s not in self.repeated]
        news = [s for s in known if s not in self.spoken][:KNOWN_TOLD] or known[:1]
        self.repeated.update(news)
        return news

    def layer(self, layer: Layer, own: Sequence[Judgement], missing: Sequence[str], observed: Observed) -> LayerOut:
        controls = [c for c in observed.controls if layer.id in observed.settles[c]]
        mapped = bool(controls) or any(judgement.maps for judgement in own)
        threats = [self.threat(judgement) for judgement in own]
        strong = _in_turn([[s for s in j.used if s in observed.presence] for j in own if j.maps])
        weak = [s for j in own if not j.maps for s in j.used if s not in observed.gaps and s not in strong]
        telling = LayerTelling(
            facts=self.told(strong),
            weak=self.told(weak),
            controls=self.told(controls),
            known=() if mapped else self.told(self.news(layer, observed)),
            threats=threats,
        )
        asked = [self.catalogue.questions[signal] for signal in missing if signal in self.catalogue.questions]
        if not mapped:
            asked = [q.ask for q in layer.ask_next if _applies(q.only, q.unless, observed)] + asked
        return LayerOut(
            id=layer.id,
            name=layer.name,
            status="mapped" if mapped else "not_certain",
            summary=layer_paragraph(layer, telling, self.context, mapped=mapped),
            ask_next=list(dict.fromkeys(q.format_map({"server": self.context.name}) for q in asked)),
            threats=threats,
        )


def _in_turn(columns: Sequence[Sequence[str]]) -> list[str]:
    """The first of each, then the second of each …: so that no threat hides the evidence of the next."""
    return [s for row in zip_longest(*columns) for s in row if s is not None]


def _applies(only: Sequence[str], unless: Sequence[str], observed: Observed) -> bool:
    return (not only or not observed.ids.isdisjoint(only)) and observed.ids.isdisjoint(unless)


def _gravest_first(judgement: Judgement) -> tuple[int, int, str]:
    return (
        gravity(judgement.severity), _LIKELIHOODS.index(judgement.likelihood), judgement.threat.id
    )  # fmt: skip


def model(signals: Signals, meta: Mapping[str, SignalMeta], catalogue: Catalogue, context: WordsContext) -> MaestroOut:
    """The seven layers and the chains that cross them, from the observed signals.

    `meta` says what each signal is worth; a signal it does not know counts as a heuristic sign of presence.
    """
    observed = Observed(signals, meta)
    writer = _Writer(signals, catalogue, context)
    fired: dict[str, list[Judgement]] = {layer.id: [] for layer in catalogue.layers} | {"X": []}
    missing: dict[str, dict[str, None]] = {layer.id: {} for layer in catalogue.layers}
    for threat in catalogue.awake(observed.ids):
        used = threat.when.fired_by(observed.ids)
        if judgement := judged(threat, used, observed):
            fired[threat.layer].append(judgement)
        home = threat.related_layers[0] if threat.layer == "X" and threat.related_layers else threat.layer
        if home in missing:  # each missing piece of information that it fires through is a question to ask
            missing[home].update(dict.fromkeys(signal for signal in used if signal in observed.gaps))
    for judgements in fired.values():
        judgements.sort(key=_gravest_first)
    writer.spoken.update(s for js in fired.values() for j in js if j.maps and j.threat.layer != "X" for s in j.used)
    return MaestroOut(
        layers=[writer.layer(layer, fired[layer.id], tuple(missing[layer.id]), observed) for layer in catalogue.layers],
        cross_layer=[writer.threat(judgement) for judgement in fired["X"]],
    )
