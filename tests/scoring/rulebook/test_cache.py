"""The cache of parsed rules changes how long loading takes, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mcp_threat_scoring.patterns.sieve import Index
from mcp_threat_scoring.rulebook.cache import RuleCache
from mcp_threat_scoring.rulebook.rule import AnyOf, Not, SignalTest, Variant

DOCUMENT = Variant(match=AnyOf(any=[SignalTest(signal="a"), Not(negated=SignalTest(signal="b"))]))


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "rule.yaml"
    path.write_text("id: a")
    return path


def test_what_was_put_is_there_for_the_next_process(rule):
    cache = RuleCache(rule.parent)
    cache.put(str(rule), DOCUMENT)
    cache.flush()

    assert Variant.read_json(RuleCache(rule.parent).get(str(rule)) or "") == DOCUMENT


def test_a_changed_file_is_not_served_from_the_cache(rule):
    cache = RuleCache(rule.parent)
    cache.put(str(rule), DOCUMENT)
    rule.write_text("id: another")

    assert cache.get(str(rule)) is None


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"code": ""}', '{"code": "", "files": {"rule.yaml": 3}}\n'])
def test_a_damaged_cache_is_as_good_as_none(rule, damage):
    (rule.parent / "__pycache__").mkdir()
    (rule.parent / "__pycache__" / "rules.json").write_text(damage)

    assert RuleCache(rule.parent).get(str(rule)) is None


def test_a_cache_that_was_not_written_to_its_end_is_as_good_as_none(rule):
    cache = RuleCache(rule.parent)
    cache.put(str(rule), DOCUMENT)
    cache.flush()
    file = rule.parent / "__pycache__" / "rules.json"
    file.write_bytes(file.read_bytes()[:-1])

    assert RuleCache(rule.parent).get(str(rule)) is None


def test_what_other_code_checked_is_checked_anew(rule):
    cache = RuleCache(rule.parent)
    cache.put(str(rule), DOCUMENT)
    cache.flush()
    file = rule.parent / "__pycache__" / "rules.json"
    file.write_text(file.read_text().replace("rulebook/cache.py:", "rulebook/cache.py:9"))

    assert RuleCache(rule.parent).get(str(rule)) is None


def test_only_files_of_its_own_folder_are_kept(rule, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("rules-of-a-user") / "rule.yaml"
    elsewhere.write_text(rule.read_text())
    cache = RuleCache(rule.parent)
    cache.put(str(elsewhere), DOCUMENT)

    assert cache.get(str(elsewhere)) is None


def test_a_folder_that_cannot_be_written_to_does_no_harm(rule):
    (rule.parent / "__pycache__").write_text("a file where the folder should be")
    cache = RuleCache(rule.parent)
    cache.put(str(rule), DOCUMENT)
    cache.flush()

    assert Variant.read_json(cache.get(str(rule)) or "") == DOCUMENT


def test_what_patterns_ask_for_is_kept_as_long_as_the_lexicon_is_the_same(rule):
    lexicon = rule.parent / "lexicon.yaml"
    lexicon.write_text("verbs: {}")
    cache = RuleCache(rule.parent)
    cache.keep(Index(words={"de": "\ndelete 0\n"}, clauses=1))
    cache.flush()

    assert RuleCache(rule.parent).index() == Index(words={"de": "\ndelete 0\n"}, clauses=1)
    lexicon.write_text("verbs: {destroy: [delete]}")
    assert RuleCache(rule.parent).index() is None


class TestPlans:
    """How the rules are gone through is kept as long as they are the same."""

    @pytest.fixture
    def signal(self, rule: Path) -> Path:
        path = rule.parent / "signals" / "one.yaml"
        path.parent.mkdir()
        path.write_text("id: one")
        return path

    def kept(self, signal: Path) -> RuleCache:
        cache = RuleCache(signal.parents[1])
        cache.put(str(signal), DOCUMENT)
        cache.keep(Index(words={"de": "\ndelete 0\n"}, clauses=1))
        cache.keep_plan("tools", lambda: '{"order":[0]}')
        cache.flush()
        return RuleCache(signal.parents[1])

    def test_it_is_there_for_the_next_process(self, signal: Path) -> None:
        cache = self.kept(signal)
        assert cache.get(str(signal))
        assert cache.plan("tools") == b'{"order":[0]}'
        assert cache.plan("prompts") is None

    def test_it_is_not_that_of_rules_which_are_not_loaded_any_more(self, signal: Path) -> None:
        assert self.kept(signal).plan("tools") is None

    def test_another_rule_asks_for_another_plan(self, signal: Path) -> None:
        cache = self.kept(signal)
        cache.get(str(signal))
        another = signal.with_name("two.yaml")
        another.write_text("id: two")
        cache.put(str(another), DOCUMENT)
        assert cache.plan("tools") is None

    def test_documents_that_are_no_rules_do_not_matter(self, rule: Path, signal: Path) -> None:
        cache = self.kept(signal)
        cache.get(str(signal))
        cache.put(str(rule), DOCUMENT)
        assert cache.plan("tools") is not None

    @pytest.mark.parametrize("damage", ['"words":3', '"words":['])
    def test_it_is_not_read_without_the_index_that_it_numbers_words_by(self, signal: Path, damage: str) -> None:
        self.kept(signal)
        file = signal.parents[1] / "__pycache__" / "rules.json"
        sound = '"words":{"de":"\\ndelete'
        text = file.read_text()
        assert sound in text
        file.write_text(text.replace(sound, damage[: len(sound)].ljust(len(sound))))
        cache = RuleCache(signal.parents[1])
        cache.get(str(signal))
        assert cache.index() is None
        assert cache.plan("tools") is None
