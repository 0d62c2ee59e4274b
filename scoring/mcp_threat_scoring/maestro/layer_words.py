"""The paragraph about one layer of one server, composed from clauses that each rest on evidence."""

from collections.abc import Mapping, Sequence

from mcp_threat_scoring.maestro.threat import Layer
from mcp_threat_scoring.phrases import joined, lowered, number, sentence
from mcp_threat_scoring.report import ThreatOut
from mcp_threat_scoring.structs import Struct, field
from mcp_threat_scoring.words import WordsContext

FACTS_SHOWN = 3
THREATS_SHOWN = 3
PARTS_OF_LAYER: Mapping[str, tuple[str, ...]] = {
    "L2": ("resources",),
    "L3": ("tools", "prompts"),
    "L4": ("transport", "launch"),
    "L6": ("auth",),
    "L7": ("server",),
}
MATTERS_ANYWAY = ("tools", "auth")
"""Parts whose absence is told even where other evidence mapped the layer."""


class LayerTelling(Struct, frozen=True):
    """What there is to say of a layer: clauses about presence, weak signs, safeguards and the rest, and its threats."""

    facts: Sequence[str] = ()
    weak: Sequence[str] = ()
    controls: Sequence[str] = ()
    known: Sequence[str] = ()
    threats: Sequence[ThreatOut] = field(default_factory=tuple)


def _named_threats(threats: Sequence[ThreatOut]) -> str:
    told = [f"{lowered(t.title)} ({t.severity})" for t in threats[:THREATS_SHOWN]]
    more = len(threats) - len(told)
    if more == 1:
        told.append(f"{lowered(threats[THREATS_SHOWN].title)} ({threats[THREATS_SHOWN].severity})")
    elif more > 1:
        told.append(f"and {number(more)} more")
    return "; ".join(told)


def layer_paragraph(layer: Layer, telling: LayerTelling, context: WordsContext, *, mapped: bool) -> str:
    """One paragraph about one layer of one server."""
    told: list[str] = []
    parts = PARTS_OF_LAYER.get(layer.id, ())
    if telling.facts and mapped:
        told.append(sentence("; ".join(telling.facts[:FACTS_SHOWN])))
        told.append(
            sentence(layer.risk.format_map({"threats": _named_threats(telling.threats), "server": context.name}))
        )
    if not mapped:
        told.append(sentence(layer.silent.format_map({"surface": context.surface(), "server": context.name})))
        if telling.known and not telling.weak:
            told.append(sentence(layer.known_words.format_map({"facts": joined(telling.known[:2])})))
    if telling.weak and not (telling.facts and mapped):
        told.append(sentence(layer.hint.format_map({"signs": joined(telling.weak[:2])})))
    if telling.controls and mapped:
        told.append(
            sentence(
                layer.favour.format_map({"controls": joined(telling.controls[:FACTS_SHOWN]), "server": context.name})
            )
        )
    told += context.missing([p for p in parts if not mapped or p in MATTERS_ANYWAY or context.damaged(p)])
    if not mapped:
        told.append(layer.fallback)
    return " ".join(told)
