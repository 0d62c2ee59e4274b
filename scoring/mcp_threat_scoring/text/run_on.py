"""What is written without blanks, in words: names of parameters, paths, links, and text in the form of a link.

``do_not_tell_the_user``, ``doNotTellTheUser`` and ``notes://today?q=do%20not%20tell%20the%20user`` are orders to a
model as much as the words set apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from unicodedata import category
from urllib.parse import unquote

from mcp_threat_scoring.datamark import words_of
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.text.joints import unjoined, unnumbered
from mcp_threat_scoring.text.prose import split_words

SHORTEST = 16
"""Letters from which a name may hold a sentence."""
LONGEST = 1_000
"""Letters read of one."""
MOST_VALUES = 50
"""Values of one list that are read as if they were one text."""
WORDS = 4
"""Words below which it orders nothing."""
RUN_ON = pattern(
    r"[^\s\"<>]*%20[^\s\"<>]*%20[^\s\"<>]*|(?:[A-Za-z']+[_-]){5,}[A-Za-z']+|"
    r"\b(?:[A-Z][a-z']+){6,}|\b[a-z]+(?:[A-Z][a-z']+){5,}"
)
"""Such a run within a text. It is longer than names of tools and parameters are."""
_BLANKLESS = pattern(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
"""Letters of scripts that put no blanks between words."""
_JOINED = pattern(r"[_%/=-]")
_GLUE = frozenset(
    "the your you this that it all any to and then from of with not never always before must first please every".split()  # noqa: SIM905
)
GLUED = 2
"""Different words such as sentences are held together by, from which capitals say one: names have one at most."""


def in_words(text: str) -> str:
    """What a run of letters without blanks says, its words set apart; nothing if it is too short to say anything."""
    return _in_words(text[:LONGEST]) if len(text) >= SHORTEST else ""


@lru_cache(maxsize=4_096)
def _in_words(plain: str) -> str:
    if plain.startswith("data:") or len(plain.split(None, 1)) > 1:
        return ""
    plain = unnumbered(unjoined(plain))
    if plain.islower() and plain.isidentifier() and plain.count("_") < WORDS - 1:
        return ""
    if _BLANKLESS.search(plain) and not _JOINED.search(plain):
        return ""  # a sentence as it is always written, and read as such
    if "%" in plain:
        plain = unquote(plain, errors="ignore")
    words = split_words(plain.replace("'", "") if plain.count("'") < 2 else plain).split()
    return " ".join(words) if sum(word.isalpha() for word in words) >= WORDS else ""


def parted(name: str) -> str:
    """A name with blanks where signs stand that bind no name; nothing if there are none, or it is too short."""
    if len(name) < SHORTEST or (name.isascii() and name.isidentifier()):
        return ""
    plain = unjoined(unquote(name[:LONGEST], errors="ignore") if "%" in name else name[:LONGEST])
    words = words_of(plain)
    if len(words) < WORDS or (plain == name and len(words) == len(plain.split())):
        return ""
    return " ".join(map(_bare, words))


def _bare(word: str) -> str:
    """A word without the signs after it."""
    end = len(word)
    while end and category(word[end - 1])[0] in "PS":
        end -= 1
    return word[:end]


def run_on(text: str) -> list[tuple[str, bool]]:
    """What the runs within a text say, and of each whether it is the name of a constant."""
    runs = [one.group(0) for one in RUN_ON.finditer(text)]
    told = [(_unquoted(run) if "%20" in run else in_words(run), run) for run in runs]
    return [(said, _constant(said, run)) for said, run in told if said]


def _constant(said: str, run: str) -> bool:
    """Whether a run names a variable of the environment or the like: in capitals, and no sentence."""
    return run.isupper() and len(_GLUE.intersection(said.lower().split())) < GLUED


def spread(values: Sequence[object]) -> str:
    """What values that may be chosen say when they are read one after the other, if several are more than a word."""
    if len(values) < 2:
        return ""
    words = [one for one in values[:MOST_VALUES] if isinstance(one, str)]
    if len([one for one in words if " " in one]) < 2:
        return ""
    return " ".join([one[:LONGEST] for one in words])


def _unquoted(run: str) -> str:
    """The text in a run that is quoted as links quote it, without the link that it is part of."""
    beginning, blank, rest = unquote(run, errors="ignore").partition(" ")
    if "://" in beginning:
        beginning = min((beginning.rpartition(mark)[2] for mark in "/=?&"), key=len)
    return beginning + blank + rest
