"""The outside of the command line: standard output, standard error, and the file named by `--output`.

Nothing here may end in a traceback: the reader may have gone, the encoding may not know a character, the disk may be
full.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from pathlib import Path
from typing import Final, TextIO

from mcp_threat_scoring.errors import ThreatModelError, UsageError

PROGRAM: Final = "mcp-threat-model"
STANDARD: Final = "-"
"""What names the standard stream in the place of a file; a file of that name is ``./-``."""


class OutputError(ThreatModelError):
    """Standard output cannot take the text. The message is the system's reason, in lower case."""


def say(*lines: str) -> None:
    """Lines on standard error, each made safe for a terminal. When nobody reads them, the work goes on.

    Every line of ours goes through here: an argument, a path or a name in it may hold escape sequences.
    """
    with contextlib.suppress(OutputError):
        _write(sys.stderr, "".join(f"{_inert(line)}\n" for line in lines))


def complain(line: str, *more: str) -> None:
    """A line on standard error that says who speaks, and what belongs to it in lines of their own."""
    say(f"{PROGRAM}: {line}", *more)


def emit(text: str, *, utf8: bool = False) -> None:
    """Text on standard output. `utf8` for JSON, which is UTF-8 whatever the terminal's language (RFC 8259).

    Raises:
        OutputError: it cannot be written.
    """
    _write(sys.stdout, text, encoding="utf-8" if utf8 else None)


def _inert(line: str) -> str:
    if line.isascii() and line.isprintable():
        return line
    from mcp_threat_scoring.neutralise import visible  # not for every line: `--help` answers without it

    return visible(line)


def explain(error: BaseException) -> None:
    """The traceback of an error of ours, for a developer who asked for it with MCP_THREAT_MODEL_DEBUG=1."""
    if os.environ.get("MCP_THREAT_MODEL_DEBUG"):
        import traceback

        say(*"".join(traceback.format_exception(error)).splitlines())


def _write(stream: TextIO | None, text: str, encoding: str | None = None) -> None:
    if stream is None:  # started with the stream closed (`>&-`)
        raise OutputError("standard output is closed")
    if isinstance(stream, io.TextIOWrapper):
        # A character that the encoding lacks, or half of a surrogate pair, is shown as an escape.
        stream.reconfigure(encoding=encoding, errors="backslashreplace")
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        # Keep the interpreter from complaining again when it closes the stream.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError):  # that reader had enough (`| head`)
            raise OutputError((error.strerror or "unknown reason").lower()) from None


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at it."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def wants_colour(stream: TextIO) -> bool:
    """Colour for a person, unless they said no (https://no-color.org) or their terminal cannot."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def check_output(path: str, option: str = "--output") -> None:
    """Find out before the work whether what the option names can be written there.

    Raises:
        UsageError: it cannot.
    """
    target = Path(path)
    try:
        target.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UsageError(f"{option} {path} is a symbolic link that leads back to itself; name a file") from None
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise UsageError(f"{option} {path} cannot be written: {(error.strerror or 'unknown').lower()}") from None
    if target.is_dir():
        raise UsageError(f"{option} {path} is a directory; name a file")
    folder = target.parent
    if not folder.is_dir():
        raise UsageError(f"{option} {path}: there is no directory {folder}")
    if not os.access(target if target.exists() else folder, os.W_OK):
        raise UsageError(f"{option} {path} cannot be written: permission denied")


def write_output(path: str, text: str) -> None:
    """Write the whole report or nothing: a reader never sees half of it, and an old one survives a full disk.

    Raises:
        OSError: it could not be written.
    """
    import tempfile  # takes longer to import than `--help` takes to answer

    try:
        target = Path(path).resolve()
    except RuntimeError:  # what Python before 3.13 says of a link that leads back to itself
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
    data = text.encode(errors="backslashreplace")
    if target.exists() and not target.is_file():  # a device or a pipe cannot be replaced
        target.write_bytes(data)
        return
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
