"""Whether words that should be a name or a command read like prose, and how they are parted so that none is obeyed.

What decides is how many words there are, in any language; a list of words that orders are made of only adds to that. A
mark between quoted words tells a model that they are data (datamarking: Hines et al., "Defending Against Indirect
Prompt Injection Attacks With Spotlighting", 2024). Everything here takes text that :mod:`neutralise` has made inert.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from string import ascii_letters, digits, hexdigits, punctuation
from unicodedata import category

from mcp_threat_scoring.patterns.pattern import pattern

MARK = "·"
WORDS_SHOWN = 5
"""Words of a target's prose that are shown together. Orders that fit in fewer name nothing to act on."""
WORDS_OF_TITLE = 4
"""Words of a name, at most, and only where it is written like a title. Of 3,400 names of servers, tools, prompts and
values that were looked at none is longer, of 1,080 titles of tools one; titles of pages among the resources are."""
BARE_WORDS = 4
"""Words of a command that are no option, value of one, path or address: `docker compose run shop` has four."""
LETTERS_OF_WORD = 4
"""Letters taken for a word where a script puts no blanks between words; words of Chinese have two, of Thai five."""
LETTERS_OF_RUN = 12
"""Letters of such a script that may stand together in a name. The names of tools in them have two to eleven."""

_UNSPACED = pattern(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}ー々〆]"
    rf"{{{LETTERS_OF_RUN + 1},}}"
)
_ORDERS = pattern(
    r"(?i)\b(?:ignore|disregard|forget|override|bypass|instructions?|prompt|do not|don.t|must|always|never|before|"
    r"secret|password|send|read|tell|reveal|execute|you)\b|~/|/etc/|\.ssh|\.env"
)
"""Words that a name in prose rarely needs, and an order usually does."""
_NO_WORDS = frozenset("/\\@=:$%*{}()&;~#")
"""Signs inside the words of commands that are paths, addresses, packages, settings or a shell's own."""
_BINDING = "_-./"
"""Signs that a name may hold besides letters and digits (MCP 2025-11-25, Tools, Tool Names; ``/`` in names of servers).
All others part words as blanks do."""
_NAME_LETTERS = ascii_letters + digits + _BINDING
_SMALL_WORDS = frozenset(
    ["the", "this", "that", "these", "and", "to", "at", "from", "with", "without", "your", "you", "me", "it", "of",
     "not", "please", "now"]
)  # fmt: skip
"""Words that hold sentences together; a host or a scope has at most one of them."""
_AROUND = ".,;:!?'\"()[]{}“”‘’«»…/\\@=-*_#$%&~+"


def words_of(shown: str, *, address: bool = False) -> list[str]:
    """The words, parted at blanks and after signs that bind no name; of a long run in a script that knows no blanks, a
    few letters each. Nothing but our own marks is left out. In an address, what it is written with parts nothing."""
    words = shown.replace(MARK, " ").split()
    if not shown.isascii() or shown.translate(_PLAIN):
        words = [piece for word in words for piece in _parted(word, address)]
    return _spaced(words, shown)


def words_in_command(shown: str) -> list[str]:
    """The words of a command, parted at blanks: it is written with all kinds of signs."""
    return _spaced(shown.split(), shown)


def _spaced(words: list[str], shown: str) -> list[str]:
    if shown.isascii() or _UNSPACED.search(shown) is None:
        return words
    return [piece for word in words for piece in _pieces(word)]


_PLAIN = dict.fromkeys(map(ord, _NAME_LETTERS + " "))


def _parted(word: str, address: bool) -> Sequence[str]:
    core = word.strip(punctuation)
    if not core.strip(_NAME_LETTERS):
        return (word,)
    start = at = 0
    if (
        "//" in word
        and (colon := word.find(":")) > 0
        and word[colon:].startswith((":]//", "://"))
        and (word[:colon].rstrip("[").isalnum())
    ):
        at, address = word.index("//", colon) + 2, True
    joint = _joint_starts(word)
    quoting = _joins(word) > 1  # one apostrophe is of "don't" and "l'avion"
    pieces: list[str] = []
    lettered, ended, asking = at > 0, False, False
    while at < len(word):
        char = word[at]
        step = joint.get(at, 0) or _sign(word, at, "" if not address else "?" if asking else "/", quoting)
        asking = asking or char in "?#"
        if step:
            ended = lettered
        else:
            if ended:
                pieces.append(word[start:at])
                start, lettered, ended = at, False, False
            lettered = lettered or char.isalnum()
        at += step or 1
    return [*pieces, word[start:]]


def _joint_starts(word: str) -> Mapping[int, int]:
    """Where what is no sign joins words, and how long it is."""
    if word.isascii():
        return {}
    from mcp_threat_scoring.text.joints import joints  # few words are not

    return {start: end - start for start, end in joints(word)}


def _joins(word: str) -> int:
    """Apostrophes between two letters."""
    marks = [at for at, char in enumerate(word[1:-1], 1) if char in "'’"]
    return sum(word[at - 1].isalnum() and word[at + 1].isalnum() for at in marks)


def _sign(word: str, at: int, part: str, quoting: bool) -> int:
    """How many characters of a sign that parts words begin there; 0 for none. `part` is the part of an address."""
    char = word[at]
    if char.isalnum() or char in _BINDING:
        return 0
    if char == "%" and len(word) > at + 2 and not word[at + 1 : at + 3].strip(hexdigits):
        return 3
    if char == "⟨" and word.startswith("⟨U+", at):  # the name of what no screen shows
        rest = word[at + 3 : at + 9]
        return 3 + len(rest) - len(rest.lstrip(hexdigits)) + (word[at + 3 :].lstrip(hexdigits)[:1] == "⟩")
    if char in "'’":
        return int(quoting)
    if char == ":" and word[max(0, at - 1) : at].isdigit() and word[at + 1 : at + 2].isdigit():
        return 0  # the time of day, a port
    if part and char.isascii():
        return int(char == "+" or (part == "/" and char in ",;"))
    return int(category(char)[0] in "PS")


def _pieces(word: str) -> Iterator[str]:
    at = 0
    for run in _UNSPACED.finditer(word):
        if before := word[at : run.start()]:
            yield before
        letters = run.group(0)
        yield from (letters[start : start + LETTERS_OF_WORD] for start in range(0, len(letters), LETTERS_OF_WORD))
        at = run.end()
    if at < len(word):
        yield word[at:]


def is_prose(words: Sequence[str]) -> bool:
    """Whether the words of a name are too many for one, or are those of an order."""
    if len(words) < 3:
        return False
    return len(words) > WORDS_OF_TITLE or _orders(" ".join(words)) or (len(words) > 3 and not _is_title(words))


def prose_in_name(shown: str, *, address: bool = False) -> list[str]:
    """The words of a name that reads like prose, and none of one that does not, whatever they are joined by.

    A few words joined by colons are a name with its namespaces.
    """
    words, apart = words_of(shown, address=address), shown.split()
    if len(words) == 1:
        return []
    if is_prose(words if len(words) == len(apart) or (not shown.isascii() and _UNSPACED.search(shown)) else apart):
        return words
    if len(words) == len(apart):
        return []
    spelt = [word for word in words if any(map(str.isalpha, word.partition("⟨")[0] or word.rpartition("⟩")[2]))]
    few = len(spelt) > 2 and ":" not in shown and not address and _orders(" ".join(words))
    return words if few or len(spelt) > WORDS_OF_TITLE else []


def is_sentence(words: Sequence[str]) -> bool:
    """Whether the words of a host or a scope, whatever joins them, are held together like those of a sentence."""
    return len(words) > WORDS_OF_TITLE and len(_SMALL_WORDS.intersection(words)) > 1


def _is_title(words: Sequence[str]) -> bool:
    """Whether all words but one begin like a title's, as in “MCP Toolbox for Databases”."""
    firsts = (next(filter(str.isalnum, word), "") for word in words)
    return sum(not first or first.isupper() or first.isdigit() for first in firsts) >= len(words) - 1


def _orders(text: str) -> bool:
    if not text.isascii():
        from mcp_threat_scoring.text.letters import fold, twin_words  # only where letters may be in disguise

        text = fold(twin_words(text)[0])
    return _ORDERS.search(text) is not None


def is_prose_in_command(words: Sequence[str]) -> bool:
    """Whether the words of a command are more than a program with its subcommands, options, paths and addresses."""
    bare = [
        piece
        for word, before in zip(words, ("", *words), strict=False)
        if _is_bare(word, before)
        for piece in _words_in(word)
    ]
    return len(bare) > BARE_WORDS or (len(bare) > 2 and _orders(" ".join(bare)))


def _words_in(word: str) -> Sequence[str]:
    """A few words joined by signs are a list, which is a word to a command; more may be anything."""
    words = words_of(word)
    return words if len(words) > BARE_WORDS else (word,)


def _is_bare(word: str, before: str) -> bool:
    """A word that is an option's value is not, nor one that holds a sign that words of prose do not hold."""
    if word.startswith("-") or (before.startswith("-") and before.lstrip("-") and "=" not in before):
        return False
    core = word.strip(_AROUND)
    return any(map(str.isalpha, core)) and _NO_WORDS.isdisjoint(core)


def marked(words: Sequence[str], most: int) -> str:
    """The first words with a mark in every gap, and an ellipsis where there are more."""
    whole = MARK.join(words[:most])
    return f"{whole}…" if len(words) > most and not whole.endswith("…") else whole


def wrapped(words: Sequence[str]) -> str:
    """All words with a mark in every gap, and a blank besides in every fifth, where a line may end."""
    starts = range(0, len(words), WORDS_SHOWN)
    return f"{MARK} ".join(MARK.join(words[start : start + WORDS_SHOWN]) for start in starts)
