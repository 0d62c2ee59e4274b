"""The pure pipeline, on one screen: a manifest goes in, a report comes out; the same one every time, byte for byte."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from mcp_threat_scoring.aivss.score import score
from mcp_threat_scoring.auth_scope import authority
from mcp_threat_scoring.check import checks
from mcp_threat_scoring.finding import by_severity, findings
from mcp_threat_scoring.hostile.finding import hostile_checks, hostile_findings
from mcp_threat_scoring.maestro.catalogue import load_catalogue
from mcp_threat_scoring.maestro.layers import model
from mcp_threat_scoring.maestro.threat import Catalogue, SignalMeta
from mcp_threat_scoring.manifest import Coverage, Manifest, PartName, partial
from mcp_threat_scoring.neutralise import (
    SafeText,
    as_asked,
    excerpt,
    left_out_of_name,
    neutralise,
    neutralise_name,
    trusted,
)
from mcp_threat_scoring.phrases import counted, number
from mcp_threat_scoring.picture import Picture, paint, part_of
from mcp_threat_scoring.report import CapabilitiesOut, CoverageOut, Report, ServerOut, TargetOut, ToolOut
from mcp_threat_scoring.report_score import ProfileId
from mcp_threat_scoring.rulebook.ruleset import Ruleset, load_rules
from mcp_threat_scoring.stakes import stakes
from mcp_threat_scoring.structs import Struct, replace
from mcp_threat_scoring.verdict import verdict
from mcp_threat_scoring.words import WordsContext, summary

INSTRUCTIONS_SHOWN = 8
"""Words. What a server tells a model to do is not passed on to the model that asked about the server."""
TARGET_SHOWN = 500


class Knowledge(Struct, frozen=True, eq=False):
    """All rules: signals, threats, and what each signal is worth."""

    ruleset: Ruleset
    catalogue: Catalogue
    meta: Mapping[str, SignalMeta]


def knowledge(root: Path | None = None, extra: tuple[Path, ...] = ()) -> Knowledge:
    """Load everything under `rules/` (and folders of further signal rules), once per process.

    Raises:
        RuleError: with every problem in every file.
    """
    return _load(root, extra)  # in one order: the cache tells `f()` from `f(extra=())`


@lru_cache(maxsize=4)
def _load(root: Path | None, extra: tuple[Path, ...]) -> Knowledge:
    ruleset = load_rules(root, extra)
    meta = {
        str(rule.id): SignalMeta(rule.polarity, "exact" if rule.exact else "heuristic", frozenset(rule.settles))
        for rule in ruleset.rules
    }
    return Knowledge(ruleset, load_catalogue(ruleset.root), meta)


def analyze(manifest: Manifest, known: Knowledge | None = None, profile: ProfileId = "graded") -> Report:
    """Threat-model one manifest.

    `profile` chooses the headline score; the other profile's stands beside it. Never raises on what a target says.
    """
    known = known or knowledge()
    picture = paint(manifest, known.ruleset)
    auth = authority(picture, manifest.auth)
    found = by_severity([*hostile_findings(picture.hostile, known.ruleset), *findings(picture)])
    context = _context(manifest, picture)
    capabilities = _capabilities(picture)
    maestro = model(picture.signals, known.meta, known.catalogue, context)
    threats = [*(t for layer in maestro.layers for t in layer.threats), *maestro.cross_layer]
    decided = verdict(picture, found, threats)
    aivss = score(picture, profile, advise=decided.decision != "block")
    report = Report(
        target=TargetOut(kind=manifest.target_kind, value=as_asked(manifest.target_value, TARGET_SHOWN)),
        server=_server(manifest),
        coverage={part: _coverage(_closely(part, seen, picture)) for part, seen in manifest.coverage.items()},
        capabilities=capabilities,
        auth=auth,
        findings=found,
        aivss=aivss,
        maestro=maestro,
        summary=summary(
            context=context,
            capabilities=capabilities,
            auth=auth,
            findings=found,
            aivss=aivss,
            maestro=maestro,
            blocked=decided.decision == "block",
        ),
        verdict=decided,
        checks=[
            *hostile_checks(picture.hostile, known.ruleset, picture.facts, listing=picture.from_listing),
            *checks(picture),
        ],
    )
    orders = picture.orders
    if not orders:
        return report
    from mcp_threat_scoring.hostile.broken_up import broken_up  # few targets have any

    return broken_up(report, orders)


def _closely(part: PartName, seen: Coverage, picture: Picture) -> Coverage:
    """A part is only partly seen when its texts were too much to be read closely, or its names to be shown."""
    skipped = sum(part_of(pointer) == part for pointer in picture.unread)
    told = f"{skipped:,} {part.replace('_', ' ')} were not searched for hidden orders: too many of them call for it"
    long = sum(part_of(pointer) == part for pointer in picture.partly_read)
    cut = _names_cut(picture) if part == "tools" else ""
    if not (skipped or long or cut):
        return seen
    missing = (told if skipped else "", _not_to_the_end(part, long) if long else "", cut)
    return partial("; ".join(filter(None, (seen.reason, *missing))))


def _not_to_the_end(part: PartName, count: int) -> str:
    """That texts were searched for orders, and not all of them."""
    if part in ("server", "instructions"):
        return "what the server says of itself was not searched to its end for hidden orders: it is too much text"
    noun, verb = part.replace("_", " "), "were"
    if count == 1:
        noun, verb = noun.removesuffix("s"), "was"
    return f"{count:,} {noun} {verb} not searched to the end for hidden orders: too much text in one"


def _names_cut(picture: Picture) -> str:
    """That names of tools are too long to be shown whole, and how much of them is missing."""
    missing = (
        [] if picture.from_listing else [left for tool in picture.tools if (left := left_out_of_name(tool.raw_name))]
    )
    if not missing:
        return ""
    names = "the name of one tool is" if len(missing) == 1 else f"the names of {number(len(missing))} tools are"
    return f"{names} shown cut: {counted(sum(missing), 'character')} {'is' if sum(missing) == 1 else 'are'} missing"


def _coverage(seen: Coverage) -> CoverageOut:
    return CoverageOut(status=seen.status, reason=neutralise(seen.reason, TARGET_SHOWN))


def _server(manifest: Manifest) -> ServerOut:
    server = manifest.server
    name = server.name or (manifest.listing.name if manifest.listing else "")
    return ServerOut(
        name=neutralise_name(name),
        version=neutralise_name(server.version),
        title=neutralise_name(server.title),
        protocol_version=neutralise_name(server.protocol_version),
        instructions=excerpt(server.instructions, INSTRUCTIONS_SHOWN),
        manifest_sha256=manifest.sha256,
    )


def _capabilities(picture: Picture) -> CapabilitiesOut:
    tools = [
        ToolOut(
            name=tool.name,
            pointer=tool.pointer,
            effect=tool.effect,
            confidence=round(tool.confidence, 3),
            abilities=list(tool.abilities),
            domains=list(tool.domains),
            declared=dict(tool.declared),
            evidence=list(tool.evidence),
            ability_evidence={name: list(found) for name, found in tool.ability_evidence.items()},
        )
        for tool in picture.tools
    ]
    able = {ability for tool in picture.tools for ability in tool.abilities}
    return CapabilitiesOut(
        write_capable=bool(picture.acting("write")),
        abilities=[ability for ability in picture.ruleset.abilities if ability in able],
        domains=list(picture.domains),
        tools=[] if picture.from_listing else tools,
    )


def _context(manifest: Manifest, picture: Picture) -> WordsContext:
    names: dict[str, SafeText] = {item.pointer: neutralise_name(item.name) for item in manifest.items()}
    coverage: dict[str, Coverage] = {
        part: replace(seen, reason=neutralise(seen.reason, TARGET_SHOWN)) for part, seen in manifest.coverage.items()
    }
    named = manifest.server.title or manifest.server.name or (manifest.listing and manifest.listing.name)
    return WordsContext(
        server=picture.server_name if named else trusted(""),
        names=names,
        coverage=coverage,
        tools=len(manifest.tools),
        listing=picture.from_listing,
        told=any(clause.evidence or clause.abilities for clause in picture.tools),
        abroad=frozenset(signal.subject for signal in picture.signals.of("plain-words.not-understood")),
        stakes=stakes(picture),
        reached=picture.has("transport.http"),
        locked=picture.has("list.locked"),
        lacking=picture.facts.get("tools.lacking") is True,
        awaited=picture.facts.get("tools.awaited") is True,
        credentials_given=picture.facts.get("auth.credentials_given") is True,
        unboxed=picture.facts.get("launch.sandboxed") is False,
    )
