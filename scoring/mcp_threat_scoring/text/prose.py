"""Cut names into words and descriptions into sentences; which of the words are verbs, :mod:`text.grammar` says.

Done with plain string methods, one pass each: these run on every text of every tool, where one call of a regular
expression's `sub` costs more than all of this together.
"""

from __future__ import annotations

from functools import lru_cache

from mcp_threat_scoring.manifest import well_formed
from mcp_threat_scoring.structs import Struct, field
from mcp_threat_scoring.text.negations import affirmed

MAX_TEXT = 8_000
"""Characters of one description that the effect and ability rules read; what a tool does is said at the beginning."""
MAX_SENTENCES = 60

_BREAKS = (("! ", ". "), ("? ", ". "), ("; ", ". "), (" — ", ". "), (" – ", ". "), (" - ", ". "), ("e.g. ", "e.g "),
           ("i.e. ", "i.e "), (": 1. ", ": "))  # fmt: skip
_PASSIVES = (" is ", " are ", " be ", " gets ", " get ")
_UNITS = ("minute", "hour", "day", "week", "month", "year")
_SOMETIME = (" later", " at any time", " afterwards with ", " afterwards by ")
_BACK = (" undone", " revers", " revert", " restored", " put back", " brought back", " reinstated", " reactivated")
"""What takes back what this call does is told of this call."""
_LATER_HINTS = (" until ", " after ", *_SOMETIME)
_SECTIONS = frozenset(
    ["arg", "args", "argument", "arguments", "param", "params", "parameter", "parameters", "input", "inputs", "return",
     "returns", "response", "output", "outputs", "example", "examples", "usage", "raise", "raises", "yields", "note",
     "notes", "prerequisite", "prerequisites", "error", "errors"]
)  # fmt: skip
_TRIM = " \t\r*#_`>-•–—.:|"


@lru_cache(maxsize=16_384)
def split_words(name: str) -> str:
    """``getOrCreate_user-v2`` → ``get or create user v2``. Letters of any script are kept."""
    if not name.isascii():
        name = well_formed(name)
    if name.islower():
        return " ".join("".join(c if c.isalnum() else " " for c in name).split())
    out: list[str] = []
    before = after_upper = ""
    for index, char in enumerate(name):
        if not char.isalnum():
            out.append(" ")
            before = after_upper = ""
            continue
        upper = char.isupper() and char.lower() != char  # 𝔄 is a capital that has no small letter
        if upper and before and (not after_upper or name[index + 1 : index + 2].islower()):
            out.append(" ")
        out.append(char)
        before, after_upper = char, char if upper else ""
    return " ".join("".join(out).lower().split())


class Prose(Struct, frozen=True):
    """A description, taken apart. All lower case."""

    sentences: list[str] = field(default_factory=list)
    negated: list[str] = field(default_factory=list)
    """Clauses that say what is not done, taken out of the sentences."""
    sections: str = ""
    """From the first argument, return or example heading on."""


def _is_heading(line: str) -> bool:
    word, colon, rest = line.partition(":")
    word = word.strip(_TRIM)
    if word in _SECTIONS:
        return bool(colon) or not rest
    return bool(colon) and len(word) < 40 and word.startswith(("supported ", "available "))


def _without_later(sentence: str) -> str:
    """A sentence without what happens to a thing at another time, by whatever may come: "stays until it is deleted",
    "is released after ten minutes", "can be deleted later". No call of this tool does it."""
    start = sentence.find(" until ")
    if start >= 0:
        ends = [at for mark in ",:()" if (at := sentence.find(mark, start)) >= 0]
        end = min([*ends, len(sentence)])
        clause = sentence[start:end]
        if any(passive in clause for passive in _PASSIVES):
            return sentence[:start] + sentence[end:]
    if any(back in sentence for back in _BACK):
        return sentence
    at = min([at for mark in (" after ", *_SOMETIME) if (at := sentence.find(mark)) >= 0], default=-1)
    if at < 0 or (sentence.startswith(" after ", at) and not _is_time(sentence[at + len(" after ") :])):
        return sentence
    starts = [found for passive in _PASSIVES if (found := sentence.rfind(passive, 0, at)) >= 0]
    return sentence[: max(starts)] if starts else sentence


def _is_time(text: str) -> bool:
    """Whether a text begins with a span of time: "ten minutes", "30 days", "a week"."""
    return any(word.startswith(_UNITS) for word in text.split(None, 3)[:3])


def read_prose(description: str) -> Prose:
    """Take a description apart. Linear in its length, which is cut at `MAX_TEXT`."""
    text = description[:MAX_TEXT].lower()
    if "’" in text:
        text = text.replace("’", "'")
    inline = text.find(" args: ")
    sections = ""
    if inline > 0:
        text, sections = text[:inline], text[inline + 1 :]
    sentences: list[str] = []
    at = 0
    for raw in text.split("\n"):
        line = raw.strip(_TRIM)
        if line:
            if sentences and _is_heading(raw.strip()):
                sections = text[at:] + sections
                break
            for old, new in _BREAKS:
                if old in line:
                    line = line.replace(old, new)
            for piece in line.split(". "):
                trimmed = piece.strip(_TRIM)
                if len(trimmed) > 2 and len(sentences) < MAX_SENTENCES:
                    sentences.append(trimmed)
        at += len(raw) + 1
    if any(hint in text for hint in _LATER_HINTS):
        sentences[1:] = [_without_later(one) for one in sentences[1:]]
    negated: list[str] = []
    sentences = affirmed(sentences, text, negated)
    return Prose(sentences, negated, sections.strip())
