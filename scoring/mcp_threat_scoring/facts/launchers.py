"""The programs that fetch what they run: one table of how each is called, what it fetches, and from where.

The rules, the question before a start and the sandbox ask this table; what is not in it fetches nothing by itself.
The options that take a value are those of the launchers' own pages: npm exec and npx (npm 11), uv run and uv tool run
(uv 0.9), pipx run (pipx 1.8), dotnet tool exec (.NET 10), docker run (Docker 28) with those that podman, nerdctl and
Apple's container have beside it, deno run (Deno 2), go run (Go 1.25), jbang run (JBang 0.130).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from mcp_threat_scoring.structs import Struct

Kind = Literal["npm", "jsr", "pypi", "nuget", "go", "jbang", "url", "git", "image"]
REGISTRIES: Mapping[Kind, str] = {
    "npm": "npm", "jsr": "JSR", "pypi": "PyPI", "nuget": "NuGet", "go": "the network", "jbang": "the network",
    "url": "the network", "git": "a git repository", "image": "a registry",
}  # fmt: skip
"""Where each kind comes from, as people call it."""


class Launcher(Struct, frozen=True):
    """How one launcher is told what to fetch."""

    kind: Kind
    start: tuple[str, ...]
    """Its name, and the words that follow; options may stand between them."""
    named_by: Collection[str] = ()
    """Options whose value is what is fetched; the first plain word is then a program in it."""
    besides: Collection[str] = ()
    """Options whose value is fetched too."""
    version: Collection[str] = ()
    """Options whose value is the version, before or after the name."""
    valued: Collection[str] = ()
    """Options with any other value, when it stands apart."""
    registry: Collection[str] = ()
    """Those of them whose value is where it fetches from, instead of the usual place."""
    registry_beside: Collection[str] = ()
    """Those of them whose value is a further place."""
    marks: Collection[str] = ()
    """One of them is in the first plain word if that is fetched; else it is a file, or a program that is there."""
    commands: Collection[str] = ()
    """First plain words that make it do something else."""


_NPM = frozenset(("-c", "--call", "-w", "--workspace", "--registry", "--prefix", "--cache", "--userconfig"))
_UV = frozenset((
    "-p", "--python", "-i", "--index-url", "--index", "--default-index", "--extra-index-url", "-f", "--find-links",
    "--index-strategy", "--keyring-provider", "--link-mode", "--cache-dir", "--env-file", "--color", "--directory",
    "--config-file", "-P", "--upgrade-package", "--refresh-package", "-C", "--config-setting", "-c", "--constraints",
    "--exclude-newer", "--resolution", "--prerelease", "--project", "--with-requirements", "--with-editable",
    "--overrides", "-b", "--build-constraints", "--allow-insecure-host", "--reinstall-package", "--fork-strategy",
    "--python-platform", "--torch-backend", "--no-binary-package", "--no-build-package",
    "--no-build-isolation-package", "--extra", "--no-extra", "--group", "--no-group", "--only-group", "--package",
))  # fmt: skip
_NUGET = frozenset((
    "-a", "--arch", "--add-source", "--configfile", "--framework", "-s", "--source", "-v", "--verbosity",
))  # fmt: skip
_DENO = frozenset(("-c", "--config", "--import-map", "--lock", "--location", "--cert"))
_GO = frozenset((
    "-C", "-asmflags", "-buildmode", "-compiler", "-coverpkg", "-exec", "-gccgoflags", "-gcflags", "-ldflags", "-mod",
    "-modfile", "-overlay", "-p", "-pgo", "-pkgdir", "-tags", "-toolexec",
))  # fmt: skip
_JBANG = frozenset((
    "--config", "--catalog", "-m", "--main", "-j", "--java", "--module", "--source-type", "-C", "--compile-option",
    "--cp", "--class-path", "-D", "--files", "--javaagent", "--manifest", "-N", "--native-option", "-R",
    "--runtime-option", "--repos", "-s", "--sources", "-c", "--code",
))  # fmt: skip
_JBANG_COMMANDS = frozenset((
    "alias", "app", "build", "cache", "catalog", "completion", "config", "deps", "edit", "export", "info", "init",
    "jdk", "template", "trust", "version", "wrapper",
))  # fmt: skip
_DOCKER = frozenset((
    "-e", "--env", "--env-file", "-v", "--volume", "-p", "--publish", "--name", "--network", "--net", "--mount", "-w",
    "--workdir", "-u", "--user", "--entrypoint", "--add-host", "--platform", "-m", "--memory", "--cpus", "-c",
    "--cpu-shares", "-l", "--label", "--pull", "-h", "--hostname", "--ip", "--dns", "--cap-add", "--cap-drop",
    "--security-opt", "--restart", "--log-driver", "--log-opt", "--tmpfs", "--ulimit", "--device", "--gpus",
    "--group-add", "--shm-size", "--memory-swap", "--pids-limit", "--expose", "--link", "--volumes-from", "--userns",
    "--pid", "--ipc", "--runtime", "--stop-signal", "--stop-timeout", "-a", "--attach", "--cidfile", "--label-file",
    "--network-alias", "-H", "--host", "--context", "--config", "--log-level", "-f", "--file", "--profile",
    "--health-cmd", "--health-interval", "--health-retries", "--health-start-interval", "--health-start-period",
    "--health-timeout", "--namespace", "--address", "--snapshotter", "--arch", "--os", "--uid", "--gid", "--kernel",
    "--secret", "--pod",
))  # fmt: skip
_NPX: dict[str, Collection[str]] = {"named_by": ("-p", "--package"), "valued": _NPM, "registry": ("--registry",)}
_UV_RUN: dict[str, Collection[str]] = {
    "besides": ("--with", "-w"), "valued": _UV, "registry": ("-i", "--index-url", "--default-index"),
    "registry_beside": ("--index", "--extra-index-url"),
}  # fmt: skip
_UVX: dict[str, Collection[str]] = {"named_by": ("--from",), **_UV_RUN}
_DNX: dict[str, Collection[str]] = {
    "version": ("--version",), "valued": _NUGET, "registry": ("-s", "--source"), "registry_beside": ("--add-source",),
}  # fmt: skip
_JAVA: dict[str, Collection[str]] = {
    "besides": ("--deps",), "valued": _JBANG, "marks": ("@", ":"), "registry_beside": ("--repos",),
}  # fmt: skip
_ADDRESS = ("://",)
SHELLS = frozenset(("sh", "bash", "zsh", "dash", "fish", "ksh", "cmd", "powershell", "pwsh"))
"""Those that take a whole command as one word."""
CONTAINERS = frozenset(("docker", "podman", "nerdctl", "finch", "container"))
"""Those that run an image: nothing of theirs can work inside another sandbox."""
LAUNCHERS: tuple[Launcher, ...] = (
    *(Launcher("npm", start, **_NPX)
      for start in (("npx",), ("npm", "exec"), ("npm", "x"), ("pnpx",), ("pnpm", "dlx"), ("yarn", "dlx"), ("bunx",),
                    ("bun", "x"))),
    Launcher("url", ("deno", "run"), valued=_DENO, marks=("npm:", "jsr:", *_ADDRESS)),
    Launcher("pypi", ("uvx",), **_UVX),
    Launcher("pypi", ("uv", "tool", "run"), **_UVX),
    Launcher("pypi", ("uv", "run"), marks=_ADDRESS, **_UV_RUN),
    Launcher("pypi", ("pipx", "run"), named_by=("--spec",), valued=("--python", "--index-url", "-i", "--pip-args"),
             registry=("--index-url", "-i")),
    *(Launcher("nuget", start, **_DNX)
      for start in (("dnx",), ("dotnet", "dnx"), ("dotnet", "tool", "exec"), ("dotnet", "tool", "execute"))),
    Launcher("go", ("go", "run"), valued=_GO, marks=(".",)),
    Launcher("jbang", ("jbang", "run"), **_JAVA),
    Launcher("jbang", ("jbang",), commands=_JBANG_COMMANDS, **_JAVA),
    *(Launcher("image", (name, *words), valued=_DOCKER)
      for name in sorted(CONTAINERS) for words in (("run",), ("container", "run"))),
    *(Launcher("image", (name, *words), valued=_DOCKER, marks=_ADDRESS)  # the images are named in files
      for name in sorted(CONTAINERS) for words in (("compose", "run"), ("compose", "up"), ("mcp", "gateway", "run"))),
)  # fmt: skip
