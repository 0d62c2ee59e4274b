"""The numbers of docs/method.md, from the rules and from the example server.

What is written by hand there explains; what stands between two marks is made here, and a test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import yaml
from tests.made_pages.marks import DOCS, filled

from mcp_threat_model.commands.demo import example_server
from mcp_threat_model.commands.scan import run_scan
from mcp_threat_model.reading import ScanOptions
from mcp_threat_model.source.forms.program import StdioTarget
from mcp_threat_scoring.aivss.cvss_base import cvss_base
from mcp_threat_scoring.aivss.scene import Scene
from mcp_threat_scoring.aivss.score import models, worst_of
from mcp_threat_scoring.aivss.tables import PROFILES
from mcp_threat_scoring.aivss.world import THRESHOLDS, World
from mcp_threat_scoring.analyze import analyze, knowledge
from mcp_threat_scoring.capability import probability
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.maestro.assess import Observed, judge
from mcp_threat_scoring.manifest import OBSERVED, AuthFacts, Manifest, TransportFacts
from mcp_threat_scoring.picture import Picture, paint
from mcp_threat_scoring.report import Report
from mcp_threat_scoring.report_score import AivssProfileOut

PAGE = DOCS / "method.md"
ADVISORIES = DOCS / "advisories.yaml"
TOOL = "delete_customer"
"""The tool of the example server whose probability is added up on the page."""


@lru_cache(maxsize=1)
def example() -> tuple[Manifest, Report]:
    """The example server, read over stdio as the demo reads it. No number here depends on the sandbox."""
    target = StdioTarget((sys.executable, str(example_server())))
    outcome = run_scan([target], ScanOptions(sandbox="off"), allow_launch=True)[0]
    assert outcome.manifest is not None
    assert isinstance(outcome.result, Report)
    return outcome.manifest, outcome.result


@lru_cache(maxsize=1)
def painted() -> Picture:
    """What the rules conclude about it."""
    return paint(example()[0], knowledge().ruleset)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |" for row in lines)


def thresholds() -> str:
    """From which probability a tool counts, for the score and for both ends of its range."""
    names = {
        "likely": "the score",
        "sure": "the lower end of the range",
        "conceivable": "the upper end of the range",
        "told": "the tools that a reason or a lever names",
    }
    return table(
        ("for", "an effect counts from", "an ability counts from"),
        ((names[certainty], f"{one.effect:g}", f"{one.ability:g}") for certainty, one in THRESHOLDS.items()),
    )


def constants() -> str:
    """The two profiles."""
    return table(
        ("", *(f"`{one.id}`" for one in PROFILES.values())),
        [
            ("CVSS base", *(f"v{one.cvss_version}" for one in PROFILES.values())),
            ("factor values", *(one.factor_values for one in PROFILES.values())),
            (
                "threat multiplier",
                *(f"{one.threat}; default {one.threat_default:g}" for one in PROFILES.values()),
            ),
            (
                "mitigation factor",
                *(f"{one.mitigation}; default {one.mitigation_default:g}" for one in PROFILES.values()),
            ),
        ],
    )


def multipliers() -> str:
    """What moves the two multipliers."""
    doc = models(knowledge().ruleset.root).multipliers.doc
    threat = table(
        ("what is known of attacks, the first that holds", "`graded`", "`owasp-0.8`"),
        ((one.reason, f"{one.value['graded']:.2f}", f"{one.value['owasp-0.8']:.2f}") for one in doc.threat),
    )
    controls = table(
        ("what stands in the way, all that hold", "credit"), ((one.reason, f"{one.credit:.2f}") for one in doc.controls)
    )
    return f"{threat}\n\n{controls}\n\n`owasp-0.8` takes 0.83 from a sum of credits of {doc.owasp.partial:g}."


def scenarios() -> str:
    """The ways of abuse and the questions each is made of."""
    doc = models(knowledge().ruleset.root).exposure.doc
    return table(
        ("scenario", "aspects"),
        ((one.title, ", ".join(f"`{aspect}`" for aspect in one.aspects)) for one in doc.scenarios),
    )


def factors() -> str:
    """What adds up to each graded factor."""
    doc = models(knowledge().ruleset.root).factors.doc
    rows = []
    for spec in PROFILES["graded"].factors:
        factor = doc.graded[spec.id]
        adds = "; ".join(f"{one.add:+g} {one.reason.replace('{tools}', '*the tools*')}" for one in factor.adds)
        side = "host" if factor.side == "host_assumed" else "server"
        rows.append((spec.name, side, f"{factor.base:g} {factor.reason}", adds))
    return table(("factor", "decided by", "base", "added"), rows)


def host() -> str:
    """The host that is assumed."""
    return "> " + models(knowledge().ruleset.root).factors.doc.assumed_host.strip()


def tool() -> str:
    """The log-odds of one tool, signal by signal."""
    picture = painted()
    wanted = next(one for one in picture.tools if one.name == TOOL)
    fired = [one for one in picture.signals if one.subject == wanted.pointer]
    bias = picture.ruleset.bias
    rows: list[tuple[object, ...]] = [
        ("bias", "", "", f"{bias['write']:+.2f}", f"{bias['destructive']:+.2f}"),
    ]
    for signal in {one.id: one for one in fired}.values():
        rule = picture.ruleset.by_id[signal.id]
        weights = {name: wanted.graded.get(name, 0.0) for name in rule.graded} or rule.weights
        if "write" in weights or "destructive" in weights:
            first = signal.first
            assert first is not None
            rows.append((
                f"`{signal.id}`", f"`{first.pointer}`", f"“{first.excerpt}”",
                f"{weights.get('write', 0.0):+.2f}", f"{weights.get('destructive', 0.0):+.2f}",
            ))  # fmt: skip
    odds = {name: wanted.log_odds[name] for name in ("write", "destructive")}
    rows.append(("**sum**", "", "", *(f"**{value:+.2f}**" for value in odds.values())))
    rows.append(("**1 / (1 + e^-sum)**", "", "", *(f"**{probability(value):.4f}**" for value in odds.values())))
    return table(("signal", "where", "words", "write", "destructive"), rows) + (
        f"\n\nSo `{TOOL}` is `{wanted.effect}`, and changes something with a probability of {wanted.confidence:.4f}."
    )


_WEIGHTS: Mapping[str, Mapping[str, float]] = {
    # CVSS v3.1 specification, section 7.4.
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
_PRIVILEGES = {"U": {"N": 0.85, "L": 0.62, "H": 0.27}, "C": {"N": 0.85, "L": 0.68, "H": 0.5}}


def round_up(value: float) -> float:
    """CVSS v3.1, appendix A."""
    whole = round(value * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10


def cvss31(vector: str) -> tuple[list[str], float]:
    """CVSS v3.1, section 7.1, on paper: the lines and the base score. Nothing of the product or its library is used."""
    given = dict(part.split(":") for part in vector.split("/")[1:])
    weight = {metric: _WEIGHTS[metric][given[metric]] for metric in _WEIGHTS}
    changed = given["S"] == "C"
    privileges = _PRIVILEGES[given["S"]][given["PR"]]
    iss = 1 - (1 - weight["C"]) * (1 - weight["I"]) * (1 - weight["A"])
    impact = 7.52 * (iss - 0.029) - 3.25 * (iss - 0.02) ** 15 if changed else 6.42 * iss
    ease = 8.22 * weight["AV"] * weight["AC"] * privileges * weight["UI"]
    total = (1.08 if changed else 1.0) * (impact + ease)
    score = round_up(min(total, 10)) if impact > 0 else 0.0
    told = f"7.52 x ({iss:.4f} - 0.029) - 3.25 x ({iss:.4f} - 0.02)^15" if changed else f"6.42 x {iss:.4f}"
    return [
        f"ISS            = 1 - (1 - {weight['C']}) x (1 - {weight['I']}) x (1 - {weight['A']}) = {iss:.4f}",
        f"Impact         = {told} = {impact:.4f}",
        f"Exploitability = 8.22 x {weight['AV']} x {weight['AC']} x {privileges} x {weight['UI']} = {ease:.4f}",
        f"Base           = Roundup(min({'1.08 x ' if changed else ''}({impact:.4f} + {ease:.4f}), 10)) = {score:.1f}",
    ], score


def cvss() -> str:
    """The vector of the example, metric by metric, and its v3.1 score on paper."""
    aivss = example()[1].aivss
    assert aivss.cvss.vector is not None
    lines, _ = cvss31(aivss.cvss.vector)
    metrics = table(("metric", "value", "why"), ((one.id, one.value, one.reason) for one in aivss.cvss.metrics))
    other = aivss.other_profile.cvss
    return (
        f"The gravest scenario is *{aivss.cvss.scenario}*: `{aivss.cvss.vector}`.\n\n{metrics}\n\n"
        + "```text\n" + "\n".join(lines) + "\n```\n\n"
        f"Under v4.0 it is *{other.scenario}*, `{other.vector}`, {other.base_score:.1f}."
    )  # fmt: skip


def example_factors() -> str:
    """The ten graded factors of the example."""
    aivss = example()[1].aivss
    rows = [(one.name, f"{one.value:.1f}", f"{one.low:.1f} to {one.high:.1f}", one.rationale) for one in aivss.factors]
    return table(("factor", "value", "could be", "why"), [*rows, ("**sum**", f"**{aivss.factor_sum:.1f}**", "", "")])


def unrounded(aivss: AivssProfileOut) -> float:
    """AARS from the terms of a report: (10 - base) x sum / 10 x threat multiplier."""
    return (10 - aivss.cvss.base_score) * aivss.factor_sum / 10 * aivss.threat_multiplier


def score() -> str:
    """The example's score under both profiles, with the bounds."""
    aivss = example()[1].aivss
    world = World(painted(), models(knowledge().ruleset.root).atoms)
    exposure = models(knowledge().ruleset.root).exposure
    unknown = exposure.unknowns(Scene(world, world.all))
    ends = (
        ("at best", Scene(world, world.all, "sure", frozenset(flag for one in unknown for flag in one.best))),
        ("at worst", Scene(world, world.all, "conceivable", frozenset(flag for one in unknown for flag in one.worst))),
    )
    lines: list[str] = []
    for one in (aivss, aivss.other_profile):
        spec = PROFILES[one.profile]
        raw = (one.cvss.base_score + unrounded(one)) * one.mitigation_factor
        lines += [f"{one.profile}: {one.formula} ({one.severity}; {raw:.6g} before rounding)"]
        for (label, scene), total, result in zip(
            ends,
            (sum(factor.low for factor in one.factors), sum(factor.high for factor in one.factors)),
            (one.range.low, one.range.high),
            strict=True,
        ):
            base = worst_of(spec, exposure.exposures(scene)).bases[spec.cvss_version].score
            lines.append(f"    {label}: base {base:.1f}, factors {round(total, 9):g}, score {result:.1f}")
    return "```text\n" + "\n".join(lines) + "\n```"


def threats() -> str:
    """How likely and how grave each threat of the example is, and through what."""
    known = knowledge()
    observed = Observed(painted().signals, known.meta)
    rows = []
    for threat in known.catalogue.threats:
        found = judge(threat, observed)
        if found is not None:
            rows.append((
                f"{threat.id} {threat.title}", threat.severity, ", ".join(f"`{one}`" for one in found.used),
                found.likelihood, ", ".join(f"`{one}`" for one in found.worse) or "-",
                ", ".join(f"`{one}`" for one in found.better) or "-", found.severity,
            ))  # fmt: skip
    return table(("threat", "in the catalogue", "fired through", "so it is", "worse", "better", "severity here"), rows)


def like_report(like: Mapping[str, Any]) -> Report:
    """What the model says of a server that offers what an advisory is about."""
    reached = TransportFacts(kind="http", scope="public") if like.get("open") else TransportFacts(kind="stdio")
    auth = AuthFacts(requirement="none" if like.get("open") else "unknown")
    coverage = {"tools": OBSERVED, "transport": OBSERVED, **({"auth": OBSERVED} if like.get("open") else {})}
    return analyze(
        build_manifest(
            target_kind="file",
            target_value="example",
            tools=like["tools"],
            coverage=coverage,
            transport=reached,
            auth=auth,
        )
    )


def compared() -> list[dict[str, Any]]:
    """Each published vector beside the model's, for those advisories that a description of a server can show."""
    document = yaml.safe_load(ADVISORIES.read_text(encoding="utf-8"))
    aivss = {name: like_report(like).aivss for name, like in document["likes"].items()}
    rows = []
    for advisory in document["advisories"]:
        if advisory["like"] == "outside":
            continue
        published = cvss_base(advisory["vector"])
        one = aivss[advisory["like"]]
        vector = one.cvss.vector if published.version == "3.1" else one.other_profile.cvss.vector
        assert vector is not None
        ours = cvss_base(vector)
        differs = [
            f"{metric} {value} → {other}"
            for (metric, value), (_, other) in zip(published.metrics, ours.metrics, strict=True)
            if value != other
        ]
        rows.append({**advisory, "published": published, "ours": ours, "differs": differs})
    return rows


def advisories() -> str:
    """The comparison, and what it comes to."""
    document = yaml.safe_load(ADVISORIES.read_text(encoding="utf-8"))
    rows = compared()
    shown = table(
        ("advisory", "CWE", "such a server", "CVSS", "published", "model", "published → model"),
        (
            (
                row["id"], row["cwe"], document["likes"][row["like"]]["is"], row["published"].version,
                f"{row['published'].score:.1f}", f"{row['ours'].score:.1f}", ", ".join(row["differs"]) or "the same",
            )
            for row in rows
        ),
    )  # fmt: skip
    return f"{shown}\n\n{_agreement(rows)}"


def _agreement(rows: Sequence[Mapping[str, Any]]) -> str:
    gaps = [row["ours"].score - row["published"].score for row in rows]
    names = list(dict.fromkeys(metric for row in rows for metric, _ in row["published"].metrics))
    counted = []
    for metric in names:
        having = [row for row in rows if metric in dict(row["published"].metrics)]
        same = sum(not any(one.startswith(f"{metric} ") for one in row["differs"]) for row in having)
        counted.append((metric, f"{same} of {len(having)}"))
    everything = yaml.safe_load(ADVISORIES.read_text(encoding="utf-8"))["advisories"]
    mean, bias = sum(map(abs, gaps)) / len(gaps), sum(gaps) / len(gaps)
    return (
        f"Of {len(everything)} advisories {len(rows)} are compared. The scores differ by {mean:.1f} on average "
        f"({bias:+.1f} counting the sign), and {sum(abs(gap) <= 1 for gap in gaps)} by no more than 1.0. "
        "Metrics that agree:\n\n" + table([name for name, _ in counted], [[told for _, told in counted]])
    )


BLOCKS: Mapping[str, Callable[[], str]] = {
    "constants": constants,
    "tool": tool,
    "thresholds": thresholds,
    "scenarios": scenarios,
    "cvss": cvss,
    "host": host,
    "factors": factors,
    "example-factors": example_factors,
    "multipliers": multipliers,
    "score": score,
    "threats": threats,
    "advisories": advisories,
}


def made(text: str) -> str:
    """The page with every block made anew.

    Raises:
        ValueError: the page has no place for a block.
    """
    for name, block in BLOCKS.items():
        text = filled(text, name, block())
    return text


def write() -> None:
    """Write the page."""
    PAGE.write_text(made(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
