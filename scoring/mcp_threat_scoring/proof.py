"""Whether a rule does what its cases say: asked of the shipped rules by the tests, of a user's own before a scan.

In a case, `item` is one item alone on its server, `manifest` a whole target as :mod:`rulebook.case` declares it. It is
held against all rules together, as a target would be, since a rule may ask what others found.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from mcp_threat_scoring.errors import RuleProblem
from mcp_threat_scoring.hostile.suspicion import hostile_engine
from mcp_threat_scoring.hostile.views import item_subject
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED, Manifest
from mcp_threat_scoring.model import Place
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.rulebook.case import CasesDoc, RuleCase
from mcp_threat_scoring.rulebook.case_manifest import manifest_of
from mcp_threat_scoring.rulebook.documents import load_cases
from mcp_threat_scoring.rulebook.fields import ITEMS
from mcp_threat_scoring.rulebook.rule import Over, SignalDoc
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.signal import Signal
from mcp_threat_scoring.structs import replace

NO_CASES = "it has no cases: below a line of three hyphens stands at least one that fires and one that does not"


def prove(path: Path, shown: str, doc: SignalDoc | None, ruleset: Ruleset | None, problems: list[RuleProblem]) -> None:
    """Read the cases of a user's rule file and run them; what is wrong, or does not hold, is appended to `problems`.

    Without a `ruleset`, which is there once all rules are right, nothing is run; without a `doc` they are only read.
    """
    before = len(problems)

    def wrong(cases: CasesDoc) -> Iterator[tuple[Place, str]]:
        if doc is None:
            return
        found = list(lacking(doc, cases))
        yield from found
        if ruleset is not None and not found:
            yield from failing(doc, cases, ruleset)

    cases = load_cases(CasesDoc, path, shown, problems, shipped=False, further=wrong)
    if cases is None and len(problems) == before:
        problems.append(RuleProblem(shown, 0, NO_CASES))


def lacking(doc: SignalDoc, cases: CasesDoc) -> Iterator[tuple[Place, str]]:
    """What the cases of a rule do not show, and what they name that is not there; each with its place."""
    known = _named(doc)
    for index, case in enumerate(cases.cases):
        for name in sorted(_wanted(case) - set(known)):
            yield ("cases", index, "fires"), _no_variant(name, doc)
    if not any(case.fires for case in cases.cases):
        yield ("cases",), "no case in which it fires"
    if all(case.fires for case in cases.cases) and len(doc.variants) < 2:
        yield ("cases",), "no case in which it does not fire"


def failing(doc: SignalDoc, cases: CasesDoc, ruleset: Ruleset) -> Iterator[tuple[Place, str]]:
    """The cases that do not hold, each with its place, its name, and what was expected."""
    for index, case in enumerate(cases.cases):
        if said := fault(doc, case, ruleset):
            yield ("cases", index), f"the case '{neutralise_name(case.name)}' does not hold: {said}"


def fault(doc: SignalDoc, case: RuleCase, ruleset: Ruleset) -> str:
    """What was expected of a case, and what came of it; nothing if it holds."""
    try:
        manifest = manifest_of(case.manifest) if case.manifest is not None else _alone(case, doc.over)
    except (ValueError, TypeError, RecursionError):
        return "it cannot be sent as JSON"
    if manifest.bad_items:
        return manifest.bad_items[0].reason
    found = fired(doc, manifest, ruleset)
    wanted = _wanted(case)
    if case.fires is False:
        return f"expected that it does not fire, and {_listed(found)} fires" if found else ""
    if wanted <= found and found:
        return ""
    so = f"only {_listed(found)} does" if found else "nothing does"
    return f"expected that {_listed(wanted) or 'it'} fires, and {so}"


def fired(doc: SignalDoc, manifest: Manifest, ruleset: Ruleset) -> set[str]:
    """The variants of the rule that fired; the rule's own id where it has none."""
    ids = {f"{doc.id}.{name}": name for name in doc.variants} or {doc.id: doc.id}
    signals = [*paint(manifest, ruleset).signals, *(_closely(manifest, ruleset) if doc.over == "any" else ())]
    return {ids[str(signal.id)] for signal in signals if str(signal.id) in ids}


def _alone(case: RuleCase, over: Over) -> Manifest:
    """A case's item as all that its server has."""
    part: Any = over if over in ITEMS else "tools"
    held: dict[str, Any] = {part: [case.item]}
    return build_manifest(target_kind="manifest", target_value="case", coverage={part: OBSERVED}, **held)


def _closely(manifest: Manifest, ruleset: Ruleset) -> Iterator[Signal]:
    """What rules over any text say of items whose every text is read closely, whether it calls for that or not."""
    engine = hostile_engine(ruleset)
    reader = replace(engine.reader, screen=replace(engine.screen, marks=(pattern("."),), memo={}))
    siblings = frozenset(tool.name.lower() for tool in manifest.tools)
    for item in manifest.items():
        yield from engine.judge(item_subject(item, reader, siblings), item.name).signals


def _wanted(case: RuleCase) -> set[str]:
    if isinstance(case.fires, bool):
        return set()
    return {case.fires} if isinstance(case.fires, str) else set(case.fires)


def _named(doc: SignalDoc) -> Collection[str]:
    """What a case may name: a variant, or the rule itself where it has none."""
    return doc.variants or (doc.id,)


def _no_variant(name: str, doc: SignalDoc) -> str:
    if not doc.variants:
        return f"it has no variants, so none is named '{neutralise_name(name)}'; it may be true or false"
    from difflib import get_close_matches  # only where something is wrong

    near = get_close_matches(name[:64], doc.variants, n=3, cutoff=0.0)
    return f"no variant is named '{neutralise_name(name)}'; it may be true, false, or one of: {_listed(near)}"


def _listed(names: Collection[str]) -> str:
    return ", ".join(neutralise_name(name) for name in sorted(names))
