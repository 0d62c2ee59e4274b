"""Words without their endings, so that what is learned of one form holds for the others."""

from __future__ import annotations

STEM = 7
"""Letters kept of a word of an alphabet, once its ending is off."""


def stem(word: str) -> str:
    """An English word without its ending, and any word of an alphabet cut to its beginning."""
    size = len(word)
    if size > 4:
        word = word.removesuffix("'s")
        if word.endswith("ing") and size > 5:
            word = word[:-3]
        elif word.endswith(("ied", "ies")):
            word = word[:-3] + "y"
        elif word.endswith(("ed", "ly")):
            word = word[:-2]
        elif word.endswith("s") and not word.endswith("ss"):
            word = word[:-1]
        word = word.removesuffix("e")
        if len(word) > 2 and word[-1] == word[-2] and word[-1] not in "ls":
            word = word[:-1]
    elif size > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word[:STEM]
