"""Names of well-known MCP packages, and names that are a slip away from one of them.

The names are in ``rules/well_known.yaml``; nothing is looked up.
"""

from __future__ import annotations

from functools import lru_cache

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.facts.observations import skeleton
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.rulebook.documents import load_document, rules_dir

SHORTEST = 8
"""Characters below which two names resemble each other by chance."""


class WellKnownDoc(Model, frozen=True):
    """``rules/well_known.yaml``."""

    packages: list[str]


@lru_cache(maxsize=1)
def known_names() -> dict[str, str]:
    """Well-known package names by what they look like.

    Raises:
        RuleError: the file is missing or wrong.
    """
    problems: list[RuleProblem] = []
    document = load_document(WellKnownDoc, rules_dir() / "well_known.yaml", "well_known.yaml", problems)
    if document is None:
        raise RuleError(problems)
    return {skeleton(name): name for name in document.packages}


def _one_slip(left: str, right: str) -> bool:
    """Whether one letter was changed, added, left out, or swapped with its neighbour."""
    if left == right or abs(len(left) - len(right)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    return (
        left[at + 1 :] == right[at + 1 :]
        or left[at:] == right[at + 1 :]
        or left[at + 1 :] == right[at:]
        or (left[at : at + 2] == right[at : at + 2][::-1] and left[at + 2 :] == right[at + 2 :])
    )


def lookalike(name: str) -> str:
    """The well-known name that this one could be mistaken for, or the empty string. A well-known name is its own.

    Raises:
        RuleError: the file of well-known names is damaged.
    """
    known = known_names()
    look = skeleton(name)
    if not look or name in known.values():
        return ""
    if look in known:
        return known[look]
    if len(look) < SHORTEST:
        return ""
    return next((real for other, real in known.items() if _one_slip(look, other)), "")
