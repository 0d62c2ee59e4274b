"""The sandbox for started targets: bubblewrap on Linux, and nothing anywhere else, said plainly.

Inside: new user, process, network, mount, IPC, host-name and control-group namespaces; no capabilities; the system read
only; homes, sockets, logs and key files hidden; HOME, /tmp and the working directory are throw-away. It is a fence
against reading, writing and talking, not against faults of the kernel.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mcp_threat_model.guard.readable import homes, readable_roots
from mcp_threat_scoring.facts.launchers import CONTAINERS
from mcp_threat_scoring.structs import Struct

SandboxMode = Literal["auto", "require", "off"]

SYSTEM_DIRS = frozenset(
    {
        "bin",
        "sbin",
        "lib",
        "lib32",
        "lib64",
        "libx32",
        "usr",
        "etc",
        "opt",
        "dev",
        "proc",
        "sys",
        "tmp",
        "var",
        "nix",
        "gnu",
    }
)
"""What stays visible at the top level. Everything else there (/home, /root, /run, /srv, /mnt, /data …) is hidden."""
HIDDEN_DIRS = (
    "/var/run", "/var/tmp", "/var/log", "/var/mail", "/var/spool", "/var/backups", "/var/cache", "/var/www",  # noqa: S108
    "/var/opt", "/var/lib/docker", "/var/lib/containerd", "/var/lib/kubelet", "/var/lib/NetworkManager",
    "/var/lib/postgresql", "/var/lib/mysql", "/etc/ssh", "/etc/ssl/private", "/etc/kubernetes", "/etc/wireguard",
    "/etc/openvpn", "/etc/docker", "/etc/letsencrypt", "/sys/kernel", "/sys/fs/bpf", "/sys/firmware",
)  # fmt: skip
HIDDEN_FILES = ("/etc/machine-id", "/etc/fstab", "/etc/netrc", "/etc/environment", "/.dockerenv")
MAX_PRIVATE = 200
HOME = "/tmp/home"  # noqa: S108  inside the sandbox, where /tmp is our own throw-away directory
RESOLVER_FILE = "resolv.conf"
"""In the scratch directory: it names the resolver of :mod:`netwatch`."""
CWD = "/tmp/cwd"  # noqa: S108
_BASE = (
    "--unshare-all", "--unshare-user", "--cap-drop", "ALL", "--new-session", "--hostname", "localhost",
)  # fmt: skip


class Sandbox(Struct, frozen=True):
    """What stands around a target. `options` are bubblewrap's, without the parts that differ per run."""

    kind: Literal["bubblewrap", "none"]
    network: bool
    reason: str
    """Why there is none; empty where there is one."""
    readable: tuple[Path, ...] = ()
    empty: tuple[Path, ...] = ()
    """Directories that the arguments name and that are hidden: there, but empty."""
    program: str = ""
    extra: tuple[str, ...] = ()

    def describe(self) -> str:
        """One line for the report and the consent question."""
        if self.kind == "none":
            return f"none: {self.reason}; it can read this user's files and use the network"
        network = "network open, this machine's own services included" if self.network else "no network"
        return f"bubblewrap: {network}, read-only system, home directories and sockets hidden"

    def wrap(self, command: Sequence[str], scratch: Path) -> list[str]:
        """The command line that runs `command` in here, with the directories of `scratch` as its own."""
        if self.kind == "none":
            return list(command)
        return [self.program, *self._mounts(scratch), "--", *command]

    def _mounts(self, scratch: Path) -> list[str]:
        options = [*_BASE, "--share-net" if self.network else "--unshare-net", *self.extra]
        options += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        options += ["--bind", str(scratch / "shm"), "/dev/shm", "--remount-ro", "/dev"]  # noqa: S108
        options += ["--bind", str(scratch / "tmp"), "/tmp"]  # noqa: S108
        options += ["--bind", str(scratch / "home"), HOME, "--bind", str(scratch / "cwd"), CWD]
        hidden = hidden_dirs()
        for place in hidden:
            options += ["--tmpfs", str(place)]
        for file in hidden_files():
            options += ["--ro-bind-try", os.devnull, str(file)]
        resolver = Path("/etc/resolv.conf").resolve()
        if not self.network and resolver.is_file():
            options += ["--ro-bind", str(scratch / RESOLVER_FILE), str(resolver)]
        for path in self.empty:
            options += ["--dir", str(path)]
        for path in (*self.readable, *(_resolver_files() if self.network else ())):
            options += ["--ro-bind-try", str(path), str(path)]
        for place in hidden:
            options += ["--remount-ro", str(place)]  # an empty tmpfs is a place to fill our memory from
        return [*options, "--chdir", CWD]


@functools.cache
def hidden_dirs() -> tuple[Path, ...]:
    """What is hidden on this machine, outer directories first, links and directories inside another left out."""
    top = [one for one in Path("/").iterdir() if one.name not in SYSTEM_DIRS]
    places = {*top, *homes(), *(Path(one) for one in HIDDEN_DIRS), *(one for one in private_in_etc() if one.is_dir())}
    kept: list[Path] = []
    for place in sorted(places, key=lambda one: (len(one.parts), str(one))):
        if place.is_dir() and not place.is_symlink() and not any(place.is_relative_to(other) for other in kept):
            kept.append(place)
    return tuple(kept)


@functools.cache
def private_in_etc() -> tuple[Path, ...]:
    """What in /etc is not for everybody: without capabilities, root in the sandbox could still read its own files."""
    found: list[Path] = []
    open_dirs = [Path("/etc")]
    while open_dirs and len(found) < MAX_PRIVATE:
        with contextlib.suppress(OSError), os.scandir(open_dirs.pop()) as entries:
            for entry in entries:
                if entry.is_symlink():
                    continue
                if not entry.stat().st_mode & stat.S_IROTH:
                    found.append(Path(entry.path))
                elif entry.is_dir():
                    open_dirs.append(Path(entry.path))
    return tuple(sorted(found))


def hidden_files() -> tuple[Path, ...]:
    """Single files that are hidden, in directories that are not."""
    hidden = hidden_dirs()
    files = {*(Path(one) for one in HIDDEN_FILES), *private_in_etc()}
    return tuple(sorted(one for one in files if one.is_file() and not any(one.is_relative_to(dir_) for dir_ in hidden)))


def _resolver_files() -> tuple[Path, ...]:
    """`/etc/resolv.conf` is often a link into /run, which is hidden."""
    real = Path("/etc/resolv.conf").resolve()
    return (real,) if real.is_relative_to("/run") else ()


@functools.cache
def bubblewrap() -> tuple[str, tuple[str, ...], str]:
    """The bubblewrap that works here, the further options it knows, and otherwise why there is none."""
    if not sys.platform.startswith("linux"):
        return "", (), f"there is no sandbox for {sys.platform} yet"
    program = shutil.which("bwrap")
    if program is None:
        return "", (), "bubblewrap (bwrap) is not installed"
    for extra in (("--disable-userns",), ()):
        trial = [program, *_BASE, *extra, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", "/bin/true"]
        try:
            tried = subprocess.run(trial, stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False, env={})
        except (OSError, subprocess.TimeoutExpired):
            continue
        if tried.returncode == 0:
            return program, extra, ""
    return "", (), "bubblewrap does not work here (user namespaces may be forbidden)"


def unboxed(mode: SandboxMode, program: str) -> str:
    """Why there will be no sandbox around this program; empty where there will be one."""
    if mode == "off":
        return "it was switched off"
    if Path(program).name in CONTAINERS:
        return "a container runtime cannot work inside it"
    found, _, why_not = bubblewrap()
    return "" if found else why_not


def plan_sandbox(mode: SandboxMode, allow_network: bool, program: str, arguments: Sequence[str]) -> Sandbox:
    """What will stand around this command. `auto` takes what works; whoever requires one looks at `kind`."""
    if why_not := unboxed(mode, program):
        return Sandbox("none", True, why_not)
    found, extra, _ = bubblewrap()
    hidden = (*hidden_dirs(), Path("/tmp"))  # noqa: S108
    opened = readable_roots(program, arguments, hidden)
    named = (Path(argument) for argument in arguments if argument.startswith("/"))
    empty = tuple(
        one
        for one in named
        if one.is_dir() and any(one.is_relative_to(place) for place in hidden) and one not in opened
    )
    return Sandbox("bubblewrap", allow_network, "", opened, empty, found, extra)
