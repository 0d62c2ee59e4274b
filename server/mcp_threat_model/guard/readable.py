"""What a sandboxed command must still be able to read of the places that the sandbox hides.

Home directories and the like are hidden, but interpreters and projects live there (pyenv, nvm, uv, virtual
environments, a checkout). Followed from the program: its symbolic links, its `#!` line, its virtual environment's
base, and the files that its arguments name. For each the smallest tree that makes sense is opened, read only, and never
a home directory itself.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from mcp_threat_model.guard.files import read_head

MAX_HOPS = 16
TOOL_HOMES: dict[str, tuple[str, ...]] = {
    ".dotnet": ("dotnet", "host", "shared", "sdk", "tools"),
    ".rye": ("py", "shims", "self", "tools"),
    ".local/share/uv": ("python", "tools"),
} | dict.fromkeys(
    (".pyenv", ".nvm", ".volta", ".asdf", ".bun", ".deno", ".rbenv", ".sdkman", ".nodenv", ".fnm", ".local/share/mise",
     ".local/share/pipx", ".local/share/fnm", ".local/pipx", "miniconda3", "anaconda3", "miniforge3", ".cargo/bin",
     ".rustup", "go/bin", ".npm-global"),
    (),
)  # fmt: skip
"""Homes of version managers, relative to a home directory: a shim there needs the whole of it, or the parts named here
where the rest may hold credentials."""
SECRET_PLACES = (
    ".ssh", ".aws", ".azure", ".gnupg", ".kube", ".docker", ".config/gcloud", ".config/gh", ".config/op", ".netrc",
    ".npmrc", ".pypirc", ".git-credentials", ".pgpass", ".my.cnf", ".vault-token", ".terraform.d", ".password-store",
    ".mozilla", ".thunderbird", ".config/google-chrome", ".config/chromium", ".local/share/keyrings", ".bash_history",
)  # fmt: skip
"""Never opened, even where an argument, or a link that it leads to, names them; relative to a home directory."""
PREFIX_MARKS = ("pyvenv.cfg", "conda-meta", "lib/node_modules", "include/node")
PROJECT_MARKS = (
    "package.json",
    "pyproject.toml",
    "setup.py",
    "go.mod",
    "Cargo.toml",
    "deno.json",
    "Gemfile",
    "composer.json",
)
CODE = (
    ".py",
    ".pyz",
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".mts",
    ".jar",
    ".rb",
    ".sh",
    ".php",
    ".dll",
    ".wasm",
    ".lua",
    ".pl",
)


def homes() -> tuple[Path, ...]:
    """Directories that hold people's files, ours first."""
    found = [Path("/root"), Path("/home"), Path("/Users")]
    if os.environ.get("HOME"):
        found.insert(0, Path(os.environ["HOME"]))
    try:
        import pwd

        found.insert(0, Path(pwd.getpwuid(os.getuid()).pw_dir))
    except (ImportError, KeyError):
        pass
    return tuple(dict.fromkeys(one for one in found if one.is_absolute() and one != Path("/") and one.is_dir()))


def readable_roots(program: str, arguments: Sequence[str], hidden: Iterable[Path]) -> tuple[Path, ...]:
    """The paths below `hidden` that `program` with `arguments` needs, shortest first and none inside another."""
    places = tuple(hidden)
    wanted: list[Path] = []
    for path in _program_files(Path(program)):
        wanted.extend(_roots_of_program(path, places))
    for argument in arguments:
        path = Path(argument.partition("=")[2] if argument.startswith("--") else argument)
        if path.is_absolute() and path.is_file():
            wanted.extend(_roots_of_argument(path, places))
    inside = {one for one in wanted if _hidden(one, places) and not _too_wide(one, places) and not _secret(one)}
    kept: list[Path] = []
    for path in sorted(inside, key=lambda one: (len(one.parts), str(one))):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return tuple(kept)


def _hidden(path: Path, places: Sequence[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)


def _too_wide(path: Path, places: Sequence[Path]) -> bool:
    """A hidden place itself, a directory above one, or somebody's home directory."""
    return any(place.is_relative_to(path) for place in (*places, *homes())) or path.parent in (
        Path("/home"),
        Path("/Users"),
    )


def _secret(path: Path) -> bool:
    """In a place where people keep their keys, or above one."""
    real = path.resolve()
    places = [home / place for home in homes() for place in SECRET_PLACES]
    return any(one.is_relative_to(place) or place.is_relative_to(one) for place in places for one in (path, real))


def _program_files(program: Path) -> list[Path]:
    """The program, every link on the way to it, and the interpreters that run it."""
    found: list[Path] = []
    open_paths = [program]
    while open_paths and len(found) < MAX_HOPS:
        path = open_paths.pop()
        if path in found or not path.exists():
            continue
        found.append(path)
        if path.is_symlink():
            open_paths.append(path.parent / path.readlink())
        if path.resolve() != path:
            open_paths.append(path.resolve())
        else:
            open_paths.extend(_interpreters(path))
    return found


def _interpreters(path: Path) -> list[Path]:
    """The interpreter that a `#!` line names; `env` is looked through."""
    line = read_head(path, 512).partition(b"\n")[0]
    if not line.startswith(b"#!"):
        return []
    words = line[2:].decode(errors="replace").split()
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
        found = shutil.which(words[0]) if words else None
        return [Path(found)] if found else []
    return [Path(words[0])] if words else []


def _roots_of_program(path: Path, places: Sequence[Path]) -> list[Path]:
    for home in homes():
        for tool, parts in TOOL_HOMES.items():
            if path.is_relative_to(home / tool):
                return [home / tool / part for part in parts if (home / tool / part).exists()] or [home / tool]
    for parent in list(path.parents)[:3]:
        if _is_prefix(parent) and not _too_wide(parent, places):
            return [parent, *_project_of(parent, places), *_base_of(parent, places)]
    return [path, *_project_of(path, places)]


def _is_prefix(directory: Path) -> bool:
    """Whether something is installed here with `bin`, `lib` and the like below it."""
    marked = any((directory / mark).exists() for mark in PREFIX_MARKS)
    return marked or any(directory.glob("lib/python3.*"))


def _base_of(environment: Path, places: Sequence[Path]) -> list[Path]:
    """The installation that a Python virtual environment borrows its interpreter from (PEP 405: `home` is its bin)."""
    text = read_head(environment / "pyvenv.cfg", 4096).decode(errors="replace")
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home" and Path(value.strip()).is_absolute():
            base = Path(value.strip())
            return _roots_of_program(base / "python3", places) if base.is_dir() else []
    return []


def _project_of(path: Path, places: Sequence[Path]) -> list[Path]:
    """The nearest project around a path: an environment made inside a checkout imports from it.

    A package inside `node_modules` imports its neighbours, so for it that is the outermost `node_modules`.
    """
    if "node_modules" in path.parts:
        return [Path(*path.parts[: path.parts.index("node_modules") + 1])]
    for parent in list(path.parents)[:8]:
        if _too_wide(parent, places):
            return []
        if any((parent / mark).is_file() for mark in PROJECT_MARKS):
            return [parent]
    return []


def _roots_of_argument(path: Path, places: Sequence[Path]) -> list[Path]:
    real = path.resolve()  # `node_modules/.bin/name` is a link to a module, whose neighbours are around the module
    found = [path, real]
    for one in dict.fromkeys(found):
        if one.suffix.lower() in CODE or read_head(one, 2) == b"#!":
            beside = [] if _too_wide(one.parent, places) else [one.parent]
            found += _project_of(one, places) or beside
    return found
