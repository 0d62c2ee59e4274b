"""Every error a user can meet, each with what happened, and what to do about it.

::

    ThreatModelError
    ├── TargetError          one target could not be read; the others go on   (code, message, hint)
    │   └── LockedError      it wants credentials first                       (seen)
    ├── RuleError            a rule file is wrong                             (path, line)
    ├── FactorError          a calculator input is missing or out of range
    └── UsageError           the caller's words are off
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from mcp_threat_scoring.manifest import Manifest

PROBLEMS_SHOWN = 12
PROBLEM_SHOWN = 400
"""Characters of one problem."""
ErrorCode = Literal[
    "unreachable",
    "auth_required",
    "consent_required",
    "launch_failed",
    "needs_network",
    "timeout",
    "too_large",
    "malformed",
    "not_mcp",
    "blocked_address",
    "unsupported",
]


class ThreatModelError(Exception):
    """The root: catch this and nothing of ours escapes as a traceback."""


class TargetError(ThreatModelError):
    """One target could not be read.

    `message` and `hint` are a sentence each, seldom two. Text that came from the target must be neutralised by whoever
    raises.
    """

    def __init__(self, code: ErrorCode, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.hint = hint


class LockedError(TargetError):
    """``auth_required``, with what the target showed all the same; :mod:`locked` tells what is wrong with that."""

    def __init__(self, message: str, hint: str, seen: Manifest) -> None:
        super().__init__("auth_required", message, hint)
        self.seen = seen


class UsageError(ThreatModelError):
    """The command line or the arguments of a tool call are not usable.

    `lines` are the sentence, and one line for each detail of it.
    """

    def __init__(self, message: str, *details: str) -> None:
        super().__init__("\n".join((message, *details)))
        self.lines = (message, *details)


class FactorError(ThreatModelError):
    """A calculator input is missing, unknown, or outside the range of its profile."""


class RuleProblem(NamedTuple):
    """One thing wrong with one file that somebody wrote. Lines count from 1; 0 means the whole file.

    As text it is made inert and bounded: the file, its name and so the message may have come from anywhere.
    """

    path: str
    line: int
    message: str
    more: int = 0
    """Further things wrong with the same file that are only counted."""

    def __str__(self) -> str:
        from mcp_threat_scoring.neutralise import as_kept, neutralise  # only where something is wrong

        line = f":{self.line}" if self.line else ""
        return f"{as_kept(self.path)}{line}: {neutralise(self.message, PROBLEM_SHOWN)}"


def told(problems: Sequence[RuleProblem]) -> list[str]:
    """The first dozen problems, one a line, and how many more there are."""
    left = sum(1 + problem.more for problem in problems) - len(problems[:PROBLEMS_SHOWN])
    lines = [str(problem) for problem in problems[:PROBLEMS_SHOWN]]
    return [*lines, f"(and {left:,} more)"] if left else lines


class RuleError(ThreatModelError):
    """One or more rule files are wrong: `problems` holds what is wrong with all of them, the text the first dozen."""

    def __init__(self, problems: list[RuleProblem]) -> None:
        super().__init__("\n".join(told(problems)))
        self.problems = tuple(problems)
