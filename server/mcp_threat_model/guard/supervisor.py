"""The small process between us and a started target: whatever the target starts, this one ends.

Run by path, isolated (`python -I -S`), with the standard library only, so that it is up in some ten milliseconds. It

* makes itself the child subreaper (Linux), so that double forks and `setsid` cannot leave its tree,
* sets resource limits, starts the target in a session of its own, and gives up the target's pipes,
* watches the number of processes, their memory, the disk and the clock, however busy our own event loop is,
* ends the whole tree when told, when a bound is passed, and when we ourselves are gone (end of file on `control`).

Arguments: ``key=value …`` then ``--`` and the target's argv. Keys: control, status (descriptors), deadline, processes,
memory, data, cpu, fsize, files, nproc, core (numbers), home (the directory whose size is watched), disk (bytes),
wrapped (1: the argv is a sandbox's, around the target's), netwatch (1: give it a network of its own and listen there).

It reports lines on `status`: ``hears`` (there is a network to listen on), ``started PID``, ``noexec ERRNO``,
``exit CODE`` (negative: signal), ``left COUNT NAME…`` (children alive after the target left), ``killed WHY`` (deadline,
processes, memory, disk), ``asked NAME`` (for a host's address), ``tried NAME`` (to reach an address), ``done``. Names
are in hexadecimal. It ends with status 0 when nothing is left below it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING or __package__:
    from mcp_threat_model.guard import netwatch
    from mcp_threat_model.guard.process_tree import (
        PR_SET_CHILD_SUBREAPER,
        PR_SET_PDEATHSIG,
        children_of,
        descendants,
        disk_use,
        is_zombie,
        name_of,
        prctl,
        resident,
    )
else:  # run by path: its neighbours are found by their folder, because importing the package costs 20 ms
    sys.path.append(os.path.dirname(__file__))  # noqa: PTH120
    from process_tree import (
        PR_SET_CHILD_SUBREAPER,
        PR_SET_PDEATHSIG,
        children_of,
        descendants,
        disk_use,
        is_zombie,
        name_of,
        prctl,
        resident,
    )

TICK_S = 0.1
SLOW_TICK_S = 1.0
"""Where the process tree must be asked of another program (macOS)."""
SETTLE_S = 0.2
"""After the target has left, its children get this long to follow, before they count as left behind."""
KILL_S = 5.0


def set_limits(settings: dict[str, str]) -> None:
    """Apply the resource limits that this system knows; a lower limit that already holds is kept."""
    import resource

    for key, name in (("data", "RLIMIT_DATA"), ("cpu", "RLIMIT_CPU"), ("fsize", "RLIMIT_FSIZE"),
                      ("files", "RLIMIT_NOFILE"), ("core", "RLIMIT_CORE"), ("nproc", "RLIMIT_NPROC")):  # fmt: skip
        which = getattr(resource, name, None)
        if which is None or key not in settings:
            continue
        soft, hard = resource.getrlimit(which)
        wanted = int(settings[key])
        known = [one for one in (soft, hard) if one != resource.RLIM_INFINITY]
        value = min([wanted, *known])
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(which, (value, value))


class Supervisor:
    """One target and its tree."""

    def __init__(self, settings: dict[str, str], argv: list[str]) -> None:
        self.settings = settings
        self.argv = argv
        self.control = int(settings["control"])
        self.status = int(settings["status"])
        self.deadline = time.monotonic() + float(settings["deadline"])
        self.next_disk_check = 0.0
        self.target = 0
        self.exited = False
        self.watch: netwatch.NetWatch | None = None

    def say(self, *words: object) -> None:
        """Report one line; nobody listening is no reason to stop."""
        with contextlib.suppress(OSError):
            os.write(self.status, (" ".join(str(word) for word in words) + "\n").encode())

    def start(self) -> None:
        """Fork and become the target."""
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        if self.settings["netwatch"] == "1":
            self._listen()
        os.set_inheritable(self.control, False)
        os.set_inheritable(self.status, False)
        self.target = os.fork()
        if self.target == 0:
            self._become_target()
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):  # the target's pipes are the target's alone, or their end would never be seen
            os.dup2(nothing, descriptor)
        self.say("started", self.target)

    def _listen(self) -> None:
        """Go into a network of our own. Where that fails the sandbox makes one, in which nothing can be heard."""
        import netwatch  # type: ignore[import-not-found,unused-ignore]  # by its folder, and only where it is used

        self.watch = netwatch.open_watch()
        if self.watch is not None:
            self.argv[self.argv.index("--unshare-net")] = "--share-net"
            self.say("hears")

    def _report_heard(self) -> None:
        if self.watch is not None:
            for word, names in (("asked", self.watch.names()), ("tried", self.watch.attempts())):
                for name in names:
                    self.say(word, name.encode(errors="replace").hex())

    def _become_target(self) -> None:
        try:
            os.setsid()
            for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)  # Python ignores the first two, and that would be inherited
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            set_limits(self.settings)
            os.execv(self.argv[0], self.argv)  # noqa: S606
        except OSError as error:
            self.say("noexec", error.errno)
        finally:
            os._exit(127)

    def reap(self) -> None:
        """Collect whatever has ended."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self.target:
                    self.exited = True
                    self.say("exit", os.waitstatus_to_exitcode(status))
                    self._report_left()

    def _report_left(self) -> None:
        """Name the children that outlive the target."""
        until = time.monotonic() + SETTLE_S
        alive = self.targets_own()
        while alive and time.monotonic() < until:
            time.sleep(0.01)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            alive = [pid for pid in self.targets_own() if not is_zombie(pid)]
        if alive:
            self.say("left", len(alive), *(name_of(pid) or "?" for pid in alive[:10]))

    def targets_own(self) -> list[int]:
        """Everything below us but the sandbox's own init, which is our child once the target has left."""
        sandbox = set(children_of(os.getpid())) if self.settings["wrapped"] == "1" else set()
        return [pid for pid in descendants() if pid not in sandbox]

    def over_bounds(self) -> str:
        """The bound that has been passed, if any."""
        now = time.monotonic()
        if now > self.deadline:
            return "deadline"
        alive = descendants()
        if len(alive) > int(self.settings["processes"]):
            return "processes"
        if sum(resident(pid) for pid in alive) > int(self.settings["memory"]):
            return "memory"
        if now > self.next_disk_check:
            used = disk_use(self.settings["home"], int(self.settings["disk"]))
            self.next_disk_check = time.monotonic() + 0.5 + 10 * (time.monotonic() - now)
            if used > int(self.settings["disk"]):
                return "disk"
        return ""

    def kill_all(self) -> bool:
        """End the tree: first freeze it, or a fork bomb outruns the killing; then kill until nothing is left.

        False: something was left when the time for it was over.
        """
        until = time.monotonic() + KILL_S
        if self.settings["wrapped"] == "1":  # with its init a process namespace ends at once, however full it is
            for child in children_of(os.getpid()):
                for pid in (*children_of(child), child):
                    with contextlib.suppress(OSError):
                        os.kill(pid, signal.SIGKILL)
        while time.monotonic() < until:
            alive = descendants()
            if not alive:
                return True
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in alive:
                    with contextlib.suppress(OSError):
                        os.kill(pid, number)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.002)
        return False

    def run(self) -> bool:
        """Watch until told to end, or until a bound is passed; whether nothing is left."""
        wake_read, wake_write = os.pipe()
        for descriptor in (wake_read, wake_write):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a Ctrl-C in the terminal is ours to handle, through `control`
        self.start()
        tick = TICK_S if sys.platform.startswith("linux") else SLOW_TICK_S
        next_tick = time.monotonic() + tick
        orphaned = False
        sources = [self.control, wake_read, *((self.watch.resolver, self.watch.ear) if self.watch else ())]
        while True:
            wait = max(0.0, next_tick - time.monotonic())
            ready = select.select(sources, [], [], wait)[0]
            self._report_heard()
            if wake_read in ready:
                with contextlib.suppress(OSError):
                    os.read(wake_read, 4096)
                self.reap()
            if self.control in ready:
                word = os.read(self.control, 1)
                if word != b"t":
                    orphaned = not word
                    break
                for pid in descendants():
                    with contextlib.suppress(OSError):
                        os.kill(pid, signal.SIGTERM)
            if time.monotonic() >= next_tick:
                self.reap()
                why = self.over_bounds()
                if why:
                    self.say("killed", why)
                    break
                next_tick = time.monotonic() + tick
        clean = self.kill_all()
        self.say("done")
        if orphaned:  # whoever started us is gone, and will not clean up
            os.spawnv(os.P_WAIT, "/bin/rm", ["rm", "-rf", "--", self.settings["home"]])  # noqa: S606
        return clean


def main() -> None:
    """Read the arguments and supervise."""
    words = sys.argv[1:]
    cut = words.index("--")
    settings = dict(word.split("=", 1) for word in words[:cut])
    sys.exit(0 if Supervisor(settings, words[cut + 1 :]).run() else 1)


if __name__ == "__main__":
    main()
