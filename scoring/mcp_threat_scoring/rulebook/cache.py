"""Checked rules kept as JSON beside their YAML, as Python keeps its bytecode: loading then costs a twentieth.

One file, ``rules/__pycache__/rules.json``, holds every document by its file's name, with the size and time stamp of the
file it was made from and of the code that it was checked by, and what the patterns in them ask for
(:mod:`patterns.sieve`). It is only ever read for the rules shipped with us; a folder that cannot be written to simply
stays slow, and a damaged cache is as good as none. Models are checked on every load, cached or not.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from mcp_threat_scoring.model import Model, read_json, to_json
from mcp_threat_scoring.patterns.sieve import Index, Sieve
from mcp_threat_scoring.structs import Raw, Struct, ValidationError

MAX_BYTES = 8 * 1024 * 1024


LEXICON = "lexicon.yaml"
"""What patterns are made of besides their text."""

_SIGNALS = f"signals{os.sep}"
_PLANNED = (LEXICON, "domains.yaml")
"""What rules are made of besides their own files."""
_NO_CODE = ("__pycache__", "rules")

_NO_INDEX = Raw(b"{}")


class _File(Struct):
    code: str
    files: dict[str, tuple[str, Raw]]
    words: str = ""
    """The stamp of the lexicon that the index was made with."""
    index: Raw = _NO_INDEX
    rules: str = ""
    """The stamp of the rules that the plans were made of."""
    plans: dict[str, Raw] = {}


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
        self._entries: dict[str, tuple[str, Raw]] = {}
        self._index = _NO_INDEX
        self._plans: dict[str, Raw] = {}
        self._planned = ""
        self._grown: dict[str, Callable[[], str]] = {}
        self._loaded: dict[str, str] = {}
        """The documents of this process that plans are made of, with their stamps."""
        with suppress(OSError, ValidationError):
            self._code = _code()
            if self._file.stat().st_size <= MAX_BYTES:
                held = read_json(_File, self._file.read_bytes())
                if held.code == self._code:
                    self._entries = held.files
                    if held.words == self._words():
                        self._index = held.index
                    self._plans, self._planned = held.plans, held.rules

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
            self._entries[name] = (_stamp(path), Raw(to_json(document).encode()))
            self._dirty = True
            if name in _PLANNED or name.startswith(_SIGNALS):
                self._loaded[name] = self._entries[name][0]

    def _words(self) -> str:
        with suppress(OSError):
            return _stamp(self._root + LEXICON)
        return ""

    def index(self) -> Index | None:
        """What patterns ask for, if it was made with the lexicon as it is now; another copy with each call."""
        if bytes(self._index) != bytes(_NO_INDEX):
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
        self._index = Raw(to_json(index).encode())
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
        self._plans |= {over: Raw(plan().encode()) for over, plan in self._grown.items()}
        self._grown.clear()
        temporary = self._file.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            held = _File(self._code, self._entries, self._words(), self._index, self._planned, self._plans)
            temporary.write_text(to_json(held), encoding="utf-8")
            temporary.replace(self._file)
