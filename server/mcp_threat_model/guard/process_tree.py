"""What can be seen of processes from outside: which are below one, what they hold, how they are called.

Standard library only, and nothing else of this package: :mod:`supervisor` imports it by its folder, because it has to
be up in some ten milliseconds, and :mod:`adoption` does the same work where a supervisor cannot any more. No file of
/proc is trusted to stay until it was read.
"""

from __future__ import annotations

import contextlib
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
HAS_CHILDREN_FILES = os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children")  # noqa: PTH110


def prctl(option: int, value: int) -> bool:
    """Call prctl(2); false where there is none."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    return bool(ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) == 0)


def children_of(pid: int) -> list[int]:
    """Direct children, of every thread; None of /proc is trusted to stay."""
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208  pathlib would double the start-up time
    except OSError:
        return found
    for thread in threads:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children", "rb") as file:  # noqa: PTH123
            found.extend(int(one) for one in file.read().split())
    return found


def parents_by_scan() -> dict[int, list[int]]:
    """Children of every process, where the kernel keeps no `children` file: from /proc, or from ps without /proc."""
    tree: dict[int, list[int]] = {}
    if sys.platform.startswith("linux"):
        for name in os.listdir("/proc"):  # noqa: PTH208
            if name.isdecimal():
                with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                    parent = int(file.read().rpartition(b")")[2].split()[1])
                    tree.setdefault(parent, []).append(int(name))
        return tree
    import subprocess

    listed = subprocess.run(["/bin/ps", "-axo", "pid=,ppid="], capture_output=True, check=False, timeout=5).stdout
    for line in listed.splitlines():
        pid, parent = (int(one) for one in line.split())
        tree.setdefault(parent, []).append(pid)
    return tree


def descendants() -> list[int]:
    """Every process below this one, parents before children."""
    tree = None if HAS_CHILDREN_FILES else parents_by_scan()
    found: list[int] = []
    open_pids = [os.getpid()]
    while open_pids and len(found) < 100_000:
        pid = open_pids.pop()
        below = children_of(pid) if tree is None else tree.get(pid, [])
        found.extend(below)
        open_pids.extend(below)
    return found


def resident(pid: int) -> int:
    """Resident memory in bytes; 0 where it cannot be read."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def name_of(pid: int) -> str:
    """What a process is called: the first words of its command line, more than are shown, so that none is cut."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
            return file.read(1024).replace(b"\0", b" ").strip().hex()
    except OSError:
        return ""


def is_zombie(pid: int) -> bool:
    """Whether a process has ended and waits to be reaped."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read().rpartition(b")")[2].split()[0] == b"Z"
    except (OSError, IndexError):
        return True


def disk_use(root: str, enough: int) -> int:
    """Bytes below `root`, counted until `enough`; links are not followed."""
    total, seen, open_dirs = 0, 0, [root]
    while open_dirs and total <= enough and seen < 200_000:
        with contextlib.suppress(OSError), os.scandir(open_dirs.pop()) as entries:
            for entry in entries:
                seen += 1
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        open_dirs.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total if seen < 200_000 else enough + 1
