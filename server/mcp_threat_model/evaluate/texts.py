"""Labelled lines to learn the wording of orders from.

A folder of texts (``tests/texts``) holds two kinds of rows, one JSON object a line, all written for this purpose:

* items: ``item`` with its ``surface``, the ``hostile`` passages in it, and their ``techniques``;
* lines: a text ``t``, whether it gives orders ``y``, techniques ``k``, language ``l``, and the place ``p`` it is for.

Where such a passage or text has several sentences, often a plain one and an order behind it, it is not known which of
them give orders: the plain ones would else be learned as orders.

:attr:`Example.fold` keeps what an author wrote (:mod:`evaluate.authors`), and what one server says, on one side of a
cut. Every line of a public tool is an honest one: none of them is poisoned. Of an attack of the
corpus it is known that it gives orders, not with which lines.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mcp_threat_model.evaluate.authors import fold_of, read_authors
from mcp_threat_model.evaluate.corpus import read_rows
from mcp_threat_scoring.hostile.context import Surroundings
from mcp_threat_scoring.hostile.lines import Wording
from mcp_threat_scoring.hostile.senses import NONE, Senses
from mcp_threat_scoring.hostile.structures import NOBODY, Known
from mcp_threat_scoring.hostile.views import Reader, extent, lines_of
from mcp_threat_scoring.structs import Struct, replace
from mcp_threat_scoring.text.normalise import normalise
from mcp_threat_scoring.text.passages import Piece, Role, pieces

PARTS = ("tools", "prompts", "resources", "resource_templates", "resourceTemplates")
_ROLES: Mapping[str, Role] = {
    "param": "schema", "output": "schema", "enum": "value", "title": "title",
}  # fmt: skip


class Example(Struct, frozen=True):
    """One line and what is known of it."""

    text: str
    concepts: tuple[str, ...]
    role: str
    first: bool
    truth: bool
    fold: int
    source: str
    language: str = "en"
    techniques: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    """Stems of the line that are also in its item's name."""
    around: tuple[str, ...] = ()
    """What is around it, in the first item that says it; see :mod:`hostile.context`."""
    open: bool = False
    """Whether it is a line of an attack, or of a passage of several lines, of which nobody said which ones give
    orders."""
    published: bool = False
    """Whether it is a line of an attack of the corpus."""


class Group(Struct):
    """The lines of one item."""

    source: str
    fold: int
    attack: bool
    language: str
    lines: list[int]
    """Places among the examples."""
    size: int
    """Letters of the item."""


class Examples(Struct):
    """All lines, each kept once, and the items that they are from."""

    lines: list[Example]
    groups: list[Group]


def _overlap(start: int, end: int, span: tuple[int, int]) -> bool:
    a, b = span
    return min(end, b) - max(start, a) > 0.5 * min(end - start, b - a)


_DISGUISED = -1
"""The passage of lines that somebody hid: nobody says of them which order anything."""


def _passages(lines: Sequence[Wording], hostile: Sequence[str]) -> Iterator[int]:
    """The hostile passage that each line is in, counted from 1; 0 for none."""
    passages = [normalise(one).text.strip() for one in hostile]
    at = 0
    before: object = None
    spans: list[tuple[int, int]] = []
    for line in lines:
        text = line.passage.normal.text
        if line.passage is not before:
            before, at = line.passage, 0
            spans = [(place, place + len(one)) for one in passages if one for place in [text.find(one)] if place >= 0]
        flat = " ".join(line.text.split())
        place = text.find(line.text, at)
        place = at if place < 0 else place
        at = place + max(len(line.text), 1)
        if hostile and line.passage.channel != "open":
            yield _DISGUISED
        else:
            end = place + max(len(flat), 1)
            yield next((number for number, span in enumerate(spans, 1) if _overlap(place, end, span)), 0)


class _Collector:
    """Lines seen once, however many items say them."""

    def __init__(self, reader: Reader, senses: Senses) -> None:
        self.reader = reader
        self.meant = senses
        self.senses = Senses(NONE)  # the stems alone
        self.found = Examples([], [])
        self.places: dict[tuple[str, str, bool, tuple[str, ...], tuple[str, ...], bool, int, bool], int] = {}

    def own(self, line: Wording) -> tuple[str, ...]:
        return tuple(sorted({word for word, _ in self.senses.line(line.text) if word in line.own}))

    def add(self, one: Example) -> int:
        key = (one.text, one.role, one.first, one.concepts, one.own, one.truth, one.fold, one.open)
        place = self.places.setdefault(key, len(self.found.lines))
        if place == len(self.found.lines):
            self.found.lines.append(one)
        return place

    def item(
        self, raw: Mapping[str, Any], source: str, fold: int, row: Mapping[str, Any], attack: bool = False
    ) -> None:
        """Take in one item, with what its row says of it; an `attack` gives orders somewhere."""
        texts = pieces(raw, "")
        name = str(raw.get("name") or "").lower()
        params = {piece.text.lower() for piece in texts if piece.role in ("key", "value") and len(piece.text) < 100}
        lines = lines_of(texts, self.reader, Known(name, (), params))
        hostile = [str(one) for one in row.get("hostile") or ()]
        language, techniques = str(row.get("lang", "en")), tuple(row.get("techniques") or ())
        group = Group(source, fold, bool(hostile) or attack, language, [], extent(texts))
        around = Surroundings([line.said for line in lines], self.meant)
        passages = list(_passages(lines, hostile))
        alone = {passage for passage, count in Counter(passages).items() if passage and count == 1}
        for line, passage in zip(lines, passages, strict=True):
            group.lines.append(self.add(Example(
                line.text, line.concepts, line.passage.role, line.first, passage in alone, fold, source, language,
                techniques if passage else (), self.own(line), tuple(sorted(around.of(line.said))),
                attack or (passage not in alone and passage != 0), attack,
            )))  # fmt: skip
        self.found.groups.append(group)

    def line(self, row: Mapping[str, Any], source: str, fold: int) -> None:
        """Take in one line that stands alone, as if it stood between two that say nothing of the kind.

        Without anything around it, it would be unlike every line that is ever judged.
        """
        text, role = str(row["t"]), _ROLES.get(str(row["p"]), "text")
        lines = lines_of([Piece(text, "", role)], self.reader, NOBODY)
        orders = bool(row["y"])
        group = Group(source, fold, orders, str(row["l"]), [], len(text))
        for line in lines:
            between = [replace(line.said, text=""), line.said, replace(line.said, text=".")]
            around = Surroundings(between, self.meant).of(line.said)
            group.lines.append(self.add(Example(
                line.text, line.concepts, role, False, orders and len(lines) == 1, fold, source, group.language,
                tuple(row["k"]), (), tuple(sorted(around)), orders and len(lines) > 1,
            )))  # fmt: skip
        if orders and len(lines) > 1:
            self.found.groups.append(group)


def captured(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Everything that whole captures say, as (server, item): their tools, prompts, resources and instructions."""
    for path in sorted(folder.glob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        for part in PARTS if isinstance(document, dict) else ():
            listed = document.get(part)
            items = listed.get(part) if isinstance(listed, dict) else listed
            for item in items if isinstance(items, list) else ():
                if isinstance(item, dict):
                    yield path.stem, item
        said = document.get("initialize") if isinstance(document, dict) else None
        if isinstance(said, dict) and isinstance(said.get("instructions"), str):
            yield path.stem, {"instructions": said["instructions"]}


Tools = Iterable[tuple[str, str, Mapping[str, Any]]]
"""Tools, each with its file and with what it must not be told apart from: its server, or those like it."""


def collect(texts: Path, tools: Tools, reader: Reader, senses: Senses, attacks: Tools = ()) -> Examples:
    """Everything to learn from: the texts of a folder, honest tools, and tools that give orders somewhere.

    Args:
        texts: the folder.
        tools: honest ones.
        reader: what the lines are read with.
        senses: what words mean, for what is around a line.
        attacks: tools that give orders somewhere.

    Raises:
        OSError: the folder cannot be read.
        RuleError: nothing says which fold one of its files is in.
    """
    authors = read_authors(texts)
    collector = _Collector(reader, senses)
    for path in sorted(texts.glob("*.jsonl")):
        for index, row in enumerate(read_rows(path)):
            if "t" in row:
                collector.line(row, path.stem, authors.fold(path.stem, index))
            elif "item" in row:
                collector.item(row["item"], path.stem, authors.fold(path.stem, index), row)
    for file, server, tool in tools:
        collector.item(tool, file, fold_of(server), {})
    for file, alike, tool in attacks:
        collector.item(tool, file, fold_of(alike), {}, attack=True)
    return collector.found
