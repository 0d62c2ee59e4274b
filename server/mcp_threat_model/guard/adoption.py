"""What is left when a target turns on its supervisor: its processes come to us, and are found and ended here.

Without a sandbox a target may send signals to the process that watches it. Stopped, that one no longer keeps bounds;
killed, it no longer holds its tree together, and whatever has left its parents would belong to the system. So while
such a target runs our own process is a child subreaper as well (Linux, prctl(2)): orphans of what we started become
our children instead.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mcp_threat_model.guard.process_tree import (
    HAS_CHILDREN_FILES,
    PR_SET_CHILD_SUBREAPER,
    children_of,
    is_zombie,
    name_of,
    parents_by_scan,
    prctl,
)
from mcp_threat_model.guard.supervisor import KILL_S
from mcp_threat_scoring.structs import Struct

PR_GET_CHILD_SUBREAPER = 37  # linux/prctl.h
MAX_NAMES = 10
SUPPORTED = sys.platform.startswith("linux")


class Nursery:
    """Which children are supervisors of ours, and for how long we have to be a subreaper."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._users = 0
        self._before = False
        self._supervisors: set[int] = set()
        self._beside: set[int] = set()
        """Other children, from before anybody needed us."""

    @contextmanager
    def starting(self) -> Iterator[set[int]]:
        """While a supervisor is started nobody looks for orphans. Its id goes into the set that is yielded."""
        with self._lock:
            yield self._supervisors

    def forget(self, pid: int) -> None:
        """A supervisor has ended and was waited for: its id may be given to another process."""
        with self._lock:
            self._supervisors.discard(pid)

    def enter(self) -> None:
        """Become a subreaper, unless we are one. The children of this moment are known: no target has left them."""
        with self._lock:
            if self._users == 0 and SUPPORTED:
                self._beside = set(_children(os.getpid()))
                self._before = _is_subreaper()
                prctl(PR_SET_CHILD_SUBREAPER, 1)
            self._users += 1

    def leave(self) -> None:
        """Be again what we were, when nobody needs us any more."""
        with self._lock:
            self._users -= 1
            if self._users == 0 and SUPPORTED and not self._before:
                prctl(PR_SET_CHILD_SUBREAPER, 0)

    def orphans(self) -> list[int]:
        """Children that nobody here has started: they stood below a supervisor that is gone.

        What we start beside supervisors shares our session; a target was given one of its own, and cannot come back.
        """
        with self._lock:
            known = self._supervisors | self._beside
            unknown = [pid for pid in _children(os.getpid()) if pid not in known]
        return [pid for pid in unknown if _session_of(pid) not in (0, os.getsid(0))]


NURSERY = Nursery()


class Ended(Struct, frozen=True):
    """Processes that had to be ended: how many, and what some of them were called."""

    count: int = 0
    names: tuple[str, ...] = ()


def is_stopped(pid: int) -> bool:
    """Whether a process was stopped by a signal (job control; one under a debugger is not)."""
    return _stat(pid)[:1] == [b"T"]


def end_orphans() -> Ended:
    """End every process that a killed supervisor left, with all below it."""
    return _end(NURSERY.orphans, reap=True)


def end_below(supervisor: int, target: int) -> Ended:
    """End everything below a supervisor that does not do it itself. It stands still; the target is not counted."""
    _signal(supervisor, signal.SIGSTOP)
    return _end(lambda: _children(supervisor), reap=False, untold=target)


def _end(roots: Callable[[], list[int]], *, reap: bool, untold: int = 0) -> Ended:
    """Freeze, then kill, until nothing alive is found: a tree that forks faster than we walk stands still first."""
    found: set[int] = set()
    names: list[str] = []
    until = time.monotonic() + KILL_S
    while time.monotonic() < until:
        top = roots()
        alive = [pid for pid in _with_descendants(top) if not is_zombie(pid)]
        for pid in alive:
            if pid != untold and pid not in found and len(names) < MAX_NAMES:
                names.append(bytes.fromhex(name_of(pid)).decode(errors="replace") or "?")
        found.update(alive)
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in alive:
                _signal(pid, number)
        if reap:
            for pid in top:  # one by one: the children of others are theirs to wait for
                with contextlib.suppress(OSError):
                    os.waitpid(pid, os.WNOHANG)
        if not alive:
            break
        time.sleep(0.002)
    return Ended(len(found - {untold}), tuple(names))


def _children(pid: int) -> list[int]:
    return children_of(pid) if HAS_CHILDREN_FILES else parents_by_scan().get(pid, [])


def _with_descendants(roots: list[int]) -> Iterator[int]:
    open_pids = list(roots)
    seen: set[int] = set()
    while open_pids and len(seen) < 100_000:
        pid = open_pids.pop(0)
        if pid not in seen:
            seen.add(pid)
            yield pid
            open_pids.extend(_children(pid))


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def _stat(pid: int) -> list[bytes]:
    """The words of /proc/PID/stat after the program's name: state, parent, group, session … (proc(5))."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []


def _session_of(pid: int) -> int:
    words = _stat(pid)
    return int(words[3]) if len(words) > 3 else 0


def _is_subreaper() -> bool:
    import ctypes

    answer = ctypes.c_int(0)
    ctypes.CDLL(None, use_errno=True).prctl(PR_GET_CHILD_SUBREAPER, ctypes.byref(answer), 0, 0, 0)
    return bool(answer.value)
