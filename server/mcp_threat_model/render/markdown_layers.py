"""The layers, their threats, and the tools in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mcp_threat_model.render import wording
from mcp_threat_model.render.marks import Room, code, details, html, names, sentence, table, why
from mcp_threat_scoring.report import LayerOut, Report, ThreatOut


def counts(report: Report) -> str:
    """How many tools of each effect, gravest first."""
    return ", ".join(f"{count} {effect}" for effect, count in wording.effects(report).items()) or wording.none_seen(
        report
    )


def layers(report: Report, room: Room) -> Iterator[str]:
    """The seven layers: a table of all, then each folded away, then the chains."""
    yield "### MAESTRO layers\n"
    yield from table(
        ("Layer", "Status", "Gravest threats"),
        (
            (
                f"{layer.id} {sentence(layer.name)}", layer.status.replace("_", " "),
                "; ".join(f"{sentence(threat.title)} ({threat.severity})" for threat in layer.threats[:2]) or "-",
            )
            for layer in report.maestro.layers
        ),
    )  # fmt: skip
    for layer in report.maestro.layers:
        status = layer.status.replace("_", " ")
        yield from details(f"{html(f'{layer.id} {layer.name}')}: {status}", list(_layer(layer, room)))
    chains = list(_threats(report.maestro.cross_layer, room))
    yield from details(f"Chains across layers: {len(report.maestro.cross_layer)}", chains)


def _layer(layer: LayerOut, room: Room) -> Iterator[str]:
    yield f"{sentence(layer.summary)}\n"
    yield from _threats(layer.threats, room)
    if layer.ask_next:
        yield "\nAsk the vendor:\n"
        yield from (f"- {sentence(question)}" for question in layer.ask_next)


def _threats(threats: Sequence[ThreatOut], room: Room) -> Iterator[str]:
    for threat in threats[: room.threats]:
        through = f" Tools: {names(threat.tools, room.names)}." if threat.tools else ""
        yield (
            f"- **{sentence(f'{threat.id} {threat.title}')}** ({threat.severity}, {threat.likelihood}): "
            f"{sentence(threat.description)}{through}{why(threat.evidence, room)}"
        )
        yield from (f"  - {wording.OWNERS[one.owner]}: {sentence(one.action)}" for one in threat.mitigations)
        if threat.response:
            yield f"  - If it happened: {' '.join(map(sentence, threat.response))}"
        if room.evidence:
            cited = (f"{wording.FRAMEWORKS.get(k, k)} {', '.join(ids)}" for k, ids in threat.references.items())
            if see := "; ".join(cited):
                yield f"  - See: {sentence(see)}"
    if len(threats) > room.threats:
        yield f"- … and {len(threats) - room.threats} more"


def tools(report: Report, room: Room) -> Iterator[str]:
    """What each tool can do, gravest first."""
    ranked = wording.gravest_first(report.capabilities.tools)
    yield "### What each tool can do\n"
    if not ranked:
        told = names(report.capabilities.abilities, 99)
        yield (
            f"{wording.unlisted(report)} Its description speaks of {told}.\n"
            if told
            else f"{wording.no_tools(report)}\n"
        )
        return
    rows = table(
        ("Tool", "Effect", "Sure", "Can", "About", "Says of itself", "Why"),
        (
            (
                code(tool.name), wording.effect(tool), wording.sure(tool.confidence),
                sentence(", ".join(tool.abilities)) or "-",
                sentence(", ".join(tool.domains)) or "-",
                ", ".join(code(wording.hint(hint, value)) for hint, value in tool.declared.items()) or "-",
                "; ".join(f"{code(one.excerpt)} ({one.weight:+.2f})" for one in tool.evidence[: room.evidence]) or "-",
            )
            for tool in ranked[: room.tools]
        ),
    )  # fmt: skip
    if len(ranked) > room.tools:
        rows += [f"… and {len(ranked) - room.tools} more, none of them graver"]
    yield from details(f"{wording.tool_count(report)}: {counts(report)}", rows)
