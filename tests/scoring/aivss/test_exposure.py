"""From what a server can do to CVSS vectors: the right band for the right kind of server, a reason for every metric."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from mcp_threat_scoring.aivss.atoms import Atoms
from mcp_threat_scoring.aivss.cvss_base import BASE_METRICS, cvss_base
from mcp_threat_scoring.aivss.exposure import ExposureModel, bases, exposure_model
from mcp_threat_scoring.aivss.exposure_rules import ExposureDoc
from mcp_threat_scoring.aivss.score import score
from mcp_threat_scoring.errors import RuleError
from mcp_threat_scoring.model import ValidationError
from mcp_threat_scoring.picture import Picture
from mcp_threat_scoring.report_score import AivssOut
from mcp_threat_scoring.rulebook.documents import rules_dir

Fake = Callable[..., Picture]
Tool = Callable[..., Any]
EASY = {"sets": {"3.1": {"AC": "L"}, "4.0": {}}, "reason": "x"}
HARD_IF = {"sets": {"3.1": {"AC": "H"}, "4.0": {}}, "reason": "x", "when": {"signal": "x"}}
OPEN = {"auth.requirement": "none"}
NOTHING = {
    "coverage.tools": "not_observed",
    "auth.requirement": "unknown",
    "transport.kind": "none",
    "transport.scope": "unknown",
}


def scored(picture: Picture) -> AivssOut:
    return score(picture, "graded")


def scenarios(picture: Picture) -> list[str]:
    return [scenario.id for scenario in scored(picture).scenarios]


class TestBands:
    """The CVSS v3.1 base of a kind of server lies where an assessor would put it."""

    def test_reading_public_data_is_low(self, fake: Fake, tool: Tool) -> None:
        plain = scored(fake([tool(domains=("weather",))]))
        planted = scored(fake([tool(domains=("weather",), abilities=("untrusted.read",))]))

        assert plain.cvss.base_score == 3.1
        assert planted.cvss.base_score == 4.3

    def test_reading_private_data_is_medium(self, fake: Fake, tool: Tool) -> None:
        assert 5.3 <= scored(fake([tool(domains=("notes",))])).cvss.base_score <= 6.5

    @pytest.mark.parametrize("domain", ["billing", "code-hosting"])
    def test_writing_to_business_systems_behind_a_login_is_high(
        self, fake: Fake, writing: Tool, destroying: Tool, domain: str
    ) -> None:
        for found in (writing(domains=(domain,)), destroying(domains=(domain,))):
            assert 7.5 <= scored(fake([found])).cvss.base_score <= 8.5

    @pytest.mark.parametrize("ability", ["process.exec", "code.eval"])
    def test_running_code_is_near_the_top(self, fake: Fake, destroying: Tool, ability: str) -> None:
        for transport in ("stdio", "http"):
            runs = destroying(abilities=(ability,), signals=("tool.free_command",))
            found = scored(fake([runs], facts={"transport.kind": transport}))
            assert 8.8 <= found.cvss.base_score <= 9.8

    def test_a_choice_among_commands_is_not_running_whatever_is_handed_over(self, fake: Fake, destroying: Tool) -> None:
        assert scored(fake([destroying(abilities=("process.exec",))])).cvss.base_score < 8.8

    def test_a_wallet_is_near_the_top(self, fake: Fake, writing: Tool) -> None:
        assert 8.8 <= scored(fake([writing(domains=("crypto",))])).cvss.base_score <= 9.8

    def test_writing_without_a_login_over_http_is_critical(self, fake: Fake, writing: Tool, destroying: Tool) -> None:
        assert scored(fake([writing()], facts=OPEN)).cvss.base_score == 9.1
        assert scored(fake([destroying()], facts=OPEN)).cvss.base_score == 9.8


class TestScenarios:
    def test_an_open_endpoint_that_serves_public_data_is_no_open_door(self, fake: Fake, tool: Tool) -> None:
        assert "open-door" not in scenarios(fake([tool(domains=("weather",))], facts=OPEN))
        assert "open-door" in scenarios(fake([tool(domains=("notes",))], facts=OPEN))

    def test_a_local_endpoint_is_reached_from_the_same_machine_only(self, fake: Fake, writing: Tool) -> None:
        def reach(scope: str) -> str:
            found = scored(fake([writing()], facts={**OPEN, "transport.scope": scope}))
            return next(one.vector for one in found.scenarios if one.id == "open-door")

        assert reach("public").startswith("CVSS:3.1/AV:N/")
        assert reach("private").startswith("CVSS:3.1/AV:A/")
        assert reach("loopback").startswith("CVSS:3.1/AV:L/")

    def test_a_program_on_standard_input_has_no_door(self, fake: Fake, writing: Tool) -> None:
        assert "open-door" not in scenarios(fake([writing()], facts={**OPEN, "transport.kind": "stdio"}))

    def test_members_text_read_by_one_tool_steers_another(self, fake: Fake, tool: Tool, writing: Tool) -> None:
        reads = tool("read_note", domains=("notes",), abilities=("untrusted.read",))

        assert "planted-record" not in scenarios(fake([reads]))
        assert "planted-record" not in scenarios(fake([writing(domains=("notes",))]))
        assert "planted-record" in scenarios(fake([reads, writing(domains=("notes",))]))

    def test_private_data_with_a_way_out_leaks_more_easily(self, fake: Fake, tool: Tool) -> None:
        inside = scored(fake([tool(domains=("notes",))]))
        way_out = scored(fake([tool(domains=("notes",)), tool("send_it", abilities=("net.send",))]))

        assert inside.cvss.base_score < way_out.cvss.base_score

    def test_private_data_with_a_way_out_leaks_beside_what_is_changed(
        self, fake: Fake, tool: Tool, destroying: Tool
    ) -> None:
        def told(*tools: Any) -> tuple[str, str, list[str]]:
            metric = next(one for one in scored(fake([destroying("drop_it"), *tools])).cvss.metrics if one.id == "C")
            return metric.value, str(metric.reason), [evidence.pointer for evidence in metric.evidence]

        reads, sends = tool("read_note", domains=("notes",)), tool("send_it", abilities=("net.send",))

        assert told(reads)[0] == told(sends)[0] == "L"
        assert told(reads)[2] == []
        value, reason, places = told(reads, sends)
        assert value == "H"
        assert "`read_note`" in reason
        assert "`send_it`" in reason
        assert "drop_it" not in reason
        assert "/tools/0/name" not in places

    def test_a_file_that_is_only_put_down_changes_nothing_that_exists(self, fake: Fake, writing: Tool) -> None:
        def integrity(*tools: Any) -> str:
            metrics = scored(fake(list(tools))).cvss.metrics
            return next(one.value for one in metrics if one.id == "I")

        keeps = [writing(f"download_{name}", signals=("tool.new_file",), domains=("code-hosting",)) for name in "ab"]

        assert integrity(*keeps) == "L"
        assert integrity(*keeps, writing("set_it", domains=("code-hosting",))) == "H"

    def test_the_harm_is_under_another_authority_only_where_something_tells_of_one(
        self, fake: Fake, tool: Tool, writing: Tool
    ) -> None:
        def scope(*tools: Any, signals: tuple[str, ...] = ()) -> str:
            metrics = scored(fake(list(tools), signals=signals)).cvss.metrics
            return next(one.value for one in metrics if one.id == "S")

        assert scope(writing(domains=("weather",))) == "U"
        assert scope(writing(domains=("weather",)), signals=("auth.credential",)) == "C"
        assert scope(writing(domains=("notes",))) == "C"
        assert scope(tool(domains=("notes",))) == "C"

    def test_commands_reach_beyond_the_host_with_the_credentials_of_a_sensitive_system(
        self, fake: Fake, destroying: Tool
    ) -> None:
        def scope(domain: str, *signals: str) -> str:
            runs = destroying(abilities=("process.exec",), domains=(domain,), signals=("tool.free_command",))
            return next(one.value for one in scored(fake([runs], signals=signals)).cvss.metrics if one.id == "S")

        assert scope("billing", "auth.credential") == "C"
        assert scope("billing") == scope("weather", "auth.credential") == "U"

    def test_money_that_is_moved_for_good_is_gone(self, fake: Fake, writing: Tool, destroying: Tool) -> None:
        def score_of(found: Any) -> float:
            return scored(fake([found])).cvss.base_score

        paying, undone = (make(abilities=("money.move",), domains=("billing",)) for make in (destroying, writing))
        assert score_of(paying) > score_of(undone) == score_of(destroying(domains=("billing",)))

    def test_a_server_that_nobody_has_described_is_taken_for_a_program_with_the_users_rights(self, fake: Fake) -> None:
        found = scored(fake(facts=NOTHING))

        assert found.cvss.vector == "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H"
        assert found.range.low < 4.0 < 9.0 < found.range.high

    def test_a_server_with_an_empty_list_of_tools_can_still_mislead(self, fake: Fake) -> None:
        assert scenarios(fake()) == ["misled-assistant"]

    def test_the_worst_makes_the_headline_and_all_are_listed(self, fake: Fake, tool: Tool, writing: Tool) -> None:
        found = scored(fake([writing(domains=("billing",)), tool(domains=("notes",))]))

        assert [one.id for one in found.scenarios] == ["injected-write", "disclosure", "misled-assistant"]
        assert found.cvss.base_score == max(one.base_score for one in found.scenarios)
        assert found.score == found.scenarios[0].score
        assert found.cvss.scenario == found.scenarios[0].title


class TestMetrics:
    def test_every_metric_of_both_versions_has_a_reason(self, fake: Fake, destroying: Tool) -> None:
        found = scored(fake([destroying("drop_table", domains=("billing",))]))

        for profile, version in ((found, "3.1"), (found.other_profile, "4.0")):
            assert profile.cvss.version == version
            assert [metric.id for metric in profile.cvss.metrics] == list(BASE_METRICS[profile.cvss.version])
            assert all(metric.reason.endswith(".") and "{" not in metric.reason for metric in profile.cvss.metrics)
            assert profile.cvss.vector is not None
            assert profile.cvss.base_score == cvss_base(profile.cvss.vector).score

    def test_an_impact_names_its_tools_and_cites_them(self, fake: Fake, destroying: Tool) -> None:
        found = scored(fake([destroying("drop_table", domains=("billing",))]))
        integrity = next(metric for metric in found.cvss.metrics if metric.id == "I")

        assert "`drop_table`" in integrity.reason
        assert integrity.evidence[0].pointer == "/tools/0/name"


class TestRules:
    """The rule file is checked when it is loaded: order, completeness, and that no tool can lower a score."""

    def test_every_combination_of_choices_is_a_valid_vector_and_graver_choices_score_higher(self) -> None:
        model = exposure_model(rules_dir(), Atoms())
        for scenario in model.doc.scenarios:
            aspects = [model.doc.aspects[name] for name in scenario.aspects]
            found: dict[tuple[int, ...], dict[str, float]] = {}
            for pick in itertools.product(*(range(len(aspect)) for aspect in aspects)):
                choices = tuple(aspect[at] for aspect, at in zip(aspects, pick, strict=True))
                found[pick] = {version: base.score for version, base in bases(choices).items()}
            for pick, scores in found.items():
                for at, value in enumerate(pick):
                    milder = (*pick[:at], value + 1, *pick[at + 1 :])
                    if milder in found:
                        assert all(found[milder][version] <= scores[version] for version in scores), (scenario.id, pick)

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"aspects": {"simple": [HARD_IF]}}, "must hold always"),
            ({"aspects": {"simple": [HARD_IF, EASY]}}, "gravest first"),
            ({"scenarios": [{"id": "x", "title": "x", "aspects": ["nothing"]}]}, "no aspect 'nothing'"),
            ({"scenarios": [{"id": "x", "title": "x", "aspects": ["simple"]}]}, "its aspects set"),
            ({"unknowns": [{"when": {"not": {"effect": "write"}}, "reason": "x"}]}, "may not stand under not"),
            ({"levers": [{"change": "x"}]}, "either denies tools or assumes"),
            ({"levers": [{"change": "x", "deny": {"signal": "x"}}]}, "deny asks for tools"),
            ({"unknown_key": 1}, "unknown field"),
        ],
    )  # fmt: skip
    def test_a_wrong_rule_is_refused(self, change: dict[str, Any], says: str) -> None:
        document = yaml.safe_load((rules_dir() / "exposure.yaml").read_text("utf-8"))
        document.update(change)

        with pytest.raises(ValidationError, match=says):
            ExposureDoc.read(document)

    def test_a_conditional_last_scenario_is_refused(self) -> None:
        document = yaml.safe_load((rules_dir() / "exposure.yaml").read_text("utf-8"))
        document["scenarios"][-1]["when"] = {"effect": "write"}

        with pytest.raises(ValidationError, match="has no condition"):
            ExposureDoc.read(document)

    def test_a_missing_file_is_one_clear_error(self, tmp_path: Any) -> None:
        with pytest.raises(RuleError, match=r"exposure\.yaml: cannot be read"):
            exposure_model(tmp_path, Atoms())

    def test_the_shipped_rules_compile(self) -> None:
        assert isinstance(exposure_model(rules_dir(), Atoms()), ExposureModel)
