"""Whether words that should be a name or a command read like prose, and how they are parted so that none is obeyed.

What decides is how many words there are, in any language; a list of words that orders are made of only adds to that. A
mark between quoted words tells a model that they are data (datamarking: Hines et al., "Defending Against Indirect
Prompt Injection Attacks With Spotlighting", 2024). Everything here takes text that :mod:`neutralise` has made inert.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
_AROUND = ".,;:!?'\"()[]{}“”‘’«»…/\\@=-*_#$%&~+"


def words_of(shown: str) -> list[str]:
    """The words, parted at blanks; of a long run in a script that knows none, a few letters each."""
    words = shown.split()
    if shown.isascii() or _UNSPACED.search(shown) is None:
        return words
    return [piece for word in words for piece in _pieces(word)]


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
    bare = [word for word, before in zip(words, ("", *words), strict=False) if _is_bare(word, before)]
    return len(bare) > BARE_WORDS or (len(bare) > 2 and _orders(" ".join(bare)))


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
