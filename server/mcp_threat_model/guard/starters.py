"""Programs that start what their arguments say: here, with other rights, or elsewhere."""

from __future__ import annotations

from typing import Final

from mcp_threat_scoring.facts.launchers import SHELLS

WITH_VARIABLES: Final = frozenset({"env"})
RAISING: Final = frozenset({"sudo", "su", "doas"})
ELSEWHERE: Final = frozenset({"ssh"})
COMMAND_IN_A_WORD: Final = SHELLS | ELSEWHERE | {"cmd.exe", "su"}
"""Those that take a whole command as one word. `env`, `sudo` and `doas` take it word by word: a word of theirs with
blanks is a value like any other, and is hidden like one."""


def what_it_starts(name: str) -> str:
    """What is to be said of a program beside its name, as the rest of a sentence; empty if it is none of these."""
    if name in SHELLS:
        return "starts whatever its arguments say."
    if name in WITH_VARIABLES:
        return "starts whatever its arguments say, with the environment variables among them."
    if name in RAISING:
        return "starts whatever its arguments say, with other rights than yours."
    if name in ELSEWHERE:
        return "starts whatever its arguments say on another machine, outside the sandbox."
    return ""
