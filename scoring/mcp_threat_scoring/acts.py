"""The vocabulary of hostile text, and sentences rewritten as lines of concepts.

``rules/acts.yaml`` names concepts and the words for them in many languages. "Before using this tool, do not tell the
user" becomes ``before call thistool not tell user``: what is said, whatever the words and the language, so that the
rules in ``rules/signals/hostile/`` can ask about acts. Words without a concept are left out; where more than
:data:`GAP` of them stand between two concepts, the line has a ``;`` there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import re2
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from mcp_threat_scoring.normalise import fold

GAP = 4
"""Words that may stand between two concepts that are said together."""
MAX_CONCEPTS = 120
"""Concepts kept of one sentence."""

_URL = r"(?:https?|hxxps?|wss?|ftp)://[^\s\"'`<>)\]]+|\bwww\.[a-z0-9-]+\.[a-z]+"
_EMAIL = r"@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}|(?:\[at\]|\(at\))"
_WALLET = r"\b0x[0-9a-f]{40}\b|\bbc1[a-z0-9]{20,}\b|\b[a-z]{2}[0-9]{2} ?[0-9a-z]{4} ?[0-9a-z]{4} ?[0-9a-z]{4}"
_TICKED = r"[`'\"][a-z][a-z0-9_.-]*[`'\"]"
_SNAKE = r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b|\bmcp__[a-z0-9_-]+|\bthe [a-z][a-z0-9_.-]+ (?:tool|function)\b"
# No counted repeats above: they make the automaton large, and every match slow.
_SPACED = re2.compile(r"[\p{Cyrillic}\p{Arabic}\p{Devanagari}\p{Hangul}\p{Greek}]")
"""Letters of scripts that put spaces between words."""
_ARABIC_PREFIXES = "وفبلكا"
_REPEATED = frozenset({"must", "you", "read", "call", "instructions"})
_CALLS = frozenset({"call", "before", "prefer", "run", "after", "retired"})


class ActsDoc(BaseModel):
    """``rules/acts.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concepts: dict[str, dict[str, list[StrictStr]]]
    together: dict[str, list[StrictStr]] = Field(default={}, description="Words that stand for several concepts.")


@dataclass(frozen=True, slots=True)
class Known:
    """Names that mean something around the text that is read."""

    self: str = ""
    siblings: Collection[str] = ()
    params: Collection[str] = ()


NOBODY = Known()


@dataclass(slots=True)
class Line:
    """One sentence as concepts, each with its place in the sentence."""

    concepts: list[str]
    spans: list[tuple[int, int]]


@dataclass(frozen=True, slots=True, eq=False)
class Acts:
    """The vocabulary, compiled."""

    words: Mapping[str, tuple[str, ...]]
    stems: Mapping[str, tuple[str, ...]]
    pattern: Any

    def _meaning(self, found: str) -> tuple[str, ...]:
        known = self.words.get(found)
        if known is not None:
            return known
        for size in range(len(found), 1, -1):
            if found[:size] in self.stems:
                return self.stems[found[:size]]
        return ()

    def find(self, text: str, known: Known = NOBODY) -> list[tuple[tuple[str, ...], int, int]]:
        """Every concept that a normalised text names, with its place."""
        found: list[tuple[tuple[str, ...], int, int]] = []
        before = ""
        for match in self.pattern.finditer(text):
            start, end = match.span()
            meaning = self._meaning(text[start:end]) or _structure(text, start, end, known, before)
            if not meaning or (text[start] > "\u036f" and _inside_word(text, start, end, self.words)):
                continue
            found.append((meaning, start, end))
            before = meaning[-1]
        return found

    def read(self, sentence: str, known: Known = NOBODY) -> Line:
        """Rewrite one normalised sentence."""
        return line_of(sentence, self.find(sentence, known))


def line_of(text: str, found: Sequence[tuple[tuple[str, ...], int, int]]) -> Line:
    """Put the concepts of one sentence into a line."""
    concepts: list[str] = []
    spans: list[tuple[int, int]] = []
    at = 0
    for meaning, start, end in found[:MAX_CONCEPTS]:
        if concepts and start - at > GAP and _words_between(text, at, start) > GAP:
            concepts.append(";")
            spans.append((at, start))
        for concept in meaning:
            said = "unless" if concept == "without" and "not" in concepts else concept
            if concepts and concepts[-1] == said and said in _REPEATED:
                spans[-1] = (spans[-1][0], end)
                continue
            concepts.append(said)
            spans.append((start, end))
        at = end
    return Line(concepts, spans)


def _inside_word(sentence: str, start: int, end: int, whole: Collection[str]) -> bool:
    """Whether what was found of a script that RE2 knows no word borders of is only a part of some longer word."""
    if start and _SPACED.search(sentence[start - 1]) and sentence[start - 1] not in _ARABIC_PREFIXES:
        return True
    script = _SPACED.search(sentence[start])
    if not script or sentence[start:end] not in whole or end >= len(sentence):
        return False
    return "\uac00" > sentence[start] and _SPACED.search(sentence[end]) is not None


def _words_between(sentence: str, start: int, end: int) -> int:
    between = sentence[start:end]
    return len(between.split()) if between.isascii() else max(len(between.split()), len(between) // 6)


def _structure(sentence: str, start: int, end: int, known: Known, before: str) -> tuple[str, ...]:
    """What a run stands for that is no word: an address, a name of a tool or parameter, something quoted."""
    found = sentence[start:end]
    if found.startswith(("http", "hxxp", "ws", "ftp", "www.")) and ("://" in found or found.startswith("www.")):
        return ("url",)
    if found[0] in "`'\"":
        inner = found[1:-1]
        role = _named(inner, known)
        if role:
            return (role,)
        follows = sentence[end : end + 14].lstrip()
        if follows.startswith(("tool", "function", "mcp")) or (found[0] == "`" and before in _CALLS):
            return ("foreign",)
        return ("lit",)
    if found[0] == "@" or "at" in found[1:3]:
        return ("email",)
    if found.startswith("the ") and found.endswith((" tool", " function")):
        name = found[4:].rpartition(" ")[0]
        role = _named(name, known)
        return (role,) if role else (("foreign",) if "_" in name or "-" in name else ())
    if "_" in found:
        role = _named(found, known)
        if role:
            return (role,)
        follows = sentence[end : end + 12].lstrip("`'\" ")
        called = before in _CALLS
        return ("foreign",) if called or follows.startswith(("tool", "function")) or found.startswith("mcp_") else ()
    return ("wallet",) if len(found) >= 20 else ()


def _named(name: str, known: Known) -> str:
    if name == known.self:
        return "self"
    if name in known.siblings:
        return "own"
    return "param" if name in known.params else ""


def compile_acts(document: ActsDoc) -> Acts:
    """Compile the vocabulary into one pattern."""
    words: dict[str, tuple[str, ...]] = {}
    stems: dict[str, tuple[str, ...]] = {}
    claims = [(tuple(several.split()), phrases) for several, phrases in document.together.items()]
    claims += [((concept,), phrases) for concept, groups in document.concepts.items() for phrases in groups.values()]
    for meaning, phrases in claims:
        for phrase in phrases:  # what is named first keeps a word that two lay claim to
            (stems if phrase.endswith("*") else words).setdefault(fold(phrase.removesuffix("*")), meaning)
    exact = sorted(words, key=lambda phrase: (-len(phrase), phrase))
    starts = sorted(stems, key=lambda phrase: (-len(phrase), phrase))
    plain = "|".join(_escape(phrase) for phrase in exact if _plain(phrase))
    plain_stems = "|".join(_escape(phrase) for phrase in starts if _plain(phrase))
    other = "|".join(
        _escape(phrase) + (r"[\pL\pM]*" if phrase in stems and phrase not in words else "")
        for phrase in sorted({*words, *stems}, key=lambda phrase: (-len(phrase), phrase))
        if not _plain(phrase)
    )
    pattern = "|".join(
        (
            _URL,
            _EMAIL,
            _WALLET,
            rf"\b(?:{plain})\b",
            rf"\b(?:{plain_stems})[a-z]*",
            f"(?:{other})",
            _TICKED,
            _SNAKE,
        )
    )
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 128 << 20
    return Acts(words, stems, re2.compile(pattern, options))


def _plain(phrase: str) -> bool:
    """Whether the borders of a word can be told at both of its ends."""
    return phrase.isascii() and phrase[0].isalnum() and phrase[-1].isalnum()


def _escape(phrase: str) -> str:
    return r"\s+".join(re2.escape(part) for part in phrase.split(" "))
