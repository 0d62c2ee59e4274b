"""Which of many names stand in a text, each as a whole word and as it is spelt, in time that grows with the text alone.

Names and text are cut at the same places: before and after each character that is no part of a word. Names of one word
are then looked up; names of several (``mail.send``, ``orders/list``, ``Send a message``) are followed piece by piece
through the text, all of them at once (A. Aho and M. Corasick, "Efficient string matching", 1975). Nothing is compiled,
so that there is no number of names, and no length of them, at which it fails.
"""

from __future__ import annotations

import string
from collections.abc import Iterable

_LETTERS = (string.ascii_letters + string.digits + "_-").encode()
_APART = bytes(code if code in _LETTERS else 32 for code in range(256))
"""Each byte of a word as it is, any other as a blank; a character beyond ASCII is so many blanks."""
_ANY = -1
"""What stands before the first word of a name: anything that is no part of a word."""

Step = tuple[int, int, bytes]
"""From a state, over what stands between two words, with the next word: empty between two characters of no word."""


class WholeNames:
    """Names in ASCII, to be found in texts."""

    def __init__(self, names: Iterable[str]) -> None:
        self._single: dict[bytes, str] = {}
        self._after: dict[Step, int] = {}
        self._shorter = [0]
        """Of each state, the longest other one that what led to it ends with."""
        self._ends: dict[int, str] = {}
        """The states at which a name is complete."""
        self._next = [0]
        """Of each state, the nearest shorter one at which a name is complete; 0 where there is none."""
        several = []
        for name in names:
            words, between = _cut(name)
            if between:
                several.append((name, words, between))
            else:
                self._single[words[0]] = name
        self._learn(several)

    def _learn(self, names: Iterable[tuple[str, list[bytes], bytes]]) -> None:
        levels: list[list[tuple[int, Step]]] = []
        for name, words, between in names:
            state = 0
            for depth, (mark, word) in enumerate(zip((_ANY, *between), words, strict=True)):
                step = (state, mark, word)
                if step not in self._after:
                    self._after[step] = len(self._shorter)
                    self._shorter.append(0)
                    self._next.append(0)
                    if depth == len(levels):
                        levels.append([])
                    levels[depth].append((self._after[step], step))
                state = self._after[step]
            self._ends[state] = name
        for state, (before, mark, word) in (one for level in levels[1:] for one in level):
            shorter = self._shorter[state] = self._step(self._shorter[before], mark, word)
            self._next[state] = shorter if shorter in self._ends else self._next[shorter]

    def _step(self, state: int, mark: int, word: bytes) -> int:
        while state:
            if after := self._after.get((state, mark, word)):
                return after
            state = self._shorter[state]
        return self._after.get((0, _ANY, word), 0)

    def found_in(self, text: str) -> set[str]:
        """The names that the text holds, and that no letter, digit, ``_`` or ``-`` touches."""
        words, between = _cut(text)
        found = {self._single[word] for word in self._single.keys() & set(words)}
        if not self._ends:
            return found
        seen: set[int] = set()
        state = 0
        for mark, word in zip((_ANY, *between), words, strict=True):
            state = self._step(state, mark, word)
            at = state if state in self._ends else self._next[state]
            while at and at not in seen:  # what is shorter than one that was seen was seen with it
                seen.add(at)
                at = self._next[at]
        return found | {self._ends[state] for state in seen}


def parts(name: str) -> int:
    """How many words a name is made of, the empty ones between two characters of no word included."""
    return len(_cut(name)[0])


def _cut(text: str) -> tuple[list[bytes], bytes]:
    """The words, some of them empty, and the bytes between them: always one fewer."""
    data = text.encode("utf-8", "replace")
    return data.translate(_APART).split(b" "), data.translate(None, _LETTERS)
