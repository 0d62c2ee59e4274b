"""The programs that fetch what they run: one table of how each is called, what it fetches, and from where.

The rules, the question before a start and the sandbox ask this table; what is not in it fetches nothing by itself.
The options that take a value are those of the launchers' own pages: npm exec, npx and npm init (npm 11), uv run and uv
tool run (uv 0.9), pipx run (pipx 1.8), dotnet tool exec (.NET 10), docker run (Docker 28) with those that podman,
nerdctl and Apple's container have beside it, deno run (Deno 2), go run (Go 1.25), jbang run (JBang 0.130), gem exec
(RubyGems 3.7), nix run and nix shell (Nix 2.31). The variables that name a registry are those of the same pages.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal

from mcp_threat_scoring.structs import Struct

Kind = Literal["npm", "jsr", "pypi", "nuget", "go", "jbang", "gem", "flake", "url", "git", "image"]
REGISTRIES: Mapping[Kind, str] = {
    "npm": "npm", "jsr": "JSR", "pypi": "PyPI", "nuget": "NuGet", "go": "the network", "jbang": "the network",
    "gem": "RubyGems", "flake": "the network", "url": "the network", "git": "a git repository", "image": "a registry",
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
    """Options whose value is the version, before the name."""
    version_behind: Collection[str] = ()
    """Those of them that say it behind the name as well."""
    valued: Collection[str] = ()
    """Options with any other value, when it stands apart."""
    paired: Collection[str] = ()
    """Options with two values, which stand apart."""
    registry: Collection[str] = ()
    """Those of them whose value is where it fetches from, instead of the usual place."""
    registry_beside: Collection[str] = ()
    """Those of them whose value is a further place."""
    variables: Collection[str] = ()
    """Environment variables whose value is where it fetches from, in capitals, where no option says it."""
    variables_beside: Collection[str] = ()
    """Those whose value is a further place."""
    registry_kind: Kind | None = None
    """The kind that comes from such a place, where that is not its own."""
    marks: Collection[str] = ()
    """One of them is in the first plain word if that is fetched; else it is a file, or a program that is there."""
    commands: Collection[str] = ()
    """First plain words that make it do something else."""
    prefix: str = ""
    """What it puts before the name that it is given, behind a scope."""
    command_after: Collection[str] = ()
    """Options that a command stands behind; then every plain word before them is fetched."""


_NPM = frozenset((
    "-c", "--call", "-w", "--workspace", "--registry", "--prefix", "--cache", "--userconfig", "--@:registry", "--scope",
))  # fmt: skip
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
_GEM = frozenset((
    "-s", "--source", "-i", "--install-dir", "-n", "--bindir", "--document", "-P", "--trust-policy", "--platform",
    "-B", "--bulk-threshold", "--build-root", "--config-file",
))  # fmt: skip
_NIX = frozenset((
    "--extra-experimental-features", "--experimental-features", "-I", "--include", "--inputs-from", "--update-input",
    "--eval-store", "--reference-lock-file", "--output-lock-file", "-k", "--keep-env-var", "-u", "--unset-env-var",
    "--profile", "--log-format", "--store", "-j", "--max-jobs", "--cores", "--builders", "--substituters",
    "--extra-substituters", "--trusted-public-keys", "--extra-trusted-public-keys", "--access-tokens", "--system",
    "--netrc-file", "--tarball-ttl",
))  # fmt: skip
_NIX_PAIRED = frozenset((
    "--option", "--override-input", "--override-flake", "--arg", "--argstr", "--arg-from-file", "-s", "--set-env-var",
))  # fmt: skip
_NPX: dict[str, Any] = {
    "named_by": ("-p", "--package"), "valued": _NPM, "registry": ("--registry",), "registry_beside": ("--@:registry",),
    "variables_beside": ("NPM_CONFIG_@:REGISTRY",),
}  # fmt: skip
_CREATE: dict[str, Any] = {**_NPX, "named_by": ()}
_REGISTRY = "NPM_CONFIG_REGISTRY"
_BY_NPM = (
    ((_REGISTRY,), (("npx",), ("npm", "exec"), ("npm", "x")), (("npm", "create"), ("npm", "init"), ("npm", "innit"))),
    (("PNPM_CONFIG_REGISTRY", _REGISTRY), (("pnpx",), ("pnpm", "dlx")), (("pnpm", "create"),)),
    (("YARN_NPM_REGISTRY_SERVER", "YARN_REGISTRY", _REGISTRY), (("yarn", "dlx"),), (("yarn", "create"),)),
    (("BUN_CONFIG_REGISTRY", _REGISTRY), (("bunx",), ("bun", "x")), (("bun", "create"), ("bun", "c"))),
)
"""Of each program that fetches from npm: what names its registry, how it runs a package, how one named create-NAME."""
_UV_RUN: dict[str, Any] = {
    "besides": ("--with", "-w"), "valued": _UV, "registry": ("-i", "--index-url", "--default-index"),
    "registry_beside": ("--index", "--extra-index-url"), "variables": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "variables_beside": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
}  # fmt: skip
_UVX: dict[str, Any] = {"named_by": ("--from",), **_UV_RUN}
_DNX: dict[str, Any] = {
    "version": ("--version",), "version_behind": ("--version",), "valued": _NUGET, "registry": ("-s", "--source"),
    "registry_beside": ("--add-source",),
}  # fmt: skip
_JAVA: dict[str, Any] = {
    "besides": ("--deps",), "valued": _JBANG, "marks": ("@", ":"), "registry_beside": ("--repos",),
}  # fmt: skip
_ADDRESS = ("://",)
SHELLS = frozenset(("sh", "bash", "zsh", "dash", "fish", "ksh", "cmd", "powershell", "pwsh"))
"""Those that take a whole command as one word."""
CONTAINERS = frozenset(("docker", "podman", "nerdctl", "finch", "container"))
"""Those that run an image: nothing of theirs can work inside another sandbox."""
LAUNCHERS: tuple[Launcher, ...] = (
    *(Launcher("npm", start, variables=variables, **_NPX) for variables, starts, _ in _BY_NPM for start in starts),
    *(Launcher("npm", start, variables=variables, prefix="create", **_CREATE)
      for variables, _, starts in _BY_NPM for start in starts),
    Launcher("url", ("deno", "run"), valued=_DENO, marks=("npm:", "jsr:", *_ADDRESS), variables=(_REGISTRY,),
             registry_kind="npm"),
    Launcher("pypi", ("uvx",), **_UVX),
    Launcher("pypi", ("uv", "tool", "run"), **_UVX),
    Launcher("pypi", ("uv", "run"), marks=_ADDRESS, **_UV_RUN),
    Launcher("pypi", ("pipx", "run"), named_by=("--spec",), valued=("--python", "--index-url", "-i", "--pip-args"),
             registry=("--index-url", "-i"), variables=("PIP_INDEX_URL",), variables_beside=("PIP_EXTRA_INDEX_URL",)),
    Launcher("gem", ("gem", "exec"), named_by=("-g", "--gem"), version=("-v", "--version"), valued=_GEM,
             registry_beside=("-s", "--source")),
    *(Launcher("flake", ("nix", *words), named_by=("-f", "--file", "--expr"), valued=_NIX, paired=_NIX_PAIRED,
               command_after=after)
      for words, after in ((("run",), ()), (("shell",), ("-c", "--command")), (("develop",), ("-c", "--command")))),
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
