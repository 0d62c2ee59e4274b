"""Clauses that say what a tool does *not* do, taken out of its sentences: they are made of the words of what it does.

"Does not delete anything", "without a network"; "nothing is ever written", "creates no file". Of what is lost they say
the opposite ("nothing is left", "no copy is kept"): those stay where they are.
"""

from __future__ import annotations

NEGATED_LENGTH = 80

_NEGATIONS = ("not ", "n't ", "never ", "without ", "cannot ", "instead of ", "rather than ", "unlike ", "no longer ")
_NEGATION_HINTS = (
    " not ",
    "n't ",
    "never ",
    "without ",
    "cannot ",
    "instead of ",
    "rather than ",
    "unlike ",
    " longer ",
)
_NOT_NEGATED = ("not only", "not yet")
_NOUGHTS = ("nothing", "none", "neither", "no", "nor")
_NOUGHT_HINTS = ("nothing", "none ", "neither ", " no ", "(no ", "\nno ")
_AUXILIARIES = frozenset(["is", "are", "was", "were", "be", "been", "being", "gets", "get", "got"])
_CHANGED = frozenset(
    ["added", "affected", "altered", "applied", "appended", "billed", "booked", "cancelled", "changed", "charged",
     "cleared", "committed", "copied", "created", "debited", "deleted", "deployed", "downloaded", "dropped", "edited",
     "emailed", "executed", "exported", "filed", "installed", "logged", "made", "mailed", "modified", "moved",
     "mutated", "notified", "ordered", "overwritten", "paid", "persisted", "posted", "printed", "published", "pushed",
     "put", "recorded", "refunded", "removed", "renamed", "replaced", "run", "saved", "sent", "shared", "started",
     "stored", "submitted", "touched", "transferred", "transmitted", "updated", "uploaded", "written"]
)  # fmt: skip
"""What is not done where nothing is: "nothing is written", "no mail gets sent". Of "no copy is kept" it is a loss."""
_CHANGING = frozenset(
    form
    for verb in ("add", "affect", "alter", "apply", "append", "book", "change", "charge", "commit", "copy", "create",
                 "delete", "deploy", "edit", "execute", "install", "make", "modify", "move", "mutate", "overwrite",
                 "persist", "post", "publish", "push", "record", "remove", "rename", "replace", "run", "save", "send",
                 "store", "touch", "transfer", "transmit", "update", "upload", "write")
    for form in (verb, f"{verb}s", f"{verb[:-1]}ies" if verb.endswith("y") else f"{verb}es")
)  # fmt: skip
"""The same before it: "writes nothing to disk", "creates no file"."""
_NOT_OFFERED = ("不提供", "不支持", "不支援", "不包括", "不包含")
"""What is not offered, in scripts without spaces: 不提供删除 (offers no deleting)."""
_CLAUSE_ENDS = "，。；：,;:()（）"
"""The ideographic comma is none: it stands between the things of one list."""


def affirmed(sentences: list[str], text: str, negated: list[str]) -> list[str]:
    """The sentences of a text without what is negated in them, which is added to `negated`."""
    if any(hint in text for hint in _NEGATION_HINTS) or text.startswith("not "):
        sentences = [kept for one in sentences if (kept := _without_negations(one, negated))]
    if not text.isascii() and any(hint in text for hint in _NOT_OFFERED):
        sentences = [kept for one in sentences if (kept := _without_not_offered(one, negated))]
    if any(hint in text for hint in _NOUGHT_HINTS) or text.startswith("no "):
        sentences = [kept for one in sentences if (kept := _without_noughts(one, negated))]
    return sentences


def _without_negations(sentence: str, negated: list[str]) -> str:
    kept: list[str] = []
    rest = sentence
    while True:
        starts = [at for word in _NEGATIONS if (at := rest.find(word)) >= 0]
        if not starts:
            break
        start = min(starts)
        inside = start and rest[start - 1].isalpha() and not rest.startswith("n't", start)
        if inside or rest.startswith(_NOT_NEGATED, start):  # "knot ", "whenever "; "not only this, also that"
            past = rest.index(" ", start)
            kept.append(rest[:past])
            rest = rest[past:]
            continue
        ends = [at for mark in ",:()" if (at := rest.find(mark, start)) >= 0]
        end = min([*ends, start + NEGATED_LENGTH, len(rest)])
        negated.append(rest[start:end])
        kept.append(rest[:start])
        rest = rest[end:]
    return " ".join(" ".join([*kept, rest]).split()) if kept else sentence


def _without_not_offered(sentence: str, negated: list[str]) -> str:
    """A sentence without its clauses that say, in a script without spaces, what is not offered."""
    for word in _NOT_OFFERED:
        while (start := sentence.find(word)) >= 0:
            end = min([at for mark in _CLAUSE_ENDS if (at := sentence.find(mark, start)) >= 0], default=len(sentence))
            negated.append(sentence[start:end][:NEGATED_LENGTH])
            sentence = sentence[:start] + sentence[end:]
    return sentence


def _without_noughts(sentence: str, negated: list[str]) -> str:
    """A sentence without its clauses that say, by their subject or object, that something is not done."""
    parts: list[str] = []
    at = 0
    before = len(negated)
    for end in [*(index for index, char in enumerate(sentence) if char in ",:()"), len(sentence)]:
        clause, at = sentence[at:end], end
        words = clause.strip(",:() ").split()
        start = next((place for place, word in enumerate(words) if word in _NOUGHTS), -1)
        if start >= 0 and (first := _nought(words, start)) >= 0:
            negated.append(" ".join(words[first:])[:NEGATED_LENGTH])
            clause = " ".join(words[:first])
        parts.append(clause)
    return "".join(parts).strip(",:() ") if len(negated) > before else sentence


def _nought(words: list[str], start: int) -> int:
    """Where a clause with a word for nothing begins to say what is not done; -1 if that is none that changes things."""
    if start and words[start - 1] in _CHANGING:
        return start - 1
    for place in range(start + 1, len(words)):
        if words[place] in _AUXILIARIES:
            return start if not _CHANGED.isdisjoint(words[place + 1 : place + 4]) else -1
    return -1
