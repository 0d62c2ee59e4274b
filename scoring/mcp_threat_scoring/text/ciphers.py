"""Letters put for letters: what is written backwards, shifted along the alphabet, or in the alphabet turned round.

A model reads these as it reads words. Which one it is, is told by words that orders are made of: each is looked for as
it looks in all of them. A word of six letters seldom looks like one of any language there.
"""

from __future__ import annotations

from collections.abc import Iterable
from string import ascii_lowercase
from typing import Literal

from mcp_threat_scoring.patterns.pattern import pattern

Cipher = Literal["rot13", "shifted", "reversed"]

TELLTALE = (
    "conversation", "credential", "ignore", "instruct", "password", "previous", "secret", "the user", "without",
)  # fmt: skip
COMMON = ("always", "api key", "before", "do not", "execute", "forward", "id_rsa", "private", "system")
"""Further ones, looked for in the two ways that most are written: each word costs time in every other one."""
_USUAL = 13
_TURNED = ascii_lowercase[::-1]


def _shifted(by: int) -> str:
    return ascii_lowercase[by:] + ascii_lowercase[:by]


_ALPHABETS = {**{f"{by}": _shifted(by) for by in range(1, 26)}, "turned": _TURNED}
"""What stands for a, b, c …; the alphabet turned round is known as Atbash."""


def _written() -> dict[str, str]:
    """How each word looks, with the way that it was written."""
    found = {word[::-1]: "reversed" for word in TELLTALE + COMMON}
    for name, letters in _ALPHABETS.items():
        table = str.maketrans(ascii_lowercase, letters)
        for word in TELLTALE + COMMON if name == str(_USUAL) else TELLTALE:
            found.setdefault(word.translate(table), name)
    return found


_WRITTEN = _written()
CIPHERED = "|".join(sorted(_WRITTEN))
"""Where any of them may be, in lower case."""
_ANY = pattern(CIPHERED)


def unciphered(plain: str) -> Iterable[tuple[Cipher, str]]:
    """What a text in lower case says, read in every way that some word of it calls for."""
    for way in sorted({_WRITTEN[found.group(0)] for found in _ANY.finditer(plain)}):
        if way == "reversed":
            yield "reversed", plain[::-1]
        else:
            table = str.maketrans(_ALPHABETS[way], ascii_lowercase)
            yield "rot13" if way == str(_USUAL) else "shifted", plain.translate(table)
