"""Every error a user can meet, each with what happened, and what to do about it.

::

    ThreatModelError
    ├── TargetError          one target could not be read; the others go on   (code, message, hint)
    ├── RuleError            a rule file is wrong                             (path, line)
    ├── FactorError          a calculator input is missing or out of range
    └── UsageError           the caller's words are off
"""

from __future__ import annotations

from typing import Literal, NamedTuple

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

    `message` and `hint` are one sentence each. Text that came from the target must be neutralised by whoever raises.
    """

    def __init__(self, code: ErrorCode, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message
        self.hint = hint


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
    """One thing wrong with one rule file. Lines count from 1; 0 means the whole file."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


class RuleError(ThreatModelError):
    """One or more rule files are wrong. All problems are reported, not only the first."""

    def __init__(self, problems: list[RuleProblem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = tuple(problems)
