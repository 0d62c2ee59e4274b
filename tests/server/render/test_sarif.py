"""SARIF that code scanning accepts: complete rules, results that point somewhere, fingerprints that stay."""

from __future__ import annotations

import json
import random

from mcp_threat_model.render.interface import Context
from mcp_threat_model.render.sarif import FINGERPRINT, render_sarif
from mcp_threat_scoring.analyze import analyze
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED
from mcp_threat_scoring.report import ErrorOut, TargetOut

LYING = [
    {"name": "delete_order", "description": "Delete an order for good.", "annotations": {"readOnlyHint": True}},
    {"name": "drop_table", "description": "Drop a table.", "annotations": {"readOnlyHint": True}},
    {"name": "get_order", "description": "Get an order.", "annotations": {"readOnlyHint": True}},
]


def report(tools=LYING, target="servers/shop.json"):
    return analyze(build_manifest(target_kind="file", target_value=target, tools=tools, coverage={"tools": OBSERVED}))


def log(*results, **more):
    return json.loads(render_sarif(results, Context(**more)))


def test_every_finding_is_a_result_with_a_rule_that_explains_it():
    shop = report()
    run = log(shop)["runs"][0]
    rules = run["tool"]["driver"]["rules"]

    assert shop.findings
    assert len(run["results"]) == len(shop.findings)
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert all((rule["help"]["text"], rule["help"]["markdown"], rule["shortDescription"]["text"]))
        assert 0 <= float(rule["properties"]["security-severity"]) <= 10
        assert result["level"] in ("error", "warning", "note")
        location = result["locations"][0]["physicalLocation"]
        assert location == {"artifactLocation": {"uri": "servers/shop.json"}, "region": {"startLine": 1}}


def test_it_is_a_sarif_2_1_0_log():
    document = log(report(), ErrorOut(target="x", code="timeout", message="it never answered", hint=""))

    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-schema-2.1.0.json")
    assert set(document["runs"][0]) == {"tool", "columnKind", "results", "invocations", "properties"}
    invocation = document["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert "timeout" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_nothing_wrong_is_an_empty_list_of_results():
    assert log(report(LYING[2:]))["runs"][0]["results"] == []


def prints(document):
    return sorted(result["partialFingerprints"][FINGERPRINT] for result in document["runs"][0]["results"])


def test_fingerprints_stay_over_runs_and_reordered_tools():
    shuffled = random.Random(3).sample(LYING, len(LYING))

    assert prints(log(report())) == prints(log(report())) == prints(log(report(shuffled)))
    assert len(set(prints(log(report())))) == len(prints(log(report())))


def test_lines_and_accepted_findings_are_shown():
    document = log(report(), line=lambda report, pointer: 7, accepted=lambda report, finding: "known, ticket 12")
    result = document["runs"][0]["results"][0]

    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 7
    assert result["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "known, ticket 12"}]


def test_a_path_is_a_uri():
    assert log(report(target="./my servers/ü.json"))["runs"][0]["results"][0]["locations"][0]["physicalLocation"][
        "artifactLocation"
    ] == {"uri": "my%20servers/%C3%BC.json"}


# What SARIF 2.1.0 (section 3) allows in each object that we write, and what it requires.
SHAPES = {
    "log": ({"$schema", "version", "runs"}, {"version", "runs"}),
    "run": ({"tool", "columnKind", "results", "invocations", "properties"}, {"tool"}),
    "driver": ({"name", "semanticVersion", "rules"}, {"name"}),
    "rule": (
        {"id", "name", "shortDescription", "fullDescription", "help", "defaultConfiguration", "properties"}, {"id"},
    ),
    "result": (
        {"ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints", "properties", "suppressions"},
        {"message"},
    ),
    "location": ({"physicalLocation", "logicalLocations"}, set()),
    "physical": ({"artifactLocation", "region"}, set()),
    "logical": ({"fullyQualifiedName", "kind", "name"}, set()),
    "suppression": ({"kind", "status", "justification"}, {"kind"}),
    "invocation": ({"executionSuccessful", "toolExecutionNotifications"}, {"executionSuccessful"}),
    "notification": ({"level", "message"}, {"message"}),
}  # fmt: skip


def shaped(kind, value):
    allowed, required = SHAPES[kind]
    assert required <= set(value) <= allowed, kind
    return value


def test_every_object_has_what_the_standard_asks_for_and_nothing_else():
    broken = ErrorOut(target="x", code="timeout", message="it never answered", hint="")
    document = shaped("log", log(report(), broken, accepted=lambda report, finding: "known"))
    [run] = document["runs"]
    shaped("run", run)
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    rules = shaped("driver", run["tool"]["driver"])["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        shaped("rule", rule)
        tags = rule["properties"]["tags"]
        assert len(set(tags)) == len(tags) <= 20
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    for result in run["results"]:
        shaped("result", result)
        assert result["message"]["text"]
        assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
        [location] = result["locations"]
        physical = shaped("physical", shaped("location", location)["physicalLocation"])
        assert physical["region"]["startLine"] >= 1
        assert not physical["artifactLocation"]["uri"].startswith("/")
        assert all(shaped("logical", one) for one in location["logicalLocations"])
        for suppression in result["suppressions"]:
            assert shaped("suppression", suppression)["kind"] in ("inSource", "external")
            assert suppression["status"] in ("accepted", "underReview", "rejected")
    for invocation in run["invocations"]:
        assert all(
            shaped("notification", one) for one in shaped("invocation", invocation)["toolExecutionNotifications"]
        )


def test_a_server_in_no_file_has_the_fingerprint_that_code_scanning_compares():
    live = report().changed({"target": report().target.changed({"kind": "http"})})

    for result in log(live)["runs"][0]["results"]:
        assert result["partialFingerprints"]["primaryLocationLineHash"].endswith(":1")
    assert all("primaryLocationLineHash" not in r["partialFingerprints"] for r in log(report())["runs"][0]["results"])


def test_a_server_in_no_file_is_placed_by_its_target_and_not_by_the_name_it_takes():
    def places(value):
        live = report().changed({"target": TargetOut(kind="config", value=value)})
        [run] = log(live.changed({"server": live.server.changed({"name": "shop"})}))["runs"]
        return {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]}

    assert places("config:cursor/shop") == {"mcp-servers/config%3Acursor%2Fshop"}
    assert places("config:claude-code/clock") == {"mcp-servers/config%3Aclaude-code%2Fclock"}
