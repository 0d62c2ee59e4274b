"""What no model can find wrong in a rule file and the file alone tells: questions nobody asks, blanks nothing fills."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from mcp_threat_scoring.model import Place
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.rulebook.rule import BLANKS, SignalDoc

_BLANK = pattern(r"\{(\w+)\}")


def unasked(doc: SignalDoc, questions: Collection[str]) -> Iterator[tuple[Place, str]]:
    """Each question that a rule suggests an answer to and nobody asks, with its place."""
    yield from _unasked(("suggests",), doc.suggests, questions)
    for name, variant in doc.variants.items():
        yield from _unasked(("variants", name, "suggests"), variant.suggests, questions)
        yield from _unasked(("variants", name, "graded"), variant.graded, questions)


def _unasked(place: Place, asked: Collection[str], questions: Collection[str]) -> Iterator[tuple[Place, str]]:
    from difflib import get_close_matches

    for question in asked:
        if question not in questions:
            near = get_close_matches(question[:64], sorted(questions), n=3, cutoff=0.0)
            said = f"answers an unknown question '{neutralise_name(question)}'; there is {', '.join(near)}, …"
            yield (*place, question), said


def unfilled(doc: SignalDoc) -> Iterator[tuple[Place, str]]:
    """Each blank of the explanation that nothing fills in: people would read it as it stands."""
    if doc.finding is None:
        return
    for found in _BLANK.finditer(doc.finding.explanation):
        if found[1] not in BLANKS:
            listed = ", ".join(f"{{{blank}}}" for blank in BLANKS)
            yield ("finding", "explanation"), f"nothing fills in {{{neutralise_name(found[1])}}}; there is {listed}"
