"""What a launch command fetches before it runs: the package, image or repository among its arguments, and no other.

``npx -y corner-shop-mcp --port 80 ./notes`` fetches `corner-shop-mcp`; the path and the port are that program's own.
The options that take a value are those of the launchers' own pages: npm exec and npx (npm 11), uv tool run (uv 0.9),
pipx run (pipx 1.8), docker run (Docker 28), deno run (Deno 2).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from mcp_threat_scoring.structs import Struct

Kind = Literal["npm", "pypi", "image"]


class Launcher(Struct, frozen=True):
    """How one launcher is told what to fetch."""

    kind: Kind
    start: tuple[str, ...]
    """Its name, and the words that follow."""
    named_by: Collection[str] = ()
    """Options whose value is what is fetched; the first plain word is then a program in it."""
    besides: Collection[str] = ()
    """Options whose value is fetched too."""
    valued: Collection[str] = ()
    """Options with any other value, when it stands apart."""


_NPM = frozenset(("-c", "--call", "-w", "--workspace", "--registry", "--prefix", "--cache", "--userconfig"))
_UV = frozenset((
    "-p", "--python", "-i", "--index-url", "--index", "--default-index", "--extra-index-url", "-f", "--find-links",
    "--index-strategy", "--keyring-provider", "--link-mode", "--cache-dir", "--env-file", "--color", "--directory",
    "--config-file", "-P", "--upgrade-package", "--refresh-package", "-C", "--config-setting", "-c", "--constraints",
    "--exclude-newer", "--resolution", "--prerelease", "--project",
))  # fmt: skip
_DOCKER = frozenset((
    "-e", "--env", "--env-file", "-v", "--volume", "-p", "--publish", "--name", "--network", "--net", "--mount", "-w",
    "--workdir", "-u", "--user", "--entrypoint", "--add-host", "--platform", "-m", "--memory", "--cpus", "-c",
    "--cpu-shares", "-l", "--label", "--pull", "-h", "--hostname", "--ip", "--dns", "--cap-add", "--cap-drop",
    "--security-opt", "--restart", "--log-driver", "--log-opt", "--tmpfs", "--ulimit", "--device", "--gpus",
    "--group-add", "--shm-size", "--memory-swap", "--pids-limit", "--expose", "--link", "--volumes-from", "--userns",
    "--pid", "--ipc", "--runtime", "--stop-signal", "--stop-timeout", "-a", "--attach", "--cidfile", "--label-file",
    "--network-alias",
))  # fmt: skip
_UVX: dict[str, Collection[str]] = {"named_by": ("--from",), "besides": ("--with", "-w"), "valued": _UV}
_NPX: dict[str, Collection[str]] = {"named_by": ("-p", "--package"), "valued": _NPM}
LAUNCHERS: tuple[Launcher, ...] = (
    *(Launcher("npm", start, **_NPX)
      for start in (("npx",), ("npm", "exec"), ("npm", "x"), ("pnpx",), ("pnpm", "dlx"), ("yarn", "dlx"), ("bunx",),
                    ("bun", "x"), ("dnx",))),
    Launcher("npm", ("deno", "run"), valued=("-c", "--config", "--import-map", "--lock", "--location", "--cert")),
    Launcher("pypi", ("uvx",), **_UVX),
    Launcher("pypi", ("uv", "tool", "run"), **_UVX),
    Launcher("pypi", ("pipx", "run"), named_by=("--spec",), valued=("--python", "--index-url", "-i", "--pip-args")),
    Launcher("image", ("docker", "run"), valued=_DOCKER),
    Launcher("image", ("podman", "run"), valued=_DOCKER),
    Launcher("image", ("docker", "container", "run"), valued=_DOCKER),
)  # fmt: skip
_LOCAL = (".", "/", "~", "\\", "file:")
_SCRIPTS = (".js", ".mjs", ".cjs", ".ts", ".py", ".whl", ".tgz", ".tar.gz")


def fetched(argv: Sequence[str]) -> list[tuple[str, int]]:
    """What is fetched, as ``KIND NAME``, with the place of each among the arguments. Local files are not."""
    for launcher in LAUNCHERS:
        found = _after(argv, launcher.start)
        if found >= 0:
            return [(f"{launcher.kind} {spec}", index) for spec, index in _specs(argv, found, launcher)]
    return []


def _after(argv: Sequence[str], start: Sequence[str]) -> int:
    """Where the arguments of a launcher begin; -1 if it is not called."""
    for index, word in enumerate(argv):
        name = word.replace("\\", "/").rpartition("/")[2].lower()
        bare = name.removesuffix(".cmd").removesuffix(".exe")
        if bare == start[0] and tuple(argv[index + 1 : index + len(start)]) == start[1:]:
            return index + len(start)
    return -1


def _specs(argv: Sequence[str], at: int, launcher: Launcher) -> Iterator[tuple[str, int]]:
    named = False
    while at < len(argv):
        word = argv[at]
        option, joined, value = word.partition("=")
        if word == "--":
            at += 1
            if at < len(argv) and not named:
                yield from _fetched(argv[at], at)
            return
        if not word.startswith("-"):
            if not named:
                yield from _fetched(word, at)
            return
        if option in launcher.named_by or option in launcher.besides:
            at += not joined
            named = named or option in launcher.named_by
            if joined or at < len(argv):
                yield from _fetched(value if joined else argv[at], at)
        elif option in launcher.valued and not joined:
            at += 1
        at += 1


def _fetched(spec: str, at: int) -> Iterator[tuple[str, int]]:
    for one in spec.split(","):
        if one and not one.startswith(_LOCAL) and not one.endswith(_SCRIPTS):
            yield one.removeprefix("npm:"), at
