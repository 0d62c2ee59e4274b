"""The private directory that a started target lives in, what it leaves there, and how all of it goes away."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import tempfile
from pathlib import Path

from mcp_threat_model.guard.sandbox import RESOLVER_FILE

SCRATCH_DIRS = ("home", "cwd", "tmp", "shm")
FETCH_CACHES = frozenset(
    {"home/.npm", "home/.bun", "home/.cache/uv", "home/.cache/pip", "home/.cache/deno", "home/.local/share/uv",
     "home/.cache/node", "home/.cache/pnpm", "home/.cache/yarn", "home/.local/share/pnpm"}
)  # fmt: skip
MAX_ENTRIES = 10_000
REMOVE_S = 30


def make_scratch() -> Path:
    """A private directory with the target's home, working directory, /tmp and /dev/shm; one level deep, mode 0700.

    Raises:
        OSError: it could not be made; nothing of it stays.
    """
    root = Path(tempfile.mkdtemp(prefix="mcp-scan-")).resolve()
    try:
        for name in SCRATCH_DIRS:
            (root / name).mkdir()
        (root / RESOLVER_FILE).write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    except OSError:
        remove_scratch(root)
        raise
    return root


def remove_scratch(root: Path) -> None:
    """Remove it whatever the target made of it: unreadable directories, links, nesting deeper than any path.

    `rm` does it without recursion; Python's own would hold a path per level, which a target can make 100 MB of.
    """
    with contextlib.suppress(OSError):  # the usual case: nothing was written, and no program need be started
        (root / RESOLVER_FILE).unlink()
        for name in SCRATCH_DIRS:
            (root / name).rmdir()
        root.rmdir()
        return
    for command in (["/bin/rm", "-rf"], ["/bin/chmod", "-R", "u+rwx"], ["/bin/rm", "-rf"]):
        if root.exists():
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run([*command, "--", str(root)], check=False, capture_output=True, timeout=REMOVE_S)


def left_files(root: Path, ignore: frozenset[Path], limit: int) -> tuple[list[str], int]:
    """Files and links that the target left: the first `limit` names, sorted, and how many there are.

    Directories do not count, nor do the caches of package fetchers, which are full after every `npx`. At most 10,000
    entries of a directory, and of all of them, are looked at.
    """
    names: list[str] = []
    count, looked, open_dirs = 0, 0, [root / name for name in SCRATCH_DIRS]
    while open_dirs and looked < MAX_ENTRIES:
        try:
            with os.scandir(open_dirs.pop(0)) as opened:
                entries = sorted(itertools.islice(opened, MAX_ENTRIES), key=lambda entry: entry.name)
        except OSError:
            continue
        looked += len(entries)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if str(Path(entry.path).relative_to(root)) not in FETCH_CACHES:
                    open_dirs.append(Path(entry.path))
            elif Path(entry.path) not in ignore:
                count += 1
                names.append(str(Path(entry.path).relative_to(root)))
    return sorted(names)[:limit], count
