"""The parts a server can play in a chain over several servers, and the tools by which it plays them.

=============  ==============================================================================================
``stranger``   returns text that people outside wrote: the way in for an order hidden in it
``private``    reads what normally belongs to somebody: the thing worth stealing
``out``        sends to others, or fetches an address of the caller's choice: the way out
``power``      runs, pays, grants, deploys or destroys: what an order would want done
=============  ==============================================================================================

An ability alone is not enough to be named in a chain: a path is only told when a reader of the tools' names would
agree, so the names have to bear it out, by the words of ``rules/fleet.yaml``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from mcp_threat_scoring.errors import RuleError, RuleProblem
from mcp_threat_scoring.facts.runs import EVERYWHERE, Runs
from mcp_threat_scoring.manifest import Manifest
from mcp_threat_scoring.model import Model
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.report import Report, Severity, ToolOut
from mcp_threat_scoring.report_set import Role, StepOut
from mcp_threat_scoring.rulebook.documents import load_document, rules_dir
from mcp_threat_scoring.structs import Struct

TOOLS_NAMED = 3
_PIECES = pattern(r"[A-Z]+[a-z]*|[a-z]+|[0-9]+")
Words = frozenset[str]


class FleetWords(Model, frozen=True):
    """`fleet.yaml`; what each list means stands there."""

    manual: Words
    about: Words
    open: Words
    authored: Words
    held: Words
    holders: Words
    querying: Words
    carried: Words
    carried_outside: Words
    outside: Words
    creating: Words
    not_carried: Words
    fetching: Words
    not_fetching: Words
    typing: Words
    paying: Words
    paying_domains: Words
    deleting: Words
    disposable: Words


@lru_cache(maxsize=1)
def fleet_words() -> FleetWords:
    """The words, loaded once.

    Raises:
        RuleError: the file is damaged.
    """
    problems: list[RuleProblem] = []
    words = load_document(FleetWords, rules_dir() / "fleet.yaml", "fleet.yaml", problems)
    if words is None:
        raise RuleError(problems)
    return words


class Member(Struct, frozen=True):
    """One server of the set: what it is called there, its report, what it said, and where it runs."""

    label: str
    report: Report
    manifest: Manifest
    runs: Runs = EVERYWHERE


class Stop(Struct, frozen=True):
    """One server in one role."""

    server: str
    role: Role
    tools: tuple[str, ...]
    does: str
    severity: Severity = "medium"
    fit: int = 1
    """How well its best tool fits: those who look for a source take the likeliest first."""
    runs: Runs = EVERYWHERE

    def out(self) -> StepOut:
        """As a step of a path."""
        return StepOut(server=self.server, role=self.role, tools=list(self.tools), does=self.does)


def name_words(name: str) -> Words:
    """The words of a tool's name, in lower case: ``listOpenIssues`` and ``list-open-issues`` have the same."""
    pairs = zip(" " + name, name, strict=False)
    spaced = "".join(f" {char}" if char.isupper() and not before.isupper() else char for before, char in pairs)
    return frozenset(piece.lower() for piece in _PIECES.findall(spaced))


Fits = Callable[[ToolOut, Words, FleetWords], int]
"""How well a tool fits a role, by its abilities and the words of its name: 0 not at all; the best are named."""


def _stop(member: Member, role: Role, does: str, fits: Fits, severity: Severity = "medium") -> Stop | None:
    known = fleet_words()
    ranked = [(fits(tool, name_words(tool.name), known), tool.name) for tool in member.report.capabilities.tools]
    # Best first; the order of the list breaks ties, so the answer does not depend on anything else.
    fitting = sorted((one for one in ranked if one[0] > 0), key=lambda one: -one[0])
    if not fitting:
        return None
    names = tuple(dict.fromkeys(name for _, name in fitting))
    return Stop(member.label, role, names[:TOOLS_NAMED], does, severity, fitting[0][0], member.runs)


def _stranger(tool: ToolOut, words: Words, known: FleetWords) -> int:
    if "untrusted.read" not in tool.abilities or tool.effect == "destructive":
        return 0
    if "net.fetch" in tool.abilities and words & known.fetching and not words & known.not_fetching:
        return 3
    if words & (known.manual | known.about) or "documentation" in tool.domains:
        return 0
    return 2 if words & known.open else int(bool(words & known.authored))


def _private(private_domains: frozenset[str]) -> Fits:
    def fits(tool: ToolOut, words: Words, known: FleetWords) -> int:
        able = set(tool.abilities)
        if words & (known.about | known.manual):
            return 0
        if "db.query" in able and words & known.querying:  # reads whatever else it does
            return 4
        public = "net.fetch" in able or not private_domains & set(tool.domains)
        if tool.effect != "read" or (public and not able & {"fs.read", "secrets.read"}):
            return 0
        if "secrets.read" in able:
            return 4
        if "fs.read" in able:
            return 0 if "fs.write" in able else 3 if words & known.held else 1
        return 2 if words & known.held else int(bool(words & known.holders))

    return fits


def _sends(tool: ToolOut, words: Words, known: FleetWords) -> int:
    if tool.effect == "destructive" or words & known.not_carried:
        return 0
    abroad = bool(known.outside & set(tool.domains))
    carried = bool(words & known.carried or (abroad and words & known.carried_outside))
    if "net.send" in tool.abilities:
        return 2 if carried else 0
    # What is created where others read it is sent to them, whatever it is called.
    return int(carried and abroad and tool.effect == "write" and bool(words & known.creating))


def _fetches(tool: ToolOut, words: Words, known: FleetWords) -> int:
    # A page that is fetched carries data out in its address; what fetches in order to store does not send it back.
    able = "net.fetch" in tool.abilities and tool.effect == "read"
    return int(able and bool(words & known.fetching) and not words & (known.not_fetching | known.manual))


def _drives(tool: ToolOut, words: Words, known: FleetWords) -> int:
    if "browser" not in tool.abilities or tool.effect == "read":
        return 0
    return int(bool(words & known.typing))


_WAYS_OUT: tuple[tuple[Fits, str], ...] = (
    (_sends, "sends to others"),
    (_fetches, "fetches any address, and so carries out what is put into it"),
    (_drives, "drives a browser or device, through which data can leave"),
)


def _acting(ability: str) -> Fits:
    return lambda tool, _words, _known: int(ability in tool.abilities and tool.effect != "read")


def _paying(tool: ToolOut, words: Words, known: FleetWords) -> int:
    able = "money.move" in tool.abilities and tool.effect != "read"
    return int(able and bool(words & known.paying) and bool(known.paying_domains & set(tool.domains)))


def _destroying(tool: ToolOut, words: Words, known: FleetWords) -> int:
    if tool.effect != "destructive" or words & known.disposable:
        return 0
    return 1 + bool(words & known.held) + 2 * bool(words & known.deleting)


_POWERS: tuple[tuple[Fits, str, Severity], ...] = (
    (_acting("process.exec"), "runs commands", "critical"),
    (_acting("code.eval"), "runs code", "critical"),
    (_paying, "moves money", "critical"),
    (_acting("identity.admin"), "changes accounts, keys or rights", "high"),
    (_acting("db.query"), "changes a database by whatever statement it is given", "high"),
    (_acting("deploy"), "changes what is running", "high"),
    (_acting("device.control"), "controls devices", "high"),
    (_destroying, "deletes or overwrites for good", "medium"),
)
"""Gravest first: of each server the first that fits is told."""


def stops(member: Member, private_domains: frozenset[str]) -> dict[Role, Stop]:
    """Every role one server can play."""
    ways_out = (_stop(member, "out", does, fits) for fits, does in _WAYS_OUT)
    powers = (_stop(member, "power", does, fits, severity) for fits, does, severity in _POWERS)
    found: dict[Role, Stop | None] = {
        "stranger": _stop(member, "stranger", "returns what others wrote", _stranger),
        "private": _stop(member, "private", "reads what is private", _private(private_domains)),
        "out": next((way for way in ways_out if way is not None), None),
        "power": next((power for power in powers if power is not None), None),
    }
    return {role: stop for role, stop in found.items() if stop is not None}


def strongest(members: Sequence[dict[Role, Stop]], role: Role) -> list[Stop]:
    """The servers in one role, the best fit first, else in the order of the set."""
    return sorted((found[role] for found in members if role in found), key=lambda stop: -stop.fit)
