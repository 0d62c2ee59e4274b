"""Holds the catalogue against the observed signals: which threats fired, how likely, how grave, in which layer.

The rules of judgement (DESIGN, "a layer is mapped only by its own evidence"):

- A threat that fires on exact observations of presence alone is *confirmed*; with heuristic ones, *likely*; one that
  needs a weak sign or a missing piece of information is *possible* and one severity step lower.
- A threat that rests on missing information only is no threat: it becomes a question.
- An observed amplifier raises the severity by one step, an observed dampener lowers it by one. Missing information
  does neither.
- A layer is mapped if a threat of its own fired on presence alone, or a safeguard that settles the layer was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mcp_threat_scoring.phrases import Seen, evidence_of, joined, listed, quoted, see
from mcp_threat_scoring.report import SEVERITIES, EvidenceOut, LayerOut, MaestroOut, Severity, ThreatOut
from mcp_threat_scoring.signal import Signals
from mcp_threat_scoring.threat import Catalogue, Layer, SignalMeta, Threat
from mcp_threat_scoring.words import LayerTelling, WordsContext, layer_paragraph

EVIDENCE_PER_THREAT = 6
_UNDECLARED = SignalMeta("presence", "heuristic")
_LIKELIHOODS: tuple[Literal["confirmed", "likely", "possible"], ...] = ("confirmed", "likely", "possible")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A threat that fired: through which signals, how likely, how grave."""

    threat: Threat
    used: tuple[str, ...]
    likelihood: Literal["confirmed", "likely", "possible"]
    severity: Severity
    worse: tuple[str, ...]
    better: tuple[str, ...]

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


def judge(threat: Threat, observed: Observed) -> Judgement | None:
    """Whether the threat fires on what was observed; None if not, or if only missing information speaks for it."""
    used = threat.when.fired_by(observed.ids)
    if not used or observed.gaps.issuperset(used):
        return None
    likelihood: Literal["confirmed", "likely", "possible"] = "possible"
    for name, part in (("confirmed", observed.exact), ("likely", observed.presence)):
        if strong := threat.when.fired_by(part, observed.ids):
            likelihood = "confirmed" if name == "confirmed" else "likely"
            weaker = [signal for signal in used if signal not in strong]
            used = (*strong, *weaker)
            break
    worse = tuple(s for s in threat.amplified_by if s in observed.ids and s not in observed.gaps)
    better = tuple(s for s in threat.dampened_by if s in observed.ids and s not in observed.gaps)
    step = SEVERITIES.index(threat.severity) - (likelihood == "possible") + bool(worse) - bool(better)
    severity = SEVERITIES[max(0, min(step, len(SEVERITIES) - 1))]
    return Judgement(threat, used, likelihood, severity, worse, better)


def questions(threat: Threat, observed: Observed) -> tuple[str, ...]:
    """The missing pieces of information through which the threat fires: each is a question to ask."""
    return tuple(signal for signal in threat.when.fired_by(observed.ids) if signal in observed.gaps)


class _Writer:
    """Turns judgements into report parts; looks each signal up once."""

    def __init__(self, signals: Signals, catalogue: Catalogue, context: WordsContext) -> None:
        self.signals = signals
        self.catalogue = catalogue
        self.context = context
        self._seen: dict[str, Seen] = {}

    def seen(self, signal_id: str) -> Seen:
        if signal_id not in self._seen:
            self._seen[signal_id] = see(self.signals, signal_id, self.context.names)
        return self._seen[signal_id]

    def say(self, signal_id: str) -> str:
        clause = self.catalogue.clauses.get(signal_id)
        return self.seen(signal_id).say(clause) if clause else ""

    def told(self, signal_ids: Sequence[str]) -> list[str]:
        """The clauses of these signals, each once, those without a clause left out."""
        return [said for said in dict.fromkeys(self.say(signal_id) for signal_id in signal_ids) if said]

    def threat(self, judgement: Judgement) -> ThreatOut:
        threat = judgement.threat
        tools = list(dict.fromkeys(name for signal in judgement.used for name in self.seen(signal).tools))
        server = quoted(self.context.server) if self.context.server else "this server"
        description = threat.description.format_map(
            {"tools": listed([quoted(name) for name in tools[:4]], len(tools)) or "this server", "server": server}
        )
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
            evidence=[
                EvidenceOut(rule_id=e.rule_id, pointer=e.pointer, excerpt=e.excerpt, weight=e.weight)
                for e in evidence_of(self.signals, judgement.used, EVIDENCE_PER_THREAT)
            ],
            mitigations=[self.catalogue.controls[control] for control in threat.mitigations],
            response=list(threat.response),
            references={framework: list(ids) for framework, ids in threat.references.items()},
        )

    def layer(self, layer: Layer, own: Sequence[Judgement], missing: Sequence[str], observed: Observed) -> LayerOut:
        controls = [c for c in observed.controls if layer.id in observed.settles[c]]
        mapped = bool(controls) or any(judgement.maps for judgement in own)
        threats = [self.threat(judgement) for judgement in own]
        strong = [s for j in own if j.maps for s in j.used if s in observed.presence]
        weak = [s for j in own if not j.maps for s in j.used if s not in observed.gaps and s not in strong]
        telling = LayerTelling(
            facts=self.told(strong), weak=self.told(weak), controls=self.told(controls), threats=threats
        )
        asked = [self.catalogue.questions[signal] for signal in missing if signal in self.catalogue.questions]
        if not mapped:
            asked = [q.ask for q in layer.ask_next if _applies(q.only, q.unless, observed)] + asked
        server = quoted(self.context.server) if self.context.server else "this server"
        return LayerOut(
            id=layer.id,
            name=layer.name,
            status="mapped" if mapped else "not_certain",
            summary=layer_paragraph(layer, telling, self.context, mapped=mapped),
            ask_next=list(dict.fromkeys(q.format_map({"server": server}) for q in asked)),
            threats=threats,
        )


def _applies(only: Sequence[str], unless: Sequence[str], observed: Observed) -> bool:
    return (not only or not observed.ids.isdisjoint(only)) and observed.ids.isdisjoint(unless)


def _gravest_first(judgement: Judgement) -> tuple[int, int, str]:
    return (
        -SEVERITIES.index(judgement.severity), _LIKELIHOODS.index(judgement.likelihood), judgement.threat.id
    )  # fmt: skip


def model(signals: Signals, meta: Mapping[str, SignalMeta], catalogue: Catalogue, context: WordsContext) -> MaestroOut:
    """The seven layers and the chains that cross them, from the observed signals.

    `meta` says what each signal is worth; a signal it does not know counts as a heuristic sign of presence.
    """
    observed = Observed(signals, meta)
    writer = _Writer(signals, catalogue, context)
    fired: dict[str, list[Judgement]] = {layer.id: [] for layer in catalogue.layers} | {"X": []}
    missing: dict[str, dict[str, None]] = {layer.id: {} for layer in catalogue.layers}
    for threat in catalogue.threats:
        if judgement := judge(threat, observed):
            fired[threat.layer].append(judgement)
        home = threat.related_layers[0] if threat.layer == "X" and threat.related_layers else threat.layer
        if home in missing and observed.gaps:
            missing[home].update(dict.fromkeys(questions(threat, observed)))
    for judgements in fired.values():
        judgements.sort(key=_gravest_first)
    return MaestroOut(
        layers=[writer.layer(layer, fired[layer.id], tuple(missing[layer.id]), observed) for layer in catalogue.layers],
        cross_layer=[writer.threat(judgement) for judgement in fired["X"]],
    )
