"""Every threat proves itself: it fires on its cases and only on those, cites what exists, and reads well."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcp_threat_scoring.analyze import analyze, knowledge
from mcp_threat_scoring.errors import RuleError
from mcp_threat_scoring.maestro.catalogue import THREAT_FILES, Case, load_cases, load_catalogue
from mcp_threat_scoring.maestro.threat import Control, ControlFile, Threat
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.neutralise import trusted
from mcp_threat_scoring.rulebook.case import CaseManifest
from mcp_threat_scoring.rulebook.case_manifest import manifest_of
from mcp_threat_scoring.rulebook.documents import rules_dir
from mcp_threat_scoring.words import WordsContext

CATALOGUE = load_catalogue()
CASES = load_cases()
CONTROLS = ControlFile.read(
    yaml.load((rules_dir() / "controls.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
).controls
FRAMEWORKS: Mapping[str, Mapping[str, Any]] = yaml.load(
    (rules_dir() / "frameworks.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
)
THREATS = pytest.mark.parametrize("threat", CATALOGUE.threats, ids=lambda threat: threat.id)
PATTERNS = {
    "maestro": r"(L[1-7]|X):[A-Z].+",
    "owasp_mcp": r"MCP(0[1-9]|10):2025",
    "owasp_asi": r"ASI(0[1-9]|10)",
    "owasp_llm": r"LLM(0[1-9]|10):2025",
    "owasp_t": r"T([1-9]|[1-4][0-9])",
    "cosai": r"MCP-T([1-9]|1[0-2])",
    "safe_mcp": r"SAFE-T[0-9]{4}",
    "atlas": r"AML\.T[0-9]{4}(\.[0-9]{3})?",
    "cwe": r"CWE-[1-9][0-9]{0,3}",
}
CONTROL_PATTERNS = {"safe_mcp": r"SAFE-M-[1-9][0-9]?", "atlas": r"AML\.M[0-9]{4}"}


def cases(kind: str) -> Iterator[Any]:
    for threat_id, proofs in CASES.items():
        for case in proofs:
            if getattr(case, kind) is not None:
                yield pytest.param(threat_id, case, id=f"{threat_id}: {case.name}")


def written(case: Case) -> Manifest:
    """The capture of a case as a manifest. A part that the capture does not speak of was not observed."""
    capture = dict(case.manifest or {})
    if case.copies > 1:
        tools = capture["tools"]
        capture["tools"] = [
            {**tool, "name": f"{tool['name']}_{number}"} for number in range(case.copies) for tool in tools
        ]
    made = manifest_of(CaseManifest.read(capture))
    assert not made.bad_items
    return made


class TestCases:
    @pytest.mark.parametrize(("threat_id", "case"), list(cases("signals")))
    def test_on_observed_signals(self, threat_id: str, case: Case) -> None:
        threat = CATALOGUE.get(threat_id)
        assert threat is not None
        assert bool(threat.when.fired_by(frozenset(case.signals or ()))) is case.fires

    @pytest.mark.parametrize(("threat_id", "case"), list(cases("manifest")))
    def test_on_a_manifest(self, threat_id: str, case: Case) -> None:
        report = analyze(written(case)).maestro
        fired = {threat.id for layer in report.layers for threat in layer.threats}
        fired |= {threat.id for threat in report.cross_layer}
        assert (threat_id in fired) is case.fires

    @THREATS
    def test_every_threat_has_a_case_for_and_one_against(self, threat: Threat) -> None:
        assert {case.fires for case in CASES[threat.id] if case.signals is not None} == {True, False}

    def test_no_case_proves_a_threat_that_is_not_there(self) -> None:
        assert set(CASES) == {threat.id for threat in CATALOGUE.threats}

    @THREATS
    def test_a_case_is_either_of_signals_or_a_manifest(self, threat: Threat) -> None:
        assert all((case.signals is None) != (case.manifest is None) for case in CASES[threat.id])

    @THREATS
    def test_cases_have_names_of_their_own(self, threat: Threat) -> None:
        names = [case.name for case in CASES[threat.id]]
        assert len(names) == len(set(names))


class TestIds:
    def test_there_are_at_least_eighty(self) -> None:
        assert len(CATALOGUE.threats) >= 80

    @THREATS
    def test_the_hundreds_digit_is_the_layer(self, threat: Threat) -> None:
        assert threat.id[4] == ("8" if threat.layer == "X" else threat.layer[1])
        assert threat.layer not in threat.related_layers

    def test_ids_slugs_and_titles_are_unique(self) -> None:
        for key in ("id", "slug", "title", "description"):
            values = [getattr(threat, key) for threat in CATALOGUE.threats]
            assert len(values) == len(set(values)), key

    def test_every_layer_has_threats(self) -> None:
        assert {threat.layer for threat in CATALOGUE.threats} == {"L1", "L2", "L3", "L4", "L5", "L6", "L7", "X"}


class TestSignals:
    @THREATS
    def test_every_signal_is_made_by_a_rule(self, threat: Threat) -> None:
        assert threat.signal_names() <= set(knowledge().meta)
        assert {name for case in CASES[threat.id] for name in case.signals or ()} <= set(knowledge().meta)

    @THREATS
    def test_subjects_are_signals_of_tools_that_exist(self, threat: Threat) -> None:
        assert set(threat.subjects) <= set(CATALOGUE.clauses)

    @THREATS
    def test_every_signal_of_a_threat_can_be_told_or_asked(self, threat: Threat) -> None:
        told = set(CATALOGUE.clauses) | set(CATALOGUE.questions)
        assert threat.signal_names() <= told

    def test_a_signal_is_either_told_or_asked(self) -> None:
        assert set(CATALOGUE.clauses).isdisjoint(CATALOGUE.questions)

    def test_gaps_are_asked_and_all_others_told(self) -> None:
        for signal_id, meta in knowledge().meta.items():
            if signal_id in CATALOGUE.questions:
                assert meta.polarity == "gap", signal_id
            if signal_id in CATALOGUE.clauses:
                assert meta.polarity != "gap", signal_id

    def test_layers_name_only_signals_that_exist(self) -> None:
        told = set(CATALOGUE.clauses) | set(CATALOGUE.questions)
        for layer in CATALOGUE.layers:
            assert set(layer.known) <= told
            for question in layer.ask_next:
                assert {*question.only, *question.unless} <= told


class TestReferences:
    @THREATS
    def test_ids_are_known(self, threat: Threat) -> None:
        for framework, ids in threat.references.items():
            for one in ids:
                known = FRAMEWORKS[framework]["items"]
                near = ", ".join(get_close_matches(one, known, n=3, cutoff=0.0))
                assert one in known, f"{framework} has no {one!r} in rules/frameworks.yaml; the nearest are {near}"
            assert len(ids) == len(set(ids))

    @THREATS
    def test_the_layered_lists_are_always_cited(self, threat: Threat) -> None:
        missing = {"maestro", "owasp_asi", "owasp_t", "cosai", "cwe"} - set(threat.references)
        assert not missing, f"the references of {threat.id} cite nothing of {', '.join(sorted(missing))}"

    @pytest.mark.parametrize("framework", PATTERNS)
    def test_ids_of_frameworks_are_well_formed(self, framework: str) -> None:
        assert [one for one in FRAMEWORKS[framework]["items"] if not re.fullmatch(PATTERNS[framework], one)] == []

    @pytest.mark.parametrize("framework", ["owasp_mcp", "owasp_asi", "owasp_llm", "cosai"])
    def test_every_entry_of_the_short_lists_is_reached(self, framework: str) -> None:
        reached = {one for threat in CATALOGUE.threats for one in threat.references.get(framework, ())}  # type: ignore[call-overload]
        assert reached == set(FRAMEWORKS[framework]["items"])

    @pytest.mark.parametrize(("framework", "count"), [("owasp_mcp", 10), ("owasp_asi", 10), ("owasp_llm", 10)])
    def test_the_lists_of_ten_hold_ten(self, framework: str, count: int) -> None:
        assert len(FRAMEWORKS[framework]["items"]) == count

    @pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.id)
    def test_countermeasures_cite_well_formed_ids(self, control: Control) -> None:
        for framework, ids in control.references.items():
            assert all(re.fullmatch(CONTROL_PATTERNS[framework], one) for one in ids)

    def test_a_threat_is_found_by_what_it_cites(self) -> None:
        assert {t.id for t in CATALOGUE.citing("mcp05")} == {t.id for t in CATALOGUE.citing("MCP05:2025")} != set()
        assert CATALOGUE.citing("CWE-7") == ()
        assert CATALOGUE.get("data-destruction") is CATALOGUE.get("MTC-206") is not None


BEFORE_TOOLS = re.compile(
    r"\b(through|in|of|by|with|from|to|for|on|at|via|into|over|behind|beside|among|between|against|using|under|about)"
    r"( \w+)? \{[a-z_]+\}",
    re.I,
)


class TestWords:
    @THREATS
    def test_a_description_is_one_to_three_sentences_with_known_places(self, threat: Threat) -> None:
        places = {name for _, name, _, _ in string.Formatter().parse(threat.description) if name is not None}
        assert places <= {"tools", "server", *(name.removeprefix("tool.") for name in threat.subjects)}
        assert 1 <= len(re.findall(r"[.?!](?: |$)", threat.description)) <= 3
        assert threat.description.endswith(".")

    @THREATS
    def test_names_of_tools_stand_where_one_or_many_fit(self, threat: Threat) -> None:
        named = threat.description.replace("{server}", "it")
        assert named.count("{") == len(BEFORE_TOOLS.findall(named))

    @THREATS
    def test_a_title_is_short_and_plain(self, threat: Threat) -> None:
        assert len(threat.title) <= 70
        assert not threat.title.endswith(".")

    @THREATS
    def test_a_response_is_two_to_four_sentences_of_its_own(self, threat: Threat) -> None:
        assert 2 <= len(threat.response) <= 4
        assert all(entry.endswith(".") and len(entry) > 30 for entry in threat.response)

    def test_nothing_is_said_twice(self) -> None:
        entries = [entry for threat in CATALOGUE.threats for entry in threat.response]
        assert len(entries) == len(set(entries))

    def test_layer_words_hold_their_places(self) -> None:
        context = WordsContext(server=trusted("x"), names={}, coverage={}, tools=1)
        for layer in CATALOGUE.layers:
            for words, place in (
                (layer.risk, "threats"), (layer.favour, "controls"), (layer.hint, "signs"),
                (layer.silent, "surface"), (layer.known_words, "facts"),
            ):  # fmt: skip
                assert f"{{{place}}}" in words
                assert words.format_map({place: context.surface(), "server": context.name})

    def test_every_countermeasure_is_used_and_owned(self) -> None:
        used = {control for threat in CATALOGUE.threats for control in threat.mitigations}
        assert used == set(CATALOGUE.controls)
        assert {control.owner for control in CATALOGUE.controls.values()} == {"server", "client", "platform"}


class TestLoading:
    @pytest.fixture
    def copy(self, tmp_path: Path) -> Path:
        for name in (*THREAT_FILES, "controls.yaml", "layers.yaml"):
            target = tmp_path / name
            target.parent.mkdir(exist_ok=True)
            target.write_text((rules_dir() / name).read_text(encoding="utf-8"), encoding="utf-8")
        return tmp_path

    def spoil(self, copy: Path, name: str, old: str, new: str) -> str:
        text = (copy / name).read_text(encoding="utf-8")
        assert old in text
        (copy / name).write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(RuleError) as caught:
            load_catalogue(copy)
        return str(caught.value)

    def test_a_good_copy_loads(self, copy: Path) -> None:
        assert load_catalogue(copy).threats == CATALOGUE.threats

    def test_a_misspelt_key_is_named_with_its_line(self, copy: Path) -> None:
        line = (copy / "threats/L2.yaml").read_text().split("    severity:")[0].count("\n") + 1
        said = self.spoil(copy, "threats/L2.yaml", "    severity:", "    severty:")
        assert "threats/L2.yaml" in said
        assert "severty" in said
        assert f":{line}:" in said

    def test_a_key_given_twice_is_refused(self, copy: Path) -> None:
        assert "twice" in self.spoil(copy, "threats/L2.yaml", "    slug:", "    layer: L2\n    slug:")

    def test_an_unknown_countermeasure_is_named(self, copy: Path) -> None:
        said = self.spoil(copy, "threats/L3.yaml", "mitigations: [K", "mitigations: [K98, K")
        line = (copy / "threats/L3.yaml").read_text().partition("K98")[0].count("\n") + 1
        assert f"threats/L3.yaml:{line}: " in said
        assert "MTC-301 names the control K98, which does not exist; the nearest are K" in said

    def test_an_id_used_twice_is_named(self, copy: Path) -> None:
        said = self.spoil(copy, "threats/L2.yaml", "id: MTC-201", "id: MTC-202")
        assert "threats/L2.yaml:" in said
        assert "MTC-202 stands twice; the first is in threats/L2.yaml" in said

    def test_a_threat_in_the_wrong_file_is_named(self, copy: Path) -> None:
        assert "does not belong" in self.spoil(copy, "threats/L2.yaml", "    layer: L2", "    layer: L3")

    def test_all_problems_are_told_at_once(self, copy: Path) -> None:
        (copy / "controls.yaml").unlink()
        said = self.spoil(copy, "threats/L1.yaml", "    severity:", "    severty:")
        assert "controls.yaml" in said
        assert "severty" in said

    def test_broken_cases_do_not_stop_a_scan(self, copy: Path) -> None:
        path = copy / "threats/L1.yaml"
        path.write_text(path.read_text(encoding="utf-8") + "  - [broken", encoding="utf-8")
        assert load_catalogue(copy).threats == CATALOGUE.threats
        with pytest.raises(RuleError, match=r"threats/L1\.yaml"):
            load_cases(copy)
