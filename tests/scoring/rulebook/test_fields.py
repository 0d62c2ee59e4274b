"""What rules may ask for is declared once: all of it is produced, and nothing else is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

import mcp_threat_model
from mcp_threat_scoring.diction.learned import load_diction
from mcp_threat_scoring.facts.observations import observe_item
from mcp_threat_scoring.facts.server import server_subject
from mcp_threat_scoring.facts.siblings import Kin
from mcp_threat_scoring.hostile.screen import Screen, ScreenDoc
from mcp_threat_scoring.hostile.suspicion import hostile_engine
from mcp_threat_scoring.hostile.views import item_subject
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import PARTS, Item, Manifest
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.rulebook.case import CasesDoc
from mcp_threat_scoring.rulebook.case_manifest import manifest_of
from mcp_threat_scoring.rulebook.documents import load_cases, load_document, rules_dir
from mcp_threat_scoring.rulebook.fields import FIELDS, ITEMS, known_fact, members, unknown
from mcp_threat_scoring.rulebook.observed import AUTH, EVENTS, FACTS, FAMILIES, LAUNCH, TRANSPORT
from mcp_threat_scoring.rulebook.rule import Over, SignalDoc
from mcp_threat_scoring.rulebook.ruleset import default_ruleset, signal_files
from mcp_threat_scoring.rulebook.vocabulary import AbilitiesDoc, LexiconDoc
from mcp_threat_scoring.structs import replace
from mcp_threat_scoring.text.views import Subject, tool_subject

ROOT = rules_dir()
SHELL = Path(mcp_threat_model.__file__).parent
KINDS: Mapping[str, Over] = {
    "tool": "tools", "prompt": "prompts", "resource": "resources", "resource_template": "resource_templates",
}  # fmt: skip


@cache
def targets() -> tuple[Manifest, ...]:
    """The target of every case of every rule, and one with a title, which no case needs."""
    titled = {"name": "get_order", "title": "Get an order"}
    found = [build_manifest(target_kind="manifest", target_value="", coverage={}, tools=[titled])]
    for path in map(Path, signal_files(ROOT)):
        over = document(path).over
        cases = load_cases(CasesDoc, path, path.name, [])
        for case in cases.cases if cases else ():
            if case.manifest is not None:
                found.append(manifest_of(case.manifest))
            else:
                part = over if over in ITEMS else "tools"
                found.append(
                    build_manifest(target_kind="manifest", target_value="", coverage={}, **{part: [case.item]})
                )
    return tuple(found)


def document(path: Path) -> SignalDoc:
    problems: list[object] = []
    doc = load_document(SignalDoc, path, path.name, problems)  # type: ignore[arg-type]
    assert doc is not None, problems
    return doc


@cache
def subjects() -> tuple[tuple[Over, Subject], ...]:
    """Everything that rules look at in those targets, before they concluded anything."""
    ruleset = default_ruleset()
    grammar = ruleset.lexicon.grammar()
    kin, diction = Kin(ruleset.lexicon, grammar), load_diction(ROOT)
    reader = replace(hostile_engine(ruleset).reader, screen=Screen.of(ScreenDoc(forms=["."], shapes=[], phrases=[])))

    def items(manifest: Manifest) -> Iterator[tuple[Over, Subject]]:
        among = kin.read([tool.name for tool in manifest.tools], [tool.text("description") for tool in manifest.tools])
        for item in manifest.items():
            yield KINDS[item.kind], seen(item, among[1] if item.kind == "tool" else {})
            yield "any", item_subject(item, reader, ())

    def seen(item: Item, among: Mapping[str, int]) -> Subject:
        subject = tool_subject(item, "", grammar)
        observe_item(item, subject)
        subject.facts |= among
        diction.observe(subject)
        return subject

    return tuple(one for manifest in targets() for one in (("server", server_subject(manifest)), *items(manifest)))  # type: ignore[return-value]


OF_ALL = {"tools.weight", "hostile.in-schema", "hostile.in-instructions", "items.unread"}
"""Facts of a server that are known only once all its items were read."""


class TestDeclaredAndProduced:
    @pytest.mark.parametrize("over", FIELDS)
    def test_every_field_is_a_view_and_every_view_a_field(self, over: Over) -> None:
        shown = {name for kind, subject in subjects() if kind == over for name in subject.views}
        if over in ("tools", "server", "any"):
            assert shown == set(FIELDS[over])
        else:  # few cases are about these
            assert shown - {"args"} <= set(FIELDS[over])

    @pytest.mark.parametrize("over", FACTS)
    def test_every_fact_is_declared(self, over: Over) -> None:
        shown = {name for kind, subject in subjects() if kind == over for name in subject.facts}
        assert [name for name in sorted(shown) if known_fact(over, name) is None] == []

    def test_every_fact_of_a_tool_is_produced(self) -> None:
        shown = {name for kind, subject in subjects() if kind == "tools" for name in subject.facts}
        concluded = {"domain.private", "domain.sensitive"}
        assert set(FACTS["tools"]) - shown == concluded | {"listing.reads_only"}  # said of all clauses of a listing
        assert {name.partition(".")[0] for name in shown} >= set(FAMILIES["tools"])

    def test_every_fact_of_any_text_is_produced(self) -> None:
        shown = {name for kind, subject in subjects() if kind == "any" for name in subject.facts}
        assert set(FACTS["any"]) - shown <= {
            "name.twin",
            "name.dressed",
            "text.unread",
            "text.shown",
        }  # of lists, long items, quotes
        assert {name.partition(".")[0] for name in shown} >= set(FAMILIES["any"])

    def test_every_fact_of_a_server_that_no_source_notes_is_produced(self) -> None:
        shown = {name for kind, subject in subjects() if kind == "server" for name in subject.facts}
        noted = {f"{part}.{name}" for part, name in noted_by_sources()}
        assert set(FACTS["server"]) - shown - noted == OF_ALL

    def test_those_that_come_from_all_tools_together_are_produced(self) -> None:
        shown = {name for manifest in targets() for name in paint(manifest, default_ruleset()).facts}
        assert shown >= OF_ALL
        assert [name for name in sorted(shown) if known_fact("server", name) is None] == []

    def test_every_part_has_its_coverage(self) -> None:
        assert {f"coverage.{part}" for part in PARTS} <= set(FACTS["server"])


SOURCES: Mapping[str, str] = {
    "http/facts.py": "transport", "http/endpoint.py": "transport", "stdio/program.py": "launch",
    "authorization/discovery.py": "auth", "authorization/authority.py": "auth",
    "authorization/metadata_reader.py": "auth", "saved/publisher.py": "launch", "clients/entry.py": "launch",
}  # fmt: skip
"""The part of the manifest that a module's facts are of, where nothing in it says otherwise."""
OTHERWISE: Mapping[tuple[str, str], str] = {
    ("http/endpoint.py", "key_in_url"): "auth", ("stdio/program.py", "secrets_given"): "transport",
}  # fmt: skip


@cache
def noted_by_sources() -> frozenset[tuple[str, str]]:
    """Part and name of every fact, and the code of every event, that the shell's code notes, read from that code."""
    found: set[tuple[str, str]] = set()
    for path in sorted([*(SHELL / "source").rglob("*.py"), SHELL / "clients" / "entry.py"]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            for code in event_codes(node):
                found.add(("event", code))
            module = "/".join(path.parts[-2:])
            if module in SOURCES:
                for name in fact_names(node):
                    found.add((OTHERWISE.get((module, name), SOURCES[module]), name))
    return frozenset(found)


def event_codes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and node.args:
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called in ("note", "Event"):
            yield from words(node.args[:1])


def fact_names(node: ast.AST) -> Iterator[str]:
    """Keys of what is called ``facts``: assigned, given, or set by default."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store) and is_facts(node.value):
        yield from words([node.slice])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and is_facts(node.func.value):
        yield from words(node.args[:1]) if node.func.attr == "setdefault" else ()
    held: ast.AST | None = None
    if isinstance(node, ast.keyword) and node.arg == "facts":
        held = node.value
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        first = node.targets[0] if isinstance(node, ast.Assign) else node.target
        held = node.value if is_facts(first) else None
    if isinstance(held, ast.Dict):
        yield from words([key for key in held.keys if key is not None])


def is_facts(node: ast.AST) -> bool:
    return (node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")) == "facts"


def words(nodes: list[ast.expr]) -> Iterator[str]:
    yield from (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


COMPUTED = {
    "transport": {"kind", "scope"},
    "auth": {"requirement", "scopes", "declared"},
    "launch": {"declared", "package", "version_pinned", "all_exact", "env", "secrets"},
    "event": set[str](),
}
"""What the core itself makes of the members of these parts."""


@pytest.mark.parametrize(
    ("part", "declared"), [("transport", TRANSPORT), ("auth", AUTH), ("launch", LAUNCH), ("event", EVENTS)]
)
def test_sources_note_what_is_declared_and_nothing_else(part: str, declared: Mapping[str, object]) -> None:
    noted = {name for whose, name in noted_by_sources() if whose == part}
    assert noted - set(declared) == set()
    assert set(declared) - noted == COMPUTED[part]


class TestNamesOfNothing:
    @pytest.mark.parametrize("path", [pytest.param(path, id=Path(path).stem) for path in signal_files(ROOT)])
    def test_every_shipped_rule_asks_for_what_there_is(self, path: str) -> None:
        lexicon = load_document(LexiconDoc, ROOT / "lexicon.yaml", "", [])
        abilities = load_document(AbilitiesDoc, ROOT / "abilities.yaml", "", [])
        assert list(unknown(document(Path(path)), members(lexicon, abilities, signal_files(ROOT)))) == []

    def test_each_is_named_with_its_place_and_the_nearest_there_are(self) -> None:
        doc = SignalDoc.read(
            {
                "id": "own", "title": "t", "over": "server",
                "match": {"any": [{"field": "instruction", "regex": "x"},
                                  {"not": {"fact": "auth.requirment", "equals": "none"}}]},
            }
        )  # fmt: skip
        (place, said), (other, told) = unknown(doc, {})
        assert place == ("match", "any", 0, "field")
        assert said.startswith("over server there is no field 'instruction'; there is instructions, ")
        assert other == ("match", "any", 1, "not", "fact")
        assert "there is auth.requirement, " in told

    def test_so_is_the_fact_that_grades_a_variant(self) -> None:
        variant = {"match": {"field": "name", "regex": "x"}, "graded": {"write": "diction.wriet"}}
        doc = SignalDoc.read({"id": "own", "title": "t", "over": "tools", "variants": {"a": variant}})
        ((place, said),) = unknown(doc, {"diction": ["write"]})
        assert place == ("variants", "a", "graded", "write")
        assert "there is diction.write, " in said

    def test_a_family_whose_ends_a_target_decides_takes_any(self) -> None:
        doc = SignalDoc.read(
            {"id": "own", "title": "t", "over": "server", "match": {"fact": "capability.x.y", "equals": True}}
        )
        assert list(unknown(doc, {"hostile": []})) == []
