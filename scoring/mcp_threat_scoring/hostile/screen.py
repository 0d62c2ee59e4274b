"""A first look at a target's texts: which items, and which of their texts, are worth reading closely.

Two things call for it: the form of a text (disguises, markup, places and commands that texts for people seldom name;
``rules/screen.yaml``), which is asked here, and the wording of a line, which is asked of what was learned
(:meth:`hostile.learned.Learned.touches`). Ordinary items never get further. The orders that everybody knows are left to
the rules: whoever wrote the texts that the wording was learned from was told to do without them. A line that leans
towards orders and holds a phrase of theirs calls for a close look as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from json import dumps
from typing import Any

from mcp_threat_scoring.hostile.mentions import MentionDoc, Mentions
from mcp_threat_scoring.hostile.pardons import PardonDoc, Pardons
from mcp_threat_scoring.manifest import well_formed
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.patterns.pattern import matches, pattern
from mcp_threat_scoring.structs import Struct, field, json
from mcp_threat_scoring.text.ciphers import CIPHERED
from mcp_threat_scoring.text.normalise import is_odd
from mcp_threat_scoring.text.run_on import SHORTEST, in_words, spread

NOTHING = r"[^\s\S]"
SENTENCE = 12
"""Letters from which a text may say something."""
MEMO = 20_000
MEMO_LENGTH = 200
_NON_LATIN = pattern(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Cyrillic}\p{Arabic}\p{Devanagari}\p{Greek}\p{Hebrew}\p{Thai}]{3}"
    r"|[a-zA-Z][\p{Cyrillic}\p{Greek}\p{Armenian}]|[\p{Cyrillic}\p{Greek}\p{Armenian}][a-zA-Z]|[\x{ff21}-\x{ff5a}]{3}"
)
"""Other scripts, scripts mixed within a word, and full-width letters."""


class ScreenDoc(Model, frozen=True):
    """``rules/screen.yaml``."""

    forms: list[str]
    shapes: list[str]
    phrases: list[str]
    statements: list[str] = []
    pardons: list[PardonDoc] = []
    quoted: str = ""
    mentions: list[MentionDoc] = []
    expected: list[str] = []


class Screen(Struct, frozen=True, eq=False):
    """What the form of a text is asked."""

    marks: tuple[Any, ...]
    """Patterns, one by one; also what a long text is searched for."""
    phrases: Any
    """What is asked of a line that leans towards orders (:meth:`hostile.glance.Glance.leaning`)."""
    statements: Any
    """Lines that say what something does or has to be like, whatever they name."""
    pardons: Pardons
    """Lines that are the opposite of an order."""
    mentions: Mentions
    """Parts of texts that are shown and not said."""
    expected: Any
    """Preset values that are of the kind that their parameter is for."""
    memo: dict[str, bool] = field(default_factory=dict)
    """Short texts seen before: the tools of a server describe the same parameters in the same words."""

    @classmethod
    def of(cls, document: ScreenDoc) -> Screen:
        """Make patterns of a document. They are compiled when first searched with."""
        forms = (_any((*document.forms, CIPHERED)), *map(_whole, document.shapes))
        marks = tuple(pattern(f"(?i){form}") for form in forms)
        statements = pattern(_any(document.statements) or NOTHING)
        return cls(
            marks,
            pattern(_any(document.phrases)),
            statements,
            Pardons.of(document.pardons),
            Mentions.of(document.mentions, document.quoted),
            pattern(_any(document.expected) or NOTHING),
        )

    def states(self, line: str) -> bool:
        """Whether a normalised line only says what something does or has to be like."""
        return self.statements.search(line) is not None

    def holds(self, text: str) -> bool:
        """Whether the form of a text calls for a close look."""
        known = self.memo.get(text)
        if known is None:
            known = self.holds_of(text.encode())
            if len(text) < MEMO_LENGTH and len(self.memo) < MEMO:
                self.memo[text] = known
        return known

    def holds_of(self, data: bytes) -> bool:
        """The same of a text in UTF-8."""
        return any(matches(mark, data) for mark in self.marks) or (not data.isascii() and _foreign(data.decode()))


def _whole(written: str) -> str:
    """A pattern that may be written over several lines."""
    return written.replace("\n", "")


def _any(written: Iterable[str]) -> str:
    return "|".join(map(_whole, written))


def _foreign(text: str) -> bool:
    return is_odd(text) or _NON_LATIN.search(text) is not None


def worth_reading(raw: Mapping[str, Any], screen: Screen) -> bool:
    """Whether the form of anything in an item calls for a close look; names of members are looked at too."""
    try:
        data = json.encode(raw)
    except ValueError:  # lone surrogates
        data = well_formed(dumps(raw, ensure_ascii=False)).encode()
    return screen.holds_of(data)


def texts_of(raw: Mapping[str, Any]) -> Iterable[str]:
    """The texts of an item that may hold a sentence, for a first look: no types, and of keys and other names, those of
    several words."""
    stack: list[object] = [raw]
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            if len(value) >= SENTENCE:
                yield well_formed(value)
                if " " not in value and (name := in_words(well_formed(value))):
                    yield name
        elif isinstance(value, dict):
            stack.extend(value.values())
            for key in value:
                if len(key) >= SHORTEST and (said := _key_in_words(well_formed(key))):
                    yield said
        elif isinstance(value, list):
            stack.extend(value)
            if said := spread(value):
                yield well_formed(said)


def _key_in_words(key: str) -> str:
    return key if " " in key else in_words(key)
