"""What makes a threat fire, how likely and how grave it then is, and when a layer is called mapped."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_threat_scoring.maestro.assess import Observed, judge
from mcp_threat_scoring.maestro.catalogue import load_catalogue
from mcp_threat_scoring.maestro.layers import model
from mcp_threat_scoring.maestro.threat import Catalogue, SignalMeta, Threat, When
from mcp_threat_scoring.manifest import OBSERVED
from mcp_threat_scoring.neutralise import trusted
from mcp_threat_scoring.report import SEVERITIES, MaestroOut, ThreatOut
from mcp_threat_scoring.signal import Evidence, Signal, SignalId, Signals
from mcp_threat_scoring.words import WordsContext

META = {
    "tool.write": SignalMeta("presence", "heuristic"),
    "tool.fetch": SignalMeta("presence", "heuristic"),
    "auth.none": SignalMeta("presence", "exact"),
    "pkg.unpinned": SignalMeta("presence", "exact"),
    "list.size": SignalMeta("weak", "exact"),
    "srv.no_audit": SignalMeta("gap", "heuristic"),
    "ctl.pinned": SignalMeta("control", "exact", frozenset({"L4"})),
    "ctl.toolsets": SignalMeta("control", "heuristic", frozenset({"L3", "L6"})),
}
NAMES = {f"/tools/{index}": trusted(f"tool_{index}") for index in range(1000)}
CONTEXT = WordsContext(server=trusted("shop"), names=NAMES, coverage={"tools": OBSERVED}, tools=12)
SHIPPED = load_catalogue()


def signals(*ids: str, on: str = "") -> Signals:
    return Signals(
        Signal(SignalId(i), on, (Evidence(SignalId(i), f"{on}/name", trusted(i)),)) for i in dict.fromkeys(ids)
    )


def threat(when: When, **more: object) -> Threat:
    return Threat.read(
        {
            "id": "MTC-201",
            "slug": "example",
            "title": "An example",
            "layer": "L2",
            "severity": "medium",
            "when": when,
            "description": "Something can happen through {tools}.",
            "mitigations": ["K01"],
            "response": ["Look.", "Act."],
            "references": {"cwe": ["CWE-20"]},
            **more,
        }
    )


def catalogue(*threats: Threat) -> Catalogue:
    return Catalogue(
        threats=threats,
        controls=SHIPPED.controls,
        layers=SHIPPED.layers,
        clauses={**SHIPPED.clauses, "tool.fetch": "{tools} fetch{es}", "ctl.pinned": "it is pinned"},
        questions=SHIPPED.questions,
    )


def run(found: Signals, *threats: Threat) -> MaestroOut:
    return model(found, META, catalogue(*threats), CONTEXT)


def all_threats(report: MaestroOut) -> list[ThreatOut]:
    return [*report.cross_layer, *itertools.chain.from_iterable(layer.threats for layer in report.layers)]


class TestWhen:
    @pytest.mark.parametrize(
        ("rule", "observed", "fires"),
        [
            ({"all": ["a.a", "a.b"]}, {"a.a", "a.b"}, True),
            ({"all": ["a.a", "a.b"]}, {"a.a"}, False),
            ({"any": ["a.a", "a.b"]}, {"a.b"}, True),
            ({"any": ["a.a", "a.b"]}, {"a.c"}, False),
            ({"any": ["a.a"], "and_any": ["a.b", "a.c"]}, {"a.a", "a.c"}, True),
            ({"any": ["a.a"], "and_any": ["a.b", "a.c"]}, {"a.a"}, False),
            ({"any": ["a.a"], "none": ["a.b"]}, {"a.a", "a.b"}, False),
            ({"any": ["a.a"], "or_all": [["a.b", "a.c"]]}, {"a.b", "a.c"}, True),
            ({"any": ["a.a"], "or_all": [["a.b", "a.c"]]}, {"a.b"}, False),
            ({"or_all": [["a.b", "a.c"]]}, set(), False),
            ({"or_all": [["a.b", "a.c"]]}, {"a.z"}, False),
            ({"any": ["a.a"], "or_all": [["a.b"]], "none": ["a.n"]}, {"a.b", "a.n"}, False),
        ],
    )
    def test_a_rule_over_observed_signals(self, rule: dict[str, object], observed: set[str], fires: bool) -> None:
        assert bool(When.read(rule).fired_by(frozenset(observed))) is fires

    def test_only_the_signals_that_hold_are_named(self) -> None:
        when = When(all=("a.a",), any=("a.b", "a.c"), or_all=(("a.d", "a.e"),))
        assert when.fired_by(frozenset({"a.a", "a.c", "a.d"})) == ("a.a", "a.c")


class TestLikelihood:
    def test_an_exact_observation_confirms(self) -> None:
        (fired,) = all_threats(run(signals("auth.none"), threat(When(any=("auth.none",)))))
        assert fired.likelihood == "confirmed"

    def test_a_heuristic_one_is_likely(self) -> None:
        (fired,) = all_threats(run(signals("tool.write"), threat(When(any=("tool.write",)))))
        assert fired.likelihood == "likely"

    def test_the_weakest_link_decides(self) -> None:
        (fired,) = all_threats(run(signals("auth.none", "tool.write"), threat(When(all=("auth.none", "tool.write")))))
        assert fired.likelihood == "likely"

    def test_an_exact_way_beside_a_heuristic_one_confirms(self) -> None:
        (fired,) = all_threats(run(signals("auth.none", "tool.write"), threat(When(any=("tool.write", "auth.none")))))
        assert fired.likelihood == "confirmed"

    def test_a_weak_sign_makes_it_possible_and_less_grave(self) -> None:
        (fired,) = all_threats(run(signals("list.size"), threat(When(any=("list.size",)))))
        assert (fired.likelihood, fired.severity) == ("possible", "low")

    def test_presence_that_needs_missing_information_is_possible(self) -> None:
        (fired,) = all_threats(
            run(signals("tool.write", "srv.no_audit"), threat(When(all=("tool.write", "srv.no_audit"))))
        )
        assert (fired.likelihood, fired.severity) == ("possible", "low")

    def test_missing_information_alone_is_a_question_and_no_threat(self) -> None:
        report = run(signals("srv.no_audit"), threat(When(any=("srv.no_audit",))))
        layer = report.layers[1]
        assert all_threats(report) == []
        assert layer.status == "not_certain"
        assert SHIPPED.questions["srv.no_audit"].format_map({"server": "`shop`"}) in layer.ask_next

    def test_a_signal_nobody_described_counts_as_heuristic(self) -> None:
        (fired,) = all_threats(run(signals("tool.unheard"), threat(When(any=("tool.unheard",)))))
        assert fired.likelihood == "likely"


class TestSeverity:
    @pytest.mark.parametrize(
        ("also", "severity"),
        [
            ((), "medium"),
            (("auth.none",), "high"),
            (("ctl.pinned",), "low"),
            (("auth.none", "ctl.pinned"), "medium"),
            (("auth.none", "pkg.unpinned"), "high"),
        ],
    )
    def test_amplifiers_raise_and_dampeners_lower_by_one_step(self, also: tuple[str, ...], severity: str) -> None:
        example = threat(
            When(any=("tool.write",)), amplified_by=["auth.none", "pkg.unpinned"], dampened_by=["ctl.pinned"]
        )
        (fired,) = all_threats(run(signals("tool.write", *also), example))
        assert fired.severity == severity

    def test_missing_information_amplifies_nothing(self) -> None:
        example = threat(When(any=("tool.write",)), amplified_by=["srv.no_audit"])
        (fired,) = all_threats(run(signals("tool.write", "srv.no_audit"), example))
        assert fired.severity == "medium"

    def test_it_stays_on_the_scale(self) -> None:
        example = threat(When(any=("tool.write",)), severity="critical", amplified_by=["auth.none"])
        (fired,) = all_threats(run(signals("tool.write", "auth.none"), example))
        assert fired.severity == "critical"

    def test_the_description_says_why(self) -> None:
        example = threat(When(any=("tool.write",)), amplified_by=["auth.none"], dampened_by=["ctl.pinned"])
        (fired,) = all_threats(run(signals("tool.write", "auth.none", "ctl.pinned"), example))
        assert fired.description.endswith(
            "It is worse here because the server answers without credentials. What holds it back: it is pinned."
        )


class TestLayers:
    def test_a_threat_of_its_own_maps_a_layer(self) -> None:
        report = run(signals("tool.write"), threat(When(any=("tool.write",))))
        assert [layer.id for layer in report.layers if layer.status == "mapped"] == ["L2"]

    def test_a_related_layer_stays_uncertain(self) -> None:
        report = run(signals("tool.write"), threat(When(any=("tool.write",)), related_layers=["L5"]))
        assert report.layers[4].status == "not_certain"

    def test_a_weak_sign_maps_nothing(self) -> None:
        report = run(signals("list.size"), threat(When(any=("list.size",))))
        assert report.layers[1].status == "not_certain"
        assert [fired.id for fired in report.layers[1].threats] == ["MTC-201"]

    def test_presence_that_needs_missing_information_maps_nothing(self) -> None:
        report = run(signals("tool.write", "srv.no_audit"), threat(When(all=("tool.write", "srv.no_audit"))))
        assert report.layers[1].status == "not_certain"

    def test_a_safeguard_maps_the_layers_it_settles(self) -> None:
        report = run(signals("ctl.toolsets"))
        assert [layer.id for layer in report.layers if layer.status == "mapped"] == ["L3", "L6"]
        assert all_threats(report) == []

    def test_chains_stand_apart_and_map_nothing(self) -> None:
        report = run(signals("tool.write"), threat(When(any=("tool.write",)), id="MTC-801", layer="X"))
        assert [fired.id for fired in report.cross_layer] == ["MTC-801"]
        assert {layer.status for layer in report.layers} == {"not_certain"}

    def test_nothing_observed_leaves_everything_open_with_questions(self) -> None:
        report = run(Signals())
        assert all(layer.status == "not_certain" and layer.ask_next and layer.summary for layer in report.layers)

    def test_a_mapped_layer_asks_only_for_what_is_missing(self) -> None:
        example = threat(When(any=("tool.write", "srv.no_audit")))
        layer = run(signals("tool.write", "srv.no_audit"), example).layers[1]
        assert layer.status == "mapped"
        assert len(layer.ask_next) == 1

    def test_the_gravest_threat_comes_first(self) -> None:
        report = run(
            signals("tool.write", "auth.none"),
            threat(When(any=("tool.write",)), id="MTC-201", severity="low"),
            threat(When(any=("tool.write",)), id="MTC-202", severity="high"),
            threat(When(any=("auth.none",)), id="MTC-203", severity="high"),
        )
        assert [fired.id for fired in report.layers[1].threats] == ["MTC-203", "MTC-202", "MTC-201"]


class TestEvidence:
    def test_a_threat_names_the_tools_that_cause_it(self) -> None:
        found = Signals([*signals("tool.write", on="/tools/3"), *signals("tool.write", on="/tools/1")])
        (fired,) = all_threats(run(found, threat(When(any=("tool.write",)))))
        assert fired.tools == ["tool_3", "tool_1"]
        assert "through `tool_3` and `tool_1`" in fired.description
        assert {piece.pointer for piece in fired.evidence} == {"/tools/3/name", "/tools/1/name"}

    def test_tools_are_read_from_evidence_where_the_signal_is_the_servers(self) -> None:
        piece = Evidence(SignalId("tool.write"), "/tools/7/description", trusted("creates"))
        (fired,) = all_threats(
            run(Signals([Signal(SignalId("tool.write"), "", (piece,))]), threat(When(any=("tool.write",))))
        )
        assert fired.tools == ["tool_7"]

    def test_every_signal_gets_a_turn(self) -> None:
        many = [next(iter(signals("tool.write", on=f"/tools/{index}"))) for index in range(50)]
        found = Signals([*many, *signals("auth.none")])
        (fired,) = all_threats(run(found, threat(When(all=("tool.write", "auth.none")))))
        assert {piece.rule_id for piece in fired.evidence} == {"tool.write", "auth.none"}
        assert len(fired.tools) == 50

    def test_named_subjects_alone_are_named(self) -> None:
        found = Signals([*signals("tool.write", on="/tools/1"), *signals("tool.fetch", on="/tools/2")])
        example = threat(When(all=("tool.write", "tool.fetch")), subjects=["tool.fetch"])
        (fired,) = all_threats(run(found, example))
        assert fired.tools == ["tool_2"]

    def test_a_place_may_name_the_tools_of_one_signal(self) -> None:
        found = Signals([*signals("tool.write", on="/tools/1"), *signals("tool.fetch", on="/tools/2")])
        example = threat(When(all=("tool.write",)), description="It comes in through {fetch} and stays in {write}.")
        (fired,) = all_threats(run(found, example))
        assert fired.description == "It comes in through `tool_2` and stays in `tool_1`."


class TestPerTool:
    RULE = When(all=("tool.write",), any=("tool.fetch", "auth.none"))

    def test_signals_on_two_tools_do_not_meet(self) -> None:
        found = Signals([*signals("tool.write", on="/tools/1"), *signals("tool.fetch", on="/tools/2")])
        assert all_threats(run(found, threat(self.RULE, per_tool=True))) == []
        assert len(all_threats(run(found, threat(self.RULE)))) == 1

    def test_only_the_tools_where_they_meet_are_named(self) -> None:
        found = Signals([*signals("tool.write", "tool.fetch", on="/tools/1"), *signals("tool.write", on="/tools/2")])
        (fired,) = all_threats(run(found, threat(self.RULE, per_tool=True)))
        assert fired.tools == ["tool_1"]
        assert {piece.pointer for piece in fired.evidence} == {"/tools/1/name"}

    def test_what_is_true_of_the_server_is_true_of_each_tool(self) -> None:
        found = Signals([*signals("tool.write", on="/tools/1"), *signals("auth.none")])
        (fired,) = all_threats(run(found, threat(self.RULE, per_tool=True)))
        assert fired.tools == ["tool_1"]

    def test_one_of_several_ways_is_enough(self) -> None:
        rule = When(or_all=(("tool.write", "tool.fetch"), ("tool.write", "list.size")))
        found = Signals(
            [*signals("tool.write", on="/tools/1"), *signals("tool.fetch", on="/tools/2"), *signals("list.size")]
        )
        assert [fired.tools for fired in all_threats(run(found, threat(rule, per_tool=True)))] == [["tool_1"]]


OBSERVABLE = sorted({name for item in SHIPPED.threats for name in item.signal_names()})


class TestTheShippedCatalogue:
    @given(st.lists(st.sampled_from(OBSERVABLE), max_size=25, unique=True))
    def test_more_presence_never_removes_a_threat_or_a_mapped_layer(self, ids: list[str]) -> None:
        positive = [i for i in ids if i.split(".")[0] in ("tool", "schema", "text", "list")]
        less, more = positive[: len(positive) // 2], positive

        def summary_of(chosen: list[str]) -> tuple[set[str], set[str]]:
            report = model(signals(*chosen, on="/tools/0"), {}, SHIPPED, CONTEXT)
            return {t.id for t in all_threats(report)}, {x.id for x in report.layers if x.status == "mapped"}

        few, many = summary_of(less), summary_of(more)
        assert few[0] <= many[0]
        assert few[1] <= many[1]

    @given(st.lists(st.sampled_from(OBSERVABLE), max_size=40, unique=True))
    def test_the_order_of_observation_changes_no_decision(self, ids: list[str]) -> None:
        forward = model(signals(*ids), {}, SHIPPED, CONTEXT)
        backward = model(signals(*reversed(ids)), {}, SHIPPED, CONTEXT)
        assert [(t.id, t.severity, t.likelihood) for t in all_threats(forward)] == [
            (t.id, t.severity, t.likelihood) for t in all_threats(backward)
        ]
        assert forward.to_json() == model(signals(*ids), {}, SHIPPED, CONTEXT).to_json()

    def test_every_signal_at_once_says_something_in_every_layer(self) -> None:
        report = model(signals(*OBSERVABLE, on="/tools/0"), {}, SHIPPED, CONTEXT)
        assert {layer.status for layer in report.layers} == {"mapped"}
        for fired in all_threats(report):
            assert fired.evidence
            assert fired.mitigations
            assert "{" not in fired.description
            assert fired.severity in SEVERITIES

    def test_judging_does_not_depend_on_words(self) -> None:
        observed = Observed(signals("tool.exec"), {})
        fired = [item.id for item in SHIPPED.threats if judge(item, observed)]
        assert "MTC-307" in fired
