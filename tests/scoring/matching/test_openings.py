"""Which tests a look at the beginning of lines answers."""

from __future__ import annotations

import pytest

from mcp_threat_scoring.matching.openings import Asked, opening_of
from mcp_threat_scoring.rulebook.rule import TextTest


def asked(regex: str) -> Asked | None:
    return opening_of(TextTest(field="lead", regex=regex))


@pytest.mark.parametrize(
    ("regex", "classes", "entries"),
    [
        (r"^{delete}\b", ("delete",), ()),
        (r"^(?:{create}|{update!}|set up)\b", ("create", "update!"), ("set up",)),
        (r"^(?:reveals?|{look})\b", ("look",), ("reveal", "reveals")),
        (r"^(?:verif(?:y|ies)|summari[sz]e)\b", (), ("verifies", "verify", "summarise", "summarize")),
        (r"^gets? (?:it|rid)\b", (), ("get it", "get rid", "gets it", "gets rid")),
    ],
)
def test_alternatives_are_written_out(regex: str, classes: tuple[str, ...], entries: tuple[str, ...]) -> None:
    assert asked(regex) == Asked(classes, entries, whole=False)


def test_a_whole_line_is_told_apart() -> None:
    assert asked("^(?:{look}|reads?)$") == Asked(("look",), ("read", "reads"), whole=True)


@pytest.mark.parametrize(
    "regex",
    [
        r"^a|b\b",
        r"^(?:a)|(?:b)\b",
        r"^(?:re-add|add)\b",
        r"^\w+\b",
        r"^add .* to\b",
        r"^(?:|a)\b",
        r"add\b",
        r"^(?:(?:a|b|c|d)(?:a|b|c|d)(?:a|b|c|d)(?:a|b|c|d))\b",
    ],
)
def test_others_are_left_to_the_pattern(regex: str) -> None:
    assert asked(regex) is None
