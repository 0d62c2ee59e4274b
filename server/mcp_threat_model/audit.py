"""A log of what was asked of this program, what people allowed, what was started and reached, and how it ended.

One JSON object a line, in a file that only its owner can read, flushed line by line: what happened before a crash is
there. No line holds a secret: targets are written as reports show them (without what may be a secret in a command or
an address), environment variables and headers by name only. A scan whose beginning cannot be written does not
take place.
"""

from __future__ import annotations

import itertools
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from mcp_threat_model.guard.trail import following
from mcp_threat_model.terminal import complain
from mcp_threat_scoring.errors import TargetError, ThreatModelError, UsageError
from mcp_threat_scoring.neutralise import neutralise
from mcp_threat_scoring.report import Report

LINE_BYTES: Final = 4096
"""One line at most, so that what several processes append stays line by line (POSIX PIPE_BUF, and habit, for files)."""
TEXT_SHOWN: Final = 400
NAMES_SHOWN: Final = 40
NOTES_PER_CALL: Final = 200
"""Events of one call; a target decides how many places are reached on its behalf."""


class AuditLog:
    """Appends to one file; safe to use from several threads.

    Raises:
        UsageError: the file cannot be opened.
    """

    def __init__(self, path: str) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        for name in ("O_CLOEXEC", "O_NONBLOCK", "O_NOFOLLOW"):  # a pipe that nobody reads, a link that somebody planted
            flags |= getattr(os, name, 0)
        try:
            self._file = os.open(path, flags, 0o600)
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", "") or "not a path").lower()
            raise UsageError(f"--audit-log {path} cannot be written: {reason}") from None
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            os.close(self._file)
            raise UsageError(f"--audit-log {path} is not a regular file")
        import threading  # every scan comes by here; few keep a log

        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._complained = False

    def close(self) -> None:
        """Nothing more will be written."""
        os.close(self._file)

    @contextmanager
    def call(self, asked: str, **facts: object) -> Iterator[Call]:
        """One call from its question to its end, which is written whatever happens.

        Raises:
            TargetError: `unsupported`: its beginning cannot be written.
        """
        call = Call(self, f"{os.getpid()}-{next(self._numbers)}")
        if not call.write("asked", target=asked, **facts):
            raise TargetError(
                "unsupported",
                "the audit log cannot be written, so nothing was read",
                "Make room for it, or name another.",
            )
        started = time.monotonic()
        try:
            with following(call):
                yield call
        except BaseException as error:
            call.ended = call.ended or _ending(error)
            raise
        finally:
            call.write("ended", **(call.ended or {"code": "ok"}), ms=round(1000 * (time.monotonic() - started)))

    def append(self, record: Mapping[str, object]) -> bool:
        """Write one line; whether it could be. The first failure is said on standard error."""
        line = _line(record)
        with self._lock:
            try:
                written = os.write(self._file, line)
            except OSError as error:
                written, reason = 0, (error.strerror or "unknown reason").lower()
            else:
                reason = "no space left on device"
            if written == len(line):
                return True
            if not self._complained:
                self._complained = True
                complain(f"the audit log cannot be written: {reason}")
        return False


class Call:
    """One call in the log."""

    def __init__(self, log: AuditLog, number: str) -> None:
        self._log, self._number = log, number
        self._left = NOTES_PER_CALL
        self._seen: set[tuple[str, str]] = set()
        self.ended: dict[str, object] | None = None

    def write(self, event: str, **facts: object) -> bool:
        """One line of this call; whether it could be written."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return self._log.append({"time": now, "call": self._number, "event": event, **facts})

    def note(self, event: str, **facts: object) -> None:
        """Something that happened in it. The same thing is written once, and no more than 200 things."""
        key = (event, repr(sorted(facts.items())))
        if key in self._seen or self._left <= 0:
            return
        self._seen.add(key)
        self._left -= 1
        self.write(event, **facts)
        if self._left == 0:
            self.write("more", reason=f"more than {NOTES_PER_CALL} events; the others are not written")

    def end(self, report: Report) -> None:
        """How it ended, for the last line."""
        self.ended = {
            "code": "ok",
            "score": report.aivss.score,
            "verdict": report.verdict.decision,
            "manifest_sha256": report.server.manifest_sha256,
        }


@contextmanager
def audited(log: AuditLog | None, asked: str, **facts: object) -> Iterator[Call | None]:
    """The call in the log, where there is one."""
    if log is None:
        yield None
        return
    with log.call(asked, **facts) as call:
        yield call


def _ending(error: BaseException) -> dict[str, object]:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TargetError):
        return {"code": error.code, "message": error.message}
    if isinstance(error, ThreatModelError):
        return {"code": "refused", "message": str(error)}
    if isinstance(error, Exception):
        return {"code": "internal", "message": type(error).__name__}
    return {"code": "cancelled"}  # anyio's cancellation, an interrupt: nobody waits for it any more


def _line(record: Mapping[str, object]) -> bytes:
    """One line of ASCII, whatever a target put into it."""
    data = json.dumps({key: _plain(value) for key, value in record.items()}).encode("ascii") + b"\n"
    if len(data) <= LINE_BYTES:
        return data
    # A character outside the BMP takes twelve bytes, so that 100 of them and the few fixed words always fit.
    words = ("time", "call", "event", "via", "code", "ms")
    short = {key: _plain(record[key], 60) for key in words if key in record}
    about = next((str(record[key]) for key in ("target", "message", "host", "command") if key in record), "")
    return json.dumps({**short, "about": _plain(about, 100), "shortened": True}).encode("ascii") + b"\n"


def _plain(value: object, shown: int = TEXT_SHOWN) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one, 100) for one in value[:NAMES_SHOWN]]
    return neutralise(str(value), shown).replace("[:]//", "://")  # addresses can be searched for; no page shows this
