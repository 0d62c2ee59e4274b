"""The small words of English by which verbs and things are told apart, and how far a clause is read."""

from __future__ import annotations

FURTHER_REACH = 40
"""Words of a clause in which further verbs are looked for."""
ARTICLES = frozenset(["the", "a", "an", "this", "these", "those", "all", "any", "its", "your", "of", "by"])
OBJECTS = frozenset(
    ["a", "an", "the", "this", "these", "those", "that", "any", "all", "every", "each", "its", "their", "his", "her",
     "your", "our", "one", "both", "some", "it", "them", "him", "new", "existing", "old", "everything", "what",
     "whatever", "others"]
)  # fmt: skip
"""Words that only what is acted on begins with, so that the word before them is a verb."""
NO_OBJECTS = frozenset(
    ["of", "in", "by", "for", "per", "with", "from", "on", "over", "at", "is", "are", "was", "were", "will", "can",
     "across", "between", "within", "and", "or", "if", "when", "to", "may", "must", "include", "includes", "via"]
)  # fmt: skip
JOINS = frozenset([",", "/", "and", "or", "then", "&", "and/or", "+", "n"])
EDGES = "*_`:,;.()[]{}\"'!?#<>/\\|…→-–—"
