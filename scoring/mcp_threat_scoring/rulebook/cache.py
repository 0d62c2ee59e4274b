"""Checked rules kept as JSON beside their YAML, as Python keeps its bytecode: loading then costs a twentieth.

One file, ``rules/__pycache__/rules.json``, holds every document by its file's name, with the size and time stamp of the
file it was made from and of the code that it was checked by, and what the patterns in them ask for
(:mod:`patterns.sieve`). Its first line says where each of them lies in the rest, so that what a scan does not need is
neither read nor held. It is only ever read for the rules shipped with us; a folder that cannot be written to simply
stays slow, and a damaged cache is as good as none. Models are checked on every load, cached or not.
"""

import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from threading import Lock

from mcp_threat_scoring.model import Model, read_json, to_json
from mcp_threat_scoring.patterns.sieve import Index, Sieve
from mcp_threat_scoring.structs import Struct, ValidationError

MAX_BYTES = 8 * 1024 * 1024
FIRST_LINE = 256 * 1024
"""Bytes that the first line may have; a longer one is read as damage."""


LEXICON = "lexicon.yaml"
"""What patterns are made of besides their text."""

_SIGNALS = f"signals{os.sep}"
_PLANNED = (LEXICON, "domains.yaml")
"""What rules are made of besides their own files."""
_NO_CODE = ("__pycache__", "rules")

_Part = tuple[int, int]
"""Where a part of the file lies behind its first line: from, to."""


class _Head(Struct):
    """The first line of the file."""

    code: str
    files: dict[str, tuple[str, int, int]]
    size: int
    """Of what is behind it: less is there where somebody was stopped in the middle of writing."""
    words: str = ""
    """The stamp of the lexicon that the index was made with."""
    index: _Part = (0, 0)
    rules: str = ""
    """The stamp of the rules that the plans were made of."""
    plans: dict[str, _Part] = {}


class _Kept:
    """The file as it was opened: what replaces it later is another one."""

    def __init__(self, path: Path) -> None:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, handle)
        self._handle = handle
        self._reading = Lock()
        self.size = os.fstat(handle).st_size
        self.first = self._read(0, FIRST_LINE).partition(b"\n")[0]

    def _read(self, start: int, size: int) -> bytes:
        with self._reading:  # two threads may load rules, and not every system reads at a place without going there
            os.lseek(self._handle, start, os.SEEK_SET)
            return os.read(self._handle, size)

    def part(self, place: _Part) -> bytes:
        """A part of what is behind the first line.

        Raises:
            OSError: it is not there any more.
        """
        start, end = place
        found = self._read(len(self.first) + 1 + start, end - start)
        if len(found) < end - start:
            raise OSError("the kept rules were cut short")
        return found


class _Body:
    """What is behind the first line, in the making."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def add(self, part: bytes) -> _Part:
        """Where a further part lies."""
        self.parts.append(part)
        start, self.size = self.size, self.size + len(part)
        return start, self.size


def _stamp(path: str) -> str:
    state = os.stat(path)  # noqa: PTH116  (pathlib takes longer than the call itself, some three hundred times)
    return f"{state.st_size}:{state.st_mtime_ns}"


def _modules(folder: str) -> Iterator[str]:
    with os.scandir(folder) as found:
        for one in found:
            if one.name.endswith(".py"):
                yield one.path
            elif one.is_dir() and one.name not in _NO_CODE:
                yield from _modules(one.path)


def _code() -> str:
    """What the models are made of: a document that was checked by other code has to be checked anew."""
    core = str(Path(__file__).parents[1])
    return ";".join(sorted(f"{file.removeprefix(core)}:{_stamp(file)}" for file in _modules(core)))


class RuleCache:
    """Checked documents, as JSON, for the files of one folder."""

    def __init__(self, root: Path) -> None:
        self._root = f"{root}{os.sep}"
        self._file = root / "__pycache__" / "rules.json"
        self._code = ""
        self._dirty = False
        self._kept: _Kept | None = None
        self._entries: dict[str, tuple[str, bytes | _Part]] = {}
        self._index: bytes | _Part = b""
        self._plans: dict[str, bytes | _Part] = {}
        self._planned = ""
        self._grown: dict[str, Callable[[], str]] = {}
        self._loaded: dict[str, str] = {}
        """The documents of this process that plans are made of, with their stamps."""
        with suppress(OSError, ValidationError):
            self._code = _code()
            self._open(_Kept(self._file))

    def _open(self, kept: _Kept) -> None:
        if kept.size > MAX_BYTES:
            return
        head = read_json(_Head, kept.first)
        if head.code != self._code or head.size != kept.size - len(kept.first) - 1:
            return
        self._kept = kept
        self._entries = {name: (stamp, (start, end)) for name, (stamp, start, end) in head.files.items()}
        if head.words == self._words():
            self._index = head.index
        self._plans = dict(head.plans)
        self._planned = head.rules

    def _text(self, held: bytes | _Part) -> bytes:
        """What was made in this process, or lies in the file.

        Raises:
            OSError: it is not there any more.
        """
        if isinstance(held, bytes):
            return held
        return self._kept.part(held) if self._kept else b""

    def get(self, path: str) -> bytes | None:
        """The JSON text of a file's first document, if it was made from the file as it is now."""
        name = path.removeprefix(self._root)
        held = self._entries.get(name)
        with suppress(OSError):
            if held and held[0] == _stamp(path):
                if name in _PLANNED or name.startswith(_SIGNALS):
                    self._loaded[name] = held[0]
                return self._text(held[1])
        return None

    def put(self, path: str, document: Model) -> None:
        """Keep a checked document of the folder. A user's own rules stand elsewhere, and would pile up."""
        if not path.startswith(self._root):
            return
        name = path.removeprefix(self._root)
        with suppress(OSError):
            self._entries[name] = (_stamp(path), to_json(document).encode())
            self._dirty = True
            if name in _PLANNED or name.startswith(_SIGNALS):
                self._loaded[name] = self._entries[name][0]

    def _words(self) -> str:
        with suppress(OSError):
            return _stamp(self._root + LEXICON)
        return ""

    def index(self) -> Index | None:
        """What patterns ask for, if it was made with the lexicon as it is now; another copy with each call."""
        if self._index:
            with suppress(OSError, ValidationError):
                return read_json(Index, self._text(self._index))
        self._plans = {}  # they name clauses by the numbers of an index
        return None

    @cached_property
    def sieve(self) -> Sieve:
        """The words of the shipped patterns: one for the process, since kept plans name clauses by its numbers."""
        return Sieve(self.index())

    def keep(self, index: Index) -> None:
        """Keep what patterns ask for."""
        self._index = to_json(index).encode()
        self._dirty = True

    def _rules(self) -> str:
        """What the plans are made of: every rule and word that was loaded, and no other."""
        return ";".join(sorted(f"{name}:{stamp}" for name, stamp in self._loaded.items()))

    def plan(self, over: str) -> bytes | None:
        """The plan of the rules over one kind of thing, as JSON, if it was made of the rules as they were loaded."""
        held = self._plans.get(over)
        if held is None or self._planned != self._rules():
            return None
        with suppress(OSError):
            return self._text(held)
        return None

    def keep_plan(self, over: str, plan: Callable[[], str]) -> None:
        """Keep the plan of the rules over one kind of thing, as it is told when everything is written."""
        if self._planned != self._rules():
            self._planned, self._plans = self._rules(), {}
        self._grown[over] = plan
        self._dirty = True

    def flush(self) -> None:
        """Write what is new, all or nothing; another process writing at the same time does no harm."""
        if not self._dirty:
            return
        self._dirty = False
        self._plans |= {over: plan().encode() for over, plan in self._grown.items()}
        self._grown.clear()
        temporary = self._file.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            temporary.write_bytes(self._written())
            self._forget()  # not every system replaces a file that is open
            temporary.replace(self._file)
            self._open(_Kept(self._file))

    def _forget(self) -> None:
        self._kept, self._entries, self._index, self._plans, self._planned = None, {}, b"", {}, ""

    def _written(self) -> bytes:
        body = _Body()
        files = {name: (stamp, *body.add(self._text(held))) for name, (stamp, held) in self._entries.items()}
        index = body.add(self._text(self._index))
        plans = {over: body.add(self._text(plan)) for over, plan in self._plans.items()}
        head = _Head(self._code, files, body.size, self._words(), index, self._planned, plans)
        return b"".join([to_json(head).encode(), b"\n", *body.parts])
