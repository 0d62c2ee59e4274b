"""Every signal rule carries its own proof: examples that make it fire, and examples that must not.

The cases stand in the second document of each file under ``rules/signals``; this module runs them all. In a case,
`item` is one item alone on its server, `manifest` a whole target as :mod:`rulebook.case` declares it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.rules.case_manifest import manifest_of

from mcp_threat_scoring.errors import RuleProblem
from mcp_threat_scoring.hostile.suspicion import hostile_engine
from mcp_threat_scoring.hostile.views import item_subject
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED, Manifest
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.rulebook.case import CasesDoc, RuleCase
from mcp_threat_scoring.rulebook.documents import load_cases, load_document, rules_dir
from mcp_threat_scoring.rulebook.rule import SignalDoc
from mcp_threat_scoring.rulebook.ruleset import default_ruleset, signal_files
from mcp_threat_scoring.signal import Signal
from mcp_threat_scoring.structs import replace

ROOT = rules_dir()
PARTS = ("tools", "prompts", "resources", "resource_templates")


def documents(path: Path) -> tuple[SignalDoc, CasesDoc | None]:
    problems: list[RuleProblem] = []
    doc = load_document(SignalDoc, path, path.name, problems)
    cases = load_cases(CasesDoc, path, path.name, problems)
    assert not problems, [str(problem) for problem in problems]
    assert doc is not None
    return doc, cases


def single(item: dict[str, Any], over: str) -> Manifest:
    part = over if over in PARTS else "tools"
    return build_manifest(target_kind="case", target_value="case", coverage={part: OBSERVED}, **{part: [item]})


def fired(doc: SignalDoc, case: RuleCase) -> set[str]:
    """The variants of the rule that fired; the rule's own id where it has none."""
    manifest = manifest_of(case.manifest) if case.manifest is not None else single(case.item or {}, doc.over)
    assert not manifest.bad_items, f"the example itself is broken: {manifest.bad_items}"
    names = doc.variants or {"": None}
    ids = {f"{doc.id}.{name}" if name else doc.id: name or doc.id for name in names}
    signals = [*paint(manifest, default_ruleset()).signals, *(close(manifest) if doc.over == "any" else ())]
    return {ids[str(signal.id)] for signal in signals if str(signal.id) in ids}


def close(manifest: Manifest) -> Iterator[Signal]:
    """What rules over any text say of items whose every text is read closely, whether it calls for that or not."""
    engine = hostile_engine(default_ruleset())
    reader = replace(engine.reader, screen=replace(engine.screen, marks=(pattern("."),), memo={}))
    siblings = frozenset(tool.name.lower() for tool in manifest.tools)
    for item in manifest.items():
        yield from engine.judge(item_subject(item, reader, siblings), item.name).signals


def cases() -> Iterator[Any]:
    for path in map(Path, signal_files(ROOT)):
        doc, found = documents(path)
        for case in found.cases if found else ():
            yield pytest.param(doc, case, id=f"{doc.id}: {case.name}")


@pytest.mark.parametrize(("doc", "case"), list(cases()))
def test_a_rule_does_what_its_cases_say(doc: SignalDoc, case: RuleCase) -> None:
    found = fired(doc, case)
    if isinstance(case.fires, bool):
        assert bool(found) == case.fires, f"fired: {sorted(found)}"
    else:
        wanted = {case.fires} if isinstance(case.fires, str) else set(case.fires)
        assert wanted <= found, f"fired only: {sorted(found)}"


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in map(Path, signal_files(ROOT))])
def test_a_rule_shows_both_when_it_fires_and_when_it_does_not(path: Path) -> None:
    doc, found = documents(path)
    assert found is not None, "no cases"
    assert all((case.item is None) != (case.manifest is None) for case in found.cases)
    assert any(case.fires is not False for case in found.cases), "no case in which it fires"
    assert any(case.fires is False for case in found.cases) or len(doc.variants) > 1, "no case in which it does not"
    named = {name for case in found.cases if not isinstance(case.fires, bool)
             for name in ([case.fires] if isinstance(case.fires, str) else case.fires)}  # fmt: skip
    assert named <= {*doc.variants, doc.id}, "a case names a variant that is not there"


MAX_LINE = 120


def test_no_line_of_a_rule_file_is_too_long_to_be_read() -> None:
    long = [
        f"{path.relative_to(rules_dir())}:{number}"
        for path in sorted(rules_dir().rglob("*.yaml"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > MAX_LINE
    ]

    assert long == []
