"""Sifting patterns by words finds what trying all of them finds."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from mcp_threat_scoring.engine import engine
from mcp_threat_scoring.hostile.suspicion import hostile_engine
from mcp_threat_scoring.model import read_json, to_json
from mcp_threat_scoring.patterns.sieve import MAX_WORD, Index, Sieve
from mcp_threat_scoring.patterns.sifter import MAX_WANTED, Sifter, sifting
from mcp_threat_scoring.rulebook.ruleset import default_ruleset
from mcp_threat_scoring.text.views import view_of

TEXTS = Path(__file__).parents[2] / "texts"


def texts(limit: int) -> list[str]:
    found = []
    for path in sorted(TEXTS.glob("lines-*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            found += [json.loads(line)["t"] for line in islice(lines, 0, None, 40)]
    return found[:limit]


@pytest.mark.parametrize("over", ["tools", "any"])
def test_every_pattern_that_matches_is_found_and_no_other(over):
    rules = default_ruleset()
    matcher = hostile_engine(rules).matcher if over == "any" else engine(rules).matchers[over]
    said = [text.lower() for text in texts(120)] + ["", "\n", "API_KEY", "get 文件", "\u0130 \u212aEY \u017fend"]
    for name, plan in matcher.plan.views.items():
        field = matcher.fields[name]
        patterns = {atom: field.regex(atom) for atom in (*plan.tried, *plan.anything)}
        for text in said:
            view = view_of([(text, "/")])
            found = {atom for atom in field.read(view) if atom in patterns}
            assert found == {atom for atom, pattern in patterns.items() if pattern.search(text)}, text


def test_words_are_not_remembered_without_bound():
    sieve = Sieve()
    [path] = sieve.ask("long", lambda: r"\bword\w+")
    for size in range(4, 200):
        held, _, _ = sieve.read("word" + "x" * size, sieve.known)
        assert held.issuperset(path.clauses)

    assert max(map(len, sieve.known)) == MAX_WORD


def test_a_view_forgets_words_rather_than_remember_more_and_more_of_them():
    sieve = Sieve()
    sifter = Sifter(sieve, sifting(sieve, [(7, "end", lambda: r"\bend\b"), (8, "other", lambda: r"\bother\b")]))
    made_up = " ".join(f"w{number}" for number in range(3 * MAX_WANTED))

    assert sifter.sift(f"{made_up} end") == ({7}, set())
    assert sifter.sift(f"{made_up} other") == ({8}, set())
    assert len(sifter._wanted) <= MAX_WANTED


def test_a_pattern_is_read_once():
    sieve = Sieve()
    asked = []
    for _ in range(2):
        sieve.ask("name", lambda: asked.append(1) or r"\bword\b")

    assert asked == [1]
    assert sieve.grown


def test_letters_that_fold_to_ascii_are_read_both_ways():
    sieve = Sieve()
    sifter = Sifter(sieve, sifting(sieve, [(1, "send", lambda: r"(?i)send"), (2, "key", lambda: r"\bey\b")]))

    assert sifter.sift("\u017fend \u212aey") == (set(), {1, 2})


def test_what_is_kept_says_the_same_and_can_grow():
    first = Sieve()
    first.ask("one", lambda: r"\b(?:delete|remove)\b")
    again = Sieve(read_json(Index, to_json(first.kept())))
    again.ask("two", lambda: r"\b(?:delete|destroy)\b")
    [(one, _)], [(two, _)] = again.ask("one", _unasked), again.ask("two", _unasked)
    last = Sieve(read_json(Index, to_json(again.kept())))

    said = {word: last.read(word, last.known)[0] for word in ("delete", "remove", "destroy", "deletes", "del")}

    assert said == {"delete": {*one, *two}, "remove": {*one}, "destroy": {*two}, "deletes": set(), "del": set()}


def _unasked() -> str:
    raise AssertionError("a pattern that is known was spelled out")
