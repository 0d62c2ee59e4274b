"""Names by their sort."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.hostile.tokens import sort_of


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
