"""A policy on the command line: exit codes, what is said, and what code scanning is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mcp_threat_model.cli import main
from mcp_threat_model.commands.context import relative_uri

LYING = {"tools": [
    {"name": "get_order", "description": "Get an order."},
    {"name": "delete_order", "description": "Delete an order.", "annotations": {"readOnlyHint": True}},
]}  # fmt: skip
NEVER = "version: 1\nthresholds: {score: never}\nfail_at: low\n"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder with a server that lies about one of its tools."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "servers").mkdir()
    (tmp_path / "servers" / "shop.json").write_text(json.dumps(LYING, indent=2))
    return "servers/shop.json"


def lie(capsys, shop):
    main(["scan", shop, "--format", "json", "--no-policy"])
    [report] = json.loads(capsys.readouterr().out)["reports"]
    return next(finding for finding in report["findings"] if finding["kind"] == "contradiction")


def write(text):
    Path("mcp-threat-model.yaml").write_text(text)


def accepting(*rules, until="2999-01-01"):
    entries = "".join(f'  - {{rule: "{rule}", reason: known and harmless, until: {until}}}\n' for rule in rules)
    return f"{NEVER}accept:\n{entries}"


def test_the_policy_of_the_directory_is_used_and_said(capsys, shop):
    write(NEVER)

    assert main(["scan", shop]) in (11, 12, 13, 14)
    assert "using the policy mcp-threat-model.yaml of this directory" in capsys.readouterr().err


def test_no_policy_leaves_it_out(capsys, shop):
    write(NEVER)

    assert main(["scan", shop, "--no-policy"]) == 0
    assert "policy" not in capsys.readouterr().err


def test_a_named_policy_is_used_without_a_word_about_where_it_was_found(capsys, shop):
    Path("other.yaml").write_text(NEVER)

    assert main(["scan", shop, "--policy", "other.yaml"]) in (11, 12, 13, 14)
    assert "using the policy" not in capsys.readouterr().err


def test_what_is_accepted_does_not_fail(capsys, shop):
    write(accepting("*"))

    assert main(["scan", shop]) == 0
    assert "accepted finding" in capsys.readouterr().err


def test_what_ran_out_fails_again_and_is_said(capsys, shop):
    write(accepting("*", until="2020-01-01"))

    assert main(["scan", shop]) in (11, 12, 13, 14)
    assert "ran out on 2020-01-01; the finding counts again" in capsys.readouterr().err


def test_a_wrong_policy_is_a_usage_error_with_its_line_and_nothing_is_read(capsys, shop):
    write("version: 1\nfail_at: hihg\n")

    assert main(["scan", shop]) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "mcp-threat-model.yaml:2: fail_at" in seen.err


def test_a_server_that_is_not_allowed_is_a_finding_in_every_format(capsys, shop):
    write("version: 1\nservers: [other]\nthresholds: {exposure: high}\n")

    assert main(["scan", shop, "--format", "json"]) == 13
    [report] = json.loads(capsys.readouterr().out)["reports"]
    assert report["findings"][0]["rule_id"] == "policy.server_not_allowed"


def sarif(capsys, *arguments):
    main(["scan", *arguments, "--format", "sarif"])
    return json.loads(capsys.readouterr().out)["runs"][0]["results"]


def test_sarif_points_at_the_line_of_the_tool(capsys, shop):
    found = lie(capsys, shop)
    results = sarif(capsys, shop)

    place = next(r for r in results if r["ruleId"] == found["rule_id"])["locations"][0]["physicalLocation"]
    text = Path(shop).read_text().splitlines()
    assert place["artifactLocation"]["uri"] == "servers/shop.json"
    start = next(number for number, line in enumerate(text, 1) if "delete_order" in line) - 1
    assert start <= place["region"]["startLine"] <= len(text)


def test_sarif_shows_what_the_policy_accepted(capsys, shop):
    found = lie(capsys, shop)
    write(accepting(found["rule_id"]))

    results = sarif(capsys, shop)
    by_rule = {result["ruleId"]: result for result in results}
    [suppression] = by_rule[found["rule_id"]]["suppressions"]
    assert suppression["justification"] == "known and harmless (until 2999-01-01)"
    assert all("suppressions" not in result for rule, result in by_rule.items() if rule != found["rule_id"])


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_people_read_says_what_the_policy_accepted_and_why(capsys, shop, form):
    write(accepting("*"))
    assert main(["scan", shop, "--format", form]) == 0
    shown = capsys.readouterr().out
    assert "Accepted by the policy" in shown
    assert "known and harmless (until 2999-01-01)" in " ".join(shown.split())

    main(["scan", shop, "--format", form, "--no-policy"])
    assert "Accepted by the policy" not in capsys.readouterr().out


def test_what_broke_the_build_is_said_in_one_line(capsys, shop):
    write("version: 1\nthresholds: {score: 0.1, contradiction: low}\n")
    assert main(["scan", shop, "--format", "sarif"]) in (11, 12, 13, 14)
    [line] = [line for line in capsys.readouterr().err.splitlines() if "over the policy" in line]
    assert "over the policy mcp-threat-model.yaml: unnamed server (shop.json): the score " in line
    assert "is at or over 0.1, one contradiction (" in line

    write("version: 1\nthresholds: {score: 10}\n")
    assert main(["scan", shop, "--format", "sarif"]) == 0
    assert "over the policy" not in capsys.readouterr().err


def test_what_fail_at_asked_for_is_not_put_down_to_the_policy(capsys, shop):
    write("version: 1\nthresholds: {score: never, contradiction: never, change: never}\n")
    assert main(["scan", shop, "--fail-at", "low"]) in (11, 12, 13, 14)
    told = capsys.readouterr().err
    assert "over the policy" not in told
    assert "unnamed server (shop.json): the score " in told
    assert "is at or over --fail-at low, one contradiction (" in told

    write("version: 1\nthresholds: {score: never, contradiction: low}\n")
    assert main(["scan", shop, "--fail-at", "low"]) in (11, 12, 13, 14)
    by_policy, asked = capsys.readouterr().err.splitlines()[-2:]
    assert "over the policy mcp-threat-model.yaml: unnamed server (shop.json): one contradiction (" in by_policy
    assert "--fail-at" not in by_policy
    assert asked.startswith("mcp-threat-model: unnamed server (shop.json): the score ")


def test_a_server_that_takes_the_name_of_another_is_told_by_its_target(capsys, shop):
    for path, name in (("servers/shop.json", "shop"), ("clock.json", "shop")):
        Path(path).write_text(json.dumps({"initialize": {"serverInfo": {"name": name, "version": "1"}}, **LYING}))
    for target, told in ((shop, "shop 1: "), ("clock.json", "shop 1 (clock.json): ")):
        assert main(["scan", target, "--fail-at", "low", "--no-policy"]) != 0
        assert f"--fail-at low: {told}" in capsys.readouterr().err

    assert main(["scan", shop, "clock.json", "--fail-at", "low", "--format", "markdown"]) != 0
    seen = capsys.readouterr()
    for name in ("shop 1 (servers/shop.json)", "shop 1 (clock.json)"):
        assert f"{name}: " in seen.err
        assert f"| `{name}` |" in seen.out
        assert f"## `{name}`: " in seen.out


def test_an_absolute_path_inside_the_directory_becomes_relative(capsys, shop):
    results = sarif(capsys, str(Path(shop).resolve()))

    assert {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results} == {"servers/shop.json"}


def test_uris_of_paths(tmp_path):
    assert relative_uri("a b/c:d.json", tmp_path) == "a%20b/c%3Ad.json"
    assert relative_uri("./x/../y.json", tmp_path) == "y.json"
    assert relative_uri("../outside.json", tmp_path / "in").startswith("file:///")


def test_a_change_can_be_accepted_too(capsys, shop):
    assert main(["lock", shop]) == 0
    tools = [*LYING["tools"], {"name": "get_terms", "description": "Get the terms."}]
    Path(shop).write_text(json.dumps({"tools": tools}))

    assert main(["check"]) == 11
    write(accepting("*"))
    assert main(["check"]) == 0
    write("version: 1\nthresholds: {change: never}\n")
    assert main(["check"]) == 0
    write("version: 1\n")
    assert main(["check"]) == 11
    assert main(["check", "--no-policy", "--fail-at", "high"]) == 0


def test_what_changed_too_much_is_said_in_one_line(capsys, shop):
    assert main(["lock", shop]) == 0
    tools = [*LYING["tools"], {"name": "get_terms", "description": "Get the terms."}]
    Path(shop).write_text(json.dumps({"tools": tools}))
    capsys.readouterr()

    assert main(["check", "--format", "sarif"]) == 11
    assert "at or over --fail-at low: unnamed server (shop.json): 1 change, worst low" in capsys.readouterr().err
    write("version: 1\nthresholds: {change: low}\n")
    assert main(["check", "--format", "sarif"]) == 11
    assert (
        "unnamed server (shop.json): one change (low: change.tool_added) is at or over low" in capsys.readouterr().err
    )
    write(accepting("*"))
    assert main(["check"]) == 0
    seen = capsys.readouterr()
    assert "Accepted by the policy: known and harmless" in seen.out
    assert "at or over" not in seen.err


def test_check_holds_a_server_against_the_whole_policy_as_scan_does(capsys, shop):
    assert main(["lock", shop]) == 0
    for thresholds in ("score: 0.1", "contradiction: low", "exposure: high"):
        write(f"version: 1\nservers: [other]\nthresholds: {{{thresholds}}}\n")
        code = main(["scan", shop])
        assert code in (11, 12, 13, 14)
        assert main(["check"]) == code
    write("version: 1\nservers: [other]\n")
    capsys.readouterr()

    assert main(["check", "--format", "json"]) == 0
    [report] = json.loads(capsys.readouterr().out)["reports"]
    assert report["findings"][0]["rule_id"] == "policy.server_not_allowed"


def test_what_is_asked_for_by_name_is_not_softened_by_a_policy_that_lies_there(capsys, shop):
    write("version: 1\nthresholds: {score: 9.9, contradiction: never, change: never}\n")
    assert main(["scan", shop]) == 0
    assert main(["scan", shop, "--fail-at", "low"]) == main(["scan", shop, "--fail-at", "low", "--no-policy"]) != 0

    assert main(["lock", shop]) == 0
    tools = [*LYING["tools"], {"name": "get_terms", "description": "Get the terms."}]
    Path(shop).write_text(json.dumps({"tools": tools}))
    assert main(["check"]) == 0
    assert main(["check", "--fail-at", "low"]) == 11


def test_limits_prints_the_rules_and_says_the_verdict(capsys, shop):
    assert main(["limits", shop, "--client", "claude-code", "--as", "shop"]) == 0
    seen = capsys.readouterr()

    assert '"mcp__shop__delete_order"' in seen.out
    assert "verdict:" in seen.err


def test_limits_of_a_server_without_tools_are_not_to_run_it(capsys, shop):
    Path("prose.json").write_text(json.dumps({"name": "shop", "description": "Manages orders."}))

    assert main(["limits", "prose.json"]) == 3
    assert "its tools were not seen" in capsys.readouterr().err
