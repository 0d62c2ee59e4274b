"""Files whose names others may have chosen, read under bounds: never for ever, never without end.

A name may lead to a pipe that nobody writes to, to a device that never ends, or to a directory. What stands there is
looked at after it was opened, so that it cannot be exchanged in between, and opening waits for nobody.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from collections.abc import Callable
from typing import Literal, NoReturn

from mcp_threat_model.guard.limits import KIB, MIB

CHUNK = MIB
_NONE_SUCH = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
"""What opening a file says that is not there, or cannot be under such a name."""
PATIENCE_S = 0.2
"""Between two looks at the clock while a pipe is silent."""

Why = Literal["missing", "directory", "special", "unopenable", "unreadable", "too_large", "timeout"]
Stopped = Callable[[], bool]
"""Whether nobody waits for the bytes any more: a pipe that is silent is then left alone."""


class UnreadableError(Exception):
    """A file could not be read. The message goes on after the file's name: "is a directory", "is larger than 1 MiB"."""

    def __init__(self, why: Why, message: str) -> None:
        super().__init__(message)
        self.why: Why = why


def beside(path: str, folder: str) -> str:
    """A relative path in that folder, where something lies there; else, and without a folder, the path as it is."""
    joined = os.path.join(folder, path)  # noqa: PTH118  (a Path raises where a name is too long)
    return joined if folder and os.path.exists(joined) else path  # noqa: PTH110


def real_path(path: str) -> str:
    """The one path of a file, however it is spelled; as it is where no file can have it."""
    try:
        return os.path.realpath(path)
    except ValueError:  # half of a surrogate pair, for one
        return path


def real_place(path: str) -> str:
    """The same, but for a link that the path ends in: a program may go by the name under which it was started."""
    folder, name = os.path.split(path)
    return real_path(path) if name in ("", ".", "..") else os.path.join(real_path(folder), name)  # noqa: PTH118


def read_regular(path: str | os.PathLike[str], max_bytes: int) -> bytes:
    """Read a regular file, and nothing else.

    Raises:
        UnreadableError: it is missing, no regular file, not ours to read, or larger than `max_bytes`.
    """
    fd, mode = _open(path)
    try:
        if not stat.S_ISREG(mode):
            raise UnreadableError("special", "is not a regular file")
        return _drain(fd, None, max_bytes, lambda: False)
    finally:
        os.close(fd)


def read_stream(path: str | os.PathLike[str], max_bytes: int, seconds: float, stopped: Stopped) -> bytes:
    """Read a regular file, or a pipe such as ``/dev/stdin`` or a shell's ``<(…)``, never for longer than `seconds`.

    Raises:
        UnreadableError: as above, or it did not end in time.
    """
    fd, mode = _open(path)
    try:
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
            raise UnreadableError("special", "is not a file that can be read")
        return _drain(fd, seconds, max_bytes, stopped)
    finally:
        os.close(fd)


def read_descriptor(fd: int, max_bytes: int, seconds: float, stopped: Stopped) -> bytes:
    """Read what is open already, to its end.

    Raises:
        UnreadableError: it cannot be read, is larger than `max_bytes`, or did not end within `seconds`.
    """
    return _drain(fd, seconds, max_bytes, stopped)


def read_head(path: str | os.PathLike[str], size: int) -> bytes:
    """The first bytes of a regular file, at most `size`; nothing where there is none, or something else."""
    try:
        fd, mode = _open(path)
    except UnreadableError:
        return b""
    try:
        return os.read(fd, size) if stat.S_ISREG(mode) else b""
    except OSError:
        return b""
    finally:
        os.close(fd)


def told_size(size: int) -> str:
    """A number of bytes in the unit that a reader expects: "64 KiB", "32 MiB"."""
    for unit, name in ((MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size:,} bytes"


def _open(path: str | os.PathLike[str]) -> tuple[int, int]:
    """A descriptor and the kind of what it leads to. Non-blocking: a pipe that nobody writes to would wait for ever."""
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        fd = os.open(path, flags)
    except (OSError, ValueError) as error:
        _fail_open(error)
    mode = os.fstat(fd).st_mode
    if stat.S_ISDIR(mode):
        os.close(fd)
        raise UnreadableError("directory", "is a directory, not a file")
    return fd, mode


def _fail_open(error: OSError | ValueError) -> NoReturn:
    if isinstance(error, OSError) and error.errno in _NONE_SUCH:
        raise UnreadableError("missing", "does not exist") from None
    raise UnreadableError("unopenable", f"cannot be opened: {_reason(error)}") from None


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or "unknown reason").lower() if isinstance(error, OSError) else "it is no path"


def _drain(fd: int, seconds: float | None, max_bytes: int, stopped: Stopped) -> bytes:
    """Everything up to the end. Without `seconds` nothing is waited for: a regular file always has its next bytes."""
    deadline = time.monotonic() + (seconds or 0.0)
    read: list[bytes] = []
    size = 0
    while True:
        if seconds is not None:
            left = deadline - time.monotonic()
            if left <= 0 or stopped():
                raise UnreadableError("timeout", f"did not end within {seconds:g} seconds")
            if not select.select([fd], [], [], min(left, PATIENCE_S))[0]:
                continue
        try:
            chunk = os.read(fd, min(CHUNK, max_bytes + 1 - size))
        except BlockingIOError:
            continue
        except OSError as error:
            raise UnreadableError("unreadable", f"cannot be read: {_reason(error)}") from None
        if not chunk:
            return b"".join(read)
        size += len(chunk)
        if size > max_bytes:
            raise UnreadableError("too_large", f"is larger than {told_size(max_bytes)}")
        read.append(chunk)
