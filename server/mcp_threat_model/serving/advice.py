"""What to do about an error, for the user of an MCP client: no tool has the options that the command line has.

Errors are raised where both are served, and their hints name options. Here such a hint is turned into what can be done
from a client: the same in a terminal, or the tools/list result of the server as `manifest` where the tool takes one.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from mcp_threat_model.lock_file import LOCK_FILE
from mcp_threat_model.source.interface import Target
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import as_kept, neutralise
from mcp_threat_scoring.phrases import joined
from mcp_threat_scoring.report import ErrorOut
from mcp_threat_scoring.structs import Struct, replace


class Instead(Struct, frozen=True):
    """What the user can do when a tool cannot do it for them."""

    words: str
    """The command that does the same in a terminal, without its options."""
    options: tuple[str, ...] = ()
    """Options without which it does not work at all."""
    target: str = ""
    """What stands after the options."""
    manifest: bool = False
    """Whether the tool takes a server's description in the place of the server."""
    fewer: str = ""
    """How to ask about fewer servers at a time."""

    def command(self, *options: str) -> str:
        """The command with these options."""
        starts = ("--allow-launch",) if _OF_PROGRAMS & set(options) else ()
        every = dict.fromkeys((*self.options, *starts, *options))
        written = (_OPTIONS.get(name, name) for name in every)
        return " ".join(filter(None, ("mcp-threat-model", self.words, *written, self.target)))

    def told(self, *options: str) -> str:
        """To run that in a terminal, and the other way where there is one."""
        return f"run `{self.command(*options)}` in a terminal" + (f", or {GIVE_MANIFEST}" if self.manifest else "")


_OF_PROGRAMS = frozenset({"--allow-network", "--env", "--sandbox"})
"""Options that mean something for a program that is started, and nothing without consent to that."""
TARGET_SHOWN = 600
GIVE_MANIFEST = "pass the server's tools/list result as `manifest`"
ONE_SERVER = Instead("scan", target="TARGET", manifest=True)
AUDIT = Instead("scan --all-clients", fewer="audit one client at a time")
CHECK = Instead("check", fewer="check one server at a time")


def scanning(target: Target, *, starts: bool) -> Instead:
    """The same for one server that is known: the whole command, as it can be typed. `starts`: it is a program."""
    written = shlex.quote(as_kept(target.label, TARGET_SHOWN))
    return replace(ONE_SERVER, target=written, options=("--allow-launch",) if starts else ())


def checking(lock: str) -> Instead:
    """The same for the servers of another lock file than the usual one."""
    return CHECK if lock == LOCK_FILE else replace(CHECK, words=f"check --lock {shlex.quote(neutralise(lock, 300))}")


_OPTIONS: Mapping[str, str] = {
    "--allow-launch": "--allow-launch",
    "--allow-network": "--allow-network",
    "--allow-private-network": "--allow-private-network",
    "--env": "--env K=V",
    "--header": "--header 'K: V'",
    "--sandbox": "--sandbox off",
    "--timeout": "--timeout SECONDS",
}
"""Options of `scan` that hints name, and how they are written."""


def in_a_client(advice: str, instead: Instead = ONE_SERVER) -> str:
    """Advice with the part that names options of the command line exchanged for what the user of a client can do."""
    named = sorted((name for name in _OPTIONS if name in advice), key=advice.index)
    if not named:
        return advice
    first, last = advice.index(named[0]), max(map(advice.rindex, named))
    before = advice[: max(advice.rfind("; ", 0, first), advice.rfind(". ", 0, first), 0)].rstrip(".;")
    _, _, after = advice[last:].partition(". ")
    verb = "are options" if len(named) > 1 else "is an option"
    told = (
        f"{joined(named)} {verb} of the command line that neither a tool nor `serve` has: the user can "
        f"{instead.told(*named)}."
    )
    return " ".join(filter(None, (f"{before}." if before else "", told, after)))


def told(error: TargetError, instead: Instead = ONE_SERVER) -> str:
    """The error in one line."""
    return f"{error.code}: {error.message.rstrip('.')}. {_hint(error, instead)}".strip()


def for_client(error: ErrorOut, instead: Instead) -> ErrorOut:
    """The error of a report, with such a hint."""
    return error.changed({"hint": _hint(error, instead)})


def _hint(error: TargetError | ErrorOut, instead: Instead) -> str:
    """Hints about consent are written for clients already; the network is asked for together with it."""
    if error.code == "consent_required":
        return error.hint
    if error.code == "needs_network":
        return (
            "Ask again: whoever is asked whether to start it can allow the network in the same form; or the user can "
            f"{instead.told('--allow-network')}."
        )
    return in_a_client(error.hint, instead)
