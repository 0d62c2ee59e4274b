"""What became of a target, as the lines of its supervisor tell it."""

from __future__ import annotations

from typing import Literal

from mcp_threat_scoring.structs import Struct, field


class Outcome(Struct):
    """What became of a target, as its supervisor saw it."""

    pid: int = 0
    """Its number, once it was started."""
    exit_code: int | None = None
    """Its own exit status; negative for a signal. None while it runs, or if it was ended by us."""
    exec_errno: int | None = None
    left: list[str] = field(default_factory=list)
    left_count: int = 0
    killed: str = ""
    attack: Literal["", "stopped", "killed"] = ""
    """What became of the supervisor, where that was not our doing: a target without a sandbox can do it."""
    done: bool = False
    hears: bool = False
    """Whether its attempts to reach a network could be heard."""
    asked: list[str] = field(default_factory=list)
    """Hosts whose address it asked for, in a sandbox without a network."""
    tried: list[str] = field(default_factory=list)
    """Addresses that it tried to reach there."""

    @property
    def over(self) -> bool:
        """Whether the target itself has left or was ended."""
        return self.exit_code is not None or bool(self.killed)

    def heed(self, words: list[str]) -> None:
        """Take in one line of the supervisor, cut into words.

        Raises:
            ValueError: it is none that a supervisor writes.
        """
        match words:
            case ["started", number]:
                self.pid = int(number)
            case ["noexec", number]:
                self.exec_errno = int(number)
            case ["exit", number]:
                self.exit_code = int(number)
            case ["left", number, *names]:
                self.left_count = int(number)
                self.left = [bytes.fromhex(name).decode(errors="replace") for name in names if name != "?"]
            case ["killed", why]:
                self.killed = why
            case ["hears"]:
                self.hears = True
            case ["asked" | "tried" as how, name]:
                heard = self.asked if how == "asked" else self.tried
                heard.append(bytes.fromhex(name).decode(errors="replace"))
            case ["done"]:
                self.done = True
