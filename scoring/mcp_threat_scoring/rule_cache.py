"""Parsed rules kept as JSON beside their YAML, as Python keeps its bytecode: loading then costs a tenth.

One file, ``rules/__pycache__/rules.json``, holds what YAML parsed to, by file name, with the size and time stamp of the
file it was made from. It is only ever read for the rules shipped with us; a folder that cannot be written to simply
stays slow, and a damaged cache is as good as none. Models are checked on every load, cached or not.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

VERSION = 1
MAX_BYTES = 8 * 1024 * 1024


class RuleCache:
    """What YAML parsed to, as JSON text, for the files of one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file = root / "__pycache__" / "rules.json"
        self._dirty = False
        self._entries: dict[str, tuple[str, str]] = {}
        with suppress(OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
            if self._file.stat().st_size <= MAX_BYTES:
                held = json.loads(self._file.read_bytes())
                if held["version"] == VERSION:
                    self._entries = {name: (stamp, text) for name, (stamp, text) in held["files"].items()}

    def _key(self, path: Path) -> tuple[str, str]:
        state = path.stat()
        return str(path.relative_to(self._root)), f"{state.st_size}:{state.st_mtime_ns}"

    def get(self, path: Path) -> str | None:
        """The JSON text of a file's first document, if it was made from the file as it is now."""
        with suppress(OSError, ValueError):
            name, stamp = self._key(path)
            held = self._entries.get(name)
            return held[1] if held and held[0] == stamp else None
        return None

    def put(self, path: Path, data: Any) -> None:
        """Keep a parsed document, unless JSON cannot say exactly the same (dates, keys that are numbers)."""
        with suppress(OSError, ValueError, TypeError, RecursionError):
            text = json.dumps(data)
            if json.loads(text) == data:
                name, stamp = self._key(path)
                self._entries[name] = (stamp, text)
                self._dirty = True

    def flush(self) -> None:
        """Write what is new, all or nothing; another process writing at the same time does no harm."""
        if not self._dirty:
            return
        self._dirty = False
        temporary = self._file.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            temporary.write_text(json.dumps({"version": VERSION, "files": self._entries}), encoding="utf-8")
            temporary.replace(self._file)
