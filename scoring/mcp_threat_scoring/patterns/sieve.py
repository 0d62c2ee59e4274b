"""Which patterns are worth trying on a text: those whose words it holds.

Trying a thousand patterns on every text is what a scan would spend its time on, in one RE2 set or one by one: an
automaton of that size meets a new state with nearly every letter of a text it has not seen. So a text is cut into
words, each word is looked up once, and the few patterns that ask for no other words are tried.

What the shipped patterns ask for (:mod:`patterns.prefilter`) is kept beside the parsed rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import NamedTuple

from mcp_threat_scoring.model import read_json, to_json
from mcp_threat_scoring.patterns.clauses import FOREIGN, Clause, worth
from mcp_threat_scoring.patterns.prefilter import ways
from mcp_threat_scoring.structs import Raw, Struct, field, replace

MAX_WORDS = 50_000
"""Words remembered."""
START = 2
"""Letters of a word that it is found by."""
MAX_WORD = 40
"""Letters of a word that is remembered."""
_SPELLED = bytes(code if code < 128 and (chr(code).isalnum() or chr(code) == "_") else 32 for code in range(256))
"""What parts words, made blank."""
_FOLDING = {"\u0130": "i", "\u017f": "s", "\u212a": "k"}
"""Letters beyond ASCII that fold to letters of it: to RE2 they part words, or are in them where case is ignored."""


class Path(NamedTuple):
    """A way to match, by the numbers of its clauses, the one that is met least often first."""

    clauses: tuple[int, ...]
    enough: bool
    """Whether a lower-case text that holds a word of the clause matches."""


class Index(Struct):
    """Words to the clauses they are in, and what every pattern asks for."""

    words: dict[str, str] = field(default_factory=dict)
    """Lines of a word and its clauses, by the first letters: one text of many words, since a scan meets few of them."""
    beginnings: dict[str, list[int]] = field(default_factory=dict)
    inside: dict[int, list[str]] = field(default_factory=dict)
    """Clauses with words of which the beginning is not known."""
    clauses: int = 0
    patterns: Raw = Raw(b"{}")
    """The ways to match (:class:`Path`) by what a pattern is known by: for patterns that were not sifted before."""


class _Words:
    """The clauses that whole words are in, as they were kept and as they were added since."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        self._kept = kept
        self._added: dict[str, list[int]] = {}

    def add(self, word: str, clause: int) -> None:
        """A clause has one more word."""
        self._added.setdefault(word, []).append(clause)

    def of(self, word: str) -> list[int]:
        """The clauses of a word."""
        return [*self._told(word), *self._added.get(word, ())]

    def _told(self, word: str) -> list[int]:
        lines = self._kept.get(word[:START], "")
        at = lines.find(f"\n{word} ")
        if at < 0:
            return []
        return list(map(int, lines[at + len(word) + 2 : lines.index("\n", at + 1)].split()))

    def kept(self) -> dict[str, str]:
        """All of it, to be kept."""
        before = [line.partition(" ")[0] for lines in self._kept.values() for line in lines.split("\n")[1:-1]]
        groups: dict[str, list[str]] = {}
        for word in dict.fromkeys([*before, *self._added]):
            groups.setdefault(word[:START], []).append(" ".join((word, *map(str, self.of(word)))))
        return {start: "\n{}\n".format("\n".join(lines)) for start, lines in groups.items()}


class _Known(dict[bytes, tuple[int, ...]]):
    """The clauses that words are in, looked up when a word is first met."""

    def __init__(self, index: Index, words: _Words) -> None:
        super().__init__()
        self.index = index
        self._words = words
        self.measure()

    def measure(self) -> None:
        """Look at the index anew: it has grown."""
        self.clear()
        self._shortest, self._longest = _lengths(self.index.beginnings)

    def __missing__(self, token: bytes) -> tuple[int, ...]:
        word = token.decode()
        found = self._words.of(word)
        beginnings = self.index.beginnings
        for length in range(self._shortest, min(len(word), self._longest) + 1):
            held = beginnings.get(word[:length])
            if held:
                found += held
        if len(self) >= MAX_WORDS:
            self.clear()
        made = tuple(found)
        if len(word) <= MAX_WORD:
            self[token] = made
        return made


class Sieve:
    """The words of all patterns."""

    def __init__(self, index: Index | None = None) -> None:
        self.index = Index() if index is None else index
        self.grown = False
        """Whether a pattern was read that the index did not know."""
        self._patterns: dict[str, Raw] | None = None
        self._numbers: dict[Clause, int] = {}
        self._words = _Words(self.index.words)
        self.known = _Known(self.index, self._words)

    def ask(self, name: str, pattern: Callable[[], str]) -> tuple[Path, ...]:
        """The ways to match a pattern, none if any text may; `name` is what it is known by.

        Raises:
            ValidationError: what was kept of patterns is damaged.
        """
        if self._patterns is None:
            self._patterns = read_json(dict[str, Raw], bytes(self.index.patterns))
        held = self._patterns.get(name)
        if held is not None:
            return read_json(tuple[Path, ...], bytes(held))
        made = tuple(
            Path(tuple(dict.fromkeys(self._number(one) for one in sorted(way.clauses, key=worth))), way.enough)
            for way in ways(pattern())
        )
        self._patterns[name] = Raw(to_json(made).encode())
        self.grown = True
        self.known.measure()
        return made

    def kept(self) -> Index:
        """The index with all that was asked."""
        known = self.index.patterns if self._patterns is None else Raw(to_json(self._patterns).encode())
        return replace(self.index, patterns=known, words=self._words.kept())

    def _number(self, clause: Clause) -> int:
        known = self._numbers.get(clause)
        if known is not None:
            return known
        index = self.index
        number = self._numbers[clause] = index.clauses
        index.clauses += 1
        for word in sorted(clause):
            if word[0] == "*":
                index.inside.setdefault(number, []).append(word.strip("*"))
            elif word[-1] == "*":
                index.beginnings.setdefault(word[:-1], []).append(number)
            else:
                self._words.add(word, number)
        return number

    def read(self, text: str, known: Mapping[bytes, tuple[int, ...]]) -> tuple[set[int], str, bool]:
        """The clauses that the words of a text are in, the text in lower case, and whether it was so as it stood.

        Args:
            known: the clauses that words are in; :attr:`known`, or a part of it if not all of them count.
        """
        low = text.lower()
        found: set[int] = set()
        if not text.isascii():
            found.update(self._words.of(FOREIGN))
            for letter, folded in _FOLDING.items():
                if letter in text:
                    text = f"{text} {text.replace(letter, ' ')} {text.replace(letter, folded)}"
                    low = text.lower()
        tokens = set(low.encode("ascii", "replace").translate(_SPELLED).split())
        found.update(chain.from_iterable(map(known.__getitem__, tokens)))
        return found, low, low == text


def _lengths(words: Mapping[str, object]) -> tuple[int, int]:
    return (min(map(len, words)), max(map(len, words))) if words else (1, 0)
