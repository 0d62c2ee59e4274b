"""The part of `--fit` that learns the wording of orders: reads the texts and the corpus, writes, and tells how well.

The texts lie in ``tests/texts`` beside the rules; where they are not (in a wheel), there is nothing to learn from and
the files that were learned (``lines.json``, ``glance.json``, ``scripts.json`` in ``rules``) stay as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from mcp_threat_model.evaluate.corpus import read_rows, tool_of
from mcp_threat_model.evaluate.lines import Scored, learn, model_text
from mcp_threat_model.evaluate.texts import Group, captured, collect
from mcp_threat_model.evaluate.training import LONE_FILES
from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.hostile.glance import GLANCE, SCRIPTS
from mcp_threat_scoring.hostile.learned import LINES
from mcp_threat_scoring.hostile.senses import Senses, SensesDoc, compile_senses
from mcp_threat_scoring.hostile.suspicion import hostile_engine
from mcp_threat_scoring.hostile.weighing import DECISIVE, allowance, weight_of
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.rulebook.documents import load_document
from mcp_threat_scoring.rulebook.ruleset import Ruleset

TEXTS = Path("tests") / "texts"
ENGLISH = "en"
SENSES = "senses"


def _honest(corpus: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every tool of the corpus that is not an attack, and every item of its whole captures."""
    for path in sorted(corpus.glob("*.jsonl")):
        for row in read_rows(path):
            if isinstance(row.get("name"), str) and "description" in row and row.get("label") != "malicious":
                yield path.stem, str(row.get("server")), tool_of(row)
    for server, item in captured(corpus / "manifests"):
        yield "manifests", server, item


def _attacks(corpus: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every tool of the corpus that is an attack that its metadata show, with the others of its kind."""
    for path in sorted(corpus.glob("*.jsonl")):
        for row in read_rows(path):
            if isinstance(row.get("name"), str) and row.get("label") == "malicious" and row.get("visible_in_metadata"):
                yield path.stem, f"kind {row.get('cluster', row.get('server'))}", tool_of(row)


def _alarm(scored: Scored, group: Group, threshold: float, steep: float) -> bool:
    scores = [scored.scores[line] for line in group.lines]
    return weight_of(scores, threshold + allowance(group.size), steep) >= DECISIVE


def told(scored: Scored, threshold: float, steep: float) -> str:
    """How many items are found by the wording of their lines alone, by models that saw neither author nor server."""
    rows: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for group in scored.examples.groups:
        if group.source.startswith(LONE_FILES):
            continue
        alarm = _alarm(scored, group, threshold, steep)
        rows[group.source, "attacks" if group.attack else "honest"].append(alarm)
        if group.attack:
            rows[f"in {group.language}", "attacks"].append(alarm)
    lines = ["items found by wording alone, by models that saw neither their author nor their server"]
    for (source, kind), found in sorted(rows.items()):
        lines.append(f"  {source:24} {kind:8} {sum(found):5} of {len(found):5}  {sum(found) / len(found):.4f}")
    return "\n".join(lines) + "\n"


class LanguageDoc(Model, frozen=True):
    """A file of ``rules/senses``, named after its language: sense → words, separated by commas."""

    words: dict[str, str]


def read_senses(folder: Path) -> SensesDoc:
    """The words of all languages. The English file says which senses there are.

    Raises:
        RuleError: a file is missing or wrong, or has a sense that English does not have.
    """
    problems: list[RuleProblem] = []
    found: dict[str, dict[str, str]] = {}
    for path in [folder / f"{ENGLISH}.yaml", *sorted(set(folder.glob("*.yaml")) - {folder / f"{ENGLISH}.yaml"})]:
        shown = f"{folder.name}/{path.name}"
        language = load_document(LanguageDoc, path, shown, problems)
        for sense, words in language.words.items() if language else ():
            if path.stem == ENGLISH:
                found[sense] = {}
            if sense in found:
                found[sense][path.stem] = words
            else:
                problems.append(RuleProblem(shown, 0, f"the sense {sense} is not in {ENGLISH}.yaml"))
    if problems:
        raise RuleError(problems)
    return SensesDoc(found)


def fit_wording(corpus: Path, ruleset: Ruleset, say: TextIO) -> None:
    """Learn, write what was learned, and tell how well what was not seen is told apart.

    Raises:
        OSError: a file cannot be written.
        RuleError: the senses are wrong, or nothing says which fold a file of texts is in.
    """
    texts = ruleset.root.parent / TEXTS
    if not texts.is_dir():
        say.write(f"no texts in {TEXTS.as_posix()}: {LINES} is left as it is\n")
        return
    tables = compile_senses(read_senses(ruleset.root / SENSES))
    reader = hostile_engine(ruleset).plain_reader
    examples = collect(texts, _honest(corpus), reader, Senses(tables), _attacks(corpus))
    document, first, scored = learn(examples, tables)
    (ruleset.root / LINES).write_text(model_text(document), encoding="utf-8")
    (ruleset.root / GLANCE).write_text(model_text(first), encoding="utf-8")
    (ruleset.root / SCRIPTS).write_text(model_text(tables.by_script()[1]), encoding="utf-8")
    say.write(f"wrote {LINES}: {len(document.weights)} weights from {document.source}\n")
    say.write(told(scored, document.threshold, document.slope))
