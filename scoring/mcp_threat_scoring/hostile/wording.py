"""What is noticed about the wording of one line: words, their senses and concepts, and which stand together.

Each feature is a short text, so that the file of learned weights can be read: ``send`` a word, ``^ send`` the first
one, ``send to`` two within :data:`NEAR` words, ``send_to`` two side by side, ``~trans`` how a longer word begins,
``#secret`` a sense, ``^secret`` that of the first word, ``@tell`` a
concept of ``rules/acts.yaml``, ``@not@tell`` two of them in that order, ``#hide#user`` two senses in that order,
``%first`` what sort of line it is. Punctuation
and length are left out: they tell prose from tables, and so an attack from a schema, but not from honest prose.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from mcp_threat_scoring.hostile.senses import Word

NEAR = 3
"""Words apart at which two words are still a pair."""
BEGINNING = 5
"""Letters that words have in common which are taken to be of one family."""
FAR = 6
"""The same for concepts, counted among concepts."""
APART = 7
"""The same for senses, counted among words."""
ENOUGH_WORDS = 6
"""Words from which a line without any of the commonest English ones is taken to be in another language."""
_ENGLISH = frozenset(
    "the a an of to in on for and or is are be it this that with by as at from if not no your you when will can".split()  # noqa: SIM905
)
MAX_WORDS = 160
"""Words of a line that are looked at: some 1,000 letters."""


def features(
    words: Sequence[Word],
    concepts: Sequence[str],
    role: str,
    first: bool,
    own: Collection[str] = (),
    around: Collection[str] = (),
) -> set[str]:
    """Everything noticed about a line.

    Args:
        words: the line's words with their senses.
        concepts: its concepts, in order.
        role: what the text is for (name, title, text, schema, value, key or other).
        first: whether the line is the first of a description or of instructions.
        own: stems of the item's name, which count without their senses: what an item is about says little against it.
        around: what was noticed around it; see :mod:`hostile.context`.
    """
    words = words[:MAX_WORDS]
    if own:
        words = [(word, () if word in own else said) for word, said in words]
    plain = [word for word, _ in words]
    found = {*plain, *around}
    stems = ["^", *plain, "$"]
    for near in range(1, NEAR + 1):
        found.update([f"{one} {two}" for one, two in zip(stems, stems[near:], strict=False)])
    found.update([f"{one}_{two}" for one, two in pairwise(stems)])
    found.update([f"~{word[:BEGINNING]}" for word in plain if len(word) > BEGINNING])
    for _, said in words:
        found.update([f"#{sense}" for sense in said])
    if words:
        found.update([f"^{sense}" for sense in words[0][1]])
    told = [(at, said) for at, (_, said) in enumerate(words) if said]
    for index, (at, said) in enumerate(told):
        for place, others in told[index + 1 : index + 1 + APART]:
            if place - at > APART:
                break
            found.update([f"#{one}#{other}" for one in said for other in others])
    named = [f"@{concept}" for concept in concepts if concept != ";"][:MAX_WORDS]
    found.update(named)
    for at, one in enumerate(named):
        found.update([one + two for two in named[at + 1 : at + 1 + FAR]])
    found.add(f"%{role}")
    if first:
        found.add("%first")
    return found


def in_english(text: str, words: Sequence[Word]) -> bool:
    """Whether a line is in English, or too short to tell: honest metadata nearly always is.

    Lines in other languages are few in what is learned from, so that their scores lie elsewhere.
    """
    if not text.isascii() and sum(char > "\x7f" for char in text) > len(text) / 4:
        return False
    plain = [word for word, _ in words if word[0] != "§"]
    return len(plain) < ENOUGH_WORDS or any(word in _ENGLISH for word in plain)
