"""The part of `--fit` that learns what single words say of tools, for ``rules/diction.json``.

The tools are made up (:mod:`evaluate.made_up`). Those of every server are judged by weights learned from others; how
much of that counts beside the rules is then a factor and a constant for each question (:mod:`evaluate.learner`). What
is shipped is learned from all of them.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from mcp_threat_model.evaluate.corpus import Labelled
from mcp_threat_model.evaluate.learner import Learner, calibrated
from mcp_threat_model.evaluate.made_up import LABELLED, labelled
from mcp_threat_scoring.capability import ToolProfile, room
from mcp_threat_scoring.diction.learned import DICTION, HIGHEST, LOWEST, DictionDoc
from mcp_threat_scoring.diction.pieces import pieces
from mcp_threat_scoring.engine import engine
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.rulebook.vocabulary import EFFECT_QUESTIONS
from mcp_threat_scoring.structs import Struct
from mcp_threat_scoring.text.views import tool_subject

FOLDS = 5
RARE = 2
"""Servers that a piece must be met on: what one alone says may be its name."""
KEPT = 4_000
"""Pieces kept: those that weigh most for how often they are met."""
TRUST = 0.75
"""What of it counts for abilities: made-up tools are told in odder words than real ones, whose names say more."""
FEWEST = 20
"""Tools that must have an ability before its words are learned."""
SLIGHT = 40
"""Hundredths of a weight below which it is left out."""


class Made(Struct):
    """One made-up tool: what is noticed of its words, what is true of it, what the rules say."""

    author: str
    server: str
    noticed: set[str]
    truth: frozenset[str]
    given: Mapping[str, float]
    """Log-odds by question, without what words add."""


def _truth(row: Labelled) -> frozenset[str]:
    effect = {"read": (), "write": ("write",), "destructive": EFFECT_QUESTIONS}[row.effect]
    return frozenset([*effect, *(row.abilities or ())])


def _given(profile: ToolProfile) -> dict[str, float]:
    return {question: odds - profile.graded.get(question, 0.0) for question, odds in profile.log_odds.items()}


def made_up(folder: Path, ruleset: Ruleset) -> Iterator[Made]:
    """Every tool of the authors' files, read as a scan would read the server it belongs to.

    Raises:
        OSError: the folder cannot be read.
    """
    compiled = engine(ruleset)
    servers: dict[tuple[str, str], list[Labelled]] = defaultdict(list)
    for row in labelled(folder):
        servers[row.file, row.server].append(row)
    for (author, server), rows in servers.items():
        manifest = build_manifest(
            target_kind="file", target_value=author, coverage={"tools": OBSERVED}, tools=[row.tool for row in rows]
        )
        tools = manifest.tools
        prefix, _ = compiled.kin.read([tool.name for tool in tools], [tool.text("description") for tool in tools])
        for row, tool, profile in zip(rows, tools, paint(manifest, ruleset).tools, strict=True):
            noticed = pieces(tool_subject(tool, prefix, compiled.grammar))
            yield Made(author, f"{author}/{server}", noticed, _truth(row), _given(profile))


def _names(tools: Iterable[Made]) -> dict[str, int]:
    """Pieces that more than one server has, and on how many tools they are met."""
    servers: defaultdict[str, set[str]] = defaultdict(set)
    seen: Counter[str] = Counter()
    for tool in tools:
        seen.update(tool.noticed)
        for one in tool.noticed:
            servers[one].add(tool.server)
    return {name: seen[name] for name in sorted(servers) if len(servers[name]) >= RARE}


class Found(Struct):
    """How well one question is answered on tools of servers that were not learned from."""

    question: str
    alone: tuple[int, int, int]
    """By the rules: rightly said, wrongly said, missed."""
    beside: tuple[int, int, int]
    """With the words."""


def _counted(said: Iterable[bool], truths: Iterable[bool]) -> tuple[int, int, int]:
    counts = Counter(zip(said, truths, strict=True))
    return counts[True, True], counts[True, False], counts[False, True]


def learn(tools: Sequence[Made], questions: Sequence[str]) -> tuple[DictionDoc, list[Found]]:
    """The model, and how it did where it had not learned."""
    seen = _names(tools)
    noticed = [tool.noticed for tool in tools]
    fold = {server: index % FOLDS for index, server in enumerate(sorted({tool.server for tool in tools}))}
    truths = {question: [question in tool.truth for tool in tools] for question in questions}
    truths = {question: known for question, known in truths.items() if sum(known) >= FEWEST}
    everything = range(len(tools))
    whole = Learner(noticed, list(seen))
    rough = {question: whole.weights(known, everything) for question, known in truths.items()}
    worth = {
        name: max(abs(weights[at]) for weights in rough.values()) * seen[name] ** 0.5
        for at, name in enumerate(whole.names)
    }
    names = sorted(sorted(worth, key=lambda name: (-worth[name], name))[:KEPT])
    learner = Learner(noticed, names)
    weights: dict[str, list[int]] = {name: [] for name in names}
    shift: list[int] = []
    found: list[Found] = []
    for question, known in truths.items():
        scores = [0.0] * len(tools)
        for held in range(FOLDS):
            part = learner.weights(known, [index for index in everything if fold[tools[index].server] != held])
            for index in everything:
                if fold[tools[index].server] == held:
                    scores[index] = learner.score(part, index)
        given = [tool.given[question] for tool in tools]
        trust = 1.0 if question in EFFECT_QUESTIONS else TRUST
        factor, constant = (trust * one for one in calibrated(scores, given, known))
        learned = learner.weights(known, everything)
        shift.append(round(100 * (factor * learned[-1] + constant)))
        for name, weight in zip(names, learned, strict=False):
            value = round(100 * factor * weight)
            weights[name].append(value if abs(value) >= SLIGHT else 0)
        added = [
            min(HIGHEST / 100, max(LOWEST / 100, factor * score + constant)) * room(question, tool.given["write"])
            for score, tool in zip(scores, tools, strict=True)
        ]
        found.append(
            Found(
                question,
                _counted([odds >= 0 for odds in given], known),
                _counted([odds + more >= 0 for odds, more in zip(given, added, strict=True)], known),
            )
        )
    source = f"{len(tools)} made-up tools of {len({tool.server for tool in tools})} servers; see docs/accuracy.md"
    return DictionDoc(source, list(truths), shift, weights), found


def told(found: Sequence[Found]) -> str:
    """Precision and recall of every question, by the rules alone and with the words."""
    lines = ["made-up tools of servers that the words were not learned from: precision and recall, rules | and words"]
    for one in found:
        pairs = (
            f"{right / max(1, right + wrong):.3f} {right / max(1, right + missed):.3f}"
            for right, wrong, missed in (one.alone, one.beside)
        )
        lines.append(f"  {one.question:16} {' | '.join(pairs)}")
    return "\n".join(lines) + "\n"


def fit_diction(ruleset: Ruleset, say: TextIO) -> None:
    """Learn, write what was learned, and tell how well.

    Raises:
        OSError: a file cannot be read or written.
    """
    folder = ruleset.root.parent / LABELLED
    if not folder.is_dir():
        say.write(f"no tools in {LABELLED.as_posix()}: {DICTION} is left as it is\n")
        return
    tools = list(made_up(folder, ruleset))
    document, found = learn(tools, list(ruleset.bias))
    (ruleset.root / DICTION).write_text(
        json.dumps(document.to_plain(), ensure_ascii=False, separators=(",", ":")).replace("],", "],\n") + "\n",
        encoding="utf-8",
    )
    say.write(f"wrote {DICTION}: {len(document.weights)} pieces from {document.source}\n{told(found)}")
