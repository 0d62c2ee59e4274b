"""The policy's file, read strictly: every problem with its file and line, and none of it ignored."""

from __future__ import annotations

import pytest

from mcp_threat_model.policy_file import find_policy, read_policy
from mcp_threat_scoring.errors import UsageError

GOOD = """\
version: 1
fail_at: high
thresholds:
  score: 8.5
servers: [shop]
accept:
  - rule: auth.none
    reason: only reachable inside the cluster
    until: 2027-03-31
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "mcp-threat-model.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_it_is_read(write):
    policy = read_policy(write(GOOD), "p.yaml")

    assert policy.thresholds.score == 8.5
    assert policy.accept[0].until == "2027-03-31"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD.replace("high", "hihg"), "p.yaml:2: fail_at: 'hihg' is none of info, low, medium, high, critical, never"),
        (GOOD.replace("2027-03-31", "soon"), "p.yaml:9: accept.0.until: 'soon' is not written like 2026-12-31"),
        (GOOD.replace("score", "scor"), "p.yaml:4: thresholds.scor"),
        (GOOD.replace("    until: 2027-03-31\n", ""), "p.yaml:7: accept.0.until: is missing"),
        (GOOD + "version: 1\n", "p.yaml:10: the key 'version' is given twice"),
        (GOOD + "---\nversion: 1\n", "p.yaml:10: a second document"),
        ("version: [", "p.yaml:"),
        ("", "version: is missing"),
        ("- version", "p.yaml"),
        ("a: &x 1\nb: *x\n", "aliases are not allowed"),
        ("a: " + "[" * 500, "nested more than"),
        (GOOD + "b: 1" + ":10" * 300_000, "p.yaml:10: a number of more than 40 characters"),
        ("\n".join(f"%TAG !a{n}! tag:x" for n in range(50_000)) + "\n---\na: 1", "p.yaml:1: directives are not"),
        ("version: !!int ''", "not valid YAML"),
        ("version: !!bool x", "not valid YAML"),
        ("version: 1" + ":10" * 12 + ".5", "version"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(write, text, problem):
    with pytest.raises(UsageError, match="the policy is wrong") as caught:
        read_policy(write(text), "p.yaml")

    assert problem in str(caught.value)


def test_all_problems_are_told_at_once(write):
    with pytest.raises(UsageError) as caught:
        read_policy(write("version: 3\nfail_at: x\n"), "p.yaml")

    assert len(str(caught.value).splitlines()) >= 3


def test_a_named_policy_must_be_there(tmp_path):
    with pytest.raises(UsageError, match="there is no policy"):
        find_policy(str(tmp_path / "none.yaml"))


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_policy(path, "p.yaml")


def test_the_one_of_the_folder_is_found_and_none_is_fine(write, tmp_path):
    assert find_policy(None, tmp_path) is None
    write(GOOD)
    name, policy = find_policy(None, tmp_path)
    assert (name, policy.fail_at) == ("mcp-threat-model.yaml", "high")


def test_of_many_problems_the_first_dozen_is_told(write):
    with pytest.raises(UsageError) as caught:
        read_policy(write("version: 1\n" + "".join(f"key{number}: 1\n" for number in range(800))), "p.yaml")

    lines = str(caught.value).splitlines()
    assert len(lines) == 14
    assert lines[1] == "p.yaml:2: key0: no such key is known here"
    assert lines[-1] == "(and 788 more)"


def test_acceptances_that_are_no_list_are_a_sentence(write):
    with pytest.raises(UsageError, match="accept: Expected 'array'"):
        read_policy(write("version: 1\naccept: {x: {y: 1}}\n"), "p.yaml")
