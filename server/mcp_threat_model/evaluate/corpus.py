"""Read a folder of labelled tools, by the shape of its rows and not by the names of its files.

Every ``*.jsonl`` file holds one JSON object a line. A row is a tool (``name``, ``description``, ``inputSchema`` …) of a
``server``, with what is known of it:

* ``effect`` ("read", "write", "destructive") and ``abilities``: labelled by a reader. Optional: ``destructive_certain``
  and ``second_effect`` (a second reading), ``ambiguous``, ``abilities_disputed``;
* ``annotations`` with ``readOnlyHint`` or ``destructiveHint``: what its vendor claims;
* ``http_method`` and no text: what stands behind the tool of that name of that server.

Files without such rows are left to others: :func:`read_rows` gives them as they are.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from mcp_threat_scoring.intake import read_items
from mcp_threat_scoring.neutralise import neutralise_name
from mcp_threat_scoring.phrases import counted
from mcp_threat_scoring.report import EFFECTS, Effect
from mcp_threat_scoring.structs import Struct, field

Kind = Literal["read by hand", "vendor claims", "HTTP method", "made up"]
_METHODS: Mapping[str, Effect] = {
    "GET": "read", "HEAD": "read", "POST": "write", "PUT": "write", "PATCH": "write", "DELETE": "destructive",
}  # fmt: skip
_CLAIMS = "annotations"
_TOOL_KEYS = ("name", "title", "description", "inputSchema", "outputSchema", _CLAIMS, "_meta")


class Labelled(Struct, frozen=True):
    """One tool and what is known of it."""

    file: str
    server: str
    tool: Mapping[str, Any]
    """The tool as its server lists it, without its annotations: they are what vendor labels are made of."""
    kind: Kind
    effect: Effect
    certain: bool = True
    """Whether the label leaves no doubt between write and destructive."""
    ambiguous: bool = False
    """Whether two careful readers could differ on read against write."""
    abilities: frozenset[str] | None = None
    disputed: frozenset[str] = frozenset()


class Corpus(Struct):
    """The labelled rows of a folder, and a sentence for whatever could not be used."""

    rows: list[Labelled] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Skipped(Struct):
    """What of one file could not be used: for each reason how much, and where the first of it stands, from 1."""

    file: str
    noun: str = "line"
    found: dict[str, tuple[int, int]] = field(default_factory=dict)

    def note(self, place: int, reason: str) -> None:
        """Count one. `reason` is our own sentence."""
        count, first = self.found.get(reason, (0, place))
        self.found[reason] = (count + 1, first)

    def told(self) -> list[str]:
        """A sentence for each reason."""
        name, noun = neutralise_name(self.file), self.noun
        return [
            f"{name}: {counted(count, noun)} skipped, the first is {noun} {first}: {reason}"
            for reason, (count, first) in self.found.items()
        ]


def _numbered(path: Path, skipped: Skipped) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a ``.jsonl`` file, each with the number of its line."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if isinstance(row, dict):
                yield number, row
            else:
                skipped.note(number, "it is no JSON object")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a ``.jsonl`` file. :func:`load_corpus` tells of the lines that are none."""
    return [row for _, row in _numbered(path, Skipped(path.name))]


def tool_of(row: Mapping[str, Any], *, claims: bool = True) -> dict[str, Any]:
    """The tool of a row as its server lists it; without `claims`, what it says of its own effect is left out."""
    return {key: row[key] for key in _TOOL_KEYS if row.get(key) is not None and (claims or key != _CLAIMS)}


def _claimed(row: Mapping[str, Any]) -> Effect | None:
    hints = row.get("annotations")
    if not isinstance(hints, dict):
        return None
    if isinstance(hints.get("readOnlyHint"), bool):
        if hints["readOnlyHint"]:
            return "read"
        return "destructive" if hints.get("destructiveHint") is True else "write"
    if isinstance(hints.get("destructiveHint"), bool):
        return "destructive" if hints["destructiveHint"] else "write"
    return None


def _names(value: object) -> frozenset[str]:
    return (
        frozenset(one for one in value if isinstance(one, str) and one != "none")
        if isinstance(value, list)
        else frozenset()
    )


def _label(file: str, row: Mapping[str, Any]) -> Labelled | None:
    server, effect = str(row.get("server") or file), row.get("effect")
    if not isinstance(row.get("name"), str) or not row["name"].strip():
        return None
    if effect in EFFECTS:
        second = row.get("second_effect", effect)
        return Labelled(
            file, server, tool_of(row, claims=False), "read by hand", effect,
            certain=(effect == "destructive") == (second == "destructive"),
            ambiguous=bool(row.get("ambiguous")),
            abilities=_names(row["abilities"]) if isinstance(row.get("abilities"), list) else None,
            disputed=_names(row.get("abilities_disputed")),
        )  # fmt: skip
    claimed = _claimed(row) if row.get("label") is None else None
    return (
        Labelled(file, server, tool_of(row, claims=False), "vendor claims", claimed, certain=False) if claimed else None
    )


def _fault(row: Mapping[str, Any], label: Labelled | None) -> str | None:
    """Why a row that says what it knows of a tool cannot be used; None where it can, or says nothing."""
    if label is None and "effect" not in row and "label" not in row:
        return None
    if row.get("effect") is not None and row["effect"] not in EFFECTS:
        return "its effect is none of read, write and destructive"
    if not isinstance(row.get("name"), str) or not row["name"].strip():
        return "it has a label and no name"
    shown = label.tool if label else tool_of(row)
    _, bad = read_items("tool", [shown], "")
    return bad[0].reason if bad else None


def _joined(file: str, rows: Sequence[Mapping[str, Any]], texts: Mapping[tuple[str, str], Mapping[str, Any]],
            notes: list[str]) -> Iterable[Labelled]:  # fmt: skip
    missing = 0
    for row in rows:
        effect = _METHODS.get(str(row["http_method"]).upper())
        tool = texts.get((str(row.get("server")), str(row.get("name"))))
        if effect is None or tool is None:
            missing += 1
        else:
            yield Labelled(file, str(row["server"]), tool_of(tool, claims=False), "HTTP method", effect, certain=False)
    if missing:
        verb = "has" if missing == 1 else "have"
        notes.append(f"{file}: {counted(missing, 'tool')} skipped: {verb} no text in manifests/, or no known method")


def _captured(folder: Path, notes: list[str]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Tools of whole captures by (file stem, tool name)."""
    texts: dict[tuple[str, str], Mapping[str, Any]] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            notes.append(f"manifests/{neutralise_name(path.name)} skipped: it is not JSON")
            continue
        listed = document.get("tools") if isinstance(document, dict) else None
        tools = listed.get("tools") if isinstance(listed, dict) else listed
        for tool in tools if isinstance(tools, list) else ():
            if isinstance(tool, dict) and isinstance(tool.get("name"), str):
                texts[(path.stem, tool["name"])] = tool
    return texts


def load_corpus(folder: Path) -> Corpus:
    """Every labelled row under the folder.

    Raises:
        OSError: the folder cannot be listed.
    """
    corpus = Corpus()
    by_method: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        skipped = Skipped(path.name)
        for number, row in _numbered(path, skipped):
            if isinstance(row.get("http_method"), str):
                by_method[path.stem].append(row)
                continue
            found = _label(path.stem, row)
            if fault := _fault(row, found):
                skipped.note(number, fault)
            elif found is not None:
                corpus.rows.append(found)
        corpus.notes += skipped.told()
    if by_method:
        texts = _captured(folder / "manifests", corpus.notes)
        for file, rows in by_method.items():
            corpus.rows += _joined(file, rows, texts, corpus.notes)
    return corpus
