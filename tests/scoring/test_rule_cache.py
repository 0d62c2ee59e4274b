"""The cache of parsed rules changes how long loading takes, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_threat_scoring.rule_cache import RuleCache


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "rule.yaml"
    path.write_text("id: a")
    return path


def test_what_was_put_is_there_for_the_next_process(rule):
    cache = RuleCache(rule.parent)
    cache.put(rule, {"id": "a"})
    cache.flush()

    assert RuleCache(rule.parent).get(rule) == '{"id": "a"}'


def test_a_changed_file_is_not_served_from_the_cache(rule):
    cache = RuleCache(rule.parent)
    cache.put(rule, {"id": "a"})
    rule.write_text("id: another")

    assert cache.get(rule) is None


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": 1}', '{"version": 1, "files": {"rule.yaml": 3}}'])
def test_a_damaged_cache_is_as_good_as_none(rule, damage):
    (rule.parent / "__pycache__").mkdir()
    (rule.parent / "__pycache__" / "rules.json").write_text(damage)

    assert RuleCache(rule.parent).get(rule) is None


def test_what_json_cannot_say_is_not_kept(rule):
    cache = RuleCache(rule.parent)
    cache.put(rule, {1: "a number as a key"})

    assert cache.get(rule) is None


def test_a_folder_that_cannot_be_written_to_does_no_harm(rule):
    (rule.parent / "__pycache__").write_text("a file where the folder should be")
    cache = RuleCache(rule.parent)
    cache.put(rule, {"id": "a"})
    cache.flush()

    assert cache.get(rule) == '{"id": "a"}'
