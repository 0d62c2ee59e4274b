"""What a launch command fetches before it runs: the package, image or address among its arguments, and no other.

``npx -y corner-shop-mcp --port 80 ./notes`` fetches `corner-shop-mcp`; the path and the port are that program's own.
What is started by what was fetched may fetch again: ``docker run node:22 npx -y corner-shop-mcp`` fetches both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mcp_threat_scoring.facts.launchers import LAUNCHERS, Kind, Launcher
from mcp_threat_scoring.structs import Struct

LOOKED_AT = 200
"""Words of a command that are looked at."""
_LOCAL = (".", "/", "~", "\\", "file:")
_SCRIPTS = (".js", ".mjs", ".cjs", ".ts", ".py", ".whl", ".tgz", ".tar.gz", ".go", ".java", ".jsh", ".jar")
_PREFIXES: tuple[tuple[str, Kind], ...] = (("npm:", "npm"), ("jsr:", "jsr"))
"""What says by itself where it comes from."""
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


class Call(Struct, frozen=True):
    """A launcher that is called in a command. It may fetch something though nothing is named: a script's imports."""

    launcher: Launcher
    fetched: tuple[Fetched, ...]


def calls(argv: Sequence[str]) -> list[Call]:
    """The launchers that a command calls, from its first 200 words, one after the other."""
    argv = argv[:LOOKED_AT]
    found: list[Call] = []
    at = 0
    while at < len(argv):
        for launcher in _BY_NAME.get(program_name(argv[at]), ()):
            begin = _begin(argv, at, launcher)
            if begin >= 0:
                things, at = _things(argv, begin, launcher)
                found.append(Call(launcher, tuple(things)))
                break
        else:
            at += 1
    return found


def fetched(argv: Sequence[str]) -> list[tuple[str, int]]:
    """What is fetched, as ``KIND NAME``, with the place of each among the arguments. Local files are not."""
    return [(f"{one.kind} {one.name}", one.place) for call in calls(argv) for one in call.fetched]


def program_name(word: str) -> str:
    """What a program is called, without its directory and what Windows adds."""
    name = word.replace("\\", "/").rpartition("/")[2].lower()
    return name.removesuffix(".cmd").removesuffix(".exe")


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
        elif one and not one.startswith(_LOCAL) and not one.endswith(_SCRIPTS):
            start, kind = next((pair for pair in _PREFIXES if one.startswith(pair[0])), ("", launcher.kind))
            yield Fetched(kind, one.removeprefix(start), at)
