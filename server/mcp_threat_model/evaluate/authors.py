"""Which fold each file of texts is in: ``folds.yaml`` beside them says it of every one.

A fold holds whole authors, so that what is learned is tried on words of people whom it was not learned from.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.rulebook.documents import load_document
from mcp_threat_scoring.structs import Meta

FOLDS: Final = 3
FILE: Final = "folds.yaml"


class Authors(Model, frozen=True, kw_only=True):
    """``folds.yaml``."""

    folds: Mapping[str, Annotated[int, Meta(ge=0, lt=FOLDS)]]
    by_item: list[str] = []
    """Files whose items are spread one by one, on purpose."""

    def fold(self, file: str, place: int) -> int:
        """The fold of what stands at that place of a file.

        Raises:
            KeyError: the file is not listed.
        """
        return fold_of(f"{file}{place}") if file in self.by_item else self.folds[file]


def fold_of(name: str) -> int:
    """A fold by name, the same every time."""
    return zlib.crc32(name.encode()) % FOLDS


def read_authors(texts: Path) -> Authors:
    """The folds of a folder of texts.

    Raises:
        RuleError: they are missing or wrong, or do not list just the files that are there.
    """
    problems: list[RuleProblem] = []
    authors = load_document(Authors, texts / FILE, FILE, problems)
    if authors is None:
        raise RuleError(problems)
    listed, held = [*authors.folds, *authors.by_item], {path.stem for path in texts.glob("*.jsonl")}
    problems += [
        RuleProblem(FILE, 0, f"{name}.jsonl is not listed: say which fold its author is in, 0 to {FOLDS - 1}")
        for name in sorted(held - set(listed))
    ]
    problems += [RuleProblem(FILE, 0, f"there is no {name}.jsonl") for name in sorted(set(listed) - held)]
    problems += [RuleProblem(FILE, 0, f"{name} is listed twice") for name in authors.by_item if name in authors.folds]
    if problems:
        raise RuleError(problems)
    return authors
