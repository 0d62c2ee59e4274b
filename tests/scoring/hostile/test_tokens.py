"""Words by their stems, names by their sort."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.hostile.tokens import STEM, sort_of, stem


@pytest.mark.parametrize("words", [("sends", "send", "sending"), ("copies", "copied"), ("forwarded", "forwards")])
def test_forms_of_a_word_have_one_stem(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


def test_a_stem_is_bounded() -> None:
    assert len(stem("x" * 1_000)) == STEM


@pytest.mark.parametrize("token", ["invoice", "module.body", "it.is", "and/or"])
def test_most_tokens_are_words(token: str) -> None:
    assert sort_of(token) == ""


@pytest.mark.parametrize(
    ("token", "sort"),
    [
        ("https://a.example/x", "§url"),
        ("me@a.example", "§mail"),
        ("~/.ssh/id_rsa", "§secretpath"),
        ("~/.bashrc", "§startpath"),
        ("./notes/today.txt", "§path"),
        ("a.example.com/in", "§host"),
        ("--force", "§flag"),
        ("2026", "§num"),
    ],
)
def test_a_name_is_its_sort(token: str, sort: str) -> None:
    assert sort_of(token) == sort
