"""Checked rules kept as JSON beside their YAML, as Python keeps its bytecode: loading then costs a twentieth.

One file, ``rules/__pycache__/rules.json``, holds every document by its file's name, with the size and time stamp of the
file it was made from and of the code that it was checked by, and what the patterns in them ask for
(:mod:`patterns.sieve`). Its first line says where each of them lies in the rest, so that what a scan does not need is
not looked at. It is only ever read for the rules shipped with us; a folder that cannot be written to simply
stays slow, and a damaged cache is as good as none. Models are checked on every load, cached or not.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from mcp_threat_scoring.model import Model, read_json, to_json
from mcp_threat_scoring.patterns.sieve import Index, Sieve
from mcp_threat_scoring.structs import Struct, ValidationError

MAX_BYTES = 8 * 1024 * 1024


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
        self._entries: dict[str, tuple[str, bytes | memoryview]] = {}
        self._index: bytes | memoryview = b""
        self._plans: dict[str, bytes | memoryview] = {}
        self._planned = ""
        self._grown: dict[str, Callable[[], str]] = {}
        self._loaded: dict[str, str] = {}
        """The documents of this process that plans are made of, with their stamps."""
        with suppress(OSError, ValidationError):
            self._code = _code()
            if self._file.stat().st_size <= MAX_BYTES:
                self._open(self._file.read_bytes())

    def _open(self, kept: bytes) -> None:
        first = kept.find(b"\n") + 1
        head, body = read_json(_Head, kept[:first]), memoryview(kept)[first:]
        if head.code != self._code or head.size != len(body):
            return
        self._entries = {name: (stamp, body[start:end]) for name, (stamp, start, end) in head.files.items()}
        if head.words == self._words():
            self._index = body[slice(*head.index)]
        self._plans = {over: body[slice(*part)] for over, part in head.plans.items()}
        self._planned = head.rules

    def get(self, path: str) -> bytes | None:
        """The JSON text of a file's first document, if it was made from the file as it is now."""
        name = path.removeprefix(self._root)
        held = self._entries.get(name)
        with suppress(OSError):
            if held and held[0] == _stamp(path):
                if name in _PLANNED or name.startswith(_SIGNALS):
                    self._loaded[name] = held[0]
                return bytes(held[1])
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
            with suppress(ValidationError):
                return read_json(Index, bytes(self._index))
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
        return bytes(held) if held is not None and self._planned == self._rules() else None

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
            temporary.replace(self._file)

    def _written(self) -> bytes:
        body = _Body()
        files = {name: (stamp, *body.add(bytes(held))) for name, (stamp, held) in self._entries.items()}
        index = body.add(bytes(self._index))
        plans = {over: body.add(bytes(plan)) for over, plan in self._plans.items()}
        head = _Head(self._code, files, body.size, self._words(), index, self._planned, plans)
        return b"".join([to_json(head).encode(), b"\n", *body.parts])
