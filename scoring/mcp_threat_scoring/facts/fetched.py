"""What a launch command fetches before it runs: the package, image or address among its arguments, and no other.

``npx -y corner-shop-mcp --port 80 ./notes`` fetches `corner-shop-mcp`; the path and the port are that program's own.
What is started by what was fetched may fetch again: ``docker run node:22 npx -y corner-shop-mcp`` fetches both.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Sequence

from mcp_threat_scoring.facts.launchers import LAUNCHERS, SHELLS, Kind, Launcher
from mcp_threat_scoring.facts.pins import is_exact
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct

LOOKED_AT = 200
"""Words of a command that are looked at."""
_LOCAL = (".", "/", "~", "\\", "file:")
_SCRIPTS = (".js", ".mjs", ".cjs", ".ts", ".py", ".whl", ".tgz", ".tar.gz", ".go", ".java", ".jsh", ".jar")
_PREFIXES: tuple[tuple[str, Kind], ...] = (("npm:", "npm"), ("jsr:", "jsr"))
"""What says by itself where it comes from."""
_GIT = pattern(r"(?:[\w.\[\],-]+ ?@ ?)?(?:git\+|git:|git@|ssh:|github:|gitlab:|bitbucket:|gist:)")
_GITHUB_BY_NPM = pattern(r"[\w-][\w.-]*/[\w.-]+(?:#\S*)?")
"""What npm takes for a repository: OWNER/NAME without a scope's `@`."""
_COMMAND_OPTION = pattern(r"(?i)-[a-z]*c|-command|/[ck]")
_ADDRESS = pattern(r"\w+://(?:[^/?#\\]*@)?([\w.:\[\]-]+)(?:[/?#\\]|$)")
_NOT_SIMPLE = frozenset(";|&$`<>()\n")
"""With one of them a shell's word is more than one command, or another than is written."""
_BY_NAME = {
    name: sorted((one for one in LAUNCHERS if one.start[0] == name), key=lambda one: -len(one.start))
    for name in dict.fromkeys(one.start[0] for one in LAUNCHERS)
}
"""The longer start is tried first."""


class Fetched(Struct, frozen=True):
    """One thing that is fetched."""

    kind: Kind
    name: str
    """With its version, where one is named."""
    place: int
    """The word of the command that names it."""

    @property
    def exact(self) -> bool:
        """Whether an exact version is named."""
        return is_exact(self.kind, self.name)


class Call(Struct, frozen=True):
    """A launcher that is called in a command. It may fetch something though nothing is named: a script's imports."""

    launcher: Launcher
    fetched: tuple[Fetched, ...]
    registry: tuple[str, ...] = ()
    """Hosts that the command names instead of the usual place; empty for what is no plain address."""
    registry_beside: tuple[str, ...] = ()
    """Hosts that it names beside it."""


def calls(argv: Sequence[str]) -> list[Call]:
    """The launchers that a command calls, from its first 200 words, one after the other."""
    argv, places = _opened(argv[:LOOKED_AT])
    found: list[Call] = []
    at = 0
    while at < len(argv):
        for launcher in _BY_NAME.get(program_name(argv[at]), ()):
            begin = _begin(argv, at, launcher)
            if begin >= 0:
                things, end = _things(argv, begin, launcher)
                named = tuple(Fetched(one.kind, one.name, places[one.place]) for one in things)
                own = argv[at:end]
                at = end
                hosts, beside = _hosts(own, launcher.registry), _hosts(own, launcher.registry_beside)
                found.append(Call(launcher, named, hosts, beside))
                break
        else:
            at += 1
    return found


def fetched(argv: Sequence[str]) -> list[tuple[str, int]]:
    """What is fetched, as ``KIND NAME``, with the place of each among the arguments. Local files are not."""
    return [(f"{one.kind} {one.name}", one.place) for call in calls(argv) for one in call.fetched]


def all_exact(argv: Sequence[str]) -> bool:
    """Whether a command fetches something, and names an exact version of all of it."""
    things = [one for call in calls(argv) for one in call.fetched]
    return bool(things) and all(one.exact for one in things)


def program_name(word: str) -> str:
    """What a program is called, without its directory and what Windows adds."""
    name = word.replace("\\", "/").rpartition("/")[2].lower()
    return name.removesuffix(".cmd").removesuffix(".exe")


def _opened(argv: Sequence[str]) -> tuple[list[str], list[int]]:
    """The words, with a simple command in one word of a shell (``bash -lc "npx clock"``) split; and their places."""
    words: list[str] = []
    places: list[int] = []
    for at, word in enumerate(argv):
        split = [word]
        if at > 1 and _COMMAND_OPTION.fullmatch(argv[at - 1]) and program_name(argv[at - 2]) in SHELLS:
            split = _simple(word) or split
        words += split
        places += [at] * len(split)
    return words[:LOOKED_AT], places[:LOOKED_AT]


def _simple(command: str) -> list[str]:
    if not _NOT_SIMPLE.isdisjoint(command):
        return []
    try:
        return shlex.split(command)
    except ValueError:  # a quote that does not end
        return []


def _hosts(words: Sequence[str], options: Collection[str]) -> tuple[str, ...]:
    """The hosts of the addresses that are these options' values, without the credentials in them."""
    found = []
    for index, word in enumerate(words):
        option, joined, value = word.partition("=")
        if option in options:
            value = value if joined else "".join(words[index + 1 : index + 2])
            addresses = [_ADDRESS.search(one) for one in value.split(",")]
            found += [address[1] if address else "" for address in addresses]
    return tuple(dict.fromkeys(found))


def _begin(argv: Sequence[str], at: int, launcher: Launcher) -> int:
    """Where the arguments of a launcher begin, whose name may stand there; -1 if it is not called."""
    at += 1
    for word in launcher.start[1:]:
        at = _next_plain(argv, at, launcher)
        if at == len(argv) or argv[at] != word:
            return -1
        at += 1
    plain = _next_plain(argv, at, launcher)
    return -1 if plain < len(argv) and argv[plain] in launcher.commands else at


def _next_plain(argv: Sequence[str], at: int, launcher: Launcher) -> int:
    while at < len(argv) and argv[at].startswith("-"):
        at += 1 + _takes_next(argv[at], launcher)
    return min(at, len(argv))


def _takes_next(word: str, launcher: Launcher) -> bool:
    """Whether the next word is the value of this one."""
    return any(word in some for some in (launcher.valued, launcher.named_by, launcher.besides, launcher.version))


def _things(argv: Sequence[str], at: int, launcher: Launcher) -> tuple[list[Fetched], int]:
    """What a launcher fetches, and where what it starts begins."""
    found: list[Fetched] = []
    named = False
    version = ""
    while at < len(argv) and argv[at] != "--" and argv[at].startswith("-"):
        option, joined, value = argv[at].partition("=")
        if not joined and _takes_next(option, launcher):
            at += 1
            value = argv[at] if at < len(argv) else ""
        if option in launcher.named_by or option in launcher.besides:
            named = named or option in launcher.named_by
            found += _read(value, min(at, len(argv) - 1), launcher)
        elif option in launcher.version:
            version = value
        at += 1
    at += at < len(argv) and argv[at] == "--"
    if at >= len(argv) or named or (launcher.marks and not any(mark in argv[at] for mark in launcher.marks)):
        return found, at
    plain = list(_read(argv[at], at, launcher))
    version = version or _version_after(argv[at + 1 :], launcher)
    if version:
        plain = [one if "@" in one.name else Fetched(one.kind, f"{one.name}@{version}", one.place) for one in plain]
    return found + plain, at + bool(plain)


def _version_after(words: Sequence[str], launcher: Launcher) -> str:
    for index, word in enumerate(words):
        option, joined, value = word.partition("=")
        if word == "--":
            break
        if option in launcher.version:
            return value if joined else "".join(words[index + 1 : index + 2])
    return ""


def _read(value: str, at: int, launcher: Launcher) -> Iterator[Fetched]:
    for one in [value] if "://" in value else value.split(","):
        if one.startswith(("https://", "http://")):
            yield Fetched("url", one, at)
        elif _from_git(one, launcher):
            yield Fetched("git", one, at)
        elif one and not one.startswith(_LOCAL) and not one.endswith(_SCRIPTS):
            start, kind = next((pair for pair in _PREFIXES if one.startswith(pair[0])), ("", launcher.kind))
            yield Fetched(kind, one.removeprefix(start), at)


def _from_git(name: str, launcher: Launcher) -> bool:
    if launcher.kind == "npm" and _GITHUB_BY_NPM.fullmatch(name):
        return True
    return launcher.kind in ("npm", "pypi") and bool(_GIT.match(name))
