"""What is noticed about the wording of one line: words, their senses and concepts, and which stand together.

Each feature is a short text, so that the file of learned weights can be read: ``send`` a word, ``^ send`` the first
one, ``send to`` two within :data:`NEAR` words, ``#SECRET`` a sense, ``SECRET>SEND`` two in that order, ``PRIVATE&SEND``
two anywhere in the line, ``@tell`` a concept of ``rules/acts.yaml``, ``@not@tell`` two of them in that order.
"""

from __future__ import annotations

from collections.abc import Sequence

from mcp_threat_scoring.senses import Word

NEAR = 3
"""Words apart at which two words are still a pair."""
FAR = 6
"""The same for senses, and for concepts counted among concepts."""
MAX_WORDS = 160
"""Words of a line that are looked at: some 1,000 letters."""
MAX_SENSES = 24
"""Senses of a line that are paired with one another."""


def features(words: Sequence[Word], concepts: Sequence[str], role: str, first: bool) -> set[str]:
    """Everything noticed about a line.

    Args:
        words: the line's words with their senses.
        concepts: its concepts, in order.
        role: what the text is for (name, title, text, schema, value, key or other).
        first: whether the line is the first of a description or of instructions.
    """
    words = words[:MAX_WORDS]
    stems = ["^", *(word for word, _ in words), "$"]
    found = set(stems)
    for near in range(1, NEAR + 1):
        found.update([f"{one} {two}" for one, two in zip(stems, stems[near:], strict=False)])
    placed = [(index, sense) for index, (_, said) in enumerate(words) for sense in said]
    for at, (index, one) in enumerate(placed):
        for later, two in placed[at + 1 :]:
            if later - index > FAR:
                break
            if later != index:
                found.add(f"{one}>{two}")
    if words:
        found.update([f"^{sense}" for sense in words[0][1]])
    senses = sorted({sense for _, sense in placed})[:MAX_SENSES]
    found.update([f"#{sense}" for sense in senses])
    for at, one in enumerate(senses):
        found.update([f"{one}&{two}" for two in senses[at + 1 :]])
    named = [f"@{concept}" for concept in concepts if concept != ";"][:MAX_WORDS]
    found.update(named)
    for at, one in enumerate(named):
        found.update([one + two for two in named[at + 1 : at + 1 + FAR]])
    found.add(f"%{min(6, len(words) // 8)}")
    found.add(f"%{role}")
    if first:
        found.add("%first")
    return found
