"""What a launch command fetches before it runs: the package, image or address among its arguments, and no other.

``npx -y corner-shop-mcp --port 80 ./notes`` fetches `corner-shop-mcp`; the path and the port are that program's own.
What is started by what was fetched may fetch again: ``docker run node:22 npx -y corner-shop-mcp`` fetches both.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile

from mcp_threat_scoring.facts.launchers import LAUNCHERS, SHELLS, Kind, Launcher
from mcp_threat_scoring.facts.pins import is_exact
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.structs import Struct

LOOKED_AT = 200
"""Words of a command that are looked at."""
_LOCAL = (".", "/", "~", "\\", "#", "file:", "path:", "git+file:")
_SCRIPTS = (".js", ".mjs", ".cjs", ".ts", ".py", ".whl", ".tgz", ".tar.gz", ".go", ".java", ".jsh", ".jar", ".nix")
_PREFIXES: tuple[tuple[str, Kind], ...] = (("npm:", "npm"), ("jsr:", "jsr"))
"""What says by itself where it comes from."""
_GIT = pattern(r"(?:[\w.\[\],-]+ ?@ ?)?(?:git\+|git:|git@|ssh:|github:|gitlab:|bitbucket:|gist:)")
_GITHUB_BY_NPM = pattern(r"[\w-][\w.-]*/[\w.-]+(?:#\S*)?")
"""What npm takes for a repository: OWNER/NAME without a scope's `@`."""
_COMMAND_OPTION = pattern(r"(?i)-[a-z]*c|-command|/[ck]")
_SCOPED = pattern(r"(?i)((?:--|npm_config_)@)[\w.-]*(:registry)")
"""What names the registry of one scope of npm, as an option or a variable."""
_ASSIGNED = pattern(r"(?:-e|--env=)?([A-Za-z_][\w@:.-]*)=(.+)")
"""A variable that a command sets for what it starts: ``env NAME=VALUE``, ``docker run -e NAME=VALUE``."""
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
    """Hosts that the command or its environment names instead of the usual place; empty where that is no address."""
    registry_beside: tuple[str, ...] = ()
    """Hosts that they name beside it."""


def calls(argv: Sequence[str], env: Mapping[str, str] | None = None) -> list[Call]:
    """The launchers that a command calls with this environment, from its first 200 words, one after the other."""
    argv, places = _opened(argv[:LOOKED_AT])
    outer = dict(env or {})
    found: list[Call] = []
    at = 0
    while at < len(argv):
        for launcher in _BY_NAME.get(program_name(argv[at]), ()):
            begin = _begin(argv, at, launcher)
            if begin >= 0:
                things, end = _things(argv, begin, launcher)
                named = tuple(Fetched(one.kind, one.name, places[one.place]) for one in things)
                found.append(Call(launcher, named, *_registries(launcher, argv[at:end], {**outer, **_set(argv[:at])})))
                if launcher.kind == "image":  # it starts with an environment of its own
                    outer = {name: outer[name] for name in argv[at:end] if name in outer}
                at = end
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


def _set(words: Sequence[str]) -> dict[str, str]:
    return {found[1]: found[2] for word in words if (found := _ASSIGNED.fullmatch(word))}


def _registries(
    launcher: Launcher, words: Sequence[str], env: Mapping[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The hosts that stand for the usual place, and those beside it; an option goes before a variable."""
    given = {_option(name).upper(): value for name, value in env.items()}
    instead = _hosts(_values(words, launcher.registry)) or _hosts(_held(given, launcher.variables))
    beside = _hosts([*_values(words, launcher.registry_beside), *_held(given, launcher.variables_beside)])
    return instead, beside


def _values(words: Sequence[str], options: Collection[str]) -> Iterator[str]:
    """What stands behind these options, in the same word or the next."""
    for index, word in enumerate(words):
        option, joined, value = word.partition("=")
        if _option(option) in options:
            yield value if joined else "".join(words[index + 1 : index + 2])


def _held(given: Mapping[str, str], variables: Iterable[str]) -> Iterator[str]:
    """What these variables hold; one that is empty counts as not set."""
    for name in variables:
        yield from given.get(name, "").split()


def _hosts(values: Iterable[str]) -> tuple[str, ...]:
    """The hosts of these addresses, without the credentials in them."""
    addresses = [_ADDRESS.search(one) for value in values for one in value.split(",")]
    return tuple(dict.fromkeys(address[1] if address else "" for address in addresses))


def _option(word: str) -> str:
    """The option, or the variable, as the table has it: of whichever scope it speaks."""
    return _SCOPED.sub(r"\1\2", word) if "@" in word else word


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
        at += 1 + _taken(argv[at], launcher)
    return min(at, len(argv))


def _taken(word: str, launcher: Launcher) -> int:
    """How many of the next words are values of this one."""
    if word in launcher.paired:
        return 2
    option = _option(word)
    return any(option in some for some in (launcher.valued, launcher.named_by, launcher.besides, launcher.version))


def _things(argv: Sequence[str], at: int, launcher: Launcher) -> tuple[list[Fetched], int]:
    """What a launcher fetches, and where what it starts begins."""
    found: list[Fetched] = []
    named = False
    version = ""
    while at < len(argv) and argv[at] != "--" and argv[at] not in launcher.command_after:
        if not argv[at].startswith("-"):
            if named or not launcher.command_after:
                break
            found += _read(argv[at], at, launcher)
            at += 1
            continue
        option, joined, value = argv[at].partition("=")
        if not joined and (taken := _taken(option, launcher)):
            at = min(at + taken, len(argv))
            value = argv[at] if at < len(argv) else ""
        if option in launcher.named_by or option in launcher.besides:
            named = named or option in launcher.named_by
            found += _read(value, min(at, len(argv) - 1), launcher)
        elif option in launcher.version:
            version = value
        at += 1
    at = min(at, len(argv))
    at += at < len(argv) and (argv[at] == "--" or argv[at] in launcher.command_after)
    if at >= len(argv) or named or launcher.command_after or not _is_fetched(argv[at], launcher):
        return found, at
    plain = list(_read(_made(argv[at], launcher.prefix), at, launcher))
    version = version or "".join(islice(_values([*_own(argv[at + 1 :])], launcher.version_behind), 1))
    if version:
        plain = [one if "@" in one.name else Fetched(one.kind, f"{one.name}@{version}", one.place) for one in plain]
    return found + plain, at + bool(plain)


def _is_fetched(word: str, launcher: Launcher) -> bool:
    return not launcher.marks or any(mark in word for mark in launcher.marks)


def _own(words: Sequence[str]) -> Iterator[str]:
    return takewhile(lambda word: word != "--", words)


def _made(name: str, prefix: str) -> str:
    """The package that is fetched for a name: for `corner` `create-corner`, for `@corner` `@corner/create`."""
    if not prefix or "://" in name or name.startswith(_LOCAL):
        return name
    if name.startswith("@") and "/" not in name:
        scope, at, version = name[1:].partition("@")
        return f"@{scope}/{prefix}{at}{version}"
    whole, mark, branch = name.partition("#")
    owner, slash, own = whole.rpartition("/")
    return f"{owner}{slash}{prefix}-{own}{mark}{branch}"


def _read(value: str, at: int, launcher: Launcher) -> Iterator[Fetched]:
    whole = "://" in value or launcher.kind == "flake"
    for one in [value] if whole else value.split(","):
        if one.startswith(("https://", "http://")):
            yield Fetched("url", one, at)
        elif _from_git(one, launcher):
            yield Fetched("git", one, at)
        elif one and not one.startswith(_LOCAL) and ("://" in one or not one.endswith(_SCRIPTS)):
            start, kind = next((pair for pair in _PREFIXES if one.startswith(pair[0])), ("", launcher.kind))
            yield Fetched(kind, one.removeprefix(start), at)


def _from_git(name: str, launcher: Launcher) -> bool:
    if launcher.kind == "npm" and _GITHUB_BY_NPM.fullmatch(name):
        return True
    return launcher.kind in ("npm", "pypi") and bool(_GIT.match(name))
